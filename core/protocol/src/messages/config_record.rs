//! ConfigRecord: key 4, version 0, flexible from 0. Generated from `specs/ConfigRecord.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ConfigRecord: key 4, version 0, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigRecord<'a> {
    /// All versions.
    pub resource_type: i8,
    /// All versions.
    pub resource_name: Cow<'a, str>,
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions, nullable.
    pub value: Option<Cow<'a, str>>,
}

impl Default for ConfigRecord<'_> {
    fn default() -> Self {
        Self {
            resource_type: 0,
            resource_name: Cow::Borrowed(""),
            name: Cow::Borrowed(""),
            value: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> ConfigRecord<'a> {
    /// Which record.
    pub const KEY: u16 = 4;
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
                of: "ConfigRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.resource_type = r.i8()?;
        it.resource_name = r.string(true)?;
        it.name = r.string(true)?;
        it.value = r.nullable_string(true, true)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "ConfigRecord",
                version,
            });
        }

        w.i8(self.resource_type);
        w.string(&self.resource_name, true)?;
        w.string(&self.name, true)?;
        w.nullable_string(self.value.as_deref(), true)?;
        w.tags();
        Ok(())
    }
}
