//! DescribeTopicPartitionsResponse: key 75, version 0, flexible from 0. Generated from `specs/DescribeTopicPartitions.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// DescribeTopicPartitionsResponse: key 75, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeTopicPartitionsResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub topics: Vec<DescribeTopicPartitionsResponseTopic<'a>>,
    /// All versions, nullable.
    pub next_cursor: Option<Cursor<'a>>,
}

impl<'a> DescribeTopicPartitionsResponse<'a> {
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
                of: "DescribeTopicPartitionsResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.topics = r.array(true, version)?;
        it.next_cursor = if r.i8()? >= 0 {
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
                of: "DescribeTopicPartitionsResponse",
                version,
            });
        }

        w.i32(self.throttle_time_ms);
        w.array(&self.topics, true, version)?;
        w.i8(if self.next_cursor.is_some() { 1 } else { -1 });
        if let Some(inner) = &self.next_cursor {
            inner.write(w, true, version)?;
        }
        w.tags();
        Ok(())
    }
}

/// Part of DescribeTopicPartitionsResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeTopicPartitionsResponseTopic<'a> {
    /// All versions.
    pub error_code: i16,
    /// All versions, nullable.
    pub name: Option<Cow<'a, str>>,
    /// All versions.
    pub topic_id: Uuid,
    /// All versions.
    pub is_internal: bool,
    /// All versions.
    pub partitions: Vec<DescribeTopicPartitionsResponsePartition>,
    /// All versions.
    pub topic_authorized_operations: i32,
}

impl Default for DescribeTopicPartitionsResponseTopic<'_> {
    fn default() -> Self {
        Self {
            error_code: 0,
            name: Some(Cow::Borrowed("")),
            topic_id: Uuid::ZERO,
            is_internal: false,
            partitions: Vec::new(),
            topic_authorized_operations: -2147483648,
        }
    }
}

impl<'a> Element<'a> for DescribeTopicPartitionsResponseTopic<'a> {
    const LEAST: usize = 26;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.error_code = r.i16()?;
        it.name = r.nullable_string(true, true)?;
        it.topic_id = r.uuid()?;
        it.is_internal = r.bool()?;
        it.partitions = r.array(true, version)?;
        it.topic_authorized_operations = r.i32()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i16(self.error_code);
        w.nullable_string(self.name.as_deref(), true)?;
        w.uuid(self.topic_id);
        w.bool(self.is_internal);
        w.array(&self.partitions, true, version)?;
        w.i32(self.topic_authorized_operations);
        w.tags();
        Ok(())
    }
}

/// Part of DescribeTopicPartitionsResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeTopicPartitionsResponsePartition {
    /// All versions.
    pub error_code: i16,
    /// All versions.
    pub partition_index: i32,
    /// All versions.
    pub leader_id: i32,
    /// All versions.
    pub leader_epoch: i32,
    /// All versions.
    pub replica_nodes: Vec<i32>,
    /// All versions.
    pub isr_nodes: Vec<i32>,
    /// All versions, nullable.
    pub eligible_leader_replicas: Option<Vec<i32>>,
    /// All versions, nullable.
    pub last_known_elr: Option<Vec<i32>>,
    /// All versions.
    pub offline_replicas: Vec<i32>,
}

impl Default for DescribeTopicPartitionsResponsePartition {
    fn default() -> Self {
        Self {
            error_code: 0,
            partition_index: 0,
            leader_id: 0,
            leader_epoch: -1,
            replica_nodes: Vec::new(),
            isr_nodes: Vec::new(),
            eligible_leader_replicas: None,
            last_known_elr: None,
            offline_replicas: Vec::new(),
        }
    }
}

impl Element<'_> for DescribeTopicPartitionsResponsePartition {
    const LEAST: usize = 20;

    fn read(r: &mut Reader<'_>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.error_code = r.i16()?;
        it.partition_index = r.i32()?;
        it.leader_id = r.i32()?;
        it.leader_epoch = r.i32()?;
        it.replica_nodes = r.array(true, version)?;
        it.isr_nodes = r.array(true, version)?;
        it.eligible_leader_replicas = r.nullable_array(true, version, true)?;
        it.last_known_elr = r.nullable_array(true, version, true)?;
        it.offline_replicas = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i16(self.error_code);
        w.i32(self.partition_index);
        w.i32(self.leader_id);
        w.i32(self.leader_epoch);
        w.array(&self.replica_nodes, true, version)?;
        w.array(&self.isr_nodes, true, version)?;
        w.nullable_array(self.eligible_leader_replicas.as_deref(), true, version)?;
        w.nullable_array(self.last_known_elr.as_deref(), true, version)?;
        w.array(&self.offline_replicas, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of DescribeTopicPartitionsResponse.
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
