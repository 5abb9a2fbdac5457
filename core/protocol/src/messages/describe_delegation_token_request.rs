//! DescribeDelegationTokenRequest: key 41, versions 1 to 3, flexible from 2. Generated from `specs/DescribeDelegationToken.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// DescribeDelegationTokenRequest: key 41, versions 1 to 3, flexible from 2.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeDelegationTokenRequest<'a> {
    /// All versions, nullable.
    pub owners: Option<Vec<DescribeDelegationTokenOwner<'a>>>,
}

impl Default for DescribeDelegationTokenRequest<'_> {
    fn default() -> Self {
        Self {
            owners: Some(Vec::new()),
        }
    }
}

impl<'a> DescribeDelegationTokenRequest<'a> {
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
                of: "DescribeDelegationTokenRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.owners = r.nullable_array(flexible, version, true)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(1..=3).contains(&version) {
            return Err(EncodeError::Version {
                of: "DescribeDelegationTokenRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.nullable_array(self.owners.as_deref(), flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of DescribeDelegationTokenRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeDelegationTokenOwner<'a> {
    /// All versions.
    pub principal_type: Cow<'a, str>,
    /// All versions.
    pub principal_name: Cow<'a, str>,
}

impl<'a> Element<'a> for DescribeDelegationTokenOwner<'a> {
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
