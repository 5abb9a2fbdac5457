//! DescribeUserScramCredentialsRequest: key 50, version 0, flexible from 0. Generated from `specs/DescribeUserScramCredentials.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// DescribeUserScramCredentialsRequest: key 50, version 0, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeUserScramCredentialsRequest<'a> {
    /// All versions, nullable.
    pub users: Option<Vec<UserName<'a>>>,
}

impl Default for DescribeUserScramCredentialsRequest<'_> {
    fn default() -> Self {
        Self {
            users: Some(Vec::new()),
        }
    }
}

impl<'a> DescribeUserScramCredentialsRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::DescribeUserScramCredentials;
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
                of: "DescribeUserScramCredentialsRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.users = r.nullable_array(true, version, true)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "DescribeUserScramCredentialsRequest",
                version,
            });
        }

        w.nullable_array(self.users.as_deref(), true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of DescribeUserScramCredentialsRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserName<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
}

impl<'a> Element<'a> for UserName<'a> {
    const LEAST: usize = 2;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(true)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, true)?;
        w.tags();
        Ok(())
    }
}
