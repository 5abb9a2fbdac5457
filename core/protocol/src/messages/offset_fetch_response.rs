//! OffsetFetchResponse: key 9, versions 1 to 10, flexible from 6. Generated from `specs/OffsetFetch.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// OffsetFetchResponse: key 9, versions 1 to 10, flexible from 6.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetFetchResponse<'a> {
    /// Versions 3+.
    pub throttle_time_ms: i32,
    /// Versions 1 to 7.
    pub topics: Vec<OffsetFetchResponseTopic<'a>>,
    /// Versions 2 to 7.
    pub error_code: i16,
    /// Versions 8+.
    pub groups: Vec<OffsetFetchResponseGroup<'a>>,
}

impl<'a> OffsetFetchResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::OffsetFetch;
    /// The first version.
    pub const MIN_VERSION: i16 = 1;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 10;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 6;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(1..=10).contains(&version) {
            return Err(DecodeError::Version {
                of: "OffsetFetchResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        if version >= 3 {
            it.throttle_time_ms = r.i32()?;
        }
        if version <= 7 {
            it.topics = r.array(flexible, version)?;
        }
        if (2..=7).contains(&version) {
            it.error_code = r.i16()?;
        }
        if version >= 8 {
            it.groups = r.array(flexible, version)?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(1..=10).contains(&version) {
            return Err(EncodeError::Version {
                of: "OffsetFetchResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        if version >= 3 {
            w.i32(self.throttle_time_ms);
        }
        if version <= 7 {
            w.array(&self.topics, flexible, version)?;
        } else if !self.topics.is_empty() {
            return Err(EncodeError::lost("Topics", version));
        }
        if (2..=7).contains(&version) {
            w.i16(self.error_code);
        }
        if version >= 8 {
            w.array(&self.groups, flexible, version)?;
        } else if !self.groups.is_empty() {
            return Err(EncodeError::lost("Groups", version));
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of OffsetFetchResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetFetchResponseTopic<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<OffsetFetchResponsePartition<'a>>,
}

impl<'a> Element<'a> for OffsetFetchResponseTopic<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(flexible)?;
        it.partitions = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, flexible)?;
        w.array(&self.partitions, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of OffsetFetchResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetFetchResponsePartition<'a> {
    /// All versions.
    pub partition_index: i32,
    /// All versions.
    pub committed_offset: i64,
    /// Versions 5+.
    pub committed_leader_epoch: i32,
    /// All versions, nullable.
    pub metadata: Option<Cow<'a, str>>,
    /// All versions.
    pub error_code: i16,
}

impl Default for OffsetFetchResponsePartition<'_> {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            metadata: Some(Cow::Borrowed("")),
            error_code: 0,
        }
    }
}

impl<'a> Element<'a> for OffsetFetchResponsePartition<'a> {
    const LEAST: usize = 16;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        it.committed_offset = r.i64()?;
        if version >= 5 {
            it.committed_leader_epoch = r.i32()?;
        }
        it.metadata = r.nullable_string(flexible, true)?;
        it.error_code = r.i16()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        w.i64(self.committed_offset);
        if version >= 5 {
            w.i32(self.committed_leader_epoch);
        }
        w.nullable_string(self.metadata.as_deref(), flexible)?;
        w.i16(self.error_code);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of OffsetFetchResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetFetchResponseGroup<'a> {
    /// All versions.
    pub group_id: Cow<'a, str>,
    /// All versions.
    pub topics: Vec<OffsetFetchResponseTopics<'a>>,
    /// All versions.
    pub error_code: i16,
}

impl<'a> Element<'a> for OffsetFetchResponseGroup<'a> {
    const LEAST: usize = 5;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.group_id = r.string(true)?;
        it.topics = r.array(true, version)?;
        it.error_code = r.i16()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.group_id, true)?;
        w.array(&self.topics, true, version)?;
        w.i16(self.error_code);
        w.tags();
        Ok(())
    }
}

/// Part of OffsetFetchResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetFetchResponseTopics<'a> {
    /// Versions 8 to 9.
    pub name: Cow<'a, str>,
    /// Version 10.
    pub topic_id: Uuid,
    /// All versions.
    pub partitions: Vec<OffsetFetchResponsePartitions<'a>>,
}

impl<'a> Element<'a> for OffsetFetchResponseTopics<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        if version <= 9 {
            it.name = r.string(true)?;
        }
        if version == 10 {
            it.topic_id = r.uuid()?;
        }
        it.partitions = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        if version <= 9 {
            w.string(&self.name, true)?;
        }
        if version == 10 {
            w.uuid(self.topic_id);
        }
        w.array(&self.partitions, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of OffsetFetchResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetFetchResponsePartitions<'a> {
    /// All versions.
    pub partition_index: i32,
    /// All versions.
    pub committed_offset: i64,
    /// All versions.
    pub committed_leader_epoch: i32,
    /// All versions, nullable.
    pub metadata: Option<Cow<'a, str>>,
    /// All versions.
    pub error_code: i16,
}

impl Default for OffsetFetchResponsePartitions<'_> {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            metadata: Some(Cow::Borrowed("")),
            error_code: 0,
        }
    }
}

impl<'a> Element<'a> for OffsetFetchResponsePartitions<'a> {
    const LEAST: usize = 20;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        it.committed_offset = r.i64()?;
        it.committed_leader_epoch = r.i32()?;
        it.metadata = r.nullable_string(true, true)?;
        it.error_code = r.i16()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        w.i64(self.committed_offset);
        w.i32(self.committed_leader_epoch);
        w.nullable_string(self.metadata.as_deref(), true)?;
        w.i16(self.error_code);
        w.tags();
        Ok(())
    }
}
