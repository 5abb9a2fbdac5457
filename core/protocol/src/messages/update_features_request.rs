//! UpdateFeaturesRequest: key 57, versions 0 to 2, flexible from 0. Generated from `specs/UpdateFeatures.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// UpdateFeaturesRequest: key 57, versions 0 to 2, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateFeaturesRequest<'a> {
    /// All versions.
    pub timeout_ms: i32,
    /// All versions.
    pub feature_updates: Vec<FeatureUpdateKey<'a>>,
    /// Versions 1+.
    pub validate_only: bool,
}

impl Default for UpdateFeaturesRequest<'_> {
    fn default() -> Self {
        Self {
            timeout_ms: 60000,
            feature_updates: Vec::new(),
            validate_only: false,
        }
    }
}

impl<'a> UpdateFeaturesRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::UpdateFeatures;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 2;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=2).contains(&version) {
            return Err(DecodeError::Version {
                of: "UpdateFeaturesRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.timeout_ms = r.i32()?;
        it.feature_updates = r.array(true, version)?;
        if version >= 1 {
            it.validate_only = r.bool()?;
        }
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=2).contains(&version) {
            return Err(EncodeError::Version {
                of: "UpdateFeaturesRequest",
                version,
            });
        }

        w.i32(self.timeout_ms);
        w.array(&self.feature_updates, true, version)?;
        if version >= 1 {
            w.bool(self.validate_only);
        } else if self.validate_only {
            return Err(EncodeError::lost("ValidateOnly", version));
        }
        w.tags();
        Ok(())
    }
}

/// Part of UpdateFeaturesRequest.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureUpdateKey<'a> {
    /// All versions.
    pub feature: Cow<'a, str>,
    /// All versions.
    pub max_version_level: i16,
    /// Version 0.
    pub allow_downgrade: bool,
    /// Versions 1+.
    pub upgrade_type: i8,
}

impl Default for FeatureUpdateKey<'_> {
    fn default() -> Self {
        Self {
            feature: Cow::Borrowed(""),
            max_version_level: 0,
            allow_downgrade: false,
            upgrade_type: 1,
        }
    }
}

impl<'a> Element<'a> for FeatureUpdateKey<'a> {
    const LEAST: usize = 5;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.feature = r.string(true)?;
        it.max_version_level = r.i16()?;
        if version == 0 {
            it.allow_downgrade = r.bool()?;
        }
        if version >= 1 {
            it.upgrade_type = r.i8()?;
        }
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.feature, true)?;
        w.i16(self.max_version_level);
        if version == 0 {
            w.bool(self.allow_downgrade);
        } else if self.allow_downgrade {
            return Err(EncodeError::lost("AllowDowngrade", version));
        }
        if version >= 1 {
            w.i8(self.upgrade_type);
        } else if self.upgrade_type != 1 {
            return Err(EncodeError::lost("UpgradeType", version));
        }
        w.tags();
        Ok(())
    }
}
