//! DescribeTopicPartitionsRequest: key 75, version 0, flexible from 0. Generated from `specs/DescribeTopicPartitions.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// DescribeTopicPartitionsRequest: key 75, version 0, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeTopicPartitionsRequest<'a> {
    /// All versions.
    pub topics: Vec<TopicRequest<'a>>,
    /// All versions.
    pub response_partition_limit: i32,
    /// All versions, nullable.
    pub cursor: Option<Cursor<'a>>,
}

impl Default for DescribeTopicPartitionsRequest<'_> {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            response_partition_limit: 2000,
            cursor: None,
        }
    }
}

impl<'a> DescribeTopicPartitionsRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::DescribeTopicPartitions;
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
                of: "DescribeTopicPartitionsRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.topics = r.array(true, version)?;
        it.response_partition_limit = r.i32()?;
        it.cursor = if r.i8()? >= 0 {
            Some(Element::read(r, true, version)?)
        } else {
            None
        };
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "DescribeTopicPartitionsRequest",
                version,
            });
        }

        w.array(&self.topics, true, version)?;
        w.i32(self.response_partition_limit);
        w.i8(if self.cursor.is_some() { 1 } else { -1 });
        if let Some(inner) = &self.cursor {
            inner.write(w, true, version)?;
        }
        w.tags();
        Ok(())
    }
}

/// Part of DescribeTopicPartitionsRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicRequest<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
}

impl<'a> Element<'a> for TopicRequest<'a> {
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

/// Part of DescribeTopicPartitionsRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cursor<'a> {
    /// All versions.
    pub topic_name: Cow<'a, str>,
    /// All versions.
    pub partition_index: i32,
}

impl<'a> Element<'a> for Cursor<'a> {
    const LEAST: usize = 6;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic_name = r.string(true)?;
        it.partition_index = r.i32()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.topic_name, true)?;
        w.i32(self.partition_index);
        w.tags();
        Ok(())
    }
}
