//! CreateDelegationTokenRequest: key 38, versions 1 to 3, flexible from 2. Generated from `specs/CreateDelegationToken.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// CreateDelegationTokenRequest: key 38, versions 1 to 3, flexible from 2.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateDelegationTokenRequest<'a> {
    /// Version 3, nullable.
    pub owner_principal_type: Option<Cow<'a, str>>,
    /// Version 3, nullable.
    pub owner_principal_name: Option<Cow<'a, str>>,
    /// All versions.
    pub renewers: Vec<CreatableRenewers<'a>>,
    /// All versions.
    pub max_lifetime_ms: i64,
}

impl Default for CreateDelegationTokenRequest<'_> {
    fn default() -> Self {
        Self {
            owner_principal_type: Some(Cow::Borrowed("")),
            owner_principal_name: Some(Cow::Borrowed("")),
            renewers: Vec::new(),
            max_lifetime_ms: 0,
        }
    }
}

impl<'a> CreateDelegationTokenRequest<'a> {
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
                of: "CreateDelegationTokenRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        if version == 3 {
            it.owner_principal_type = r.nullable_string(flexible, true)?;
        }
        if version == 3 {
            it.owner_principal_name = r.nullable_string(flexible, true)?;
        }
        it.renewers = r.array(flexible, version)?;
        it.max_lifetime_ms = r.i64()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(1..=3).contains(&version) {
            return Err(EncodeError::Version {
                of: "CreateDelegationTokenRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        if version == 3 {
            w.nullable_string(self.owner_principal_type.as_deref(), flexible)?;
        } else if self
            .owner_principal_type
            .as_ref()
            .is_none_or(|it| !it.is_empty())
        {
            return Err(EncodeError::lost("OwnerPrincipalType", version));
        }
        if version == 3 {
            w.nullable_string(self.owner_principal_name.as_deref(), flexible)?;
        } else if self
            .owner_principal_name
            .as_ref()
            .is_none_or(|it| !it.is_empty())
        {
            return Err(EncodeError::lost("OwnerPrincipalName", version));
        }
        w.array(&self.renewers, flexible, version)?;
        w.i64(self.max_lifetime_ms);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of CreateDelegationTokenRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreatableRenewers<'a> {
    /// All versions.
    pub principal_type: Cow<'a, str>,
    /// All versions.
    pub principal_name: Cow<'a, str>,
}

impl<'a> Element<'a> for CreatableRenewers<'a> {
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
