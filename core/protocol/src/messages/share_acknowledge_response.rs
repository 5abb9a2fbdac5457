//! ShareAcknowledgeResponse: key 79, versions 1 to 2, flexible from 0. Generated from `specs/ShareAcknowledge.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// ShareAcknowledgeResponse: key 79, versions 1 to 2, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShareAcknowledgeResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions, nullable.
    pub error_message: Option<Cow<'a, str>>,
    /// Version 2.
    pub acquisition_lock_timeout_ms: i32,
    /// All versions.
    pub responses: Vec<ShareAcknowledgeTopicResponse<'a>>,
    /// All versions.
    pub node_endpoints: Vec<NodeEndpoint<'a>>,
}

impl<'a> ShareAcknowledgeResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::ShareAcknowledge;
    /// The first version.
    pub const MIN_VERSION: i16 = 1;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 2;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(1..=2).contains(&version) {
            return Err(DecodeError::Version {
                of: "ShareAcknowledgeResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.error_code = r.i16()?;
        it.error_message = r.nullable_string(true, true)?;
        if version == 2 {
            it.acquisition_lock_timeout_ms = r.i32()?;
        }
        it.responses = r.array(true, version)?;
        it.node_endpoints = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(1..=2).contains(&version) {
            return Err(EncodeError::Version {
                of: "ShareAcknowledgeResponse",
                version,
            });
        }

        w.i32(self.throttle_time_ms);
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        if version == 2 {
            w.i32(self.acquisition_lock_timeout_ms);
        }
        w.array(&self.responses, true, version)?;
        w.array(&self.node_endpoints, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ShareAcknowledgeResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShareAcknowledgeTopicResponse<'a> {
    /// All versions.
    pub topic_id: Uuid,
    /// All versions.
    pub partitions: Vec<PartitionData<'a>>,
}

impl<'a> Element<'a> for ShareAcknowledgeTopicResponse<'a> {
    const LEAST: usize = 18;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic_id = r.uuid()?;
        it.partitions = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.uuid(self.topic_id);
        w.array(&self.partitions, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ShareAcknowledgeResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionData<'a> {
    /// All versions.
    pub partition_index: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions, nullable.
    pub error_message: Option<Cow<'a, str>>,
    /// All versions.
    pub current_leader: LeaderIdAndEpoch,
}

impl<'a> Element<'a> for PartitionData<'a> {
    const LEAST: usize = 17;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        it.error_code = r.i16()?;
        it.error_message = r.nullable_string(true, true)?;
        it.current_leader = Element::read(r, true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        self.current_leader.write(w, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ShareAcknowledgeResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeaderIdAndEpoch {
    /// All versions.
    pub leader_id: i32,
    /// All versions.
    pub leader_epoch: i32,
}

impl Element<'_> for LeaderIdAndEpoch {
    const LEAST: usize = 9;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.leader_id = r.i32()?;
        it.leader_epoch = r.i32()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.leader_id);
        w.i32(self.leader_epoch);
        w.tags();
        Ok(())
    }
}

/// Part of ShareAcknowledgeResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeEndpoint<'a> {
    /// All versions.
    pub node_id: i32,
    /// All versions.
    pub host: Cow<'a, str>,
    /// All versions.
    pub port: i32,
    /// All versions, nullable.
    pub rack: Option<Cow<'a, str>>,
}

impl<'a> Element<'a> for NodeEndpoint<'a> {
    const LEAST: usize = 11;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.node_id = r.i32()?;
        it.host = r.string(true)?;
        it.port = r.i32()?;
        it.rack = r.nullable_string(true, true)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.node_id);
        w.string(&self.host, true)?;
        w.i32(self.port);
        w.nullable_string(self.rack.as_deref(), true)?;
        w.tags();
        Ok(())
    }
}
