//! EndTxnMarker: version 0. Generated from `specs/EndTxnMarker.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// EndTxnMarker: version 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndTxnMarker {
    /// All versions.
    pub coordinator_epoch: i32,
}

impl EndTxnMarker {
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 0;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = i16::MAX;

    /// Reads it.
    pub fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        if version != 0 {
            return Err(DecodeError::Version {
                of: "EndTxnMarker",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.coordinator_epoch = r.i32()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "EndTxnMarker",
                version,
            });
        }

        w.i32(self.coordinator_epoch);
        Ok(())
    }
}
