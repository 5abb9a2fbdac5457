//! SaslHandshakeResponse: key 17, versions 0 to 1. Generated from `specs/SaslHandshake.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// SaslHandshakeResponse: key 17, versions 0 to 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SaslHandshakeResponse<'a> {
    /// All versions.
    pub error_code: i16,
    /// All versions.
    pub mechanisms: Vec<Cow<'a, str>>,
}

impl<'a> SaslHandshakeResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::SaslHandshake;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 1;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = i16::MAX;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=1).contains(&version) {
            return Err(DecodeError::Version {
                of: "SaslHandshakeResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.error_code = r.i16()?;
        it.mechanisms = r.array(false, version)?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "SaslHandshakeResponse",
                version,
            });
        }

        w.i16(self.error_code);
        w.array(&self.mechanisms, false, version)?;
        Ok(())
    }
}
