//! DescribeAclsRequest: key 29, versions 1 to 3, flexible from 2. Generated from `specs/DescribeAcls.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// DescribeAclsRequest: key 29, versions 1 to 3, flexible from 2.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeAclsRequest<'a> {
    /// All versions.
    pub resource_type_filter: i8,
    /// All versions, nullable.
    pub resource_name_filter: Option<Cow<'a, str>>,
    /// All versions.
    pub pattern_type_filter: i8,
    /// All versions, nullable.
    pub principal_filter: Option<Cow<'a, str>>,
    /// All versions, nullable.
    pub host_filter: Option<Cow<'a, str>>,
    /// All versions.
    pub operation: i8,
    /// All versions.
    pub permission_type: i8,
}

impl Default for DescribeAclsRequest<'_> {
    fn default() -> Self {
        Self {
            resource_type_filter: 0,
            resource_name_filter: Some(Cow::Borrowed("")),
            pattern_type_filter: 3,
            principal_filter: Some(Cow::Borrowed("")),
            host_filter: Some(Cow::Borrowed("")),
            operation: 0,
            permission_type: 0,
        }
    }
}

impl<'a> DescribeAclsRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::DescribeAcls;
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
                of: "DescribeAclsRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.resource_type_filter = r.i8()?;
        it.resource_name_filter = r.nullable_string(flexible, true)?;
        it.pattern_type_filter = r.i8()?;
        it.principal_filter = r.nullable_string(flexible, true)?;
        it.host_filter = r.nullable_string(flexible, true)?;
        it.operation = r.i8()?;
        it.permission_type = r.i8()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(1..=3).contains(&version) {
            return Err(EncodeError::Version {
                of: "DescribeAclsRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.i8(self.resource_type_filter);
        w.nullable_string(self.resource_name_filter.as_deref(), flexible)?;
        w.i8(self.pattern_type_filter);
        w.nullable_string(self.principal_filter.as_deref(), flexible)?;
        w.nullable_string(self.host_filter.as_deref(), flexible)?;
        w.i8(self.operation);
        w.i8(self.permission_type);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
