//! FetchSnapshotRequest: key 59, versions 0 to 1, flexible from 0. Generated from `specs/FetchSnapshot.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// FetchSnapshotRequest: key 59, versions 0 to 1, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct FetchSnapshotRequest<'a> {
    /// All versions, nullable, tag 0.
    pub cluster_id: Option<Cow<'a, str>>,
    /// All versions.
    pub replica_id: i32,
    /// All versions.
    pub max_bytes: i32,
    /// All versions.
    pub topics: Vec<TopicSnapshot<'a>>,
}

impl Default for FetchSnapshotRequest<'_> {
    fn default() -> Self {
        Self {
            cluster_id: None,
            replica_id: -1,
            max_bytes: 2147483647,
            topics: Vec::new(),
        }
    }
}

impl<'a> FetchSnapshotRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::FetchSnapshot;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 1;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=1).contains(&version) {
            return Err(DecodeError::Version {
                of: "FetchSnapshotRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.replica_id = r.i32()?;
        it.max_bytes = r.i32()?;
        it.topics = r.array(true, version)?;
        for _ in 0..r.tags()? {
            let field = r.enter()?;
            match field.tag {
                0 => it.cluster_id = r.nullable_string(true, true)?,
                _ => {
                    r.rest();
                }
            }
            r.leave(field)?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "FetchSnapshotRequest",
                version,
            });
        }

        w.i32(self.replica_id);
        w.i32(self.max_bytes);
        w.array(&self.topics, true, version)?;
        let tags = w.tags();
        if self.cluster_id.is_some() {
            let tag = w.open_tag(tags, 0);
            w.nullable_string(self.cluster_id.as_deref(), true)?;
            w.close_tag(tag)?;
        }
        Ok(())
    }
}

/// Part of FetchSnapshotRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicSnapshot<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<PartitionSnapshot>,
}

impl<'a> Element<'a> for TopicSnapshot<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(true)?;
        it.partitions = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, true)?;
        w.array(&self.partitions, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of FetchSnapshotRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionSnapshot {
    /// All versions.
    pub partition: i32,
    /// All versions.
    pub current_leader_epoch: i32,
    /// All versions.
    pub snapshot_id: SnapshotId,
    /// All versions.
    pub position: i64,
    /// Version 1, tag 0.
    pub replica_directory_id: Uuid,
}

impl Element<'_> for PartitionSnapshot {
    const LEAST: usize = 30;

    fn read(r: &mut Reader<'_>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition = r.i32()?;
        it.current_leader_epoch = r.i32()?;
        it.snapshot_id = Element::read(r, true, version)?;
        it.position = r.i64()?;
        for _ in 0..r.tags()? {
            let field = r.enter()?;
            match field.tag {
                0 if version == 1 => it.replica_directory_id = r.uuid()?,
                _ => {
                    r.rest();
                }
            }
            r.leave(field)?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition);
        w.i32(self.current_leader_epoch);
        self.snapshot_id.write(w, true, version)?;
        w.i64(self.position);
        let tags = w.tags();
        if version == 1 && self.replica_directory_id != Uuid::ZERO {
            let tag = w.open_tag(tags, 0);
            w.uuid(self.replica_directory_id);
            w.close_tag(tag)?;
        }
        Ok(())
    }
}

/// Part of FetchSnapshotRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SnapshotId {
    /// All versions.
    pub end_offset: i64,
    /// All versions.
    pub epoch: i32,
}

impl Element<'_> for SnapshotId {
    const LEAST: usize = 13;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.end_offset = r.i64()?;
        it.epoch = r.i32()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i64(self.end_offset);
        w.i32(self.epoch);
        w.tags();
        Ok(())
    }
}
