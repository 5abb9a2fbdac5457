//! FetchResponse: key 1, versions 4 to 18, flexible from 12. Generated from `specs/Fetch.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Records, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// FetchResponse: key 1, versions 4 to 18, flexible from 12.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FetchResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// Versions 7+.
    pub error_code: i16,
    /// Versions 7+.
    pub session_id: i32,
    /// All versions.
    pub responses: Vec<FetchableTopicResponse<'a>>,
    /// Versions 16+, tag 0.
    pub node_endpoints: Vec<NodeEndpoint<'a>>,
}

impl<'a> FetchResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::Fetch;
    /// The first version.
    pub const MIN_VERSION: i16 = 4;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 18;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 12;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(4..=18).contains(&version) {
            return Err(DecodeError::Version {
                of: "FetchResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        if version >= 7 {
            it.error_code = r.i16()?;
        }
        if version >= 7 {
            it.session_id = r.i32()?;
        }
        it.responses = r.array(flexible, version)?;
        if flexible {
            for _ in 0..r.tags()? {
                let field = r.enter()?;
                match field.tag {
                    0 if version >= 16 => it.node_endpoints = r.array(flexible, version)?,
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
        if !(4..=18).contains(&version) {
            return Err(EncodeError::Version {
                of: "FetchResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.i32(self.throttle_time_ms);
        if version >= 7 {
            w.i16(self.error_code);
        }
        if version >= 7 {
            w.i32(self.session_id);
        } else if self.session_id != 0 {
            return Err(EncodeError::lost("SessionId", version));
        }
        w.array(&self.responses, flexible, version)?;
        if version < 16 && !self.node_endpoints.is_empty() {
            return Err(EncodeError::lost("NodeEndpoints", version));
        }
        if flexible {
            let tags = w.tags();
            if version >= 16 && !self.node_endpoints.is_empty() {
                let tag = w.open_tag(tags, 0);
                w.array(&self.node_endpoints, flexible, version)?;
                w.close_tag(tag)?;
            }
        }
        Ok(())
    }
}

/// Part of FetchResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FetchableTopicResponse<'a> {
    /// Versions 4 to 12.
    pub topic: Cow<'a, str>,
    /// Versions 13+.
    pub topic_id: Uuid,
    /// All versions.
    pub partitions: Vec<PartitionData<'a>>,
}

impl<'a> Element<'a> for FetchableTopicResponse<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        if version <= 12 {
            it.topic = r.string(flexible)?;
        }
        if version >= 13 {
            it.topic_id = r.uuid()?;
        }
        it.partitions = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        if version <= 12 {
            w.string(&self.topic, flexible)?;
        }
        if version >= 13 {
            w.uuid(self.topic_id);
        }
        w.array(&self.partitions, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of FetchResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionData<'a> {
    /// All versions.
    pub partition_index: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions.
    pub high_watermark: i64,
    /// All versions.
    pub last_stable_offset: i64,
    /// Versions 5+.
    pub log_start_offset: i64,
    /// Versions 12+, tag 0.
    pub diverging_epoch: EpochEndOffset,
    /// Versions 12+, tag 1.
    pub current_leader: LeaderIdAndEpoch,
    /// Versions 12+, tag 2.
    pub snapshot_id: SnapshotId,
    /// All versions, nullable.
    pub aborted_transactions: Option<Vec<AbortedTransaction>>,
    /// Versions 11+.
    pub preferred_read_replica: i32,
    /// All versions, nullable.
    pub records: Option<Records<'a>>,
}

impl Default for PartitionData<'_> {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: 0,
            high_watermark: 0,
            last_stable_offset: -1,
            log_start_offset: -1,
            diverging_epoch: EpochEndOffset::default(),
            current_leader: LeaderIdAndEpoch::default(),
            snapshot_id: SnapshotId::default(),
            aborted_transactions: Some(Vec::new()),
            preferred_read_replica: -1,
            records: None,
        }
    }
}

impl<'a> Element<'a> for PartitionData<'a> {
    const LEAST: usize = 30;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        it.error_code = r.i16()?;
        it.high_watermark = r.i64()?;
        it.last_stable_offset = r.i64()?;
        if version >= 5 {
            it.log_start_offset = r.i64()?;
        }
        it.aborted_transactions = r.nullable_array(flexible, version, true)?;
        if version >= 11 {
            it.preferred_read_replica = r.i32()?;
        }
        it.records = r.records(flexible, true)?;
        if flexible {
            for _ in 0..r.tags()? {
                let field = r.enter()?;
                match field.tag {
                    0 => it.diverging_epoch = Element::read(r, flexible, version)?,
                    1 => it.current_leader = Element::read(r, flexible, version)?,
                    2 => it.snapshot_id = Element::read(r, flexible, version)?,
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
        w.i32(self.partition_index);
        w.i16(self.error_code);
        w.i64(self.high_watermark);
        w.i64(self.last_stable_offset);
        if version >= 5 {
            w.i64(self.log_start_offset);
        }
        if version < 12 && self.diverging_epoch != EpochEndOffset::default() {
            return Err(EncodeError::lost("DivergingEpoch", version));
        }
        if version < 12 && self.current_leader != LeaderIdAndEpoch::default() {
            return Err(EncodeError::lost("CurrentLeader", version));
        }
        if version < 12 && self.snapshot_id != SnapshotId::default() {
            return Err(EncodeError::lost("SnapshotId", version));
        }
        w.nullable_array(self.aborted_transactions.as_deref(), flexible, version)?;
        if version >= 11 {
            w.i32(self.preferred_read_replica);
        } else if self.preferred_read_replica != -1 {
            return Err(EncodeError::lost("PreferredReadReplica", version));
        }
        w.records(self.records, flexible)?;
        if flexible {
            let tags = w.tags();
            if self.diverging_epoch != EpochEndOffset::default() {
                let tag = w.open_tag(tags, 0);
                self.diverging_epoch.write(w, flexible, version)?;
                w.close_tag(tag)?;
            }
            if self.current_leader != LeaderIdAndEpoch::default() {
                let tag = w.open_tag(tags, 1);
                self.current_leader.write(w, flexible, version)?;
                w.close_tag(tag)?;
            }
            if self.snapshot_id != SnapshotId::default() {
                let tag = w.open_tag(tags, 2);
                self.snapshot_id.write(w, flexible, version)?;
                w.close_tag(tag)?;
            }
        }
        Ok(())
    }
}

/// Part of FetchResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochEndOffset {
    /// All versions.
    pub epoch: i32,
    /// All versions.
    pub end_offset: i64,
}

impl Default for EpochEndOffset {
    fn default() -> Self {
        Self {
            epoch: -1,
            end_offset: -1,
        }
    }
}

impl Element<'_> for EpochEndOffset {
    const LEAST: usize = 13;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.epoch = r.i32()?;
        it.end_offset = r.i64()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.epoch);
        w.i64(self.end_offset);
        w.tags();
        Ok(())
    }
}

/// Part of FetchResponse.
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

/// Part of FetchResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotId {
    /// All versions.
    pub end_offset: i64,
    /// All versions.
    pub epoch: i32,
}

impl Default for SnapshotId {
    fn default() -> Self {
        Self {
            end_offset: -1,
            epoch: -1,
        }
    }
}

impl Element<'_> for SnapshotId {
    const LEAST: usize = 13;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.end_offset = r.i64()?;
        it.epoch = r.i32()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i64(self.end_offset);
        w.i32(self.epoch);
        w.tags();
        Ok(())
    }
}

/// Part of FetchResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AbortedTransaction {
    /// All versions.
    pub producer_id: i64,
    /// All versions.
    pub first_offset: i64,
}

impl Element<'_> for AbortedTransaction {
    const LEAST: usize = 16;

    fn read(r: &mut Reader<'_>, flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.producer_id = r.i64()?;
        it.first_offset = r.i64()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i64(self.producer_id);
        w.i64(self.first_offset);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of FetchResponse.
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
