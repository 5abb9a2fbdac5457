//! DescribeConfigsResponse: key 32, versions 1 to 4, flexible from 4. Generated from `specs/DescribeConfigs.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// DescribeConfigsResponse: key 32, versions 1 to 4, flexible from 4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeConfigsResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub results: Vec<DescribeConfigsResult<'a>>,
}

impl<'a> DescribeConfigsResponse<'a> {
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
                of: "DescribeConfigsResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.results = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(1..=4).contains(&version) {
            return Err(EncodeError::Version {
                of: "DescribeConfigsResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.i32(self.throttle_time_ms);
        w.array(&self.results, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of DescribeConfigsResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeConfigsResult<'a> {
    /// All versions.
    pub error_code: i16,
    /// All versions, nullable.
    pub error_message: Option<Cow<'a, str>>,
    /// All versions.
    pub resource_type: i8,
    /// All versions.
    pub resource_name: Cow<'a, str>,
    /// All versions.
    pub configs: Vec<DescribeConfigsResourceResult<'a>>,
}

impl Default for DescribeConfigsResult<'_> {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
            resource_type: 0,
            resource_name: Cow::Borrowed(""),
            configs: Vec::new(),
        }
    }
}

impl<'a> Element<'a> for DescribeConfigsResult<'a> {
    const LEAST: usize = 7;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.error_code = r.i16()?;
        it.error_message = r.nullable_string(flexible, true)?;
        it.resource_type = r.i8()?;
        it.resource_name = r.string(flexible)?;
        it.configs = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), flexible)?;
        w.i8(self.resource_type);
        w.string(&self.resource_name, flexible)?;
        w.array(&self.configs, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of DescribeConfigsResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeConfigsResourceResult<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions, nullable.
    pub value: Option<Cow<'a, str>>,
    /// All versions.
    pub read_only: bool,
    /// All versions.
    pub config_source: i8,
    /// All versions.
    pub is_sensitive: bool,
    /// All versions.
    pub synonyms: Vec<DescribeConfigsSynonym<'a>>,
    /// Versions 3+.
    pub config_type: i8,
    /// Versions 3+, nullable.
    pub documentation: Option<Cow<'a, str>>,
}

impl Default for DescribeConfigsResourceResult<'_> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            value: Some(Cow::Borrowed("")),
            read_only: false,
            config_source: -1,
            is_sensitive: false,
            synonyms: Vec::new(),
            config_type: 0,
            documentation: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> Element<'a> for DescribeConfigsResourceResult<'a> {
    const LEAST: usize = 9;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(flexible)?;
        it.value = r.nullable_string(flexible, true)?;
        it.read_only = r.bool()?;
        it.config_source = r.i8()?;
        it.is_sensitive = r.bool()?;
        it.synonyms = r.array(flexible, version)?;
        if version >= 3 {
            it.config_type = r.i8()?;
        }
        if version >= 3 {
            it.documentation = r.nullable_string(flexible, true)?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, flexible)?;
        w.nullable_string(self.value.as_deref(), flexible)?;
        w.bool(self.read_only);
        w.i8(self.config_source);
        w.bool(self.is_sensitive);
        w.array(&self.synonyms, flexible, version)?;
        if version >= 3 {
            w.i8(self.config_type);
        }
        if version >= 3 {
            w.nullable_string(self.documentation.as_deref(), flexible)?;
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of DescribeConfigsResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeConfigsSynonym<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions, nullable.
    pub value: Option<Cow<'a, str>>,
    /// All versions.
    pub source: i8,
}

impl Default for DescribeConfigsSynonym<'_> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            value: Some(Cow::Borrowed("")),
            source: 0,
        }
    }
}

impl<'a> Element<'a> for DescribeConfigsSynonym<'a> {
    const LEAST: usize = 4;

    fn read(r: &mut Reader<'a>, flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(flexible)?;
        it.value = r.nullable_string(flexible, true)?;
        it.source = r.i8()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, flexible)?;
        w.nullable_string(self.value.as_deref(), flexible)?;
        w.i8(self.source);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
