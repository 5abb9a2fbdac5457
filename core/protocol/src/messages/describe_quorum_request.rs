//! DescribeQuorumRequest: key 55, versions 0 to 2, flexible from 0. Generated from `specs/DescribeQuorum.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// DescribeQuorumRequest: key 55, versions 0 to 2, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeQuorumRequest<'a> {
    /// All versions.
    pub topics: Vec<TopicData<'a>>,
}

impl<'a> DescribeQuorumRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::DescribeQuorum;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 2;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=2).contains(&version) {
            return Err(DecodeError::Version {
                of: "DescribeQuorumRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.topics = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=2).contains(&version) {
            return Err(EncodeError::Version {
                of: "DescribeQuorumRequest",
                version,
            });
        }

        w.array(&self.topics, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of DescribeQuorumRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicData<'a> {
    /// All versions.
    pub topic_name: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<PartitionData>,
}

impl<'a> Element<'a> for TopicData<'a> {
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

/// Part of DescribeQuorumRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionData {
    /// All versions.
    pub partition_index: i32,
}

impl Element<'_> for PartitionData {
    const LEAST: usize = 5;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        w.tags();
        Ok(())
    }
}
