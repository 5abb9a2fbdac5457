//! UnregisterControllerRecord: key 29, no version, 0 not advertised, flexible from 0. Generated from `specs/UnregisterControllerRecord.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// UnregisterControllerRecord: key 29, no version, 0 not advertised, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnregisterControllerRecord {
    /// All versions.
    pub controller_id: i32,
}

impl UnregisterControllerRecord {
    /// Which record.
    pub const KEY: u16 = 29;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = -1;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        if version != 0 {
            return Err(DecodeError::Version {
                of: "UnregisterControllerRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.controller_id = r.i32()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "UnregisterControllerRecord",
                version,
            });
        }

        w.i32(self.controller_id);
        w.tags();
        Ok(())
    }
}
