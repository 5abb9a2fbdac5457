//! ConsumerGroupPartitionMetadataValue: key 4, version 0, flexible from 0. Generated from `specs/ConsumerGroupPartitionMetadataValue.spec`.

use crate::Uuid;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ConsumerGroupPartitionMetadataValue: key 4, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConsumerGroupPartitionMetadataValue<'a> {
    /// All versions.
    pub topics: Vec<TopicMetadata<'a>>,
}

impl<'a> ConsumerGroupPartitionMetadataValue<'a> {
    /// Which record.
    pub const KEY: u16 = 4;
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
                of: "ConsumerGroupPartitionMetadataValue",
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
                of: "ConsumerGroupPartitionMetadataValue",
                version,
            });
        }

        w.array(&self.topics, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ConsumerGroupPartitionMetadataValue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicMetadata<'a> {
    /// All versions.
    pub topic_id: Uuid,
    /// All versions.
    pub topic_name: Cow<'a, str>,
    /// All versions.
    pub num_partitions: i32,
    /// All versions.
    pub partition_metadata: Vec<PartitionMetadata<'a>>,
}

impl<'a> Element<'a> for TopicMetadata<'a> {
    const LEAST: usize = 23;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic_id = r.uuid()?;
        it.topic_name = r.string(true)?;
        it.num_partitions = r.i32()?;
        it.partition_metadata = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.uuid(self.topic_id);
        w.string(&self.topic_name, true)?;
        w.i32(self.num_partitions);
        w.array(&self.partition_metadata, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ConsumerGroupPartitionMetadataValue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionMetadata<'a> {
    /// All versions.
    pub partition: i32,
    /// All versions.
    pub racks: Vec<Cow<'a, str>>,
}

impl<'a> Element<'a> for PartitionMetadata<'a> {
    const LEAST: usize = 6;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition = r.i32()?;
        it.racks = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition);
        w.array(&self.racks, true, version)?;
        w.tags();
        Ok(())
    }
}
