//! InitProducerIdRequest: key 22, versions 0 to 5, 6 not advertised, flexible from 2. Generated from `specs/InitProducerId.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// InitProducerIdRequest: key 22, versions 0 to 5, 6 not advertised, flexible from 2.
#[derive(Clone, Debug, PartialEq)]
pub struct InitProducerIdRequest<'a> {
    /// All versions, nullable.
    pub transactional_id: Option<Cow<'a, str>>,
    /// All versions.
    pub transaction_timeout_ms: i32,
    /// Versions 3+.
    pub producer_id: i64,
    /// Versions 3+.
    pub producer_epoch: i16,
    /// Version 6.
    pub enable2_pc: bool,
    /// Version 6.
    pub keep_prepared_txn: bool,
}

impl Default for InitProducerIdRequest<'_> {
    fn default() -> Self {
        Self {
            transactional_id: Some(Cow::Borrowed("")),
            transaction_timeout_ms: 0,
            producer_id: -1,
            producer_epoch: -1,
            enable2_pc: false,
            keep_prepared_txn: false,
        }
    }
}

impl<'a> InitProducerIdRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::InitProducerId;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 5;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 2;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=6).contains(&version) {
            return Err(DecodeError::Version {
                of: "InitProducerIdRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.transactional_id = r.nullable_string(flexible, true)?;
        it.transaction_timeout_ms = r.i32()?;
        if version >= 3 {
            it.producer_id = r.i64()?;
        }
        if version >= 3 {
            it.producer_epoch = r.i16()?;
        }
        if version == 6 {
            it.enable2_pc = r.bool()?;
        }
        if version == 6 {
            it.keep_prepared_txn = r.bool()?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=6).contains(&version) {
            return Err(EncodeError::Version {
                of: "InitProducerIdRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.nullable_string(self.transactional_id.as_deref(), flexible)?;
        w.i32(self.transaction_timeout_ms);
        if version >= 3 {
            w.i64(self.producer_id);
        } else if self.producer_id != -1 {
            return Err(EncodeError::lost("ProducerId", version));
        }
        if version >= 3 {
            w.i16(self.producer_epoch);
        } else if self.producer_epoch != -1 {
            return Err(EncodeError::lost("ProducerEpoch", version));
        }
        if version == 6 {
            w.bool(self.enable2_pc);
        } else if self.enable2_pc {
            return Err(EncodeError::lost("Enable2Pc", version));
        }
        if version == 6 {
            w.bool(self.keep_prepared_txn);
        } else if self.keep_prepared_txn {
            return Err(EncodeError::lost("KeepPreparedTxn", version));
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
