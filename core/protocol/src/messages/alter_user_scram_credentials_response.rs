//! AlterUserScramCredentialsResponse: key 51, version 0, flexible from 0. Generated from `specs/AlterUserScramCredentials.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// AlterUserScramCredentialsResponse: key 51, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlterUserScramCredentialsResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub results: Vec<AlterUserScramCredentialsResult<'a>>,
}

impl<'a> AlterUserScramCredentialsResponse<'a> {
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
                of: "AlterUserScramCredentialsResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.results = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "AlterUserScramCredentialsResponse",
                version,
            });
        }

        w.i32(self.throttle_time_ms);
        w.array(&self.results, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of AlterUserScramCredentialsResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterUserScramCredentialsResult<'a> {
    /// All versions.
    pub user: Cow<'a, str>,
    /// All versions.
    pub error_code: i16,
    /// All versions, nullable.
    pub error_message: Option<Cow<'a, str>>,
}

impl Default for AlterUserScramCredentialsResult<'_> {
    fn default() -> Self {
        Self {
            user: Cow::Borrowed(""),
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> Element<'a> for AlterUserScramCredentialsResult<'a> {
    const LEAST: usize = 5;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.user = r.string(true)?;
        it.error_code = r.i16()?;
        it.error_message = r.nullable_string(true, true)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.user, true)?;
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        w.tags();
        Ok(())
    }
}
