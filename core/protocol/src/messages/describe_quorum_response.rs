//! DescribeQuorumResponse: key 55, versions 0 to 2, flexible from 0. Generated from `specs/DescribeQuorum.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// DescribeQuorumResponse: key 55, versions 0 to 2, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeQuorumResponse<'a> {
    /// All versions.
    pub error_code: i16,
    /// Version 2, nullable.
    pub error_message: Option<Cow<'a, str>>,
    /// All versions.
    pub topics: Vec<TopicData<'a>>,
    /// Version 2.
    pub nodes: Vec<Node<'a>>,
}

impl Default for DescribeQuorumResponse<'_> {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
            topics: Vec::new(),
            nodes: Vec::new(),
        }
    }
}

impl<'a> DescribeQuorumResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::DescribeQuorum;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 2;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=2).contains(&version) {
            return Err(DecodeError::Version {
                of: "DescribeQuorumResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.error_code = r.i16()?;
        if version == 2 {
            it.error_message = r.nullable_string(true, true)?;
        }
        it.topics = r.array(true, version)?;
        if version == 2 {
            it.nodes = r.array(true, version)?;
        }
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=2).contains(&version) {
            return Err(EncodeError::Version {
                of: "DescribeQuorumResponse",
                version,
            });
        }

        w.i16(self.error_code);
        if version == 2 {
            w.nullable_string(self.error_message.as_deref(), true)?;
        }
        w.array(&self.topics, true, version)?;
        if version == 2 {
            w.array(&self.nodes, true, version)?;
        } else if !self.nodes.is_empty() {
            return Err(EncodeError::lost("Nodes", version));
        }
        w.tags();
        Ok(())
    }
}

/// Part of DescribeQuorumResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicData<'a> {
    /// All versions.
    pub topic_name: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<PartitionData<'a>>,
}

impl<'a> Element<'a> for TopicData<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic_name = r.string(true)?;
        it.partitions = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.topic_name, true)?;
        w.array(&self.partitions, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of DescribeQuorumResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionData<'a> {
    /// All versions.
    pub partition_index: i32,
    /// All versions.
    pub error_code: i16,
    /// Version 2, nullable.
    pub error_message: Option<Cow<'a, str>>,
    /// All versions.
    pub leader_id: i32,
    /// All versions.
    pub leader_epoch: i32,
    /// All versions.
    pub high_watermark: i64,
    /// All versions.
    pub current_voters: Vec<ReplicaState>,
    /// All versions.
    pub observers: Vec<ReplicaState>,
}

impl Default for PartitionData<'_> {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
            leader_id: 0,
            leader_epoch: 0,
            high_watermark: 0,
            current_voters: Vec::new(),
            observers: Vec::new(),
        }
    }
}

impl<'a> Element<'a> for PartitionData<'a> {
    const LEAST: usize = 25;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        it.error_code = r.i16()?;
        if version == 2 {
            it.error_message = r.nullable_string(true, true)?;
        }
        it.leader_id = r.i32()?;
        it.leader_epoch = r.i32()?;
        it.high_watermark = r.i64()?;
        it.current_voters = r.array(true, version)?;
        it.observers = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        w.i16(self.error_code);
        if version == 2 {
            w.nullable_string(self.error_message.as_deref(), true)?;
        }
        w.i32(self.leader_id);
        w.i32(self.leader_epoch);
        w.i64(self.high_watermark);
        w.array(&self.current_voters, true, version)?;
        w.array(&self.observers, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of DescribeQuorumResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node<'a> {
    /// All versions.
    pub node_id: i32,
    /// All versions.
    pub listeners: Vec<Listener<'a>>,
}

impl<'a> Element<'a> for Node<'a> {
    const LEAST: usize = 6;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.node_id = r.i32()?;
        it.listeners = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.node_id);
        w.array(&self.listeners, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of DescribeQuorumResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listener<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub host: Cow<'a, str>,
    /// All versions.
    pub port: u16,
}

impl<'a> Element<'a> for Listener<'a> {
    const LEAST: usize = 5;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(true)?;
        it.host = r.string(true)?;
        it.port = r.u16()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, true)?;
        w.string(&self.host, true)?;
        w.u16(self.port);
        w.tags();
        Ok(())
    }
}

/// Part of DescribeQuorumResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicaState {
    /// All versions.
    pub replica_id: i32,
    /// Version 2.
    pub replica_directory_id: Uuid,
    /// All versions.
    pub log_end_offset: i64,
    /// Versions 1+.
    pub last_fetch_timestamp: i64,
    /// Versions 1+.
    pub last_caught_up_timestamp: i64,
}

impl Default for ReplicaState {
    fn default() -> Self {
        Self {
            replica_id: 0,
            replica_directory_id: Uuid::ZERO,
            log_end_offset: 0,
            last_fetch_timestamp: -1,
            last_caught_up_timestamp: -1,
        }
    }
}

impl Element<'_> for ReplicaState {
    const LEAST: usize = 13;

    fn read(r: &mut Reader<'_>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.replica_id = r.i32()?;
        if version == 2 {
            it.replica_directory_id = r.uuid()?;
        }
        it.log_end_offset = r.i64()?;
        if version >= 1 {
            it.last_fetch_timestamp = r.i64()?;
        }
        if version >= 1 {
            it.last_caught_up_timestamp = r.i64()?;
        }
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.replica_id);
        if version == 2 {
            w.uuid(self.replica_directory_id);
        } else if self.replica_directory_id != Uuid::ZERO {
            return Err(EncodeError::lost("ReplicaDirectoryId", version));
        }
        w.i64(self.log_end_offset);
        if version >= 1 {
            w.i64(self.last_fetch_timestamp);
        }
        if version >= 1 {
            w.i64(self.last_caught_up_timestamp);
        }
        w.tags();
        Ok(())
    }
}
