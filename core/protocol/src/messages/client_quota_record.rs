//! ClientQuotaRecord: key 14, version 0, flexible from 0. Generated from `specs/ClientQuotaRecord.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ClientQuotaRecord: key 14, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClientQuotaRecord<'a> {
    /// All versions.
    pub entity: Vec<EntityData<'a>>,
    /// All versions.
    pub key: Cow<'a, str>,
    /// All versions.
    pub value: f64,
    /// All versions.
    pub remove: bool,
}

impl<'a> ClientQuotaRecord<'a> {
    /// Which record.
    pub const KEY: u16 = 14;
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
                of: "ClientQuotaRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.entity = r.array(true, version)?;
        it.key = r.string(true)?;
        it.value = r.f64()?;
        it.remove = r.bool()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "ClientQuotaRecord",
                version,
            });
        }

        w.array(&self.entity, true, version)?;
        w.string(&self.key, true)?;
        w.f64(self.value);
        w.bool(self.remove);
        w.tags();
        Ok(())
    }
}

/// Part of ClientQuotaRecord.
#[derive(Clone, Debug, PartialEq)]
pub struct EntityData<'a> {
    /// All versions.
    pub entity_type: Cow<'a, str>,
    /// All versions, nullable.
    pub entity_name: Option<Cow<'a, str>>,
}

impl Default for EntityData<'_> {
    fn default() -> Self {
        Self {
            entity_type: Cow::Borrowed(""),
            entity_name: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> Element<'a> for EntityData<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.entity_type = r.string(true)?;
        it.entity_name = r.nullable_string(true, true)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.entity_type, true)?;
        w.nullable_string(self.entity_name.as_deref(), true)?;
        w.tags();
        Ok(())
    }
}
