//! FetchSnapshotResponse: key 59, versions 0 to 1, flexible from 0. Generated from `specs/FetchSnapshot.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Records, Writer};
use std::borrow::Cow;

/// FetchSnapshotResponse: key 59, versions 0 to 1, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FetchSnapshotResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions.
    pub topics: Vec<TopicSnapshot<'a>>,
    /// Version 1, tag 0.
    pub node_endpoints: Vec<NodeEndpoint<'a>>,
}

impl<'a> FetchSnapshotResponse<'a> {
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
                of: "FetchSnapshotResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.error_code = r.i16()?;
        it.topics = r.array(true, version)?;
        for _ in 0..r.tags()? {
            let field = r.enter()?;
            match field.tag {
                0 if version == 1 => it.node_endpoints = r.array(true, version)?,
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
                of: "FetchSnapshotResponse",
                version,
            });
        }

        w.i32(self.throttle_time_ms);
        w.i16(self.error_code);
        w.array(&self.topics, true, version)?;
        if version != 1 && !self.node_endpoints.is_empty() {
            return Err(EncodeError::lost("NodeEndpoints", version));
        }
        let tags = w.tags();
        if version == 1 && !self.node_endpoints.is_empty() {
            let tag = w.open_tag(tags, 0);
            w.array(&self.node_endpoints, true, version)?;
            w.close_tag(tag)?;
        }
        Ok(())
    }
}

/// Part of FetchSnapshotResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicSnapshot<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<PartitionSnapshot<'a>>,
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

/// Part of FetchSnapshotResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionSnapshot<'a> {
    /// All versions.
    pub index: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions.
    pub snapshot_id: SnapshotId,
    /// All versions, tag 0.
    pub current_leader: LeaderIdAndEpoch,
    /// All versions.
    pub size: i64,
    /// All versions.
    pub position: i64,
    /// All versions.
    pub unaligned_records: Option<Records<'a>>,
}

impl<'a> Element<'a> for PartitionSnapshot<'a> {
    const LEAST: usize = 37;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.index = r.i32()?;
        it.error_code = r.i16()?;
        it.snapshot_id = Element::read(r, true, version)?;
        it.size = r.i64()?;
        it.position = r.i64()?;
        it.unaligned_records = r.records(true, false)?;
        for _ in 0..r.tags()? {
            let field = r.enter()?;
            match field.tag {
                0 => it.current_leader = Element::read(r, true, version)?,
                _ => {
                    r.rest();
                }
            }
            r.leave(field)?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.index);
        w.i16(self.error_code);
        self.snapshot_id.write(w, true, version)?;
        w.i64(self.size);
        w.i64(self.position);
        if self.unaligned_records.is_none() {
            return Err(EncodeError::null("UnalignedRecords", version));
        }
        w.records(self.unaligned_records, true)?;
        let tags = w.tags();
        if self.current_leader != LeaderIdAndEpoch::default() {
            let tag = w.open_tag(tags, 0);
            self.current_leader.write(w, true, version)?;
            w.close_tag(tag)?;
        }
        Ok(())
    }
}

/// Part of FetchSnapshotResponse.
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

/// Part of FetchSnapshotResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeaderIdAndEpoch {
    /// All versions.
    pub leader_id: i32,
    /// All versions.
    pub leader_epoch: i32,
}

impl Element<'_> for LeaderIdAndEpoch {
    const LEAST: usize = 9;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.leader_id = r.i32()?;
        it.leader_epoch = r.i32()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.leader_id);
        w.i32(self.leader_epoch);
        w.tags();
        Ok(())
    }
}

/// Part of FetchSnapshotResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeEndpoint<'a> {
    /// All versions.
    pub node_id: i32,
    /// All versions.
    pub host: Cow<'a, str>,
    /// All versions.
    pub port: u16,
}

impl<'a> Element<'a> for NodeEndpoint<'a> {
    const LEAST: usize = 8;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.node_id = r.i32()?;
        it.host = r.string(true)?;
        it.port = r.u16()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.node_id);
        w.string(&self.host, true)?;
        w.u16(self.port);
        w.tags();
        Ok(())
    }
}
