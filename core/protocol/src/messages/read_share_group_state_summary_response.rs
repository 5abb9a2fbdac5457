//! ReadShareGroupStateSummaryResponse: key 87, versions 0 to 1, flexible from 0. Generated from `specs/ReadShareGroupStateSummary.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// ReadShareGroupStateSummaryResponse: key 87, versions 0 to 1, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadShareGroupStateSummaryResponse<'a> {
    /// All versions.
    pub results: Vec<ReadStateSummaryResult<'a>>,
}

impl<'a> ReadShareGroupStateSummaryResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::ReadShareGroupStateSummary;
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
                of: "ReadShareGroupStateSummaryResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.results = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "ReadShareGroupStateSummaryResponse",
                version,
            });
        }

        w.array(&self.results, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ReadShareGroupStateSummaryResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadStateSummaryResult<'a> {
    /// All versions.
    pub topic_id: Uuid,
    /// All versions.
    pub partitions: Vec<PartitionResult<'a>>,
}

impl<'a> Element<'a> for ReadStateSummaryResult<'a> {
    const LEAST: usize = 18;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
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

/// Part of ReadShareGroupStateSummaryResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionResult<'a> {
    /// All versions.
    pub partition: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions, nullable.
    pub error_message: Option<Cow<'a, str>>,
    /// All versions.
    pub state_epoch: i32,
    /// All versions.
    pub leader_epoch: i32,
    /// All versions.
    pub start_offset: i64,
    /// Version 1.
    pub delivery_complete_count: i32,
}

impl Default for PartitionResult<'_> {
    fn default() -> Self {
        Self {
            partition: 0,
            error_code: 0,
            error_message: None,
            state_epoch: 0,
            leader_epoch: 0,
            start_offset: 0,
            delivery_complete_count: -1,
        }
    }
}

impl<'a> Element<'a> for PartitionResult<'a> {
    const LEAST: usize = 24;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition = r.i32()?;
        it.error_code = r.i16()?;
        it.error_message = r.nullable_string(true, true)?;
        it.state_epoch = r.i32()?;
        it.leader_epoch = r.i32()?;
        it.start_offset = r.i64()?;
        if version == 1 {
            it.delivery_complete_count = r.i32()?;
        }
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition);
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        w.i32(self.state_epoch);
        w.i32(self.leader_epoch);
        w.i64(self.start_offset);
        if version == 1 {
            w.i32(self.delivery_complete_count);
        }
        w.tags();
        Ok(())
    }
}
