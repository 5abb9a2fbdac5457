//! VoteRequest: key 52, versions 0 to 2, flexible from 0. Generated from `specs/Vote.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// VoteRequest: key 52, versions 0 to 2, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct VoteRequest<'a> {
    /// All versions, nullable.
    pub cluster_id: Option<Cow<'a, str>>,
    /// Versions 1+.
    pub voter_id: i32,
    /// All versions.
    pub topics: Vec<TopicData<'a>>,
}

impl Default for VoteRequest<'_> {
    fn default() -> Self {
        Self {
            cluster_id: None,
            voter_id: -1,
            topics: Vec::new(),
        }
    }
}

impl<'a> VoteRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::Vote;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 2;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=2).contains(&version) {
            return Err(DecodeError::Version {
                of: "VoteRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.cluster_id = r.nullable_string(true, true)?;
        if version >= 1 {
            it.voter_id = r.i32()?;
        }
        it.topics = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=2).contains(&version) {
            return Err(EncodeError::Version {
                of: "VoteRequest",
                version,
            });
        }

        w.nullable_string(self.cluster_id.as_deref(), true)?;
        if version >= 1 {
            w.i32(self.voter_id);
        }
        w.array(&self.topics, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of VoteRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicData<'a> {
    /// All versions.
    pub topic_name: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<PartitionData>,
}

impl<'a> Element<'a> for TopicData<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic_name = r.string(true)?;
        it.partitions = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.topic_name, true)?;
        w.array(&self.partitions, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of VoteRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionData {
    /// All versions.
    pub partition_index: i32,
    /// All versions.
    pub replica_epoch: i32,
    /// All versions.
    pub replica_id: i32,
    /// Versions 1+.
    pub replica_directory_id: Uuid,
    /// Versions 1+.
    pub voter_directory_id: Uuid,
    /// All versions.
    pub last_offset_epoch: i32,
    /// All versions.
    pub last_offset: i64,
    /// Version 2.
    pub pre_vote: bool,
}

impl Element<'_> for PartitionData {
    const LEAST: usize = 25;

    fn read(r: &mut Reader<'_>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        it.replica_epoch = r.i32()?;
        it.replica_id = r.i32()?;
        if version >= 1 {
            it.replica_directory_id = r.uuid()?;
        }
        if version >= 1 {
            it.voter_directory_id = r.uuid()?;
        }
        it.last_offset_epoch = r.i32()?;
        it.last_offset = r.i64()?;
        if version == 2 {
            it.pre_vote = r.bool()?;
        }
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        w.i32(self.replica_epoch);
        w.i32(self.replica_id);
        if version >= 1 {
            w.uuid(self.replica_directory_id);
        }
        if version >= 1 {
            w.uuid(self.voter_directory_id);
        }
        w.i32(self.last_offset_epoch);
        w.i64(self.last_offset);
        if version == 2 {
            w.bool(self.pre_vote);
        } else if self.pre_vote {
            return Err(EncodeError::lost("PreVote", version));
        }
        w.tags();
        Ok(())
    }
}
