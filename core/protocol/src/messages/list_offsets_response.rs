//! ListOffsetsResponse: key 2, versions 1 to 11, flexible from 6. Generated from `specs/ListOffsets.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ListOffsetsResponse: key 2, versions 1 to 11, flexible from 6.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListOffsetsResponse<'a> {
    /// Versions 2+.
    pub throttle_time_ms: i32,
    /// All versions.
    pub topics: Vec<ListOffsetsTopicResponse<'a>>,
}

impl<'a> ListOffsetsResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::ListOffsets;
    /// The first version.
    pub const MIN_VERSION: i16 = 1;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 11;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 6;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(1..=11).contains(&version) {
            return Err(DecodeError::Version {
                of: "ListOffsetsResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        if version >= 2 {
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
        if !(1..=11).contains(&version) {
            return Err(EncodeError::Version {
                of: "ListOffsetsResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        if version >= 2 {
            w.i32(self.throttle_time_ms);
        }
        w.array(&self.topics, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of ListOffsetsResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListOffsetsTopicResponse<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<ListOffsetsPartitionResponse>,
}

impl<'a> Element<'a> for ListOffsetsTopicResponse<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(flexible)?;
        it.partitions = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, flexible)?;
        w.array(&self.partitions, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of ListOffsetsResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct ListOffsetsPartitionResponse {
    /// All versions.
    pub partition_index: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions.
    pub timestamp: i64,
    /// All versions.
    pub offset: i64,
    /// Versions 4+.
    pub leader_epoch: i32,
}

impl Default for ListOffsetsPartitionResponse {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: 0,
            timestamp: -1,
            offset: -1,
            leader_epoch: -1,
        }
    }
}

impl Element<'_> for ListOffsetsPartitionResponse {
    const LEAST: usize = 22;

    fn read(r: &mut Reader<'_>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        it.error_code = r.i16()?;
        it.timestamp = r.i64()?;
        it.offset = r.i64()?;
        if version >= 4 {
            it.leader_epoch = r.i32()?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        w.i16(self.error_code);
        w.i64(self.timestamp);
        w.i64(self.offset);
        if version >= 4 {
            w.i32(self.leader_epoch);
        } else if self.leader_epoch != -1 {
            return Err(EncodeError::lost("LeaderEpoch", version));
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
