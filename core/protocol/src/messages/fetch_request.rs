//! FetchRequest: key 1, versions 4 to 18, flexible from 12. Generated from `specs/Fetch.spec`.

use crate::wire::{DecodeError, Element, Elements, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// FetchRequest: key 1, versions 4 to 18, flexible from 12.
#[derive(Clone, Debug, PartialEq)]
pub struct FetchRequest<'a> {
    /// Versions 12+, nullable, tag 0.
    pub cluster_id: Option<Cow<'a, str>>,
    /// Versions 4 to 14.
    pub replica_id: i32,
    /// Versions 15+, tag 1.
    pub replica_state: ReplicaState,
    /// All versions.
    pub max_wait_ms: i32,
    /// All versions.
    pub min_bytes: i32,
    /// All versions.
    pub max_bytes: i32,
    /// All versions.
    pub isolation_level: i8,
    /// Versions 7+.
    pub session_id: i32,
    /// Versions 7+.
    pub session_epoch: i32,
    /// All versions.
    pub topics: Vec<FetchTopic<'a>>,
    /// Versions 7+.
    pub forgotten_topics_data: Vec<ForgottenTopic<'a>>,
    /// Versions 11+.
    pub rack_id: Cow<'a, str>,
}

impl Default for FetchRequest<'_> {
    fn default() -> Self {
        Self {
            cluster_id: None,
            replica_id: -1,
            replica_state: ReplicaState::default(),
            max_wait_ms: 0,
            min_bytes: 0,
            max_bytes: 2147483647,
            isolation_level: 0,
            session_id: 0,
            session_epoch: -1,
            topics: Vec::new(),
            forgotten_topics_data: Vec::new(),
            rack_id: Cow::Borrowed(""),
        }
    }
}

impl<'a> FetchRequest<'a> {
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
                of: "FetchRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        if version <= 14 {
            it.replica_id = r.i32()?;
        }
        it.max_wait_ms = r.i32()?;
        it.min_bytes = r.i32()?;
        it.max_bytes = r.i32()?;
        it.isolation_level = r.i8()?;
        if version >= 7 {
            it.session_id = r.i32()?;
        }
        if version >= 7 {
            it.session_epoch = r.i32()?;
        }
        it.topics = r.array(flexible, version)?;
        if version >= 7 {
            it.forgotten_topics_data = r.array(flexible, version)?;
        }
        if version >= 11 {
            it.rack_id = r.string(flexible)?;
        }
        if flexible {
            for _ in 0..r.tags()? {
                let field = r.enter()?;
                match field.tag {
                    0 => it.cluster_id = r.nullable_string(flexible, true)?,
                    1 if version >= 15 => it.replica_state = Element::read(r, flexible, version)?,
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
                of: "FetchRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        if version <= 14 {
            w.i32(self.replica_id);
        } else if self.replica_id != -1 {
            return Err(EncodeError::lost("ReplicaId", version));
        }
        if version < 15 && self.replica_state != ReplicaState::default() {
            return Err(EncodeError::lost("ReplicaState", version));
        }
        w.i32(self.max_wait_ms);
        w.i32(self.min_bytes);
        w.i32(self.max_bytes);
        w.i8(self.isolation_level);
        if version >= 7 {
            w.i32(self.session_id);
        }
        if version >= 7 {
            w.i32(self.session_epoch);
        }
        w.array(&self.topics, flexible, version)?;
        if version >= 7 {
            w.array(&self.forgotten_topics_data, flexible, version)?;
        } else if !self.forgotten_topics_data.is_empty() {
            return Err(EncodeError::lost("ForgottenTopicsData", version));
        }
        if version >= 11 {
            w.string(&self.rack_id, flexible)?;
        }
        if flexible {
            let tags = w.tags();
            if self.cluster_id.is_some() {
                let tag = w.open_tag(tags, 0);
                w.nullable_string(self.cluster_id.as_deref(), flexible)?;
                w.close_tag(tag)?;
            }
            if version >= 15 && self.replica_state != ReplicaState::default() {
                let tag = w.open_tag(tags, 1);
                self.replica_state.write(w, flexible, version)?;
                w.close_tag(tag)?;
            }
        }
        Ok(())
    }
}

/// Part of FetchRequest.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicaState {
    /// All versions.
    pub replica_id: i32,
    /// All versions.
    pub replica_epoch: i64,
}

impl Default for ReplicaState {
    fn default() -> Self {
        Self {
            replica_id: -1,
            replica_epoch: -1,
        }
    }
}

impl Element<'_> for ReplicaState {
    const LEAST: usize = 13;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.replica_id = r.i32()?;
        it.replica_epoch = r.i64()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.replica_id);
        w.i64(self.replica_epoch);
        w.tags();
        Ok(())
    }
}

/// Part of FetchRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FetchTopic<'a> {
    /// Versions 4 to 12.
    pub topic: Cow<'a, str>,
    /// Versions 13+.
    pub topic_id: Uuid,
    /// All versions.
    pub partitions: Elements<'a, FetchPartition>,
}

impl<'a> Element<'a> for FetchTopic<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        if version <= 12 {
            it.topic = r.string(flexible)?;
        }
        if version >= 13 {
            it.topic_id = r.uuid()?;
        }
        it.partitions = r.elements(flexible, version)?;
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
        w.elements(&self.partitions, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of FetchRequest.
#[derive(Clone, Debug, PartialEq)]
pub struct FetchPartition {
    /// All versions.
    pub partition: i32,
    /// Versions 9+.
    pub current_leader_epoch: i32,
    /// All versions.
    pub fetch_offset: i64,
    /// Versions 12+.
    pub last_fetched_epoch: i32,
    /// Versions 5+.
    pub log_start_offset: i64,
    /// All versions.
    pub partition_max_bytes: i32,
    /// Versions 17+, tag 0.
    pub replica_directory_id: Uuid,
    /// Version 18, tag 1.
    pub high_watermark: i64,
}

impl Default for FetchPartition {
    fn default() -> Self {
        Self {
            partition: 0,
            current_leader_epoch: -1,
            fetch_offset: 0,
            last_fetched_epoch: -1,
            log_start_offset: -1,
            partition_max_bytes: 0,
            replica_directory_id: Uuid::ZERO,
            high_watermark: 9223372036854775807,
        }
    }
}

impl Element<'_> for FetchPartition {
    const LEAST: usize = 16;

    fn read(r: &mut Reader<'_>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition = r.i32()?;
        if version >= 9 {
            it.current_leader_epoch = r.i32()?;
        }
        it.fetch_offset = r.i64()?;
        if version >= 12 {
            it.last_fetched_epoch = r.i32()?;
        }
        if version >= 5 {
            it.log_start_offset = r.i64()?;
        }
        it.partition_max_bytes = r.i32()?;
        if flexible {
            for _ in 0..r.tags()? {
                let field = r.enter()?;
                match field.tag {
                    0 if version >= 17 => it.replica_directory_id = r.uuid()?,
                    1 if version == 18 => it.high_watermark = r.i64()?,
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
        w.i32(self.partition);
        if version >= 9 {
            w.i32(self.current_leader_epoch);
        }
        w.i64(self.fetch_offset);
        if version >= 12 {
            w.i32(self.last_fetched_epoch);
        } else if self.last_fetched_epoch != -1 {
            return Err(EncodeError::lost("LastFetchedEpoch", version));
        }
        if version >= 5 {
            w.i64(self.log_start_offset);
        }
        w.i32(self.partition_max_bytes);
        if flexible {
            let tags = w.tags();
            if version >= 17 && self.replica_directory_id != Uuid::ZERO {
                let tag = w.open_tag(tags, 0);
                w.uuid(self.replica_directory_id);
                w.close_tag(tag)?;
            }
            if version == 18 && self.high_watermark != 9223372036854775807 {
                let tag = w.open_tag(tags, 1);
                w.i64(self.high_watermark);
                w.close_tag(tag)?;
            }
        }
        Ok(())
    }
}

/// Part of FetchRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ForgottenTopic<'a> {
    /// Versions 7 to 12.
    pub topic: Cow<'a, str>,
    /// Versions 13+.
    pub topic_id: Uuid,
    /// All versions.
    pub partitions: Elements<'a, i32>,
}

impl<'a> Element<'a> for ForgottenTopic<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        if version <= 12 {
            it.topic = r.string(flexible)?;
        }
        if version >= 13 {
            it.topic_id = r.uuid()?;
        }
        it.partitions = r.elements(flexible, version)?;
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
        w.elements(&self.partitions, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
