//! DescribeClientQuotasRequest: key 48, versions 0 to 1, flexible from 1. Generated from `specs/DescribeClientQuotas.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// DescribeClientQuotasRequest: key 48, versions 0 to 1, flexible from 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeClientQuotasRequest<'a> {
    /// All versions.
    pub components: Vec<ComponentData<'a>>,
    /// All versions.
    pub strict: bool,
}

impl<'a> DescribeClientQuotasRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::DescribeClientQuotas;
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
                of: "DescribeClientQuotasRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.components = r.array(flexible, version)?;
        it.strict = r.bool()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "DescribeClientQuotasRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.array(&self.components, flexible, version)?;
        w.bool(self.strict);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of DescribeClientQuotasRequest.
#[derive(Clone, Debug, PartialEq)]
pub struct ComponentData<'a> {
    /// All versions.
    pub entity_type: Cow<'a, str>,
    /// All versions.
    pub match_type: i8,
    /// All versions, nullable.
    pub r#match: Option<Cow<'a, str>>,
}

impl Default for ComponentData<'_> {
    fn default() -> Self {
        Self {
            entity_type: Cow::Borrowed(""),
            match_type: 0,
            r#match: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> Element<'a> for ComponentData<'a> {
    const LEAST: usize = 4;

    fn read(r: &mut Reader<'a>, flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.entity_type = r.string(flexible)?;
        it.match_type = r.i8()?;
        it.r#match = r.nullable_string(flexible, true)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.entity_type, flexible)?;
        w.i8(self.match_type);
        w.nullable_string(self.r#match.as_deref(), flexible)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
