//! AddPartitionsToTxnResponse: key 24, versions 0 to 5, flexible from 3. Generated from `specs/AddPartitionsToTxn.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// AddPartitionsToTxnResponse: key 24, versions 0 to 5, flexible from 3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddPartitionsToTxnResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// Versions 4+.
    pub error_code: i16,
    /// Versions 4+.
    pub results_by_transaction: Vec<AddPartitionsToTxnResult<'a>>,
    /// Versions 0 to 3.
    pub results_by_topic_v3_and_below: Vec<AddPartitionsToTxnTopicResult<'a>>,
}

impl<'a> AddPartitionsToTxnResponse<'a> {
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
                of: "AddPartitionsToTxnResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        if version >= 4 {
            it.error_code = r.i16()?;
        }
        if version >= 4 {
            it.results_by_transaction = r.array(flexible, version)?;
        }
        if version <= 3 {
            it.results_by_topic_v3_and_below = r.array(flexible, version)?;
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
                of: "AddPartitionsToTxnResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.i32(self.throttle_time_ms);
        if version >= 4 {
            w.i16(self.error_code);
        }
        if version >= 4 {
            w.array(&self.results_by_transaction, flexible, version)?;
        } else if !self.results_by_transaction.is_empty() {
            return Err(EncodeError::lost("ResultsByTransaction", version));
        }
        if version <= 3 {
            w.array(&self.results_by_topic_v3_and_below, flexible, version)?;
        } else if !self.results_by_topic_v3_and_below.is_empty() {
            return Err(EncodeError::lost("ResultsByTopicV3AndBelow", version));
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of AddPartitionsToTxnResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddPartitionsToTxnResult<'a> {
    /// All versions.
    pub transactional_id: Cow<'a, str>,
    /// All versions.
    pub topic_results: Vec<AddPartitionsToTxnTopicResult<'a>>,
}

impl<'a> Element<'a> for AddPartitionsToTxnResult<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.transactional_id = r.string(true)?;
        it.topic_results = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.transactional_id, true)?;
        w.array(&self.topic_results, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of AddPartitionsToTxnResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddPartitionsToTxnTopicResult<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub results_by_partition: Vec<AddPartitionsToTxnPartitionResult>,
}

impl<'a> Element<'a> for AddPartitionsToTxnTopicResult<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(flexible)?;
        it.results_by_partition = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, flexible)?;
        w.array(&self.results_by_partition, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of AddPartitionsToTxnResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddPartitionsToTxnPartitionResult {
    /// All versions.
    pub partition_index: i32,
    /// All versions.
    pub partition_error_code: i16,
}

impl Element<'_> for AddPartitionsToTxnPartitionResult {
    const LEAST: usize = 6;

    fn read(r: &mut Reader<'_>, flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        it.partition_error_code = r.i16()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        w.i16(self.partition_error_code);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
