//! CreateAclsRequest: key 30, versions 1 to 3, flexible from 2. Generated from `specs/CreateAcls.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// CreateAclsRequest: key 30, versions 1 to 3, flexible from 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreateAclsRequest<'a> {
    /// All versions.
    pub creations: Vec<AclCreation<'a>>,
}

impl<'a> CreateAclsRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::CreateAcls;
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
                of: "CreateAclsRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.creations = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(1..=3).contains(&version) {
            return Err(EncodeError::Version {
                of: "CreateAclsRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.array(&self.creations, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of CreateAclsRequest.
#[derive(Clone, Debug, PartialEq)]
pub struct AclCreation<'a> {
    /// All versions.
    pub resource_type: i8,
    /// All versions.
    pub resource_name: Cow<'a, str>,
    /// All versions.
    pub resource_pattern_type: i8,
    /// All versions.
    pub principal: Cow<'a, str>,
    /// All versions.
    pub host: Cow<'a, str>,
    /// All versions.
    pub operation: i8,
    /// All versions.
    pub permission_type: i8,
}

impl Default for AclCreation<'_> {
    fn default() -> Self {
        Self {
            resource_type: 0,
            resource_name: Cow::Borrowed(""),
            resource_pattern_type: 3,
            principal: Cow::Borrowed(""),
            host: Cow::Borrowed(""),
            operation: 0,
            permission_type: 0,
        }
    }
}

impl<'a> Element<'a> for AclCreation<'a> {
    const LEAST: usize = 8;

    fn read(r: &mut Reader<'a>, flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.resource_type = r.i8()?;
        it.resource_name = r.string(flexible)?;
        it.resource_pattern_type = r.i8()?;
        it.principal = r.string(flexible)?;
        it.host = r.string(flexible)?;
        it.operation = r.i8()?;
        it.permission_type = r.i8()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i8(self.resource_type);
        w.string(&self.resource_name, flexible)?;
        w.i8(self.resource_pattern_type);
        w.string(&self.principal, flexible)?;
        w.string(&self.host, flexible)?;
        w.i8(self.operation);
        w.i8(self.permission_type);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
