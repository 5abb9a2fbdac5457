//! ResponseHeader: versions 0 to 1, flexible from 1. Generated from `specs/ResponseHeader.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// ResponseHeader: versions 0 to 1, flexible from 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseHeader {
    /// All versions.
    pub correlation_id: i32,
}

impl ResponseHeader {
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 1;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 1;

    /// Reads it.
    pub fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=1).contains(&version) {
            return Err(DecodeError::Version {
                of: "ResponseHeader",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.correlation_id = r.i32()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "ResponseHeader",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.i32(self.correlation_id);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
