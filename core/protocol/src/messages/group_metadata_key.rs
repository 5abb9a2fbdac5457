//! GroupMetadataKey: key 2, version 0. Generated from `specs/GroupMetadataKey.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// GroupMetadataKey: key 2, version 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupMetadataKey<'a> {
    /// All versions.
    pub group: Cow<'a, str>,
}

impl<'a> GroupMetadataKey<'a> {
    /// Which record.
    pub const KEY: u16 = 2;
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
                of: "GroupMetadataKey",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.group = r.string(false)?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "GroupMetadataKey",
                version,
            });
        }

        w.string(&self.group, false)?;
        Ok(())
    }
}
