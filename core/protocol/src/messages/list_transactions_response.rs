//! ListTransactionsResponse: key 66, versions 0 to 2, flexible from 0. Generated from `specs/ListTransactions.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ListTransactionsResponse: key 66, versions 0 to 2, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListTransactionsResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions.
    pub unknown_state_filters: Vec<Cow<'a, str>>,
    /// All versions.
    pub transaction_states: Vec<TransactionState<'a>>,
}

impl<'a> ListTransactionsResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::ListTransactions;
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
                of: "ListTransactionsResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.error_code = r.i16()?;
        it.unknown_state_filters = r.array(true, version)?;
        it.transaction_states = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=2).contains(&version) {
            return Err(EncodeError::Version {
                of: "ListTransactionsResponse",
                version,
            });
        }

        w.i32(self.throttle_time_ms);
        w.i16(self.error_code);
        w.array(&self.unknown_state_filters, true, version)?;
        w.array(&self.transaction_states, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ListTransactionsResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TransactionState<'a> {
    /// All versions.
    pub transactional_id: Cow<'a, str>,
    /// All versions.
    pub producer_id: i64,
    /// All versions.
    pub transaction_state: Cow<'a, str>,
}

impl<'a> Element<'a> for TransactionState<'a> {
    const LEAST: usize = 11;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.transactional_id = r.string(true)?;
        it.producer_id = r.i64()?;
        it.transaction_state = r.string(true)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.transactional_id, true)?;
        w.i64(self.producer_id);
        w.string(&self.transaction_state, true)?;
        w.tags();
        Ok(())
    }
}
