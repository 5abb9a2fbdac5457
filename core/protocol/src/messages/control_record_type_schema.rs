//! ControlRecordTypeSchema: version 0. Generated from `specs/ControlRecordTypeSchema.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// ControlRecordTypeSchema: version 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ControlRecordTypeSchema {
    /// All versions.
    pub r#type: i16,
}

impl ControlRecordTypeSchema {
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 0;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = i16::MAX;

    /// Reads it.
    pub fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        if version != 0 {
            return Err(DecodeError::Version {
                of: "ControlRecordTypeSchema",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.r#type = r.i16()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "ControlRecordTypeSchema",
                version,
            });
        }

        w.i16(self.r#type);
        Ok(())
    }
}
