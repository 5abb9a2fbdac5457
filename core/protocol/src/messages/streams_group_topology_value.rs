//! StreamsGroupTopologyValue: key 23, version 0, flexible from 0. Generated from `specs/StreamsGroupTopologyValue.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// StreamsGroupTopologyValue: key 23, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamsGroupTopologyValue<'a> {
    /// All versions.
    pub epoch: i32,
    /// All versions.
    pub subtopologies: Vec<Subtopology<'a>>,
}

impl<'a> StreamsGroupTopologyValue<'a> {
    /// Which record.
    pub const KEY: u16 = 23;
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
                of: "StreamsGroupTopologyValue",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.epoch = r.i32()?;
        it.subtopologies = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "StreamsGroupTopologyValue",
                version,
            });
        }

        w.i32(self.epoch);
        w.array(&self.subtopologies, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupTopologyValue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subtopology<'a> {
    /// All versions.
    pub subtopology_id: Cow<'a, str>,
    /// All versions.
    pub source_topics: Vec<Cow<'a, str>>,
    /// All versions.
    pub source_topic_regex: Vec<Cow<'a, str>>,
    /// All versions.
    pub state_changelog_topics: Vec<TopicInfo<'a>>,
    /// All versions.
    pub repartition_sink_topics: Vec<Cow<'a, str>>,
    /// All versions.
    pub repartition_source_topics: Vec<TopicInfo<'a>>,
    /// All versions.
    pub copartition_groups: Vec<CopartitionGroup>,
}

impl<'a> Element<'a> for Subtopology<'a> {
    const LEAST: usize = 8;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.subtopology_id = r.string(true)?;
        it.source_topics = r.array(true, version)?;
        it.source_topic_regex = r.array(true, version)?;
        it.state_changelog_topics = r.array(true, version)?;
        it.repartition_sink_topics = r.array(true, version)?;
        it.repartition_source_topics = r.array(true, version)?;
        it.copartition_groups = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.subtopology_id, true)?;
        w.array(&self.source_topics, true, version)?;
        w.array(&self.source_topic_regex, true, version)?;
        w.array(&self.state_changelog_topics, true, version)?;
        w.array(&self.repartition_sink_topics, true, version)?;
        w.array(&self.repartition_source_topics, true, version)?;
        w.array(&self.copartition_groups, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupTopologyValue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CopartitionGroup {
    /// All versions.
    pub source_topics: Vec<i16>,
    /// All versions.
    pub source_topic_regex: Vec<i16>,
    /// All versions.
    pub repartition_source_topics: Vec<i16>,
}

impl Element<'_> for CopartitionGroup {
    const LEAST: usize = 4;

    fn read(r: &mut Reader<'_>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.source_topics = r.array(true, version)?;
        it.source_topic_regex = r.array(true, version)?;
        it.repartition_source_topics = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.array(&self.source_topics, true, version)?;
        w.array(&self.source_topic_regex, true, version)?;
        w.array(&self.repartition_source_topics, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupTopologyValue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicConfig<'a> {
    /// All versions.
    pub key: Cow<'a, str>,
    /// All versions.
    pub value: Cow<'a, str>,
}

impl<'a> Element<'a> for TopicConfig<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.key = r.string(true)?;
        it.value = r.string(true)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.key, true)?;
        w.string(&self.value, true)?;
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupTopologyValue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicInfo<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub partitions: i32,
    /// All versions.
    pub replication_factor: i16,
    /// All versions.
    pub topic_configs: Vec<TopicConfig<'a>>,
}

impl<'a> Element<'a> for TopicInfo<'a> {
    const LEAST: usize = 9;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(true)?;
        it.partitions = r.i32()?;
        it.replication_factor = r.i16()?;
        it.topic_configs = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, true)?;
        w.i32(self.partitions);
        w.i16(self.replication_factor);
        w.array(&self.topic_configs, true, version)?;
        w.tags();
        Ok(())
    }
}
