//! ShareFetchResponse: key 78, versions 1 to 2, flexible from 0. Generated from `specs/ShareFetch.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Records, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// ShareFetchResponse: key 78, versions 1 to 2, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShareFetchResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions, nullable.
    pub error_message: Option<Cow<'a, str>>,
    /// All versions.
    pub acquisition_lock_timeout_ms: i32,
    /// All versions.
    pub responses: Vec<ShareFetchableTopicResponse<'a>>,
    /// All versions.
    pub node_endpoints: Vec<NodeEndpoint<'a>>,
}

impl<'a> ShareFetchResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::ShareFetch;
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
                of: "ShareFetchResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.error_code = r.i16()?;
        it.error_message = r.nullable_string(true, true)?;
        it.acquisition_lock_timeout_ms = r.i32()?;
        it.responses = r.array(true, version)?;
        it.node_endpoints = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(1..=2).contains(&version) {
            return Err(EncodeError::Version {
                of: "ShareFetchResponse",
                version,
            });
        }

        w.i32(self.throttle_time_ms);
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        w.i32(self.acquisition_lock_timeout_ms);
        w.array(&self.responses, true, version)?;
        w.array(&self.node_endpoints, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ShareFetchResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShareFetchableTopicResponse<'a> {
    /// All versions.
    pub topic_id: Uuid,
    /// All versions.
    pub partitions: Vec<PartitionData<'a>>,
}

impl<'a> Element<'a> for ShareFetchableTopicResponse<'a> {
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

/// Part of ShareFetchResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionData<'a> {
    /// All versions.
    pub partition_index: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions, nullable.
    pub error_message: Option<Cow<'a, str>>,
    /// All versions.
    pub acknowledge_error_code: i16,
    /// All versions, nullable.
    pub acknowledge_error_message: Option<Cow<'a, str>>,
    /// All versions.
    pub current_leader: LeaderIdAndEpoch,
    /// All versions.
    pub records: Option<Records<'a>>,
    /// All versions.
    pub acquired_records: Vec<AcquiredRecords>,
}

impl<'a> Element<'a> for PartitionData<'a> {
    const LEAST: usize = 22;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        it.error_code = r.i16()?;
        it.error_message = r.nullable_string(true, true)?;
        it.acknowledge_error_code = r.i16()?;
        it.acknowledge_error_message = r.nullable_string(true, true)?;
        it.current_leader = Element::read(r, true, version)?;
        it.records = r.records(true, false)?;
        it.acquired_records = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        w.i16(self.acknowledge_error_code);
        w.nullable_string(self.acknowledge_error_message.as_deref(), true)?;
        self.current_leader.write(w, true, version)?;
        if self.records.is_none() {
            return Err(EncodeError::null("Records", version));
        }
        w.records(self.records, true)?;
        w.array(&self.acquired_records, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ShareFetchResponse.
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

/// Part of ShareFetchResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AcquiredRecords {
    /// All versions.
    pub first_offset: i64,
    /// All versions.
    pub last_offset: i64,
    /// All versions.
    pub delivery_count: i16,
}

impl Element<'_> for AcquiredRecords {
    const LEAST: usize = 19;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.first_offset = r.i64()?;
        it.last_offset = r.i64()?;
        it.delivery_count = r.i16()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i64(self.first_offset);
        w.i64(self.last_offset);
        w.i16(self.delivery_count);
        w.tags();
        Ok(())
    }
}

/// Part of ShareFetchResponse.
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
