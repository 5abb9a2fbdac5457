//! ProducerSnapshot: version 1. Generated from `specs/ProducerSnapshot.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};

/// ProducerSnapshot: version 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProducerSnapshot {
    /// All versions.
    pub crc: u32,
    /// All versions.
    pub producer_entries: Vec<ProducerEntry>,
}

impl ProducerSnapshot {
    /// The first version.
    pub const MIN_VERSION: i16 = 1;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 1;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = i16::MAX;

    /// Reads it.
    pub fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        if version != 1 {
            return Err(DecodeError::Version {
                of: "ProducerSnapshot",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.crc = r.u32()?;
        it.producer_entries = r.array(false, version)?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 1 {
            return Err(EncodeError::Version {
                of: "ProducerSnapshot",
                version,
            });
        }

        w.u32(self.crc);
        w.array(&self.producer_entries, false, version)?;
        Ok(())
    }
}

/// Part of ProducerSnapshot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProducerEntry {
    /// All versions.
    pub producer_id: i64,
    /// All versions.
    pub epoch: i16,
    /// All versions.
    pub last_sequence: i32,
    /// All versions.
    pub last_offset: i64,
    /// All versions.
    pub offset_delta: i32,
    /// All versions.
    pub timestamp: i64,
    /// All versions.
    pub coordinator_epoch: i32,
    /// All versions.
    pub current_txn_first_offset: i64,
}

impl Element<'_> for ProducerEntry {
    const LEAST: usize = 46;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.producer_id = r.i64()?;
        it.epoch = r.i16()?;
        it.last_sequence = r.i32()?;
        it.last_offset = r.i64()?;
        it.offset_delta = r.i32()?;
        it.timestamp = r.i64()?;
        it.coordinator_epoch = r.i32()?;
        it.current_txn_first_offset = r.i64()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i64(self.producer_id);
        w.i16(self.epoch);
        w.i32(self.last_sequence);
        w.i64(self.last_offset);
        w.i32(self.offset_delta);
        w.i64(self.timestamp);
        w.i32(self.coordinator_epoch);
        w.i64(self.current_txn_first_offset);
        Ok(())
    }
}
