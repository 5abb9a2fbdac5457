//! UnfenceBrokerRecord: key 8, version 0, flexible from 0. Generated from `specs/UnfenceBrokerRecord.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// UnfenceBrokerRecord: key 8, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnfenceBrokerRecord {
    /// All versions.
    pub id: i32,
    /// All versions.
    pub epoch: i64,
}

impl UnfenceBrokerRecord {
    /// Which record.
    pub const KEY: u16 = 8;
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
                of: "UnfenceBrokerRecord",
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
                of: "UnfenceBrokerRecord",
                version,
            });
        }

        w.i32(self.id);
        w.i64(self.epoch);
        w.tags();
        Ok(())
    }
}
