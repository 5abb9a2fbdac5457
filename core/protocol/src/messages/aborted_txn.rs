//! AbortedTxn: version 0. Generated from `specs/AbortedTxn.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// AbortedTxn: version 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AbortedTxn {
    /// All versions.
    pub producer_id: i64,
    /// All versions.
    pub first_offset: i64,
    /// All versions.
    pub last_offset: i64,
    /// All versions.
    pub last_stable_offset: i64,
}

impl AbortedTxn {
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
                of: "AbortedTxn",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.producer_id = r.i64()?;
        it.first_offset = r.i64()?;
        it.last_offset = r.i64()?;
        it.last_stable_offset = r.i64()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "AbortedTxn",
                version,
            });
        }

        w.i64(self.producer_id);
        w.i64(self.first_offset);
        w.i64(self.last_offset);
        w.i64(self.last_stable_offset);
        Ok(())
    }
}
