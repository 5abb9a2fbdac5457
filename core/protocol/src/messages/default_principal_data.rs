//! DefaultPrincipalData: version 0, flexible from 0. Generated from `specs/DefaultPrincipalData.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// DefaultPrincipalData: version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DefaultPrincipalData<'a> {
    /// All versions.
    pub r#type: Cow<'a, str>,
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub token_authenticated: bool,
}

impl<'a> DefaultPrincipalData<'a> {
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
                of: "DefaultPrincipalData",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.r#type = r.string(true)?;
        it.name = r.string(true)?;
        it.token_authenticated = r.bool()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "DefaultPrincipalData",
                version,
            });
        }

        w.string(&self.r#type, true)?;
        w.string(&self.name, true)?;
        w.bool(self.token_authenticated);
        w.tags();
        Ok(())
    }
}
