//! AlterUserScramCredentialsRequest: key 51, version 0, flexible from 0. Generated from `specs/AlterUserScramCredentials.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// AlterUserScramCredentialsRequest: key 51, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlterUserScramCredentialsRequest<'a> {
    /// All versions.
    pub deletions: Vec<ScramCredentialDeletion<'a>>,
    /// All versions.
    pub upsertions: Vec<ScramCredentialUpsertion<'a>>,
}

impl<'a> AlterUserScramCredentialsRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::AlterUserScramCredentials;
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
                of: "AlterUserScramCredentialsRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.deletions = r.array(true, version)?;
        it.upsertions = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "AlterUserScramCredentialsRequest",
                version,
            });
        }

        w.array(&self.deletions, true, version)?;
        w.array(&self.upsertions, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of AlterUserScramCredentialsRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScramCredentialDeletion<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub mechanism: i8,
}

impl<'a> Element<'a> for ScramCredentialDeletion<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(true)?;
        it.mechanism = r.i8()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, true)?;
        w.i8(self.mechanism);
        w.tags();
        Ok(())
    }
}

/// Part of AlterUserScramCredentialsRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScramCredentialUpsertion<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub mechanism: i8,
    /// All versions.
    pub iterations: i32,
    /// All versions.
    pub salt: Cow<'a, [u8]>,
    /// All versions.
    pub salted_password: Cow<'a, [u8]>,
}

impl<'a> Element<'a> for ScramCredentialUpsertion<'a> {
    const LEAST: usize = 9;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(true)?;
        it.mechanism = r.i8()?;
        it.iterations = r.i32()?;
        it.salt = r.bytes(true)?;
        it.salted_password = r.bytes(true)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, true)?;
        w.i8(self.mechanism);
        w.i32(self.iterations);
        w.bytes(&self.salt, true)?;
        w.bytes(&self.salted_password, true)?;
        w.tags();
        Ok(())
    }
}
