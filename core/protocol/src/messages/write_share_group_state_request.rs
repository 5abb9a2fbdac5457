//! WriteShareGroupStateRequest: key 85, versions 0 to 1, flexible from 0. Generated from `specs/WriteShareGroupState.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// WriteShareGroupStateRequest: key 85, versions 0 to 1, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WriteShareGroupStateRequest<'a> {
    /// All versions.
    pub group_id: Cow<'a, str>,
    /// All versions.
    pub topics: Vec<WriteStateData>,
}

impl<'a> WriteShareGroupStateRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::WriteShareGroupState;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 1;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=1).contains(&version) {
            return Err(DecodeError::Version {
                of: "WriteShareGroupStateRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.group_id = r.string(true)?;
        it.topics = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "WriteShareGroupStateRequest",
                version,
            });
        }

        w.string(&self.group_id, true)?;
        w.array(&self.topics, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of WriteShareGroupStateRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WriteStateData {
    /// All versions.
    pub topic_id: Uuid,
    /// All versions.
    pub partitions: Vec<PartitionData>,
}

impl Element<'_> for WriteStateData {
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

/// Part of WriteShareGroupStateRequest.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionData {
    /// All versions.
    pub partition: i32,
    /// All versions.
    pub state_epoch: i32,
    /// All versions.
    pub leader_epoch: i32,
    /// All versions.
    pub start_offset: i64,
    /// Version 1.
    pub delivery_complete_count: i32,
    /// All versions.
    pub state_batches: Vec<StateBatch>,
}

impl Default for PartitionData {
    fn default() -> Self {
        Self {
            partition: 0,
            state_epoch: 0,
            leader_epoch: 0,
            start_offset: 0,
            delivery_complete_count: -1,
            state_batches: Vec::new(),
        }
    }
}

impl Element<'_> for PartitionData {
    const LEAST: usize = 22;

    fn read(r: &mut Reader<'_>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition = r.i32()?;
        it.state_epoch = r.i32()?;
        it.leader_epoch = r.i32()?;
        it.start_offset = r.i64()?;
        if version == 1 {
            it.delivery_complete_count = r.i32()?;
        }
        it.state_batches = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition);
        w.i32(self.state_epoch);
        w.i32(self.leader_epoch);
        w.i64(self.start_offset);
        if version == 1 {
            w.i32(self.delivery_complete_count);
        }
        w.array(&self.state_batches, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of WriteShareGroupStateRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StateBatch {
    /// All versions.
    pub first_offset: i64,
    /// All versions.
    pub last_offset: i64,
    /// All versions.
    pub delivery_state: i8,
    /// All versions.
    pub delivery_count: i16,
}

impl Element<'_> for StateBatch {
    const LEAST: usize = 20;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.first_offset = r.i64()?;
        it.last_offset = r.i64()?;
        it.delivery_state = r.i8()?;
        it.delivery_count = r.i16()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i64(self.first_offset);
        w.i64(self.last_offset);
        w.i8(self.delivery_state);
        w.i16(self.delivery_count);
        w.tags();
        Ok(())
    }
}
