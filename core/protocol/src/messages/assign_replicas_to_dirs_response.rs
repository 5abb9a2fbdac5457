//! AssignReplicasToDirsResponse: key 73, version 0, flexible from 0. Generated from `specs/AssignReplicasToDirs.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};

/// AssignReplicasToDirsResponse: key 73, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AssignReplicasToDirsResponse {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions.
    pub directories: Vec<DirectoryData>,
}

impl AssignReplicasToDirsResponse {
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
                of: "AssignReplicasToDirsResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.error_code = r.i16()?;
        it.directories = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "AssignReplicasToDirsResponse",
                version,
            });
        }

        w.i32(self.throttle_time_ms);
        w.i16(self.error_code);
        w.array(&self.directories, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of AssignReplicasToDirsResponse.
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

/// Part of AssignReplicasToDirsResponse.
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

/// Part of AssignReplicasToDirsResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionData {
    /// All versions.
    pub partition_index: i32,
    /// All versions.
    pub error_code: i16,
}

impl Element<'_> for PartitionData {
    const LEAST: usize = 7;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        it.error_code = r.i16()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        w.i16(self.error_code);
        w.tags();
        Ok(())
    }
}
