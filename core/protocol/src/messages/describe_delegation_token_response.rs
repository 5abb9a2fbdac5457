//! DescribeDelegationTokenResponse: key 41, versions 1 to 3, flexible from 2. Generated from `specs/DescribeDelegationToken.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// DescribeDelegationTokenResponse: key 41, versions 1 to 3, flexible from 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeDelegationTokenResponse<'a> {
    /// All versions.
    pub error_code: i16,
    /// All versions.
    pub tokens: Vec<DescribedDelegationToken<'a>>,
    /// All versions.
    pub throttle_time_ms: i32,
}

impl<'a> DescribeDelegationTokenResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::DescribeDelegationToken;
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
                of: "DescribeDelegationTokenResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.error_code = r.i16()?;
        it.tokens = r.array(flexible, version)?;
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
                of: "DescribeDelegationTokenResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.i16(self.error_code);
        w.array(&self.tokens, flexible, version)?;
        w.i32(self.throttle_time_ms);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of DescribeDelegationTokenResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribedDelegationToken<'a> {
    /// All versions.
    pub principal_type: Cow<'a, str>,
    /// All versions.
    pub principal_name: Cow<'a, str>,
    /// Version 3.
    pub token_requester_principal_type: Cow<'a, str>,
    /// Version 3.
    pub token_requester_principal_name: Cow<'a, str>,
    /// All versions.
    pub issue_timestamp: i64,
    /// All versions.
    pub expiry_timestamp: i64,
    /// All versions.
    pub max_timestamp: i64,
    /// All versions.
    pub token_id: Cow<'a, str>,
    /// All versions.
    pub hmac: Cow<'a, [u8]>,
    /// All versions.
    pub renewers: Vec<DescribedDelegationTokenRenewer<'a>>,
}

impl<'a> Element<'a> for DescribedDelegationToken<'a> {
    const LEAST: usize = 30;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.principal_type = r.string(flexible)?;
        it.principal_name = r.string(flexible)?;
        if version == 3 {
            it.token_requester_principal_type = r.string(flexible)?;
        }
        if version == 3 {
            it.token_requester_principal_name = r.string(flexible)?;
        }
        it.issue_timestamp = r.i64()?;
        it.expiry_timestamp = r.i64()?;
        it.max_timestamp = r.i64()?;
        it.token_id = r.string(flexible)?;
        it.hmac = r.bytes(flexible)?;
        it.renewers = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
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
        w.i64(self.issue_timestamp);
        w.i64(self.expiry_timestamp);
        w.i64(self.max_timestamp);
        w.string(&self.token_id, flexible)?;
        w.bytes(&self.hmac, flexible)?;
        w.array(&self.renewers, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of DescribeDelegationTokenResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribedDelegationTokenRenewer<'a> {
    /// All versions.
    pub principal_type: Cow<'a, str>,
    /// All versions.
    pub principal_name: Cow<'a, str>,
}

impl<'a> Element<'a> for DescribedDelegationTokenRenewer<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.principal_type = r.string(flexible)?;
        it.principal_name = r.string(flexible)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.principal_type, flexible)?;
        w.string(&self.principal_name, flexible)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
