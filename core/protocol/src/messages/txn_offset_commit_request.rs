//! TxnOffsetCommitRequest: key 28, versions 0 to 5, 6 not advertised, flexible from 3. Generated from `specs/TxnOffsetCommit.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// TxnOffsetCommitRequest: key 28, versions 0 to 5, 6 not advertised, flexible from 3.
#[derive(Clone, Debug, PartialEq)]
pub struct TxnOffsetCommitRequest<'a> {
    /// All versions.
    pub transactional_id: Cow<'a, str>,
    /// All versions.
    pub group_id: Cow<'a, str>,
    /// All versions.
    pub producer_id: i64,
    /// All versions.
    pub producer_epoch: i16,
    /// Versions 3+.
    pub generation_id_or_member_epoch: i32,
    /// Versions 3+.
    pub member_id: Cow<'a, str>,
    /// Versions 3+, nullable.
    pub group_instance_id: Option<Cow<'a, str>>,
    /// All versions.
    pub topics: Vec<TxnOffsetCommitRequestTopic<'a>>,
}

impl Default for TxnOffsetCommitRequest<'_> {
    fn default() -> Self {
        Self {
            transactional_id: Cow::Borrowed(""),
            group_id: Cow::Borrowed(""),
            producer_id: 0,
            producer_epoch: 0,
            generation_id_or_member_epoch: -1,
            member_id: Cow::Borrowed(""),
            group_instance_id: None,
            topics: Vec::new(),
        }
    }
}

impl<'a> TxnOffsetCommitRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::TxnOffsetCommit;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 5;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 3;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=6).contains(&version) {
            return Err(DecodeError::Version {
                of: "TxnOffsetCommitRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.transactional_id = r.string(flexible)?;
        it.group_id = r.string(flexible)?;
        it.producer_id = r.i64()?;
        it.producer_epoch = r.i16()?;
        if version >= 3 {
            it.generation_id_or_member_epoch = r.i32()?;
        }
        if version >= 3 {
            it.member_id = r.string(flexible)?;
        }
        if version >= 3 {
            it.group_instance_id = r.nullable_string(flexible, true)?;
        }
        it.topics = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=6).contains(&version) {
            return Err(EncodeError::Version {
                of: "TxnOffsetCommitRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.string(&self.transactional_id, flexible)?;
        w.string(&self.group_id, flexible)?;
        w.i64(self.producer_id);
        w.i16(self.producer_epoch);
        if version >= 3 {
            w.i32(self.generation_id_or_member_epoch);
        } else if self.generation_id_or_member_epoch != -1 {
            return Err(EncodeError::lost("GenerationIdOrMemberEpoch", version));
        }
        if version >= 3 {
            w.string(&self.member_id, flexible)?;
        } else if !self.member_id.is_empty() {
            return Err(EncodeError::lost("MemberId", version));
        }
        if version >= 3 {
            w.nullable_string(self.group_instance_id.as_deref(), flexible)?;
        } else if self.group_instance_id.is_some() {
            return Err(EncodeError::lost("GroupInstanceId", version));
        }
        w.array(&self.topics, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of TxnOffsetCommitRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TxnOffsetCommitRequestTopic<'a> {
    /// Versions 0 to 5.
    pub name: Cow<'a, str>,
    /// Version 6.
    pub topic_id: Uuid,
    /// All versions.
    pub partitions: Vec<TxnOffsetCommitRequestPartition<'a>>,
}

impl<'a> Element<'a> for TxnOffsetCommitRequestTopic<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        if version <= 5 {
            it.name = r.string(flexible)?;
        }
        if version == 6 {
            it.topic_id = r.uuid()?;
        }
        it.partitions = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        if version <= 5 {
            w.string(&self.name, flexible)?;
        }
        if version == 6 {
            w.uuid(self.topic_id);
        }
        w.array(&self.partitions, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of TxnOffsetCommitRequest.
#[derive(Clone, Debug, PartialEq)]
pub struct TxnOffsetCommitRequestPartition<'a> {
    /// All versions.
    pub partition_index: i32,
    /// All versions.
    pub committed_offset: i64,
    /// Versions 2+.
    pub committed_leader_epoch: i32,
    /// All versions, nullable.
    pub committed_metadata: Option<Cow<'a, str>>,
}

impl Default for TxnOffsetCommitRequestPartition<'_> {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            committed_metadata: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> Element<'a> for TxnOffsetCommitRequestPartition<'a> {
    const LEAST: usize = 14;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        it.committed_offset = r.i64()?;
        if version >= 2 {
            it.committed_leader_epoch = r.i32()?;
        }
        it.committed_metadata = r.nullable_string(flexible, true)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        w.i64(self.committed_offset);
        if version >= 2 {
            w.i32(self.committed_leader_epoch);
        }
        w.nullable_string(self.committed_metadata.as_deref(), flexible)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
