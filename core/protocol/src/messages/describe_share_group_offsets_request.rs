//! DescribeShareGroupOffsetsRequest: key 90, versions 0 to 1, flexible from 0. Generated from `specs/DescribeShareGroupOffsets.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// DescribeShareGroupOffsetsRequest: key 90, versions 0 to 1, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeShareGroupOffsetsRequest<'a> {
    /// All versions.
    pub groups: Vec<DescribeShareGroupOffsetsRequestGroup<'a>>,
}

impl<'a> DescribeShareGroupOffsetsRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::DescribeShareGroupOffsets;
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
                of: "DescribeShareGroupOffsetsRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.groups = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "DescribeShareGroupOffsetsRequest",
                version,
            });
        }

        w.array(&self.groups, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of DescribeShareGroupOffsetsRequest.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeShareGroupOffsetsRequestGroup<'a> {
    /// All versions.
    pub group_id: Cow<'a, str>,
    /// All versions, nullable.
    pub topics: Option<Vec<DescribeShareGroupOffsetsRequestTopic<'a>>>,
}

impl Default for DescribeShareGroupOffsetsRequestGroup<'_> {
    fn default() -> Self {
        Self {
            group_id: Cow::Borrowed(""),
            topics: Some(Vec::new()),
        }
    }
}

impl<'a> Element<'a> for DescribeShareGroupOffsetsRequestGroup<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.group_id = r.string(true)?;
        it.topics = r.nullable_array(true, version, true)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.group_id, true)?;
        w.nullable_array(self.topics.as_deref(), true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of DescribeShareGroupOffsetsRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeShareGroupOffsetsRequestTopic<'a> {
    /// All versions.
    pub topic_name: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<i32>,
}

impl<'a> Element<'a> for DescribeShareGroupOffsetsRequestTopic<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic_name = r.string(true)?;
        it.partitions = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.topic_name, true)?;
        w.array(&self.partitions, true, version)?;
        w.tags();
        Ok(())
    }
}
