//! FindCoordinatorRequest: key 10, versions 0 to 6, flexible from 3. Generated from `specs/FindCoordinator.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// FindCoordinatorRequest: key 10, versions 0 to 6, flexible from 3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FindCoordinatorRequest<'a> {
    /// Versions 0 to 3.
    pub key: Cow<'a, str>,
    /// Versions 1+.
    pub key_type: i8,
    /// Versions 4+.
    pub coordinator_keys: Vec<Cow<'a, str>>,
}

impl<'a> FindCoordinatorRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::FindCoordinator;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 6;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 3;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=6).contains(&version) {
            return Err(DecodeError::Version {
                of: "FindCoordinatorRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        if version <= 3 {
            it.key = r.string(flexible)?;
        }
        if version >= 1 {
            it.key_type = r.i8()?;
        }
        if version >= 4 {
            it.coordinator_keys = r.array(flexible, version)?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=6).contains(&version) {
            return Err(EncodeError::Version {
                of: "FindCoordinatorRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        if version <= 3 {
            w.string(&self.key, flexible)?;
        } else if !self.key.is_empty() {
            return Err(EncodeError::lost("Key", version));
        }
        if version >= 1 {
            w.i8(self.key_type);
        } else if self.key_type != 0 {
            return Err(EncodeError::lost("KeyType", version));
        }
        if version >= 4 {
            w.array(&self.coordinator_keys, flexible, version)?;
        } else if !self.coordinator_keys.is_empty() {
            return Err(EncodeError::lost("CoordinatorKeys", version));
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
