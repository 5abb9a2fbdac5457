//! OffsetForLeaderEpochResponse: key 23, versions 2 to 4, flexible from 4. Generated from `specs/OffsetForLeaderEpoch.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// OffsetForLeaderEpochResponse: key 23, versions 2 to 4, flexible from 4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetForLeaderEpochResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub topics: Vec<OffsetForLeaderTopicResult<'a>>,
}

impl<'a> OffsetForLeaderEpochResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::OffsetForLeaderEpoch;
    /// The first version.
    pub const MIN_VERSION: i16 = 2;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 4;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 4;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(2..=4).contains(&version) {
            return Err(DecodeError::Version {
                of: "OffsetForLeaderEpochResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.topics = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(2..=4).contains(&version) {
            return Err(EncodeError::Version {
                of: "OffsetForLeaderEpochResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.i32(self.throttle_time_ms);
        w.array(&self.topics, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of OffsetForLeaderEpochResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetForLeaderTopicResult<'a> {
    /// All versions.
    pub topic: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<EpochEndOffset>,
}

impl<'a> Element<'a> for OffsetForLeaderTopicResult<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic = r.string(flexible)?;
        it.partitions = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.topic, flexible)?;
        w.array(&self.partitions, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of OffsetForLeaderEpochResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochEndOffset {
    /// All versions.
    pub error_code: i16,
    /// All versions.
    pub partition: i32,
    /// All versions.
    pub leader_epoch: i32,
    /// All versions.
    pub end_offset: i64,
}

impl Default for EpochEndOffset {
    fn default() -> Self {
        Self {
            error_code: 0,
            partition: 0,
            leader_epoch: -1,
            end_offset: -1,
        }
    }
}

impl Element<'_> for EpochEndOffset {
    const LEAST: usize = 18;

    fn read(r: &mut Reader<'_>, flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.error_code = r.i16()?;
        it.partition = r.i32()?;
        it.leader_epoch = r.i32()?;
        it.end_offset = r.i64()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i16(self.error_code);
        w.i32(self.partition);
        w.i32(self.leader_epoch);
        w.i64(self.end_offset);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
