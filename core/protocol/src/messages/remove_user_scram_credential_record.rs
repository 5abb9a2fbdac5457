//! RemoveUserScramCredentialRecord: key 22, version 0, flexible from 0. Generated from `specs/RemoveUserScramCredentialRecord.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// RemoveUserScramCredentialRecord: key 22, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RemoveUserScramCredentialRecord<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub mechanism: i8,
}

impl<'a> RemoveUserScramCredentialRecord<'a> {
    /// Which record.
    pub const KEY: u16 = 22;
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
                of: "RemoveUserScramCredentialRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.name = r.string(true)?;
        it.mechanism = r.i8()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "RemoveUserScramCredentialRecord",
                version,
            });
        }

        w.string(&self.name, true)?;
        w.i8(self.mechanism);
        w.tags();
        Ok(())
    }
}
