//! ShareGroupStatePartitionMetadataValue: key 15, version 0, flexible from 0. Generated from `specs/ShareGroupStatePartitionMetadataValue.spec`.

use crate::Uuid;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ShareGroupStatePartitionMetadataValue: key 15, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShareGroupStatePartitionMetadataValue<'a> {
    /// All versions.
    pub initializing_topics: Vec<TopicPartitionsInfo<'a>>,
    /// All versions.
    pub initialized_topics: Vec<TopicPartitionsInfo<'a>>,
    /// All versions.
    pub deleting_topics: Vec<TopicInfo<'a>>,
}

impl<'a> ShareGroupStatePartitionMetadataValue<'a> {
    /// Which record.
    pub const KEY: u16 = 15;
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
                of: "ShareGroupStatePartitionMetadataValue",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.initializing_topics = r.array(true, version)?;
        it.initialized_topics = r.array(true, version)?;
        it.deleting_topics = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "ShareGroupStatePartitionMetadataValue",
                version,
            });
        }

        w.array(&self.initializing_topics, true, version)?;
        w.array(&self.initialized_topics, true, version)?;
        w.array(&self.deleting_topics, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ShareGroupStatePartitionMetadataValue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicPartitionsInfo<'a> {
    /// All versions.
    pub topic_id: Uuid,
    /// All versions.
    pub topic_name: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<i32>,
}

impl<'a> Element<'a> for TopicPartitionsInfo<'a> {
    const LEAST: usize = 19;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic_id = r.uuid()?;
        it.topic_name = r.string(true)?;
        it.partitions = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.uuid(self.topic_id);
        w.string(&self.topic_name, true)?;
        w.array(&self.partitions, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ShareGroupStatePartitionMetadataValue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicInfo<'a> {
    /// All versions.
    pub topic_id: Uuid,
    /// All versions.
    pub topic_name: Cow<'a, str>,
}

impl<'a> Element<'a> for TopicInfo<'a> {
    const LEAST: usize = 18;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic_id = r.uuid()?;
        it.topic_name = r.string(true)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.uuid(self.topic_id);
        w.string(&self.topic_name, true)?;
        w.tags();
        Ok(())
    }
}
