//! StreamsGroupDescribeResponse: key 89, version 0, 1 not advertised, flexible from 0. Generated from `specs/StreamsGroupDescribe.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// StreamsGroupDescribeResponse: key 89, version 0, 1 not advertised, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamsGroupDescribeResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub groups: Vec<DescribedGroup<'a>>,
}

impl<'a> StreamsGroupDescribeResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::StreamsGroupDescribe;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 0;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=1).contains(&version) {
            return Err(DecodeError::Version {
                of: "StreamsGroupDescribeResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.groups = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "StreamsGroupDescribeResponse",
                version,
            });
        }

        w.i32(self.throttle_time_ms);
        w.array(&self.groups, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupDescribeResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribedGroup<'a> {
    /// All versions.
    pub error_code: i16,
    /// All versions, nullable.
    pub error_message: Option<Cow<'a, str>>,
    /// All versions.
    pub group_id: Cow<'a, str>,
    /// All versions.
    pub group_state: Cow<'a, str>,
    /// All versions.
    pub group_epoch: i32,
    /// All versions.
    pub assignment_epoch: i32,
    /// All versions, nullable.
    pub topology: Option<Topology<'a>>,
    /// All versions.
    pub members: Vec<Member<'a>>,
    /// All versions.
    pub authorized_operations: i32,
    /// Version 1, nullable.
    pub topology_description: Option<TopologyDescription<'a>>,
    /// Version 1.
    pub topology_description_status: i8,
    /// Version 1, nullable.
    pub assignor_name: Option<Cow<'a, str>>,
}

impl Default for DescribedGroup<'_> {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: None,
            group_id: Cow::Borrowed(""),
            group_state: Cow::Borrowed(""),
            group_epoch: 0,
            assignment_epoch: 0,
            topology: None,
            members: Vec::new(),
            authorized_operations: -2147483648,
            topology_description: None,
            topology_description_status: 0,
            assignor_name: None,
        }
    }
}

impl<'a> Element<'a> for DescribedGroup<'a> {
    const LEAST: usize = 20;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.error_code = r.i16()?;
        it.error_message = r.nullable_string(true, true)?;
        it.group_id = r.string(true)?;
        it.group_state = r.string(true)?;
        it.group_epoch = r.i32()?;
        it.assignment_epoch = r.i32()?;
        it.topology = if r.i8()? >= 0 {
            Some(Element::read(r, true, version)?)
        } else {
            None
        };
        it.members = r.array(true, version)?;
        it.authorized_operations = r.i32()?;
        if version == 1 {
            it.topology_description = if r.i8()? >= 0 {
                Some(Element::read(r, true, version)?)
            } else {
                None
            };
        }
        if version == 1 {
            it.topology_description_status = r.i8()?;
        }
        if version == 1 {
            it.assignor_name = r.nullable_string(true, true)?;
        }
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        w.string(&self.group_id, true)?;
        w.string(&self.group_state, true)?;
        w.i32(self.group_epoch);
        w.i32(self.assignment_epoch);
        w.i8(if self.topology.is_some() { 1 } else { -1 });
        if let Some(inner) = &self.topology {
            inner.write(w, true, version)?;
        }
        w.array(&self.members, true, version)?;
        w.i32(self.authorized_operations);
        if version == 1 {
            w.i8(if self.topology_description.is_some() {
                1
            } else {
                -1
            });
            if let Some(inner) = &self.topology_description {
                inner.write(w, true, version)?;
            }
        } else if self.topology_description.is_some() {
            return Err(EncodeError::lost("TopologyDescription", version));
        }
        if version == 1 {
            w.i8(self.topology_description_status);
        } else if self.topology_description_status != 0 {
            return Err(EncodeError::lost("TopologyDescriptionStatus", version));
        }
        if version == 1 {
            w.nullable_string(self.assignor_name.as_deref(), true)?;
        }
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupDescribeResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Topology<'a> {
    /// All versions.
    pub epoch: i32,
    /// All versions, nullable.
    pub subtopologies: Option<Vec<Subtopology<'a>>>,
}

impl<'a> Element<'a> for Topology<'a> {
    const LEAST: usize = 6;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.epoch = r.i32()?;
        it.subtopologies = r.nullable_array(true, version, true)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.epoch);
        w.nullable_array(self.subtopologies.as_deref(), true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupDescribeResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subtopology<'a> {
    /// All versions.
    pub subtopology_id: Cow<'a, str>,
    /// All versions.
    pub source_topics: Vec<Cow<'a, str>>,
    /// All versions.
    pub repartition_sink_topics: Vec<Cow<'a, str>>,
    /// All versions.
    pub state_changelog_topics: Vec<TopicInfo<'a>>,
    /// All versions.
    pub repartition_source_topics: Vec<TopicInfo<'a>>,
}

impl<'a> Element<'a> for Subtopology<'a> {
    const LEAST: usize = 6;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.subtopology_id = r.string(true)?;
        it.source_topics = r.array(true, version)?;
        it.repartition_sink_topics = r.array(true, version)?;
        it.state_changelog_topics = r.array(true, version)?;
        it.repartition_source_topics = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.subtopology_id, true)?;
        w.array(&self.source_topics, true, version)?;
        w.array(&self.repartition_sink_topics, true, version)?;
        w.array(&self.state_changelog_topics, true, version)?;
        w.array(&self.repartition_source_topics, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupDescribeResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Member<'a> {
    /// All versions.
    pub member_id: Cow<'a, str>,
    /// All versions.
    pub member_epoch: i32,
    /// All versions, nullable.
    pub instance_id: Option<Cow<'a, str>>,
    /// All versions, nullable.
    pub rack_id: Option<Cow<'a, str>>,
    /// All versions.
    pub client_id: Cow<'a, str>,
    /// All versions.
    pub client_host: Cow<'a, str>,
    /// All versions.
    pub topology_epoch: i32,
    /// All versions.
    pub process_id: Cow<'a, str>,
    /// All versions, nullable.
    pub user_endpoint: Option<Endpoint<'a>>,
    /// All versions.
    pub client_tags: Vec<KeyValue<'a>>,
    /// All versions.
    pub task_offsets: Vec<TaskOffset<'a>>,
    /// All versions.
    pub task_end_offsets: Vec<TaskOffset<'a>>,
    /// All versions.
    pub assignment: Assignment<'a>,
    /// All versions.
    pub target_assignment: Assignment<'a>,
    /// All versions.
    pub is_classic: bool,
}

impl<'a> Element<'a> for Member<'a> {
    const LEAST: usize = 28;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.member_id = r.string(true)?;
        it.member_epoch = r.i32()?;
        it.instance_id = r.nullable_string(true, true)?;
        it.rack_id = r.nullable_string(true, true)?;
        it.client_id = r.string(true)?;
        it.client_host = r.string(true)?;
        it.topology_epoch = r.i32()?;
        it.process_id = r.string(true)?;
        it.user_endpoint = if r.i8()? >= 0 {
            Some(Element::read(r, true, version)?)
        } else {
            None
        };
        it.client_tags = r.array(true, version)?;
        it.task_offsets = r.array(true, version)?;
        it.task_end_offsets = r.array(true, version)?;
        it.assignment = Element::read(r, true, version)?;
        it.target_assignment = Element::read(r, true, version)?;
        it.is_classic = r.bool()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.member_id, true)?;
        w.i32(self.member_epoch);
        w.nullable_string(self.instance_id.as_deref(), true)?;
        w.nullable_string(self.rack_id.as_deref(), true)?;
        w.string(&self.client_id, true)?;
        w.string(&self.client_host, true)?;
        w.i32(self.topology_epoch);
        w.string(&self.process_id, true)?;
        w.i8(if self.user_endpoint.is_some() { 1 } else { -1 });
        if let Some(inner) = &self.user_endpoint {
            inner.write(w, true, version)?;
        }
        w.array(&self.client_tags, true, version)?;
        w.array(&self.task_offsets, true, version)?;
        w.array(&self.task_end_offsets, true, version)?;
        self.assignment.write(w, true, version)?;
        self.target_assignment.write(w, true, version)?;
        w.bool(self.is_classic);
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupDescribeResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Endpoint<'a> {
    /// All versions.
    pub host: Cow<'a, str>,
    /// All versions.
    pub port: u16,
}

impl<'a> Element<'a> for Endpoint<'a> {
    const LEAST: usize = 4;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.host = r.string(true)?;
        it.port = r.u16()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.host, true)?;
        w.u16(self.port);
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupDescribeResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskOffset<'a> {
    /// All versions.
    pub subtopology_id: Cow<'a, str>,
    /// All versions.
    pub partition: i32,
    /// All versions.
    pub offset: i64,
}

impl<'a> Element<'a> for TaskOffset<'a> {
    const LEAST: usize = 14;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.subtopology_id = r.string(true)?;
        it.partition = r.i32()?;
        it.offset = r.i64()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.subtopology_id, true)?;
        w.i32(self.partition);
        w.i64(self.offset);
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupDescribeResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assignment<'a> {
    /// All versions.
    pub active_tasks: Vec<TaskIds<'a>>,
    /// All versions.
    pub standby_tasks: Vec<TaskIds<'a>>,
    /// All versions.
    pub warmup_tasks: Vec<TaskIds<'a>>,
}

impl<'a> Element<'a> for Assignment<'a> {
    const LEAST: usize = 4;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.active_tasks = r.array(true, version)?;
        it.standby_tasks = r.array(true, version)?;
        it.warmup_tasks = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.array(&self.active_tasks, true, version)?;
        w.array(&self.standby_tasks, true, version)?;
        w.array(&self.warmup_tasks, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupDescribeResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskIds<'a> {
    /// All versions.
    pub subtopology_id: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<i32>,
}

impl<'a> Element<'a> for TaskIds<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.subtopology_id = r.string(true)?;
        it.partitions = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.subtopology_id, true)?;
        w.array(&self.partitions, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupDescribeResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyValue<'a> {
    /// All versions.
    pub key: Cow<'a, str>,
    /// All versions.
    pub value: Cow<'a, str>,
}

impl<'a> Element<'a> for KeyValue<'a> {
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

/// Part of StreamsGroupDescribeResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicInfo<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub partitions: i32,
    /// All versions.
    pub replication_factor: i16,
    /// All versions.
    pub topic_configs: Vec<KeyValue<'a>>,
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

/// Part of StreamsGroupDescribeResponse.
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

/// Part of StreamsGroupDescribeResponse.
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

/// Part of StreamsGroupDescribeResponse.
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

/// Part of StreamsGroupDescribeResponse.
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
