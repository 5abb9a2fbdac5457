//! ShareGroupMetadataValue: key 11, version 0, flexible from 0. Generated from `specs/ShareGroupMetadataValue.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// ShareGroupMetadataValue: key 11, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShareGroupMetadataValue {
    /// All versions.
    pub epoch: i32,
    /// All versions.
    pub metadata_hash: i64,
}

impl ShareGroupMetadataValue {
    /// Which record.
    pub const KEY: u16 = 11;
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
                of: "ShareGroupMetadataValue",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.epoch = r.i32()?;
        it.metadata_hash = r.i64()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "ShareGroupMetadataValue",
                version,
            });
        }

        w.i32(self.epoch);
        w.i64(self.metadata_hash);
        w.tags();
        Ok(())
    }
}
