//! TransactionLogValue: key 0, versions 0 to 1, flexible from 1. Generated from `specs/TransactionLogValue.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// TransactionLogValue: key 0, versions 0 to 1, flexible from 1.
#[derive(Clone, Debug, PartialEq)]
pub struct TransactionLogValue<'a> {
    /// All versions.
    pub producer_id: i64,
    /// Version 1, tag 0.
    pub previous_producer_id: i64,
    /// Version 1, tag 1.
    pub next_producer_id: i64,
    /// All versions.
    pub producer_epoch: i16,
    /// Version 1, tag 3.
    pub next_producer_epoch: i16,
    /// All versions.
    pub transaction_timeout_ms: i32,
    /// All versions.
    pub transaction_status: i8,
    /// All versions, nullable.
    pub transaction_partitions: Option<Vec<PartitionsSchema<'a>>>,
    /// All versions.
    pub transaction_last_update_timestamp_ms: i64,
    /// All versions.
    pub transaction_start_timestamp_ms: i64,
    /// Version 1, tag 2.
    pub client_transaction_version: i16,
}

impl Default for TransactionLogValue<'_> {
    fn default() -> Self {
        Self {
            producer_id: 0,
            previous_producer_id: -1,
            next_producer_id: -1,
            producer_epoch: 0,
            next_producer_epoch: -1,
            transaction_timeout_ms: 0,
            transaction_status: 0,
            transaction_partitions: Some(Vec::new()),
            transaction_last_update_timestamp_ms: 0,
            transaction_start_timestamp_ms: 0,
            client_transaction_version: 0,
        }
    }
}

impl<'a> TransactionLogValue<'a> {
    /// Which record.
    pub const KEY: u16 = 0;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 1;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 1;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=1).contains(&version) {
            return Err(DecodeError::Version {
                of: "TransactionLogValue",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.producer_id = r.i64()?;
        it.producer_epoch = r.i16()?;
        it.transaction_timeout_ms = r.i32()?;
        it.transaction_status = r.i8()?;
        it.transaction_partitions = r.nullable_array(flexible, version, true)?;
        it.transaction_last_update_timestamp_ms = r.i64()?;
        it.transaction_start_timestamp_ms = r.i64()?;
        if flexible {
            for _ in 0..r.tags()? {
                let field = r.enter()?;
                match field.tag {
                    0 => it.previous_producer_id = r.i64()?,
                    1 => it.next_producer_id = r.i64()?,
                    2 => it.client_transaction_version = r.i16()?,
                    3 => it.next_producer_epoch = r.i16()?,
                    _ => {
                        r.rest();
                    }
                }
                r.leave(field)?;
            }
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "TransactionLogValue",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.i64(self.producer_id);
        if version != 1 && self.previous_producer_id != -1 {
            return Err(EncodeError::lost("PreviousProducerId", version));
        }
        if version != 1 && self.next_producer_id != -1 {
            return Err(EncodeError::lost("NextProducerId", version));
        }
        w.i16(self.producer_epoch);
        if version != 1 && self.next_producer_epoch != -1 {
            return Err(EncodeError::lost("NextProducerEpoch", version));
        }
        w.i32(self.transaction_timeout_ms);
        w.i8(self.transaction_status);
        w.nullable_array(self.transaction_partitions.as_deref(), flexible, version)?;
        w.i64(self.transaction_last_update_timestamp_ms);
        w.i64(self.transaction_start_timestamp_ms);
        if version != 1 && self.client_transaction_version != 0 {
            return Err(EncodeError::lost("ClientTransactionVersion", version));
        }
        if flexible {
            let tags = w.tags();
            if self.previous_producer_id != -1 {
                let tag = w.open_tag(tags, 0);
                w.i64(self.previous_producer_id);
                w.close_tag(tag)?;
            }
            if self.next_producer_id != -1 {
                let tag = w.open_tag(tags, 1);
                w.i64(self.next_producer_id);
                w.close_tag(tag)?;
            }
            if self.client_transaction_version != 0 {
                let tag = w.open_tag(tags, 2);
                w.i16(self.client_transaction_version);
                w.close_tag(tag)?;
            }
            if self.next_producer_epoch != -1 {
                let tag = w.open_tag(tags, 3);
                w.i16(self.next_producer_epoch);
                w.close_tag(tag)?;
            }
        }
        Ok(())
    }
}

/// Part of TransactionLogValue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionsSchema<'a> {
    /// All versions.
    pub topic: Cow<'a, str>,
    /// All versions.
    pub partition_ids: Vec<i32>,
}

impl<'a> Element<'a> for PartitionsSchema<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic = r.string(flexible)?;
        it.partition_ids = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.topic, flexible)?;
        w.array(&self.partition_ids, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
