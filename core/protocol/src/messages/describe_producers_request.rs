//! DescribeProducersRequest: key 61, version 0, flexible from 0. Generated from `specs/DescribeProducers.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// DescribeProducersRequest: key 61, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeProducersRequest<'a> {
    /// All versions.
    pub topics: Vec<TopicRequest<'a>>,
}

impl<'a> DescribeProducersRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::DescribeProducers;
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
                of: "DescribeProducersRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.topics = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "DescribeProducersRequest",
                version,
            });
        }

        w.array(&self.topics, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of DescribeProducersRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicRequest<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub partition_indexes: Vec<i32>,
}

impl<'a> Element<'a> for TopicRequest<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(true)?;
        it.partition_indexes = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, true)?;
        w.array(&self.partition_indexes, true, version)?;
        w.tags();
        Ok(())
    }
}
