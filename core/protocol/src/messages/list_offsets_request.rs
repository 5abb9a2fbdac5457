//! ListOffsetsRequest: key 2, versions 1 to 11, flexible from 6. Generated from `specs/ListOffsets.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ListOffsetsRequest: key 2, versions 1 to 11, flexible from 6.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListOffsetsRequest<'a> {
    /// All versions.
    pub replica_id: i32,
    /// Versions 2+.
    pub isolation_level: i8,
    /// All versions.
    pub topics: Vec<ListOffsetsTopic<'a>>,
    /// Versions 10+.
    pub timeout_ms: i32,
}

impl<'a> ListOffsetsRequest<'a> {
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
                of: "ListOffsetsRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.replica_id = r.i32()?;
        if version >= 2 {
            it.isolation_level = r.i8()?;
        }
        it.topics = r.array(flexible, version)?;
        if version >= 10 {
            it.timeout_ms = r.i32()?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(1..=11).contains(&version) {
            return Err(EncodeError::Version {
                of: "ListOffsetsRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.i32(self.replica_id);
        if version >= 2 {
            w.i8(self.isolation_level);
        } else if self.isolation_level != 0 {
            return Err(EncodeError::lost("IsolationLevel", version));
        }
        w.array(&self.topics, flexible, version)?;
        if version >= 10 {
            w.i32(self.timeout_ms);
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of ListOffsetsRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListOffsetsTopic<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<ListOffsetsPartition>,
}

impl<'a> Element<'a> for ListOffsetsTopic<'a> {
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

/// Part of ListOffsetsRequest.
#[derive(Clone, Debug, PartialEq)]
pub struct ListOffsetsPartition {
    /// All versions.
    pub partition_index: i32,
    /// Versions 4+.
    pub current_leader_epoch: i32,
    /// All versions.
    pub timestamp: i64,
}

impl Default for ListOffsetsPartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            current_leader_epoch: -1,
            timestamp: 0,
        }
    }
}

impl Element<'_> for ListOffsetsPartition {
    const LEAST: usize = 12;

    fn read(r: &mut Reader<'_>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        if version >= 4 {
            it.current_leader_epoch = r.i32()?;
        }
        it.timestamp = r.i64()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        if version >= 4 {
            w.i32(self.current_leader_epoch);
        }
        w.i64(self.timestamp);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
