//! LegacyOffsetCommitKey: key 0, version 0. Generated from `specs/LegacyOffsetCommitKey.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// LegacyOffsetCommitKey: key 0, version 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LegacyOffsetCommitKey<'a> {
    /// All versions.
    pub group: Cow<'a, str>,
    /// All versions.
    pub topic: Cow<'a, str>,
    /// All versions.
    pub partition: i32,
}

impl<'a> LegacyOffsetCommitKey<'a> {
    /// Which record.
    pub const KEY: u16 = 0;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 0;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = i16::MAX;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if version != 0 {
            return Err(DecodeError::Version {
                of: "LegacyOffsetCommitKey",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.group = r.string(false)?;
        it.topic = r.string(false)?;
        it.partition = r.i32()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "LegacyOffsetCommitKey",
                version,
            });
        }

        w.string(&self.group, false)?;
        w.string(&self.topic, false)?;
        w.i32(self.partition);
        Ok(())
    }
}
