//! ListTransactionsRequest: key 66, versions 0 to 2, flexible from 0. Generated from `specs/ListTransactions.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ListTransactionsRequest: key 66, versions 0 to 2, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct ListTransactionsRequest<'a> {
    /// All versions.
    pub state_filters: Vec<Cow<'a, str>>,
    /// All versions.
    pub producer_id_filters: Vec<i64>,
    /// Versions 1+.
    pub duration_filter: i64,
    /// Version 2, nullable.
    pub transactional_id_pattern: Option<Cow<'a, str>>,
}

impl Default for ListTransactionsRequest<'_> {
    fn default() -> Self {
        Self {
            state_filters: Vec::new(),
            producer_id_filters: Vec::new(),
            duration_filter: -1,
            transactional_id_pattern: None,
        }
    }
}

impl<'a> ListTransactionsRequest<'a> {
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
                of: "ListTransactionsRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.state_filters = r.array(true, version)?;
        it.producer_id_filters = r.array(true, version)?;
        if version >= 1 {
            it.duration_filter = r.i64()?;
        }
        if version == 2 {
            it.transactional_id_pattern = r.nullable_string(true, true)?;
        }
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=2).contains(&version) {
            return Err(EncodeError::Version {
                of: "ListTransactionsRequest",
                version,
            });
        }

        w.array(&self.state_filters, true, version)?;
        w.array(&self.producer_id_filters, true, version)?;
        if version >= 1 {
            w.i64(self.duration_filter);
        } else if self.duration_filter != -1 {
            return Err(EncodeError::lost("DurationFilter", version));
        }
        if version == 2 {
            w.nullable_string(self.transactional_id_pattern.as_deref(), true)?;
        } else if self.transactional_id_pattern.is_some() {
            return Err(EncodeError::lost("TransactionalIdPattern", version));
        }
        w.tags();
        Ok(())
    }
}
