//! RenewDelegationTokenRequest: key 39, versions 1 to 2, flexible from 2. Generated from `specs/RenewDelegationToken.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// RenewDelegationTokenRequest: key 39, versions 1 to 2, flexible from 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RenewDelegationTokenRequest<'a> {
    /// All versions.
    pub hmac: Cow<'a, [u8]>,
    /// All versions.
    pub renew_period_ms: i64,
}

impl<'a> RenewDelegationTokenRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::RenewDelegationToken;
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
                of: "RenewDelegationTokenRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.hmac = r.bytes(flexible)?;
        it.renew_period_ms = r.i64()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(1..=2).contains(&version) {
            return Err(EncodeError::Version {
                of: "RenewDelegationTokenRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.bytes(&self.hmac, flexible)?;
        w.i64(self.renew_period_ms);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
