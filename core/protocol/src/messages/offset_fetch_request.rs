//! OffsetFetchRequest: key 9, versions 1 to 10, flexible from 6. Generated from `specs/OffsetFetch.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// OffsetFetchRequest: key 9, versions 1 to 10, flexible from 6.
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetFetchRequest<'a> {
    /// Versions 1 to 7.
    pub group_id: Cow<'a, str>,
    /// Versions 1 to 7, null in versions 2 to 7.
    pub topics: Option<Vec<OffsetFetchRequestTopic<'a>>>,
    /// Versions 8+.
    pub groups: Vec<OffsetFetchRequestGroup<'a>>,
    /// Versions 7+.
    pub require_stable: bool,
}

impl Default for OffsetFetchRequest<'_> {
    fn default() -> Self {
        Self {
            group_id: Cow::Borrowed(""),
            topics: Some(Vec::new()),
            groups: Vec::new(),
            require_stable: false,
        }
    }
}

impl<'a> OffsetFetchRequest<'a> {
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
                of: "OffsetFetchRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        if version <= 7 {
            it.group_id = r.string(flexible)?;
        }
        if version <= 7 {
            it.topics = r.nullable_array(flexible, version, version >= 2)?;
        }
        if version >= 8 {
            it.groups = r.array(flexible, version)?;
        }
        if version >= 7 {
            it.require_stable = r.bool()?;
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
                of: "OffsetFetchRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        if version <= 7 {
            w.string(&self.group_id, flexible)?;
        } else if !self.group_id.is_empty() {
            return Err(EncodeError::lost("GroupId", version));
        }
        if version <= 7 {
            if version < 2 && self.topics.is_none() {
                return Err(EncodeError::null("Topics", version));
            }
            w.nullable_array(self.topics.as_deref(), flexible, version)?;
        } else if self.topics.as_ref().is_none_or(|it| !it.is_empty()) {
            return Err(EncodeError::lost("Topics", version));
        }
        if version >= 8 {
            w.array(&self.groups, flexible, version)?;
        } else if !self.groups.is_empty() {
            return Err(EncodeError::lost("Groups", version));
        }
        if version >= 7 {
            w.bool(self.require_stable);
        } else if self.require_stable {
            return Err(EncodeError::lost("RequireStable", version));
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of OffsetFetchRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetFetchRequestTopic<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub partition_indexes: Vec<i32>,
}

impl<'a> Element<'a> for OffsetFetchRequestTopic<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(flexible)?;
        it.partition_indexes = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, flexible)?;
        w.array(&self.partition_indexes, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of OffsetFetchRequest.
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetFetchRequestGroup<'a> {
    /// All versions.
    pub group_id: Cow<'a, str>,
    /// Versions 9+, nullable.
    pub member_id: Option<Cow<'a, str>>,
    /// Versions 9+.
    pub member_epoch: i32,
    /// All versions, nullable.
    pub topics: Option<Vec<OffsetFetchRequestTopics<'a>>>,
}

impl Default for OffsetFetchRequestGroup<'_> {
    fn default() -> Self {
        Self {
            group_id: Cow::Borrowed(""),
            member_id: None,
            member_epoch: -1,
            topics: Some(Vec::new()),
        }
    }
}

impl<'a> Element<'a> for OffsetFetchRequestGroup<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.group_id = r.string(true)?;
        if version >= 9 {
            it.member_id = r.nullable_string(true, true)?;
        }
        if version >= 9 {
            it.member_epoch = r.i32()?;
        }
        it.topics = r.nullable_array(true, version, true)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.group_id, true)?;
        if version >= 9 {
            w.nullable_string(self.member_id.as_deref(), true)?;
        }
        if version >= 9 {
            w.i32(self.member_epoch);
        }
        w.nullable_array(self.topics.as_deref(), true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of OffsetFetchRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetFetchRequestTopics<'a> {
    /// Versions 8 to 9.
    pub name: Cow<'a, str>,
    /// Version 10.
    pub topic_id: Uuid,
    /// All versions.
    pub partition_indexes: Vec<i32>,
}

impl<'a> Element<'a> for OffsetFetchRequestTopics<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        if version <= 9 {
            it.name = r.string(true)?;
        }
        if version == 10 {
            it.topic_id = r.uuid()?;
        }
        it.partition_indexes = r.array(true, version)?;
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
        w.array(&self.partition_indexes, true, version)?;
        w.tags();
        Ok(())
    }
}
