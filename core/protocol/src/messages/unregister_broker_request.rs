//! UnregisterBrokerRequest: key 64, version 0, flexible from 0. Generated from `specs/UnregisterBroker.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// UnregisterBrokerRequest: key 64, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnregisterBrokerRequest {
    /// All versions.
    pub broker_id: i32,
}

impl UnregisterBrokerRequest {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::UnregisterBroker;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 0;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        if version != 0 {
            return Err(DecodeError::Version {
                of: "UnregisterBrokerRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.broker_id = r.i32()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "UnregisterBrokerRequest",
                version,
            });
        }

        w.i32(self.broker_id);
        w.tags();
        Ok(())
    }
}
