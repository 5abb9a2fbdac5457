//! BeginQuorumEpochRequest: key 53, versions 0 to 1, flexible from 1. Generated from `specs/BeginQuorumEpoch.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// BeginQuorumEpochRequest: key 53, versions 0 to 1, flexible from 1.
#[derive(Clone, Debug, PartialEq)]
pub struct BeginQuorumEpochRequest<'a> {
    /// All versions, nullable.
    pub cluster_id: Option<Cow<'a, str>>,
    /// Version 1.
    pub voter_id: i32,
    /// All versions.
    pub topics: Vec<TopicData<'a>>,
    /// Version 1.
    pub leader_endpoints: Vec<LeaderEndpoint<'a>>,
}

impl Default for BeginQuorumEpochRequest<'_> {
    fn default() -> Self {
        Self {
            cluster_id: None,
            voter_id: -1,
            topics: Vec::new(),
            leader_endpoints: Vec::new(),
        }
    }
}

impl<'a> BeginQuorumEpochRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::BeginQuorumEpoch;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 1;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 1;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=1).contains(&version) {
            return Err(DecodeError::Version {
                of: "BeginQuorumEpochRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.cluster_id = r.nullable_string(flexible, true)?;
        if version == 1 {
            it.voter_id = r.i32()?;
        }
        it.topics = r.array(flexible, version)?;
        if version == 1 {
            it.leader_endpoints = r.array(flexible, version)?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "BeginQuorumEpochRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.nullable_string(self.cluster_id.as_deref(), flexible)?;
        if version == 1 {
            w.i32(self.voter_id);
        }
        w.array(&self.topics, flexible, version)?;
        if version == 1 {
            w.array(&self.leader_endpoints, flexible, version)?;
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of BeginQuorumEpochRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicData<'a> {
    /// All versions.
    pub topic_name: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<PartitionData>,
}

impl<'a> Element<'a> for TopicData<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic_name = r.string(flexible)?;
        it.partitions = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.topic_name, flexible)?;
        w.array(&self.partitions, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of BeginQuorumEpochRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionData {
    /// All versions.
    pub partition_index: i32,
    /// Version 1.
    pub voter_directory_id: Uuid,
    /// All versions.
    pub leader_id: i32,
    /// All versions.
    pub leader_epoch: i32,
}

impl Element<'_> for PartitionData {
    const LEAST: usize = 12;

    fn read(r: &mut Reader<'_>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        if version == 1 {
            it.voter_directory_id = r.uuid()?;
        }
        it.leader_id = r.i32()?;
        it.leader_epoch = r.i32()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        if version == 1 {
            w.uuid(self.voter_directory_id);
        }
        w.i32(self.leader_id);
        w.i32(self.leader_epoch);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of BeginQuorumEpochRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeaderEndpoint<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub host: Cow<'a, str>,
    /// All versions.
    pub port: u16,
}

impl<'a> Element<'a> for LeaderEndpoint<'a> {
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
