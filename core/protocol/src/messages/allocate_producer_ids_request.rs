//! AllocateProducerIdsRequest: key 67, version 0, flexible from 0. Generated from `specs/AllocateProducerIds.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// AllocateProducerIdsRequest: key 67, version 0, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct AllocateProducerIdsRequest {
    /// All versions.
    pub broker_id: i32,
    /// All versions.
    pub broker_epoch: i64,
}

impl Default for AllocateProducerIdsRequest {
    fn default() -> Self {
        Self {
            broker_id: 0,
            broker_epoch: -1,
        }
    }
}

impl AllocateProducerIdsRequest {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::AllocateProducerIds;
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
                of: "AllocateProducerIdsRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.broker_id = r.i32()?;
        it.broker_epoch = r.i64()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "AllocateProducerIdsRequest",
                version,
            });
        }

        w.i32(self.broker_id);
        w.i64(self.broker_epoch);
        w.tags();
        Ok(())
    }
}
