//! CreateDelegationTokenResponse: key 38, versions 1 to 3, flexible from 2. Generated from `specs/CreateDelegationToken.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// CreateDelegationTokenResponse: key 38, versions 1 to 3, flexible from 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreateDelegationTokenResponse<'a> {
    /// All versions.
    pub error_code: i16,
    /// All versions.
    pub principal_type: Cow<'a, str>,
    /// All versions.
    pub principal_name: Cow<'a, str>,
    /// Version 3.
    pub token_requester_principal_type: Cow<'a, str>,
    /// Version 3.
    pub token_requester_principal_name: Cow<'a, str>,
    /// All versions.
    pub issue_timestamp_ms: i64,
    /// All versions.
    pub expiry_timestamp_ms: i64,
    /// All versions.
    pub max_timestamp_ms: i64,
    /// All versions.
    pub token_id: Cow<'a, str>,
    /// All versions.
    pub hmac: Cow<'a, [u8]>,
    /// All versions.
    pub throttle_time_ms: i32,
}

impl<'a> CreateDelegationTokenResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::CreateDelegationToken;
    /// The first version.
    pub const MIN_VERSION: i16 = 1;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 3;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 2;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(1..=3).contains(&version) {
            return Err(DecodeError::Version {
                of: "CreateDelegationTokenResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.error_code = r.i16()?;
        it.principal_type = r.string(flexible)?;
        it.principal_name = r.string(flexible)?;
        if version == 3 {
            it.token_requester_principal_type = r.string(flexible)?;
        }
        if version == 3 {
            it.token_requester_principal_name = r.string(flexible)?;
        }
        it.issue_timestamp_ms = r.i64()?;
        it.expiry_timestamp_ms = r.i64()?;
        it.max_timestamp_ms = r.i64()?;
        it.token_id = r.string(flexible)?;
        it.hmac = r.bytes(flexible)?;
        it.throttle_time_ms = r.i32()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(1..=3).contains(&version) {
            return Err(EncodeError::Version {
                of: "CreateDelegationTokenResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.i16(self.error_code);
        w.string(&self.principal_type, flexible)?;
        w.string(&self.principal_name, flexible)?;
        if version == 3 {
            w.string(&self.token_requester_principal_type, flexible)?;
        } else if !self.token_requester_principal_type.is_empty() {
            return Err(EncodeError::lost("TokenRequesterPrincipalType", version));
        }
        if version == 3 {
            w.string(&self.token_requester_principal_name, flexible)?;
        } else if !self.token_requester_principal_name.is_empty() {
            return Err(EncodeError::lost("TokenRequesterPrincipalName", version));
        }
        w.i64(self.issue_timestamp_ms);
        w.i64(self.expiry_timestamp_ms);
        w.i64(self.max_timestamp_ms);
        w.string(&self.token_id, flexible)?;
        w.bytes(&self.hmac, flexible)?;
        w.i32(self.throttle_time_ms);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
