//! DeleteTopicsRequest: key 20, versions 1 to 6, flexible from 4. Generated from `specs/DeleteTopics.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// DeleteTopicsRequest: key 20, versions 1 to 6, flexible from 4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteTopicsRequest<'a> {
    /// Version 6.
    pub topics: Vec<DeleteTopicState<'a>>,
    /// Versions 1 to 5.
    pub topic_names: Vec<Cow<'a, str>>,
    /// All versions.
    pub timeout_ms: i32,
}

impl<'a> DeleteTopicsRequest<'a> {
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
                of: "DeleteTopicsRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        if version == 6 {
            it.topics = r.array(flexible, version)?;
        }
        if version <= 5 {
            it.topic_names = r.array(flexible, version)?;
        }
        it.timeout_ms = r.i32()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(1..=6).contains(&version) {
            return Err(EncodeError::Version {
                of: "DeleteTopicsRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        if version == 6 {
            w.array(&self.topics, flexible, version)?;
        } else if !self.topics.is_empty() {
            return Err(EncodeError::lost("Topics", version));
        }
        if version <= 5 {
            w.array(&self.topic_names, flexible, version)?;
        }
        w.i32(self.timeout_ms);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of DeleteTopicsRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteTopicState<'a> {
    /// All versions, nullable.
    pub name: Option<Cow<'a, str>>,
    /// All versions.
    pub topic_id: Uuid,
}

impl<'a> Element<'a> for DeleteTopicState<'a> {
    const LEAST: usize = 18;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.nullable_string(true, true)?;
        it.topic_id = r.uuid()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.nullable_string(self.name.as_deref(), true)?;
        w.uuid(self.topic_id);
        w.tags();
        Ok(())
    }
}
