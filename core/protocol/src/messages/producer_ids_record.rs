//! ProducerIdsRecord: key 15, version 0, flexible from 0. Generated from `specs/ProducerIdsRecord.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// ProducerIdsRecord: key 15, version 0, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct ProducerIdsRecord {
    /// All versions.
    pub broker_id: i32,
    /// All versions.
    pub broker_epoch: i64,
    /// All versions.
    pub next_producer_id: i64,
}

impl Default for ProducerIdsRecord {
    fn default() -> Self {
        Self {
            broker_id: 0,
            broker_epoch: -1,
            next_producer_id: 0,
        }
    }
}

impl ProducerIdsRecord {
    /// Which record.
    pub const KEY: u16 = 15;
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
                of: "ProducerIdsRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.broker_id = r.i32()?;
        it.broker_epoch = r.i64()?;
        it.next_producer_id = r.i64()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "ProducerIdsRecord",
                version,
            });
        }

        w.i32(self.broker_id);
        w.i64(self.broker_epoch);
        w.i64(self.next_producer_id);
        w.tags();
        Ok(())
    }
}
