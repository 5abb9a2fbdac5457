//! EndTransactionRecord: key 24, version 0, flexible from 0. Generated from `specs/EndTransactionRecord.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// EndTransactionRecord: key 24, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndTransactionRecord {}

impl EndTransactionRecord {
    /// Which record.
    pub const KEY: u16 = 24;
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
                of: "EndTransactionRecord",
                version: version.into(),
            });
        }

        let it = Self::default();
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "EndTransactionRecord",
                version,
            });
        }

        w.tags();
        Ok(())
    }
}
