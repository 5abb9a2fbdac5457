//! MetadataResponse: key 3, versions 0 to 13, flexible from 9. Generated from `specs/Metadata.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// MetadataResponse: key 3, versions 0 to 13, flexible from 9.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataResponse<'a> {
    /// Versions 3+.
    pub throttle_time_ms: i32,
    /// All versions.
    pub brokers: Vec<MetadataResponseBroker<'a>>,
    /// Versions 2+, nullable.
    pub cluster_id: Option<Cow<'a, str>>,
    /// Versions 1+.
    pub controller_id: i32,
    /// All versions.
    pub topics: Vec<MetadataResponseTopic<'a>>,
    /// Versions 8 to 10.
    pub cluster_authorized_operations: i32,
    /// Version 13.
    pub error_code: i16,
}

impl Default for MetadataResponse<'_> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            brokers: Vec::new(),
            cluster_id: None,
            controller_id: -1,
            topics: Vec::new(),
            cluster_authorized_operations: -2147483648,
            error_code: 0,
        }
    }
}

impl<'a> MetadataResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::Metadata;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 13;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 9;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=13).contains(&version) {
            return Err(DecodeError::Version {
                of: "MetadataResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        if version >= 3 {
            it.throttle_time_ms = r.i32()?;
        }
        it.brokers = r.array(flexible, version)?;
        if version >= 2 {
            it.cluster_id = r.nullable_string(flexible, true)?;
        }
        if version >= 1 {
            it.controller_id = r.i32()?;
        }
        it.topics = r.array(flexible, version)?;
        if (8..=10).contains(&version) {
            it.cluster_authorized_operations = r.i32()?;
        }
        if version == 13 {
            it.error_code = r.i16()?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=13).contains(&version) {
            return Err(EncodeError::Version {
                of: "MetadataResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        if version >= 3 {
            w.i32(self.throttle_time_ms);
        }
        w.array(&self.brokers, flexible, version)?;
        if version >= 2 {
            w.nullable_string(self.cluster_id.as_deref(), flexible)?;
        }
        if version >= 1 {
            w.i32(self.controller_id);
        }
        w.array(&self.topics, flexible, version)?;
        if (8..=10).contains(&version) {
            w.i32(self.cluster_authorized_operations);
        } else if self.cluster_authorized_operations != -2147483648 {
            return Err(EncodeError::lost("ClusterAuthorizedOperations", version));
        }
        if version == 13 {
            w.i16(self.error_code);
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of MetadataResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetadataResponseBroker<'a> {
    /// All versions.
    pub node_id: i32,
    /// All versions.
    pub host: Cow<'a, str>,
    /// All versions.
    pub port: i32,
    /// Versions 1+, nullable.
    pub rack: Option<Cow<'a, str>>,
}

impl<'a> Element<'a> for MetadataResponseBroker<'a> {
    const LEAST: usize = 10;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.node_id = r.i32()?;
        it.host = r.string(flexible)?;
        it.port = r.i32()?;
        if version >= 1 {
            it.rack = r.nullable_string(flexible, true)?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.node_id);
        w.string(&self.host, flexible)?;
        w.i32(self.port);
        if version >= 1 {
            w.nullable_string(self.rack.as_deref(), flexible)?;
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of MetadataResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataResponseTopic<'a> {
    /// All versions.
    pub error_code: i16,
    /// All versions, null in versions 12+.
    pub name: Option<Cow<'a, str>>,
    /// Versions 10+.
    pub topic_id: Uuid,
    /// Versions 1+.
    pub is_internal: bool,
    /// All versions.
    pub partitions: Vec<MetadataResponsePartition>,
    /// Versions 8+.
    pub topic_authorized_operations: i32,
}

impl Default for MetadataResponseTopic<'_> {
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

impl<'a> Element<'a> for MetadataResponseTopic<'a> {
    const LEAST: usize = 8;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.error_code = r.i16()?;
        it.name = r.nullable_string(flexible, version >= 12)?;
        if version >= 10 {
            it.topic_id = r.uuid()?;
        }
        if version >= 1 {
            it.is_internal = r.bool()?;
        }
        it.partitions = r.array(flexible, version)?;
        if version >= 8 {
            it.topic_authorized_operations = r.i32()?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i16(self.error_code);
        if version < 12 && self.name.is_none() {
            return Err(EncodeError::null("Name", version));
        }
        w.nullable_string(self.name.as_deref(), flexible)?;
        if version >= 10 {
            w.uuid(self.topic_id);
        }
        if version >= 1 {
            w.bool(self.is_internal);
        }
        w.array(&self.partitions, flexible, version)?;
        if version >= 8 {
            w.i32(self.topic_authorized_operations);
        } else if self.topic_authorized_operations != -2147483648 {
            return Err(EncodeError::lost("TopicAuthorizedOperations", version));
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of MetadataResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataResponsePartition {
    /// All versions.
    pub error_code: i16,
    /// All versions.
    pub partition_index: i32,
    /// All versions.
    pub leader_id: i32,
    /// Versions 7+.
    pub leader_epoch: i32,
    /// All versions.
    pub replica_nodes: Vec<i32>,
    /// All versions.
    pub isr_nodes: Vec<i32>,
    /// Versions 5+.
    pub offline_replicas: Vec<i32>,
}

impl Default for MetadataResponsePartition {
    fn default() -> Self {
        Self {
            error_code: 0,
            partition_index: 0,
            leader_id: 0,
            leader_epoch: -1,
            replica_nodes: Vec::new(),
            isr_nodes: Vec::new(),
            offline_replicas: Vec::new(),
        }
    }
}

impl Element<'_> for MetadataResponsePartition {
    const LEAST: usize = 18;

    fn read(r: &mut Reader<'_>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.error_code = r.i16()?;
        it.partition_index = r.i32()?;
        it.leader_id = r.i32()?;
        if version >= 7 {
            it.leader_epoch = r.i32()?;
        }
        it.replica_nodes = r.array(flexible, version)?;
        it.isr_nodes = r.array(flexible, version)?;
        if version >= 5 {
            it.offline_replicas = r.array(flexible, version)?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i16(self.error_code);
        w.i32(self.partition_index);
        w.i32(self.leader_id);
        if version >= 7 {
            w.i32(self.leader_epoch);
        }
        w.array(&self.replica_nodes, flexible, version)?;
        w.array(&self.isr_nodes, flexible, version)?;
        if version >= 5 {
            w.array(&self.offline_replicas, flexible, version)?;
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
