//! StreamsGroupHeartbeatRequest: key 88, version 0, 1 not advertised, flexible from 0. Generated from `specs/StreamsGroupHeartbeat.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// StreamsGroupHeartbeatRequest: key 88, version 0, 1 not advertised, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamsGroupHeartbeatRequest<'a> {
    /// All versions.
    pub group_id: Cow<'a, str>,
    /// All versions.
    pub member_id: Cow<'a, str>,
    /// All versions.
    pub member_epoch: i32,
    /// All versions.
    pub endpoint_information_epoch: i32,
    /// All versions, nullable.
    pub instance_id: Option<Cow<'a, str>>,
    /// All versions, nullable.
    pub rack_id: Option<Cow<'a, str>>,
    /// All versions.
    pub rebalance_timeout_ms: i32,
    /// All versions, nullable.
    pub topology: Option<Topology<'a>>,
    /// All versions, nullable.
    pub active_tasks: Option<Vec<TaskIds<'a>>>,
    /// All versions, nullable.
    pub standby_tasks: Option<Vec<TaskIds<'a>>>,
    /// All versions, nullable.
    pub warmup_tasks: Option<Vec<TaskIds<'a>>>,
    /// All versions, nullable.
    pub process_id: Option<Cow<'a, str>>,
    /// All versions, nullable.
    pub user_endpoint: Option<Endpoint<'a>>,
    /// All versions, nullable.
    pub client_tags: Option<Vec<KeyValue<'a>>>,
    /// All versions, nullable.
    pub task_offsets: Option<Vec<TaskOffset<'a>>>,
    /// All versions, nullable.
    pub task_end_offsets: Option<Vec<TaskOffset<'a>>>,
    /// All versions.
    pub shutdown_application: bool,
}

impl Default for StreamsGroupHeartbeatRequest<'_> {
    fn default() -> Self {
        Self {
            group_id: Cow::Borrowed(""),
            member_id: Cow::Borrowed(""),
            member_epoch: 0,
            endpoint_information_epoch: 0,
            instance_id: None,
            rack_id: None,
            rebalance_timeout_ms: -1,
            topology: None,
            active_tasks: None,
            standby_tasks: None,
            warmup_tasks: None,
            process_id: None,
            user_endpoint: None,
            client_tags: None,
            task_offsets: None,
            task_end_offsets: None,
            shutdown_application: false,
        }
    }
}

impl<'a> StreamsGroupHeartbeatRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::StreamsGroupHeartbeat;
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
                of: "StreamsGroupHeartbeatRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.group_id = r.string(true)?;
        it.member_id = r.string(true)?;
        it.member_epoch = r.i32()?;
        it.endpoint_information_epoch = r.i32()?;
        it.instance_id = r.nullable_string(true, true)?;
        it.rack_id = r.nullable_string(true, true)?;
        it.rebalance_timeout_ms = r.i32()?;
        it.topology = if r.i8()? >= 0 {
            Some(Element::read(r, true, version)?)
        } else {
            None
        };
        it.active_tasks = r.nullable_array(true, version, true)?;
        it.standby_tasks = r.nullable_array(true, version, true)?;
        it.warmup_tasks = r.nullable_array(true, version, true)?;
        it.process_id = r.nullable_string(true, true)?;
        it.user_endpoint = if r.i8()? >= 0 {
            Some(Element::read(r, true, version)?)
        } else {
            None
        };
        it.client_tags = r.nullable_array(true, version, true)?;
        it.task_offsets = r.nullable_array(true, version, true)?;
        it.task_end_offsets = r.nullable_array(true, version, true)?;
        it.shutdown_application = r.bool()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "StreamsGroupHeartbeatRequest",
                version,
            });
        }

        w.string(&self.group_id, true)?;
        w.string(&self.member_id, true)?;
        w.i32(self.member_epoch);
        w.i32(self.endpoint_information_epoch);
        w.nullable_string(self.instance_id.as_deref(), true)?;
        w.nullable_string(self.rack_id.as_deref(), true)?;
        w.i32(self.rebalance_timeout_ms);
        w.i8(if self.topology.is_some() { 1 } else { -1 });
        if let Some(inner) = &self.topology {
            inner.write(w, true, version)?;
        }
        w.nullable_array(self.active_tasks.as_deref(), true, version)?;
        w.nullable_array(self.standby_tasks.as_deref(), true, version)?;
        w.nullable_array(self.warmup_tasks.as_deref(), true, version)?;
        w.nullable_string(self.process_id.as_deref(), true)?;
        w.i8(if self.user_endpoint.is_some() { 1 } else { -1 });
        if let Some(inner) = &self.user_endpoint {
            inner.write(w, true, version)?;
        }
        w.nullable_array(self.client_tags.as_deref(), true, version)?;
        w.nullable_array(self.task_offsets.as_deref(), true, version)?;
        w.nullable_array(self.task_end_offsets.as_deref(), true, version)?;
        w.bool(self.shutdown_application);
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupHeartbeatRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Topology<'a> {
    /// All versions.
    pub epoch: i32,
    /// All versions.
    pub subtopologies: Vec<Subtopology<'a>>,
}

impl<'a> Element<'a> for Topology<'a> {
    const LEAST: usize = 6;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.epoch = r.i32()?;
        it.subtopologies = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.epoch);
        w.array(&self.subtopologies, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupHeartbeatRequest.
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

/// Part of StreamsGroupHeartbeatRequest.
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

/// Part of StreamsGroupHeartbeatRequest.
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

/// Part of StreamsGroupHeartbeatRequest.
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

/// Part of StreamsGroupHeartbeatRequest.
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

/// Part of StreamsGroupHeartbeatRequest.
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

/// Part of StreamsGroupHeartbeatRequest.
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
