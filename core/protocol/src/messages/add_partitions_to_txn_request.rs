//! AddPartitionsToTxnRequest: key 24, versions 0 to 5, flexible from 3. Generated from `specs/AddPartitionsToTxn.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// AddPartitionsToTxnRequest: key 24, versions 0 to 5, flexible from 3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddPartitionsToTxnRequest<'a> {
    /// Versions 4+.
    pub transactions: Vec<AddPartitionsToTxnTransaction<'a>>,
    /// Versions 0 to 3.
    pub v3_and_below_transactional_id: Cow<'a, str>,
    /// Versions 0 to 3.
    pub v3_and_below_producer_id: i64,
    /// Versions 0 to 3.
    pub v3_and_below_producer_epoch: i16,
    /// Versions 0 to 3.
    pub v3_and_below_topics: Vec<AddPartitionsToTxnTopic<'a>>,
}

impl<'a> AddPartitionsToTxnRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::AddPartitionsToTxn;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 5;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 3;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=5).contains(&version) {
            return Err(DecodeError::Version {
                of: "AddPartitionsToTxnRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        if version >= 4 {
            it.transactions = r.array(flexible, version)?;
        }
        if version <= 3 {
            it.v3_and_below_transactional_id = r.string(flexible)?;
        }
        if version <= 3 {
            it.v3_and_below_producer_id = r.i64()?;
        }
        if version <= 3 {
            it.v3_and_below_producer_epoch = r.i16()?;
        }
        if version <= 3 {
            it.v3_and_below_topics = r.array(flexible, version)?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=5).contains(&version) {
            return Err(EncodeError::Version {
                of: "AddPartitionsToTxnRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        if version >= 4 {
            w.array(&self.transactions, flexible, version)?;
        } else if !self.transactions.is_empty() {
            return Err(EncodeError::lost("Transactions", version));
        }
        if version <= 3 {
            w.string(&self.v3_and_below_transactional_id, flexible)?;
        } else if !self.v3_and_below_transactional_id.is_empty() {
            return Err(EncodeError::lost("V3AndBelowTransactionalId", version));
        }
        if version <= 3 {
            w.i64(self.v3_and_below_producer_id);
        } else if self.v3_and_below_producer_id != 0 {
            return Err(EncodeError::lost("V3AndBelowProducerId", version));
        }
        if version <= 3 {
            w.i16(self.v3_and_below_producer_epoch);
        } else if self.v3_and_below_producer_epoch != 0 {
            return Err(EncodeError::lost("V3AndBelowProducerEpoch", version));
        }
        if version <= 3 {
            w.array(&self.v3_and_below_topics, flexible, version)?;
        } else if !self.v3_and_below_topics.is_empty() {
            return Err(EncodeError::lost("V3AndBelowTopics", version));
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of AddPartitionsToTxnRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddPartitionsToTxnTransaction<'a> {
    /// All versions.
    pub transactional_id: Cow<'a, str>,
    /// All versions.
    pub producer_id: i64,
    /// All versions.
    pub producer_epoch: i16,
    /// All versions.
    pub verify_only: bool,
    /// All versions.
    pub topics: Vec<AddPartitionsToTxnTopic<'a>>,
}

impl<'a> Element<'a> for AddPartitionsToTxnTransaction<'a> {
    const LEAST: usize = 14;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.transactional_id = r.string(true)?;
        it.producer_id = r.i64()?;
        it.producer_epoch = r.i16()?;
        it.verify_only = r.bool()?;
        it.topics = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.transactional_id, true)?;
        w.i64(self.producer_id);
        w.i16(self.producer_epoch);
        w.bool(self.verify_only);
        w.array(&self.topics, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of AddPartitionsToTxnRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddPartitionsToTxnTopic<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<i32>,
}

impl<'a> Element<'a> for AddPartitionsToTxnTopic<'a> {
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
