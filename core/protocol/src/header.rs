//! The headers before a request and before a response: which version is which.
//!
//! A request header is version 1, or 2 when the body is flexible (0 belonged to a retired key). The client id
//! keeps its old encoding in both, so that it can be read before the version is judged.

use crate::ApiKey;
use crate::messages::RequestHeader;
use crate::wire::{DecodeError, Reader};

impl<'a> RequestHeader<'a> {
    /// Reads a header in the version that goes with its key and version. An unknown key is refused.
    pub fn read(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let mut ahead = r.clone();
        let (api_key, api_version) = (ahead.i16()?, ahead.i16()?);
        let key = ApiKey::from_i16(api_key).ok_or(DecodeError::Key {
            key: api_key.into(),
        })?;
        RequestHeader::decode(r, key.request_header_version(api_version))
    }
}
