//! LegacyOffsetCommitValue: key 0, version 0. Generated from `specs/LegacyOffsetCommitValue.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// LegacyOffsetCommitValue: key 0, version 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LegacyOffsetCommitValue<'a> {
    /// All versions.
    pub offset: i64,
    /// All versions.
    pub metadata: Cow<'a, str>,
    /// All versions.
    pub commit_timestamp: i64,
}

impl<'a> LegacyOffsetCommitValue<'a> {
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
                of: "LegacyOffsetCommitValue",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.offset = r.i64()?;
        it.metadata = r.string(false)?;
        it.commit_timestamp = r.i64()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "LegacyOffsetCommitValue",
                version,
            });
        }

        w.i64(self.offset);
        w.string(&self.metadata, false)?;
        w.i64(self.commit_timestamp);
        Ok(())
    }
}
