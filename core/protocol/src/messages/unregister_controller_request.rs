//! UnregisterControllerRequest: key 94, no version, 0 not advertised, flexible from 0. Generated from `specs/UnregisterController.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// UnregisterControllerRequest: key 94, no version, 0 not advertised, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnregisterControllerRequest {
    /// All versions.
    pub controller_id: i32,
}

impl UnregisterControllerRequest {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::UnregisterController;
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
                of: "UnregisterControllerRequest",
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
                of: "UnregisterControllerRequest",
                version,
            });
        }

        w.i32(self.controller_id);
        w.tags();
        Ok(())
    }
}
