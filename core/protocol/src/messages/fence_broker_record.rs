//! FenceBrokerRecord: key 7, version 0, flexible from 0. Generated from `specs/FenceBrokerRecord.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// FenceBrokerRecord: key 7, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FenceBrokerRecord {
    /// All versions.
    pub id: i32,
    /// All versions.
    pub epoch: i64,
}

impl FenceBrokerRecord {
    /// Which record.
    pub const KEY: u16 = 7;
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
                of: "FenceBrokerRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.id = r.i32()?;
        it.epoch = r.i64()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "FenceBrokerRecord",
                version,
            });
        }

        w.i32(self.id);
        w.i64(self.epoch);
        w.tags();
        Ok(())
    }
}
