//! ClearElrRecord: key 28, version 0, flexible from 0. Generated from `specs/ClearElrRecord.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ClearElrRecord: key 28, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClearElrRecord<'a> {
    /// All versions.
    pub topic_name: Cow<'a, str>,
}

impl<'a> ClearElrRecord<'a> {
    /// Which record.
    pub const KEY: u16 = 28;
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
                of: "ClearElrRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.topic_name = r.string(true)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "ClearElrRecord",
                version,
            });
        }

        w.string(&self.topic_name, true)?;
        w.tags();
        Ok(())
    }
}
