//! DescribeTransactionsResponse: key 65, version 0, flexible from 0. Generated from `specs/DescribeTransactions.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// DescribeTransactionsResponse: key 65, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeTransactionsResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub transaction_states: Vec<TransactionState<'a>>,
}

impl<'a> DescribeTransactionsResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::DescribeTransactions;
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
                of: "DescribeTransactionsResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.transaction_states = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "DescribeTransactionsResponse",
                version,
            });
        }

        w.i32(self.throttle_time_ms);
        w.array(&self.transaction_states, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of DescribeTransactionsResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TransactionState<'a> {
    /// All versions.
    pub error_code: i16,
    /// All versions.
    pub transactional_id: Cow<'a, str>,
    /// All versions.
    pub transaction_state: Cow<'a, str>,
    /// All versions.
    pub transaction_timeout_ms: i32,
    /// All versions.
    pub transaction_start_time_ms: i64,
    /// All versions.
    pub producer_id: i64,
    /// All versions.
    pub producer_epoch: i16,
    /// All versions.
    pub topics: Vec<TopicData<'a>>,
}

impl<'a> Element<'a> for TransactionState<'a> {
    const LEAST: usize = 28;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.error_code = r.i16()?;
        it.transactional_id = r.string(true)?;
        it.transaction_state = r.string(true)?;
        it.transaction_timeout_ms = r.i32()?;
        it.transaction_start_time_ms = r.i64()?;
        it.producer_id = r.i64()?;
        it.producer_epoch = r.i16()?;
        it.topics = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i16(self.error_code);
        w.string(&self.transactional_id, true)?;
        w.string(&self.transaction_state, true)?;
        w.i32(self.transaction_timeout_ms);
        w.i64(self.transaction_start_time_ms);
        w.i64(self.producer_id);
        w.i16(self.producer_epoch);
        w.array(&self.topics, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of DescribeTransactionsResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicData<'a> {
    /// All versions.
    pub topic: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<i32>,
}

impl<'a> Element<'a> for TopicData<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic = r.string(true)?;
        it.partitions = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.topic, true)?;
        w.array(&self.partitions, true, version)?;
        w.tags();
        Ok(())
    }
}
