//! FeatureLevelRecord: key 12, version 0, flexible from 0. Generated from `specs/FeatureLevelRecord.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// FeatureLevelRecord: key 12, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FeatureLevelRecord<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub feature_level: i16,
}

impl<'a> FeatureLevelRecord<'a> {
    /// Which record.
    pub const KEY: u16 = 12;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 0;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if version != 0 {
            return Err(DecodeError::Version {
                of: "FeatureLevelRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.name = r.string(true)?;
        it.feature_level = r.i16()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "FeatureLevelRecord",
                version,
            });
        }

        w.string(&self.name, true)?;
        w.i16(self.feature_level);
        w.tags();
        Ok(())
    }
}
