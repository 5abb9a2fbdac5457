//! EnvelopeRequest: key 58, version 0, flexible from 0. Generated from `specs/Envelope.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// EnvelopeRequest: key 58, version 0, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvelopeRequest<'a> {
    /// All versions.
    pub request_data: Cow<'a, [u8]>,
    /// All versions, nullable.
    pub request_principal: Option<Cow<'a, [u8]>>,
    /// All versions.
    pub client_host_address: Cow<'a, [u8]>,
}

impl Default for EnvelopeRequest<'_> {
    fn default() -> Self {
        Self {
            request_data: Cow::Borrowed(&[]),
            request_principal: Some(Cow::Borrowed(&[])),
            client_host_address: Cow::Borrowed(&[]),
        }
    }
}

impl<'a> EnvelopeRequest<'a> {
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
                of: "EnvelopeRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.request_data = r.bytes(true)?;
        it.request_principal = r.nullable_bytes(true, true)?;
        it.client_host_address = r.bytes(true)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "EnvelopeRequest",
                version,
            });
        }

        w.bytes(&self.request_data, true)?;
        w.nullable_bytes(self.request_principal.as_deref(), true)?;
        w.bytes(&self.client_host_address, true)?;
        w.tags();
        Ok(())
    }
}
