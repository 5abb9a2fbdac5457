//! InitProducerIdResponse: key 22, versions 0 to 5, 6 not advertised, flexible from 2. Generated from `specs/InitProducerId.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// InitProducerIdResponse: key 22, versions 0 to 5, 6 not advertised, flexible from 2.
#[derive(Clone, Debug, PartialEq)]
pub struct InitProducerIdResponse {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions.
    pub producer_id: i64,
    /// All versions.
    pub producer_epoch: i16,
    /// Version 6.
    pub ongoing_txn_producer_id: i64,
    /// Version 6.
    pub ongoing_txn_producer_epoch: i16,
}

impl Default for InitProducerIdResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            producer_id: -1,
            producer_epoch: 0,
            ongoing_txn_producer_id: -1,
            ongoing_txn_producer_epoch: -1,
        }
    }
}

impl InitProducerIdResponse {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::InitProducerId;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 5;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 2;

    /// Reads it.
    pub fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=6).contains(&version) {
            return Err(DecodeError::Version {
                of: "InitProducerIdResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.error_code = r.i16()?;
        it.producer_id = r.i64()?;
        it.producer_epoch = r.i16()?;
        if version == 6 {
            it.ongoing_txn_producer_id = r.i64()?;
        }
        if version == 6 {
            it.ongoing_txn_producer_epoch = r.i16()?;
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
                of: "InitProducerIdResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.i32(self.throttle_time_ms);
        w.i16(self.error_code);
        w.i64(self.producer_id);
        w.i16(self.producer_epoch);
        if version == 6 {
            w.i64(self.ongoing_txn_producer_id);
        } else if self.ongoing_txn_producer_id != -1 {
            return Err(EncodeError::lost("OngoingTxnProducerId", version));
        }
        if version == 6 {
            w.i16(self.ongoing_txn_producer_epoch);
        } else if self.ongoing_txn_producer_epoch != -1 {
            return Err(EncodeError::lost("OngoingTxnProducerEpoch", version));
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
