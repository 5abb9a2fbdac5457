//! ShareAcknowledgeRequest: key 79, versions 1 to 2, flexible from 0. Generated from `specs/ShareAcknowledge.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// ShareAcknowledgeRequest: key 79, versions 1 to 2, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct ShareAcknowledgeRequest<'a> {
    /// All versions, nullable.
    pub group_id: Option<Cow<'a, str>>,
    /// All versions, nullable.
    pub member_id: Option<Cow<'a, str>>,
    /// All versions.
    pub share_session_epoch: i32,
    /// Version 2.
    pub is_renew_ack: bool,
    /// All versions.
    pub topics: Vec<AcknowledgeTopic>,
}

impl Default for ShareAcknowledgeRequest<'_> {
    fn default() -> Self {
        Self {
            group_id: None,
            member_id: Some(Cow::Borrowed("")),
            share_session_epoch: 0,
            is_renew_ack: false,
            topics: Vec::new(),
        }
    }
}

impl<'a> ShareAcknowledgeRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::ShareAcknowledge;
    /// The first version.
    pub const MIN_VERSION: i16 = 1;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 2;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(1..=2).contains(&version) {
            return Err(DecodeError::Version {
                of: "ShareAcknowledgeRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.group_id = r.nullable_string(true, true)?;
        it.member_id = r.nullable_string(true, true)?;
        it.share_session_epoch = r.i32()?;
        if version == 2 {
            it.is_renew_ack = r.bool()?;
        }
        it.topics = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(1..=2).contains(&version) {
            return Err(EncodeError::Version {
                of: "ShareAcknowledgeRequest",
                version,
            });
        }

        w.nullable_string(self.group_id.as_deref(), true)?;
        w.nullable_string(self.member_id.as_deref(), true)?;
        w.i32(self.share_session_epoch);
        if version == 2 {
            w.bool(self.is_renew_ack);
        } else if self.is_renew_ack {
            return Err(EncodeError::lost("IsRenewAck", version));
        }
        w.array(&self.topics, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ShareAcknowledgeRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AcknowledgeTopic {
    /// All versions.
    pub topic_id: Uuid,
    /// All versions.
    pub partitions: Vec<AcknowledgePartition>,
}

impl Element<'_> for AcknowledgeTopic {
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

/// Part of ShareAcknowledgeRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AcknowledgePartition {
    /// All versions.
    pub partition_index: i32,
    /// All versions.
    pub acknowledgement_batches: Vec<AcknowledgementBatch>,
}

impl Element<'_> for AcknowledgePartition {
    const LEAST: usize = 6;

    fn read(r: &mut Reader<'_>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        it.acknowledgement_batches = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        w.array(&self.acknowledgement_batches, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ShareAcknowledgeRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AcknowledgementBatch {
    /// All versions.
    pub first_offset: i64,
    /// All versions.
    pub last_offset: i64,
    /// All versions.
    pub acknowledge_types: Vec<i8>,
}

impl Element<'_> for AcknowledgementBatch {
    const LEAST: usize = 18;

    fn read(r: &mut Reader<'_>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.first_offset = r.i64()?;
        it.last_offset = r.i64()?;
        it.acknowledge_types = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i64(self.first_offset);
        w.i64(self.last_offset);
        w.array(&self.acknowledge_types, true, version)?;
        w.tags();
        Ok(())
    }
}
