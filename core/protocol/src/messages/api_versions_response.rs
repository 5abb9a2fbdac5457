//! ApiVersionsResponse: key 18, versions 0 to 4, 5 not advertised, flexible from 3. Generated from `specs/ApiVersions.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ApiVersionsResponse: key 18, versions 0 to 4, 5 not advertised, flexible from 3.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiVersionsResponse<'a> {
    /// All versions.
    pub error_code: i16,
    /// All versions.
    pub api_keys: Vec<ApiVersion>,
    /// Versions 1+.
    pub throttle_time_ms: i32,
    /// Versions 3+, tag 0.
    pub supported_features: Vec<SupportedFeatureKey<'a>>,
    /// Versions 3+, tag 1.
    pub finalized_features_epoch: i64,
    /// Versions 3+, tag 2.
    pub finalized_features: Vec<FinalizedFeatureKey<'a>>,
    /// Versions 3+, tag 3.
    pub zk_migration_ready: bool,
}

impl Default for ApiVersionsResponse<'_> {
    fn default() -> Self {
        Self {
            error_code: 0,
            api_keys: Vec::new(),
            throttle_time_ms: 0,
            supported_features: Vec::new(),
            finalized_features_epoch: -1,
            finalized_features: Vec::new(),
            zk_migration_ready: false,
        }
    }
}

impl<'a> ApiVersionsResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::ApiVersions;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 4;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 3;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=5).contains(&version) {
            return Err(DecodeError::Version {
                of: "ApiVersionsResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.error_code = r.i16()?;
        it.api_keys = r.array(flexible, version)?;
        if version >= 1 {
            it.throttle_time_ms = r.i32()?;
        }
        if flexible {
            for _ in 0..r.tags()? {
                let field = r.enter()?;
                match field.tag {
                    0 => it.supported_features = r.array(flexible, version)?,
                    1 => it.finalized_features_epoch = r.i64()?,
                    2 => it.finalized_features = r.array(flexible, version)?,
                    3 => it.zk_migration_ready = r.bool()?,
                    _ => {
                        r.rest();
                    }
                }
                r.leave(field)?;
            }
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=5).contains(&version) {
            return Err(EncodeError::Version {
                of: "ApiVersionsResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.i16(self.error_code);
        w.array(&self.api_keys, flexible, version)?;
        if version >= 1 {
            w.i32(self.throttle_time_ms);
        }
        if flexible {
            let tags = w.tags();
            if !self.supported_features.is_empty() {
                let tag = w.open_tag(tags, 0);
                w.array(&self.supported_features, flexible, version)?;
                w.close_tag(tag)?;
            }
            if self.finalized_features_epoch != -1 {
                let tag = w.open_tag(tags, 1);
                w.i64(self.finalized_features_epoch);
                w.close_tag(tag)?;
            }
            if !self.finalized_features.is_empty() {
                let tag = w.open_tag(tags, 2);
                w.array(&self.finalized_features, flexible, version)?;
                w.close_tag(tag)?;
            }
            if self.zk_migration_ready {
                let tag = w.open_tag(tags, 3);
                w.bool(self.zk_migration_ready);
                w.close_tag(tag)?;
            }
        }
        Ok(())
    }
}

/// Part of ApiVersionsResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApiVersion {
    /// All versions.
    pub api_key: i16,
    /// All versions.
    pub min_version: i16,
    /// All versions.
    pub max_version: i16,
}

impl Element<'_> for ApiVersion {
    const LEAST: usize = 6;

    fn read(r: &mut Reader<'_>, flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.api_key = r.i16()?;
        it.min_version = r.i16()?;
        it.max_version = r.i16()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i16(self.api_key);
        w.i16(self.min_version);
        w.i16(self.max_version);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of ApiVersionsResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SupportedFeatureKey<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub min_version: i16,
    /// All versions.
    pub max_version: i16,
}

impl<'a> Element<'a> for SupportedFeatureKey<'a> {
    const LEAST: usize = 6;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(true)?;
        it.min_version = r.i16()?;
        it.max_version = r.i16()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, true)?;
        w.i16(self.min_version);
        w.i16(self.max_version);
        w.tags();
        Ok(())
    }
}

/// Part of ApiVersionsResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FinalizedFeatureKey<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub max_version_level: i16,
    /// All versions.
    pub min_version_level: i16,
}

impl<'a> Element<'a> for FinalizedFeatureKey<'a> {
    const LEAST: usize = 6;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(true)?;
        it.max_version_level = r.i16()?;
        it.min_version_level = r.i16()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, true)?;
        w.i16(self.max_version_level);
        w.i16(self.min_version_level);
        w.tags();
        Ok(())
    }
}
