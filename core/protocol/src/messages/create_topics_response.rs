//! CreateTopicsResponse: key 19, versions 2 to 7, flexible from 5. Generated from `specs/CreateTopics.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// CreateTopicsResponse: key 19, versions 2 to 7, flexible from 5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreateTopicsResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub topics: Vec<CreatableTopicResult<'a>>,
}

impl<'a> CreateTopicsResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::CreateTopics;
    /// The first version.
    pub const MIN_VERSION: i16 = 2;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 7;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 5;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(2..=7).contains(&version) {
            return Err(DecodeError::Version {
                of: "CreateTopicsResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.topics = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(2..=7).contains(&version) {
            return Err(EncodeError::Version {
                of: "CreateTopicsResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.i32(self.throttle_time_ms);
        w.array(&self.topics, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of CreateTopicsResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatableTopicResult<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// Version 7.
    pub topic_id: Uuid,
    /// All versions.
    pub error_code: i16,
    /// All versions, nullable.
    pub error_message: Option<Cow<'a, str>>,
    /// Versions 5+, tag 0.
    pub topic_config_error_code: i16,
    /// Versions 5+.
    pub num_partitions: i32,
    /// Versions 5+.
    pub replication_factor: i16,
    /// Versions 5+, nullable.
    pub configs: Option<Vec<CreatableTopicConfigs<'a>>>,
}

impl Default for CreatableTopicResult<'_> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            topic_id: Uuid::ZERO,
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
            topic_config_error_code: 0,
            num_partitions: -1,
            replication_factor: -1,
            configs: Some(Vec::new()),
        }
    }
}

impl<'a> Element<'a> for CreatableTopicResult<'a> {
    const LEAST: usize = 6;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(flexible)?;
        if version == 7 {
            it.topic_id = r.uuid()?;
        }
        it.error_code = r.i16()?;
        it.error_message = r.nullable_string(flexible, true)?;
        if version >= 5 {
            it.num_partitions = r.i32()?;
        }
        if version >= 5 {
            it.replication_factor = r.i16()?;
        }
        if version >= 5 {
            it.configs = r.nullable_array(flexible, version, true)?;
        }
        if flexible {
            for _ in 0..r.tags()? {
                let field = r.enter()?;
                match field.tag {
                    0 => it.topic_config_error_code = r.i16()?,
                    _ => {
                        r.rest();
                    }
                }
                r.leave(field)?;
            }
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, flexible)?;
        if version == 7 {
            w.uuid(self.topic_id);
        }
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), flexible)?;
        if version >= 5 {
            w.i32(self.num_partitions);
        }
        if version >= 5 {
            w.i16(self.replication_factor);
        }
        if version >= 5 {
            w.nullable_array(self.configs.as_deref(), flexible, version)?;
        }
        if flexible {
            let tags = w.tags();
            if self.topic_config_error_code != 0 {
                let tag = w.open_tag(tags, 0);
                w.i16(self.topic_config_error_code);
                w.close_tag(tag)?;
            }
        }
        Ok(())
    }
}

/// Part of CreateTopicsResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatableTopicConfigs<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions, nullable.
    pub value: Option<Cow<'a, str>>,
    /// All versions.
    pub read_only: bool,
    /// All versions.
    pub config_source: i8,
    /// All versions.
    pub is_sensitive: bool,
}

impl Default for CreatableTopicConfigs<'_> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            value: Some(Cow::Borrowed("")),
            read_only: false,
            config_source: -1,
            is_sensitive: false,
        }
    }
}

impl<'a> Element<'a> for CreatableTopicConfigs<'a> {
    const LEAST: usize = 6;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(true)?;
        it.value = r.nullable_string(true, true)?;
        it.read_only = r.bool()?;
        it.config_source = r.i8()?;
        it.is_sensitive = r.bool()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, true)?;
        w.nullable_string(self.value.as_deref(), true)?;
        w.bool(self.read_only);
        w.i8(self.config_source);
        w.bool(self.is_sensitive);
        w.tags();
        Ok(())
    }
}
