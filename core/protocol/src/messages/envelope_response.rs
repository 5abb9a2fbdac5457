//! EnvelopeResponse: key 58, version 0, flexible from 0. Generated from `specs/Envelope.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// EnvelopeResponse: key 58, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EnvelopeResponse<'a> {
    /// All versions, nullable.
    pub response_data: Option<Cow<'a, [u8]>>,
    /// All versions.
    pub error_code: i16,
}

impl<'a> EnvelopeResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::Envelope;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 0;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if version != 0 {
            return Err(DecodeError::Version {
                of: "EnvelopeResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.response_data = r.nullable_bytes(true, true)?;
        it.error_code = r.i16()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "EnvelopeResponse",
                version,
            });
        }

        w.nullable_bytes(self.response_data.as_deref(), true)?;
        w.i16(self.error_code);
        w.tags();
        Ok(())
    }
}
