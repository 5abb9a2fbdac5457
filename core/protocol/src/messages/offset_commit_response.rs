//! OffsetCommitResponse: key 8, versions 2 to 10, flexible from 8. Generated from `specs/OffsetCommit.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// OffsetCommitResponse: key 8, versions 2 to 10, flexible from 8.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetCommitResponse<'a> {
    /// Versions 3+.
    pub throttle_time_ms: i32,
    /// All versions.
    pub topics: Vec<OffsetCommitResponseTopic<'a>>,
}

impl<'a> OffsetCommitResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::OffsetCommit;
    /// The first version.
    pub const MIN_VERSION: i16 = 2;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 10;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 8;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(2..=10).contains(&version) {
            return Err(DecodeError::Version {
                of: "OffsetCommitResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        if version >= 3 {
            it.throttle_time_ms = r.i32()?;
        }
        it.topics = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(2..=10).contains(&version) {
            return Err(EncodeError::Version {
                of: "OffsetCommitResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        if version >= 3 {
            w.i32(self.throttle_time_ms);
        }
        w.array(&self.topics, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of OffsetCommitResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetCommitResponseTopic<'a> {
    /// Versions 2 to 9.
    pub name: Cow<'a, str>,
    /// Version 10.
    pub topic_id: Uuid,
    /// All versions.
    pub partitions: Vec<OffsetCommitResponsePartition>,
}

impl<'a> Element<'a> for OffsetCommitResponseTopic<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        if version <= 9 {
            it.name = r.string(flexible)?;
        }
        if version == 10 {
            it.topic_id = r.uuid()?;
        }
        it.partitions = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        if version <= 9 {
            w.string(&self.name, flexible)?;
        }
        if version == 10 {
            w.uuid(self.topic_id);
        }
        w.array(&self.partitions, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of OffsetCommitResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetCommitResponsePartition {
    /// All versions.
    pub partition_index: i32,
    /// All versions.
    pub error_code: i16,
}

impl Element<'_> for OffsetCommitResponsePartition {
    const LEAST: usize = 6;

    fn read(r: &mut Reader<'_>, flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        it.error_code = r.i16()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        w.i16(self.error_code);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
