//! StreamsGroupTopologyDescriptionUpdateRequest: key 93, no version, 0 not advertised, flexible from 0. Generated from `specs/StreamsGroupTopologyDescriptionUpdate.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// StreamsGroupTopologyDescriptionUpdateRequest: key 93, no version, 0 not advertised, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamsGroupTopologyDescriptionUpdateRequest<'a> {
    /// All versions.
    pub group_id: Cow<'a, str>,
    /// All versions.
    pub member_id: Cow<'a, str>,
    /// All versions.
    pub topology_epoch: i32,
    /// All versions.
    pub topology_description: TopologyDescription<'a>,
}

impl<'a> StreamsGroupTopologyDescriptionUpdateRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::StreamsGroupTopologyDescriptionUpdate;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = -1;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if version != 0 {
            return Err(DecodeError::Version {
                of: "StreamsGroupTopologyDescriptionUpdateRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.group_id = r.string(true)?;
        it.member_id = r.string(true)?;
        it.topology_epoch = r.i32()?;
        it.topology_description = Element::read(r, true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "StreamsGroupTopologyDescriptionUpdateRequest",
                version,
            });
        }

        w.string(&self.group_id, true)?;
        w.string(&self.member_id, true)?;
        w.i32(self.topology_epoch);
        self.topology_description.write(w, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupTopologyDescriptionUpdateRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopologyDescription<'a> {
    /// All versions.
    pub subtopologies: Vec<TopologyDescriptionSubtopology<'a>>,
    /// All versions.
    pub global_stores: Vec<TopologyDescriptionGlobalStore<'a>>,
}

impl<'a> Element<'a> for TopologyDescription<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.subtopologies = r.array(true, version)?;
        it.global_stores = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.array(&self.subtopologies, true, version)?;
        w.array(&self.global_stores, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupTopologyDescriptionUpdateRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopologyDescriptionSubtopology<'a> {
    /// All versions.
    pub subtopology_id: Cow<'a, str>,
    /// All versions.
    pub nodes: Vec<TopologyDescriptionNode<'a>>,
}

impl<'a> Element<'a> for TopologyDescriptionSubtopology<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.subtopology_id = r.string(true)?;
        it.nodes = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.subtopology_id, true)?;
        w.array(&self.nodes, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupTopologyDescriptionUpdateRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopologyDescriptionNode<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub node_type: i8,
    /// All versions.
    pub source_topics: Vec<Cow<'a, str>>,
    /// All versions, nullable.
    pub sink_topic: Option<Cow<'a, str>>,
    /// All versions.
    pub stores: Vec<Cow<'a, str>>,
    /// All versions.
    pub successors: Vec<Cow<'a, str>>,
}

impl<'a> Element<'a> for TopologyDescriptionNode<'a> {
    const LEAST: usize = 7;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(true)?;
        it.node_type = r.i8()?;
        it.source_topics = r.array(true, version)?;
        it.sink_topic = r.nullable_string(true, true)?;
        it.stores = r.array(true, version)?;
        it.successors = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, true)?;
        w.i8(self.node_type);
        w.array(&self.source_topics, true, version)?;
        w.nullable_string(self.sink_topic.as_deref(), true)?;
        w.array(&self.stores, true, version)?;
        w.array(&self.successors, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupTopologyDescriptionUpdateRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopologyDescriptionGlobalStore<'a> {
    /// All versions.
    pub source: TopologyDescriptionNode<'a>,
    /// All versions.
    pub processor: TopologyDescriptionNode<'a>,
}

impl<'a> Element<'a> for TopologyDescriptionGlobalStore<'a> {
    const LEAST: usize = 15;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.source = Element::read(r, true, version)?;
        it.processor = Element::read(r, true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        self.source.write(w, true, version)?;
        self.processor.write(w, true, version)?;
        w.tags();
        Ok(())
    }
}
