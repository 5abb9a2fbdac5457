//! ZkMigrationStateRecord: key 21, version 0, flexible from 0. Generated from `specs/ZkMigrationStateRecord.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// ZkMigrationStateRecord: key 21, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ZkMigrationStateRecord {
    /// All versions.
    pub zk_migration_state: i8,
}

impl ZkMigrationStateRecord {
    /// Which record.
    pub const KEY: u16 = 21;
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
                of: "ZkMigrationStateRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.zk_migration_state = r.i8()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "ZkMigrationStateRecord",
                version,
            });
        }

        w.i8(self.zk_migration_state);
        w.tags();
        Ok(())
    }
}
