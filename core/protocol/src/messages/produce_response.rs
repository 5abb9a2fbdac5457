//! ProduceResponse: key 0, versions 3 to 13, flexible from 9. Generated from `specs/Produce.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// ProduceResponse: key 0, versions 3 to 13, flexible from 9.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProduceResponse<'a> {
    /// All versions.
    pub responses: Vec<TopicProduceResponse<'a>>,
    /// All versions.
    pub throttle_time_ms: i32,
    /// Versions 10+, tag 0.
    pub node_endpoints: Vec<NodeEndpoint<'a>>,
}

impl<'a> ProduceResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::Produce;
    /// The first version.
    pub const MIN_VERSION: i16 = 3;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 13;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 9;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(3..=13).contains(&version) {
            return Err(DecodeError::Version {
                of: "ProduceResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.responses = r.array(flexible, version)?;
        it.throttle_time_ms = r.i32()?;
        if flexible {
            for _ in 0..r.tags()? {
                let field = r.enter()?;
                match field.tag {
                    0 if version >= 10 => it.node_endpoints = r.array(flexible, version)?,
                    _ => {
                        r.rest();
                    }
                }
                r.leave(field)?;
            }
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(3..=13).contains(&version) {
            return Err(EncodeError::Version {
                of: "ProduceResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.array(&self.responses, flexible, version)?;
        w.i32(self.throttle_time_ms);
        if version < 10 && !self.node_endpoints.is_empty() {
            return Err(EncodeError::lost("NodeEndpoints", version));
        }
        if flexible {
            let tags = w.tags();
            if version >= 10 && !self.node_endpoints.is_empty() {
                let tag = w.open_tag(tags, 0);
                w.array(&self.node_endpoints, flexible, version)?;
                w.close_tag(tag)?;
            }
        }
        Ok(())
    }
}

/// Part of ProduceResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicProduceResponse<'a> {
    /// Versions 3 to 12.
    pub name: Cow<'a, str>,
    /// Version 13.
    pub topic_id: Uuid,
    /// All versions.
    pub partition_responses: Vec<PartitionProduceResponse<'a>>,
}

impl<'a> Element<'a> for TopicProduceResponse<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        if version <= 12 {
            it.name = r.string(flexible)?;
        }
        if version == 13 {
            it.topic_id = r.uuid()?;
        }
        it.partition_responses = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        if version <= 12 {
            w.string(&self.name, flexible)?;
        }
        if version == 13 {
            w.uuid(self.topic_id);
        }
        w.array(&self.partition_responses, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of ProduceResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionProduceResponse<'a> {
    /// All versions.
    pub index: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions.
    pub base_offset: i64,
    /// All versions.
    pub log_append_time_ms: i64,
    /// Versions 5+.
    pub log_start_offset: i64,
    /// Versions 8+.
    pub record_errors: Vec<BatchIndexAndErrorMessage<'a>>,
    /// Versions 8+, nullable.
    pub error_message: Option<Cow<'a, str>>,
    /// Versions 10+, tag 0.
    pub current_leader: LeaderIdAndEpoch,
}

impl Default for PartitionProduceResponse<'_> {
    fn default() -> Self {
        Self {
            index: 0,
            error_code: 0,
            base_offset: 0,
            log_append_time_ms: -1,
            log_start_offset: -1,
            record_errors: Vec::new(),
            error_message: None,
            current_leader: LeaderIdAndEpoch::default(),
        }
    }
}

impl<'a> Element<'a> for PartitionProduceResponse<'a> {
    const LEAST: usize = 22;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.index = r.i32()?;
        it.error_code = r.i16()?;
        it.base_offset = r.i64()?;
        it.log_append_time_ms = r.i64()?;
        if version >= 5 {
            it.log_start_offset = r.i64()?;
        }
        if version >= 8 {
            it.record_errors = r.array(flexible, version)?;
        }
        if version >= 8 {
            it.error_message = r.nullable_string(flexible, true)?;
        }
        if flexible {
            for _ in 0..r.tags()? {
                let field = r.enter()?;
                match field.tag {
                    0 if version >= 10 => it.current_leader = Element::read(r, flexible, version)?,
                    _ => {
                        r.rest();
                    }
                }
                r.leave(field)?;
            }
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.index);
        w.i16(self.error_code);
        w.i64(self.base_offset);
        w.i64(self.log_append_time_ms);
        if version >= 5 {
            w.i64(self.log_start_offset);
        }
        if version >= 8 {
            w.array(&self.record_errors, flexible, version)?;
        }
        if version >= 8 {
            w.nullable_string(self.error_message.as_deref(), flexible)?;
        }
        if version < 10 && self.current_leader != LeaderIdAndEpoch::default() {
            return Err(EncodeError::lost("CurrentLeader", version));
        }
        if flexible {
            let tags = w.tags();
            if version >= 10 && self.current_leader != LeaderIdAndEpoch::default() {
                let tag = w.open_tag(tags, 0);
                self.current_leader.write(w, flexible, version)?;
                w.close_tag(tag)?;
            }
        }
        Ok(())
    }
}

/// Part of ProduceResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BatchIndexAndErrorMessage<'a> {
    /// All versions.
    pub batch_index: i32,
    /// All versions, nullable.
    pub batch_index_error_message: Option<Cow<'a, str>>,
}

impl<'a> Element<'a> for BatchIndexAndErrorMessage<'a> {
    const LEAST: usize = 6;

    fn read(r: &mut Reader<'a>, flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.batch_index = r.i32()?;
        it.batch_index_error_message = r.nullable_string(flexible, true)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.batch_index);
        w.nullable_string(self.batch_index_error_message.as_deref(), flexible)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of ProduceResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaderIdAndEpoch {
    /// All versions.
    pub leader_id: i32,
    /// All versions.
    pub leader_epoch: i32,
}

impl Default for LeaderIdAndEpoch {
    fn default() -> Self {
        Self {
            leader_id: -1,
            leader_epoch: -1,
        }
    }
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

/// Part of ProduceResponse.
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
