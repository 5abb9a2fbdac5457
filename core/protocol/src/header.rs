//! The headers before a request and before a response.
//!
//! A request header is version 1, or 2 when the body is flexible (0 belonged to a retired key). The client id
//! keeps its old encoding in all of them, so that it can be read before the version is judged.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// What stands before every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHeader<'a> {
    /// Which API: a number, because it may be one that nobody knows.
    pub api_key: i16,
    /// The version of the body.
    pub api_version: i16,
    /// What the response must bear.
    pub correlation_id: i32,
    /// The client's name for itself.
    pub client_id: Option<Cow<'a, str>>,
}

impl<'a> RequestHeader<'a> {
    /// Reads a header in the version that goes with its key and version. An unknown key is refused.
    pub fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let api_key = r.clone().i16()?;
        let key = ApiKey::from_i16(api_key).ok_or(DecodeError::Key {
            key: api_key.into(),
        })?;
        let mut rest = r.clone();
        rest.take(2)?;
        RequestHeader::decode_version(r, key.request_header_version(rest.i16()?))
    }

    /// Reads a header of this version.
    pub fn decode_version(r: &mut Reader<'a>, header_version: i16) -> Result<Self, DecodeError> {
        let mut header = RequestHeader {
            api_key: r.i16()?,
            api_version: r.i16()?,
            correlation_id: r.i32()?,
            client_id: None,
        };
        if header_version >= 1 {
            header.client_id = r.nullable_string(false, true)?;
        }
        if header_version >= 2 {
            r.skip_tags()?;
        }
        Ok(header)
    }

    /// Writes it in this version.
    pub fn encode(&self, w: &mut Writer, header_version: i16) -> Result<(), EncodeError> {
        w.i16(self.api_key);
        w.i16(self.api_version);
        w.i32(self.correlation_id);
        if header_version >= 1 {
            w.nullable_string(self.client_id.as_deref(), false)?;
        }
        if header_version >= 2 {
            w.tags();
        }
        Ok(())
    }
}

/// What stands before every response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseHeader {
    /// The request's.
    pub correlation_id: i32,
}

impl ResponseHeader {
    /// Reads a header of this version.
    pub fn decode(r: &mut Reader<'_>, header_version: i16) -> Result<Self, DecodeError> {
        let correlation_id = r.i32()?;
        if header_version >= 1 {
            r.skip_tags()?;
        }
        Ok(ResponseHeader { correlation_id })
    }

    /// Writes it in this version.
    pub fn encode(&self, w: &mut Writer, header_version: i16) {
        w.i32(self.correlation_id);
        if header_version >= 1 {
            w.tags();
        }
    }
}
