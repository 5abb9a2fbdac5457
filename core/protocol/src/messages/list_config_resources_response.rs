//! ListConfigResourcesResponse: key 74, versions 0 to 1, flexible from 0. Generated from `specs/ListConfigResources.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ListConfigResourcesResponse: key 74, versions 0 to 1, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListConfigResourcesResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions.
    pub config_resources: Vec<ConfigResource<'a>>,
}

impl<'a> ListConfigResourcesResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::ListConfigResources;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 1;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=1).contains(&version) {
            return Err(DecodeError::Version {
                of: "ListConfigResourcesResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.error_code = r.i16()?;
        it.config_resources = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "ListConfigResourcesResponse",
                version,
            });
        }

        w.i32(self.throttle_time_ms);
        w.i16(self.error_code);
        w.array(&self.config_resources, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ListConfigResourcesResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigResource<'a> {
    /// All versions.
    pub resource_name: Cow<'a, str>,
    /// Version 1.
    pub resource_type: i8,
}

impl Default for ConfigResource<'_> {
    fn default() -> Self {
        Self {
            resource_name: Cow::Borrowed(""),
            resource_type: 16,
        }
    }
}

impl<'a> Element<'a> for ConfigResource<'a> {
    const LEAST: usize = 2;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.resource_name = r.string(true)?;
        if version == 1 {
            it.resource_type = r.i8()?;
        }
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.resource_name, true)?;
        if version == 1 {
            w.i8(self.resource_type);
        }
        w.tags();
        Ok(())
    }
}
