//! EndTxnResponse: key 26, versions 0 to 5, flexible from 3. Generated from `specs/EndTxn.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// EndTxnResponse: key 26, versions 0 to 5, flexible from 3.
#[derive(Clone, Debug, PartialEq)]
pub struct EndTxnResponse {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub error_code: i16,
    /// Version 5.
    pub producer_id: i64,
    /// Version 5.
    pub producer_epoch: i16,
}

impl Default for EndTxnResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            producer_id: -1,
            producer_epoch: -1,
        }
    }
}

impl EndTxnResponse {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::EndTxn;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 5;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 3;

    /// Reads it.
    pub fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=5).contains(&version) {
            return Err(DecodeError::Version {
                of: "EndTxnResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.error_code = r.i16()?;
        if version == 5 {
            it.producer_id = r.i64()?;
        }
        if version == 5 {
            it.producer_epoch = r.i16()?;
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
                of: "EndTxnResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.i32(self.throttle_time_ms);
        w.i16(self.error_code);
        if version == 5 {
            w.i64(self.producer_id);
        }
        if version == 5 {
            w.i16(self.producer_epoch);
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
