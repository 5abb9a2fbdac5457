//! DescribeProducersResponse: key 61, version 0, flexible from 0. Generated from `specs/DescribeProducers.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// DescribeProducersResponse: key 61, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeProducersResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub topics: Vec<TopicResponse<'a>>,
}

impl<'a> DescribeProducersResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::DescribeProducers;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 0;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if version != 0 {
            return Err(DecodeError::Version {
                of: "DescribeProducersResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.topics = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "DescribeProducersResponse",
                version,
            });
        }

        w.i32(self.throttle_time_ms);
        w.array(&self.topics, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of DescribeProducersResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicResponse<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<PartitionResponse<'a>>,
}

impl<'a> Element<'a> for TopicResponse<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(true)?;
        it.partitions = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, true)?;
        w.array(&self.partitions, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of DescribeProducersResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionResponse<'a> {
    /// All versions.
    pub partition_index: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions, nullable.
    pub error_message: Option<Cow<'a, str>>,
    /// All versions.
    pub active_producers: Vec<ProducerState>,
}

impl<'a> Element<'a> for PartitionResponse<'a> {
    const LEAST: usize = 9;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        it.error_code = r.i16()?;
        it.error_message = r.nullable_string(true, true)?;
        it.active_producers = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        w.array(&self.active_producers, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of DescribeProducersResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct ProducerState {
    /// All versions.
    pub producer_id: i64,
    /// All versions.
    pub producer_epoch: i32,
    /// All versions.
    pub last_sequence: i32,
    /// All versions.
    pub last_timestamp: i64,
    /// All versions.
    pub coordinator_epoch: i32,
    /// All versions.
    pub current_txn_start_offset: i64,
}

impl Default for ProducerState {
    fn default() -> Self {
        Self {
            producer_id: 0,
            producer_epoch: 0,
            last_sequence: -1,
            last_timestamp: -1,
            coordinator_epoch: 0,
            current_txn_start_offset: -1,
        }
    }
}

impl Element<'_> for ProducerState {
    const LEAST: usize = 37;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.producer_id = r.i64()?;
        it.producer_epoch = r.i32()?;
        it.last_sequence = r.i32()?;
        it.last_timestamp = r.i64()?;
        it.coordinator_epoch = r.i32()?;
        it.current_txn_start_offset = r.i64()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i64(self.producer_id);
        w.i32(self.producer_epoch);
        w.i32(self.last_sequence);
        w.i64(self.last_timestamp);
        w.i32(self.coordinator_epoch);
        w.i64(self.current_txn_start_offset);
        w.tags();
        Ok(())
    }
}
