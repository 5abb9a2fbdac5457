//! SnapshotHeaderRecord: version 0, flexible from 0. Generated from `specs/SnapshotHeaderRecord.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// SnapshotHeaderRecord: version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SnapshotHeaderRecord {
    /// All versions.
    pub version: i16,
    /// All versions.
    pub last_contained_log_timestamp: i64,
}

impl SnapshotHeaderRecord {
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
                of: "SnapshotHeaderRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.version = r.i16()?;
        it.last_contained_log_timestamp = r.i64()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "SnapshotHeaderRecord",
                version,
            });
        }

        w.i16(self.version);
        w.i64(self.last_contained_log_timestamp);
        w.tags();
        Ok(())
    }
}
