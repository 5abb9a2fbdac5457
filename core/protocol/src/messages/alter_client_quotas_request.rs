//! AlterClientQuotasRequest: key 49, versions 0 to 1, flexible from 1. Generated from `specs/AlterClientQuotas.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// AlterClientQuotasRequest: key 49, versions 0 to 1, flexible from 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlterClientQuotasRequest<'a> {
    /// All versions.
    pub entries: Vec<EntryData<'a>>,
    /// All versions.
    pub validate_only: bool,
}

impl<'a> AlterClientQuotasRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::AlterClientQuotas;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 1;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 1;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=1).contains(&version) {
            return Err(DecodeError::Version {
                of: "AlterClientQuotasRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.entries = r.array(flexible, version)?;
        it.validate_only = r.bool()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "AlterClientQuotasRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.array(&self.entries, flexible, version)?;
        w.bool(self.validate_only);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of AlterClientQuotasRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EntryData<'a> {
    /// All versions.
    pub entity: Vec<EntityData<'a>>,
    /// All versions.
    pub ops: Vec<OpData<'a>>,
}

impl<'a> Element<'a> for EntryData<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.entity = r.array(flexible, version)?;
        it.ops = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.array(&self.entity, flexible, version)?;
        w.array(&self.ops, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of AlterClientQuotasRequest.
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

    fn read(r: &mut Reader<'a>, flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.entity_type = r.string(flexible)?;
        it.entity_name = r.nullable_string(flexible, true)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.entity_type, flexible)?;
        w.nullable_string(self.entity_name.as_deref(), flexible)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of AlterClientQuotasRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpData<'a> {
    /// All versions.
    pub key: Cow<'a, str>,
    /// All versions.
    pub value: f64,
    /// All versions.
    pub remove: bool,
}

impl<'a> Element<'a> for OpData<'a> {
    const LEAST: usize = 11;

    fn read(r: &mut Reader<'a>, flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.key = r.string(flexible)?;
        it.value = r.f64()?;
        it.remove = r.bool()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.key, flexible)?;
        w.f64(self.value);
        w.bool(self.remove);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
