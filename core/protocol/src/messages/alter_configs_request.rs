//! AlterConfigsRequest: key 33, versions 0 to 2, flexible from 2. Generated from `specs/AlterConfigs.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// AlterConfigsRequest: key 33, versions 0 to 2, flexible from 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlterConfigsRequest<'a> {
    /// All versions.
    pub resources: Vec<AlterConfigsResource<'a>>,
    /// All versions.
    pub validate_only: bool,
}

impl<'a> AlterConfigsRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::AlterConfigs;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 2;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 2;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=2).contains(&version) {
            return Err(DecodeError::Version {
                of: "AlterConfigsRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.resources = r.array(flexible, version)?;
        it.validate_only = r.bool()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=2).contains(&version) {
            return Err(EncodeError::Version {
                of: "AlterConfigsRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.array(&self.resources, flexible, version)?;
        w.bool(self.validate_only);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of AlterConfigsRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlterConfigsResource<'a> {
    /// All versions.
    pub resource_type: i8,
    /// All versions.
    pub resource_name: Cow<'a, str>,
    /// All versions.
    pub configs: Vec<AlterableConfig<'a>>,
}

impl<'a> Element<'a> for AlterConfigsResource<'a> {
    const LEAST: usize = 4;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.resource_type = r.i8()?;
        it.resource_name = r.string(flexible)?;
        it.configs = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i8(self.resource_type);
        w.string(&self.resource_name, flexible)?;
        w.array(&self.configs, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of AlterConfigsRequest.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterableConfig<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions, nullable.
    pub value: Option<Cow<'a, str>>,
}

impl Default for AlterableConfig<'_> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            value: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> Element<'a> for AlterableConfig<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(flexible)?;
        it.value = r.nullable_string(flexible, true)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, flexible)?;
        w.nullable_string(self.value.as_deref(), flexible)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
