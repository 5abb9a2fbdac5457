//! DescribeConfigsRequest: key 32, versions 1 to 4, flexible from 4. Generated from `specs/DescribeConfigs.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// DescribeConfigsRequest: key 32, versions 1 to 4, flexible from 4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeConfigsRequest<'a> {
    /// All versions.
    pub resources: Vec<DescribeConfigsResource<'a>>,
    /// All versions.
    pub include_synonyms: bool,
    /// Versions 3+.
    pub include_documentation: bool,
}

impl<'a> DescribeConfigsRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::DescribeConfigs;
    /// The first version.
    pub const MIN_VERSION: i16 = 1;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 4;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 4;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(1..=4).contains(&version) {
            return Err(DecodeError::Version {
                of: "DescribeConfigsRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.resources = r.array(flexible, version)?;
        it.include_synonyms = r.bool()?;
        if version >= 3 {
            it.include_documentation = r.bool()?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(1..=4).contains(&version) {
            return Err(EncodeError::Version {
                of: "DescribeConfigsRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.array(&self.resources, flexible, version)?;
        w.bool(self.include_synonyms);
        if version >= 3 {
            w.bool(self.include_documentation);
        } else if self.include_documentation {
            return Err(EncodeError::lost("IncludeDocumentation", version));
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of DescribeConfigsRequest.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeConfigsResource<'a> {
    /// All versions.
    pub resource_type: i8,
    /// All versions.
    pub resource_name: Cow<'a, str>,
    /// All versions, nullable.
    pub configuration_keys: Option<Vec<Cow<'a, str>>>,
}

impl Default for DescribeConfigsResource<'_> {
    fn default() -> Self {
        Self {
            resource_type: 0,
            resource_name: Cow::Borrowed(""),
            configuration_keys: Some(Vec::new()),
        }
    }
}

impl<'a> Element<'a> for DescribeConfigsResource<'a> {
    const LEAST: usize = 4;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.resource_type = r.i8()?;
        it.resource_name = r.string(flexible)?;
        it.configuration_keys = r.nullable_array(flexible, version, true)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i8(self.resource_type);
        w.string(&self.resource_name, flexible)?;
        w.nullable_array(self.configuration_keys.as_deref(), flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
