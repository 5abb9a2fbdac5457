//! OffsetForLeaderEpochRequest: key 23, versions 2 to 4, flexible from 4. Generated from `specs/OffsetForLeaderEpoch.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// OffsetForLeaderEpochRequest: key 23, versions 2 to 4, flexible from 4.
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetForLeaderEpochRequest<'a> {
    /// Versions 3+.
    pub replica_id: i32,
    /// All versions.
    pub topics: Vec<OffsetForLeaderTopic<'a>>,
}

impl Default for OffsetForLeaderEpochRequest<'_> {
    fn default() -> Self {
        Self {
            replica_id: -2,
            topics: Vec::new(),
        }
    }
}

impl<'a> OffsetForLeaderEpochRequest<'a> {
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
                of: "OffsetForLeaderEpochRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        if version >= 3 {
            it.replica_id = r.i32()?;
        }
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
                of: "OffsetForLeaderEpochRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        if version >= 3 {
            w.i32(self.replica_id);
        }
        w.array(&self.topics, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of OffsetForLeaderEpochRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetForLeaderTopic<'a> {
    /// All versions.
    pub topic: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<OffsetForLeaderPartition>,
}

impl<'a> Element<'a> for OffsetForLeaderTopic<'a> {
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

/// Part of OffsetForLeaderEpochRequest.
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetForLeaderPartition {
    /// All versions.
    pub partition: i32,
    /// All versions.
    pub current_leader_epoch: i32,
    /// All versions.
    pub leader_epoch: i32,
}

impl Default for OffsetForLeaderPartition {
    fn default() -> Self {
        Self {
            partition: 0,
            current_leader_epoch: -1,
            leader_epoch: 0,
        }
    }
}

impl Element<'_> for OffsetForLeaderPartition {
    const LEAST: usize = 12;

    fn read(r: &mut Reader<'_>, flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition = r.i32()?;
        it.current_leader_epoch = r.i32()?;
        it.leader_epoch = r.i32()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition);
        w.i32(self.current_leader_epoch);
        w.i32(self.leader_epoch);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
