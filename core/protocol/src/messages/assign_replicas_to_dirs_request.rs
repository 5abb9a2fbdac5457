//! AssignReplicasToDirsRequest: key 73, version 0, flexible from 0. Generated from `specs/AssignReplicasToDirs.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};

/// AssignReplicasToDirsRequest: key 73, version 0, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct AssignReplicasToDirsRequest {
    /// All versions.
    pub broker_id: i32,
    /// All versions.
    pub broker_epoch: i64,
    /// All versions.
    pub directories: Vec<DirectoryData>,
}

impl Default for AssignReplicasToDirsRequest {
    fn default() -> Self {
        Self {
            broker_id: 0,
            broker_epoch: -1,
            directories: Vec::new(),
        }
    }
}

impl AssignReplicasToDirsRequest {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::AssignReplicasToDirs;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 0;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        if version != 0 {
            return Err(DecodeError::Version {
                of: "AssignReplicasToDirsRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.broker_id = r.i32()?;
        it.broker_epoch = r.i64()?;
        it.directories = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "AssignReplicasToDirsRequest",
                version,
            });
        }

        w.i32(self.broker_id);
        w.i64(self.broker_epoch);
        w.array(&self.directories, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of AssignReplicasToDirsRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DirectoryData {
    /// All versions.
    pub id: Uuid,
    /// All versions.
    pub topics: Vec<TopicData>,
}

impl Element<'_> for DirectoryData {
    const LEAST: usize = 18;

    fn read(r: &mut Reader<'_>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.id = r.uuid()?;
        it.topics = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.uuid(self.id);
        w.array(&self.topics, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of AssignReplicasToDirsRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicData {
    /// All versions.
    pub topic_id: Uuid,
    /// All versions.
    pub partitions: Vec<PartitionData>,
}

impl Element<'_> for TopicData {
    const LEAST: usize = 18;

    fn read(r: &mut Reader<'_>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic_id = r.uuid()?;
        it.partitions = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.uuid(self.topic_id);
        w.array(&self.partitions, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of AssignReplicasToDirsRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionData {
    /// All versions.
    pub partition_index: i32,
}

impl Element<'_> for PartitionData {
    const LEAST: usize = 5;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        w.tags();
        Ok(())
    }
}
