//! StreamsGroupHeartbeatResponse: key 88, version 0, 1 not advertised, flexible from 0. Generated from `specs/StreamsGroupHeartbeat.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// StreamsGroupHeartbeatResponse: key 88, version 0, 1 not advertised, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamsGroupHeartbeatResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions, nullable.
    pub error_message: Option<Cow<'a, str>>,
    /// All versions.
    pub member_id: Cow<'a, str>,
    /// All versions.
    pub member_epoch: i32,
    /// All versions.
    pub heartbeat_interval_ms: i32,
    /// Version 0.
    pub acceptable_recovery_lag_legacy: i32,
    /// All versions.
    pub task_offset_interval_ms: i32,
    /// Version 1.
    pub acceptable_recovery_lag: i64,
    /// All versions, nullable.
    pub status: Option<Vec<Status<'a>>>,
    /// All versions, nullable.
    pub active_tasks: Option<Vec<TaskIds<'a>>>,
    /// All versions, nullable.
    pub standby_tasks: Option<Vec<TaskIds<'a>>>,
    /// All versions, nullable.
    pub warmup_tasks: Option<Vec<TaskIds<'a>>>,
    /// Version 1.
    pub topology_description_required: bool,
    /// All versions.
    pub endpoint_information_epoch: i32,
    /// All versions, nullable.
    pub partitions_by_user_endpoint: Option<Vec<EndpointToPartitions<'a>>>,
}

impl Default for StreamsGroupHeartbeatResponse<'_> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: None,
            member_id: Cow::Borrowed(""),
            member_epoch: 0,
            heartbeat_interval_ms: 0,
            acceptable_recovery_lag_legacy: 0,
            task_offset_interval_ms: 0,
            acceptable_recovery_lag: -1,
            status: Some(Vec::new()),
            active_tasks: None,
            standby_tasks: None,
            warmup_tasks: None,
            topology_description_required: false,
            endpoint_information_epoch: 0,
            partitions_by_user_endpoint: None,
        }
    }
}

impl<'a> StreamsGroupHeartbeatResponse<'a> {
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
                of: "StreamsGroupHeartbeatResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.error_code = r.i16()?;
        it.error_message = r.nullable_string(true, true)?;
        it.member_id = r.string(true)?;
        it.member_epoch = r.i32()?;
        it.heartbeat_interval_ms = r.i32()?;
        if version == 0 {
            it.acceptable_recovery_lag_legacy = r.i32()?;
        }
        it.task_offset_interval_ms = r.i32()?;
        if version == 1 {
            it.acceptable_recovery_lag = r.i64()?;
        }
        it.status = r.nullable_array(true, version, true)?;
        it.active_tasks = r.nullable_array(true, version, true)?;
        it.standby_tasks = r.nullable_array(true, version, true)?;
        it.warmup_tasks = r.nullable_array(true, version, true)?;
        if version == 1 {
            it.topology_description_required = r.bool()?;
        }
        it.endpoint_information_epoch = r.i32()?;
        it.partitions_by_user_endpoint = r.nullable_array(true, version, true)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "StreamsGroupHeartbeatResponse",
                version,
            });
        }

        w.i32(self.throttle_time_ms);
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        w.string(&self.member_id, true)?;
        w.i32(self.member_epoch);
        w.i32(self.heartbeat_interval_ms);
        if version == 0 {
            w.i32(self.acceptable_recovery_lag_legacy);
        } else if self.acceptable_recovery_lag_legacy != 0 {
            return Err(EncodeError::lost("AcceptableRecoveryLagLegacy", version));
        }
        w.i32(self.task_offset_interval_ms);
        if version == 1 {
            w.i64(self.acceptable_recovery_lag);
        }
        w.nullable_array(self.status.as_deref(), true, version)?;
        w.nullable_array(self.active_tasks.as_deref(), true, version)?;
        w.nullable_array(self.standby_tasks.as_deref(), true, version)?;
        w.nullable_array(self.warmup_tasks.as_deref(), true, version)?;
        if version == 1 {
            w.bool(self.topology_description_required);
        } else if self.topology_description_required {
            return Err(EncodeError::lost("TopologyDescriptionRequired", version));
        }
        w.i32(self.endpoint_information_epoch);
        w.nullable_array(self.partitions_by_user_endpoint.as_deref(), true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupHeartbeatResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndpointToPartitions<'a> {
    /// All versions.
    pub user_endpoint: Endpoint<'a>,
    /// All versions.
    pub active_partitions: Vec<TopicPartition<'a>>,
    /// All versions.
    pub standby_partitions: Vec<TopicPartition<'a>>,
}

impl<'a> Element<'a> for EndpointToPartitions<'a> {
    const LEAST: usize = 7;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.user_endpoint = Element::read(r, true, version)?;
        it.active_partitions = r.array(true, version)?;
        it.standby_partitions = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        self.user_endpoint.write(w, true, version)?;
        w.array(&self.active_partitions, true, version)?;
        w.array(&self.standby_partitions, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupHeartbeatResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status<'a> {
    /// All versions.
    pub status_code: i8,
    /// All versions.
    pub status_detail: Cow<'a, str>,
}

impl<'a> Element<'a> for Status<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.status_code = r.i8()?;
        it.status_detail = r.string(true)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i8(self.status_code);
        w.string(&self.status_detail, true)?;
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupHeartbeatResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicPartition<'a> {
    /// All versions.
    pub topic: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<i32>,
}

impl<'a> Element<'a> for TopicPartition<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic = r.string(true)?;
        it.partitions = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.topic, true)?;
        w.array(&self.partitions, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupHeartbeatResponse.
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

/// Part of StreamsGroupHeartbeatResponse.
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
