//! ConsumerGroupHeartbeatRequest: key 68, versions 0 to 1, flexible from 0. Generated from `specs/ConsumerGroupHeartbeat.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// ConsumerGroupHeartbeatRequest: key 68, versions 0 to 1, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerGroupHeartbeatRequest<'a> {
    /// All versions.
    pub group_id: Cow<'a, str>,
    /// All versions.
    pub member_id: Cow<'a, str>,
    /// All versions.
    pub member_epoch: i32,
    /// All versions, nullable.
    pub instance_id: Option<Cow<'a, str>>,
    /// All versions, nullable.
    pub rack_id: Option<Cow<'a, str>>,
    /// All versions.
    pub rebalance_timeout_ms: i32,
    /// All versions, nullable.
    pub subscribed_topic_names: Option<Vec<Cow<'a, str>>>,
    /// Version 1, nullable.
    pub subscribed_topic_regex: Option<Cow<'a, str>>,
    /// All versions, nullable.
    pub server_assignor: Option<Cow<'a, str>>,
    /// All versions, nullable.
    pub topic_partitions: Option<Vec<TopicPartitions>>,
}

impl Default for ConsumerGroupHeartbeatRequest<'_> {
    fn default() -> Self {
        Self {
            group_id: Cow::Borrowed(""),
            member_id: Cow::Borrowed(""),
            member_epoch: 0,
            instance_id: None,
            rack_id: None,
            rebalance_timeout_ms: -1,
            subscribed_topic_names: None,
            subscribed_topic_regex: None,
            server_assignor: None,
            topic_partitions: None,
        }
    }
}

impl<'a> ConsumerGroupHeartbeatRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::ConsumerGroupHeartbeat;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 1;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=1).contains(&version) {
            return Err(DecodeError::Version {
                of: "ConsumerGroupHeartbeatRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.group_id = r.string(true)?;
        it.member_id = r.string(true)?;
        it.member_epoch = r.i32()?;
        it.instance_id = r.nullable_string(true, true)?;
        it.rack_id = r.nullable_string(true, true)?;
        it.rebalance_timeout_ms = r.i32()?;
        it.subscribed_topic_names = r.nullable_array(true, version, true)?;
        if version == 1 {
            it.subscribed_topic_regex = r.nullable_string(true, true)?;
        }
        it.server_assignor = r.nullable_string(true, true)?;
        it.topic_partitions = r.nullable_array(true, version, true)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "ConsumerGroupHeartbeatRequest",
                version,
            });
        }

        w.string(&self.group_id, true)?;
        w.string(&self.member_id, true)?;
        w.i32(self.member_epoch);
        w.nullable_string(self.instance_id.as_deref(), true)?;
        w.nullable_string(self.rack_id.as_deref(), true)?;
        w.i32(self.rebalance_timeout_ms);
        w.nullable_array(self.subscribed_topic_names.as_deref(), true, version)?;
        if version == 1 {
            w.nullable_string(self.subscribed_topic_regex.as_deref(), true)?;
        } else if self.subscribed_topic_regex.is_some() {
            return Err(EncodeError::lost("SubscribedTopicRegex", version));
        }
        w.nullable_string(self.server_assignor.as_deref(), true)?;
        w.nullable_array(self.topic_partitions.as_deref(), true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ConsumerGroupHeartbeatRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicPartitions {
    /// All versions.
    pub topic_id: Uuid,
    /// All versions.
    pub partitions: Vec<i32>,
}

impl Element<'_> for TopicPartitions {
    const LEAST: usize = 18;

    fn read(r: &mut Reader<'_>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
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
