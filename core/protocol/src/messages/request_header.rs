//! RequestHeader: versions 1 to 2, flexible from 2. Generated from `specs/RequestHeader.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// RequestHeader: versions 1 to 2, flexible from 2.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestHeader<'a> {
    /// All versions.
    pub request_api_key: i16,
    /// All versions.
    pub request_api_version: i16,
    /// All versions.
    pub correlation_id: i32,
    /// All versions, nullable.
    pub client_id: Option<Cow<'a, str>>,
}

impl Default for RequestHeader<'_> {
    fn default() -> Self {
        Self {
            request_api_key: 0,
            request_api_version: 0,
            correlation_id: 0,
            client_id: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> RequestHeader<'a> {
    /// The first version.
    pub const MIN_VERSION: i16 = 1;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 2;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 2;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(1..=2).contains(&version) {
            return Err(DecodeError::Version {
                of: "RequestHeader",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.request_api_key = r.i16()?;
        it.request_api_version = r.i16()?;
        it.correlation_id = r.i32()?;
        it.client_id = r.nullable_string(false, true)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(1..=2).contains(&version) {
            return Err(EncodeError::Version {
                of: "RequestHeader",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.i16(self.request_api_key);
        w.i16(self.request_api_version);
        w.i32(self.correlation_id);
        w.nullable_string(self.client_id.as_deref(), false)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
