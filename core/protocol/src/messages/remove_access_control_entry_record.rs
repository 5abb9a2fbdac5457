//! RemoveAccessControlEntryRecord: key 19, version 0, flexible from 0. Generated from `specs/RemoveAccessControlEntryRecord.spec`.

use crate::Uuid;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// RemoveAccessControlEntryRecord: key 19, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RemoveAccessControlEntryRecord {
    /// All versions.
    pub id: Uuid,
}

impl RemoveAccessControlEntryRecord {
    /// Which record.
    pub const KEY: u16 = 19;
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
                of: "RemoveAccessControlEntryRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.id = r.uuid()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "RemoveAccessControlEntryRecord",
                version,
            });
        }

        w.uuid(self.id);
        w.tags();
        Ok(())
    }
}
