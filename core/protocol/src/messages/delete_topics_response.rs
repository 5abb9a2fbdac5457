//! DeleteTopicsResponse: key 20, versions 1 to 6, flexible from 4. Generated from `specs/DeleteTopics.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// DeleteTopicsResponse: key 20, versions 1 to 6, flexible from 4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteTopicsResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub responses: Vec<DeletableTopicResult<'a>>,
}

impl<'a> DeleteTopicsResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::DeleteTopics;
    /// The first version.
    pub const MIN_VERSION: i16 = 1;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 6;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 4;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(1..=6).contains(&version) {
            return Err(DecodeError::Version {
                of: "DeleteTopicsResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.responses = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(1..=6).contains(&version) {
            return Err(EncodeError::Version {
                of: "DeleteTopicsResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.i32(self.throttle_time_ms);
        w.array(&self.responses, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of DeleteTopicsResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct DeletableTopicResult<'a> {
    /// All versions, null in version 6.
    pub name: Option<Cow<'a, str>>,
    /// Version 6.
    pub topic_id: Uuid,
    /// All versions.
    pub error_code: i16,
    /// Versions 5+, nullable.
    pub error_message: Option<Cow<'a, str>>,
}

impl Default for DeletableTopicResult<'_> {
    fn default() -> Self {
        Self {
            name: Some(Cow::Borrowed("")),
            topic_id: Uuid::ZERO,
            error_code: 0,
            error_message: None,
        }
    }
}

impl<'a> Element<'a> for DeletableTopicResult<'a> {
    const LEAST: usize = 4;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.nullable_string(flexible, version == 6)?;
        if version == 6 {
            it.topic_id = r.uuid()?;
        }
        it.error_code = r.i16()?;
        if version >= 5 {
            it.error_message = r.nullable_string(flexible, true)?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        if version != 6 && self.name.is_none() {
            return Err(EncodeError::null("Name", version));
        }
        w.nullable_string(self.name.as_deref(), flexible)?;
        if version == 6 {
            w.uuid(self.topic_id);
        }
        w.i16(self.error_code);
        if version >= 5 {
            w.nullable_string(self.error_message.as_deref(), flexible)?;
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
