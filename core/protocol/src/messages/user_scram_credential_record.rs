//! UserScramCredentialRecord: key 11, version 0, flexible from 0. Generated from `specs/UserScramCredentialRecord.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// UserScramCredentialRecord: key 11, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserScramCredentialRecord<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub mechanism: i8,
    /// All versions.
    pub salt: Cow<'a, [u8]>,
    /// All versions.
    pub stored_key: Cow<'a, [u8]>,
    /// All versions.
    pub server_key: Cow<'a, [u8]>,
    /// All versions.
    pub iterations: i32,
}

impl<'a> UserScramCredentialRecord<'a> {
    /// Which record.
    pub const KEY: u16 = 11;
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
                of: "UserScramCredentialRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.name = r.string(true)?;
        it.mechanism = r.i8()?;
        it.salt = r.bytes(true)?;
        it.stored_key = r.bytes(true)?;
        it.server_key = r.bytes(true)?;
        it.iterations = r.i32()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "UserScramCredentialRecord",
                version,
            });
        }

        w.string(&self.name, true)?;
        w.i8(self.mechanism);
        w.bytes(&self.salt, true)?;
        w.bytes(&self.stored_key, true)?;
        w.bytes(&self.server_key, true)?;
        w.i32(self.iterations);
        w.tags();
        Ok(())
    }
}
