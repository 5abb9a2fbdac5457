//! AccessControlEntryRecord: key 18, version 0, flexible from 0. Generated from `specs/AccessControlEntryRecord.spec`.

use crate::Uuid;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// AccessControlEntryRecord: key 18, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccessControlEntryRecord<'a> {
    /// All versions.
    pub id: Uuid,
    /// All versions.
    pub resource_type: i8,
    /// All versions.
    pub resource_name: Cow<'a, str>,
    /// All versions.
    pub pattern_type: i8,
    /// All versions.
    pub principal: Cow<'a, str>,
    /// All versions.
    pub host: Cow<'a, str>,
    /// All versions.
    pub operation: i8,
    /// All versions.
    pub permission_type: i8,
}

impl<'a> AccessControlEntryRecord<'a> {
    /// Which record.
    pub const KEY: u16 = 18;
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
                of: "AccessControlEntryRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.id = r.uuid()?;
        it.resource_type = r.i8()?;
        it.resource_name = r.string(true)?;
        it.pattern_type = r.i8()?;
        it.principal = r.string(true)?;
        it.host = r.string(true)?;
        it.operation = r.i8()?;
        it.permission_type = r.i8()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "AccessControlEntryRecord",
                version,
            });
        }

        w.uuid(self.id);
        w.i8(self.resource_type);
        w.string(&self.resource_name, true)?;
        w.i8(self.pattern_type);
        w.string(&self.principal, true)?;
        w.string(&self.host, true)?;
        w.i8(self.operation);
        w.i8(self.permission_type);
        w.tags();
        Ok(())
    }
}
