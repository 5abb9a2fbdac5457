//! ReadShareGroupStateSummaryRequest: key 87, versions 0 to 1, flexible from 0. Generated from `specs/ReadShareGroupStateSummary.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// ReadShareGroupStateSummaryRequest: key 87, versions 0 to 1, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadShareGroupStateSummaryRequest<'a> {
    /// All versions.
    pub group_id: Cow<'a, str>,
    /// All versions.
    pub topics: Vec<ReadStateSummaryData>,
}

impl<'a> ReadShareGroupStateSummaryRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::ReadShareGroupStateSummary;
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
                of: "ReadShareGroupStateSummaryRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.group_id = r.string(true)?;
        it.topics = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "ReadShareGroupStateSummaryRequest",
                version,
            });
        }

        w.string(&self.group_id, true)?;
        w.array(&self.topics, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ReadShareGroupStateSummaryRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadStateSummaryData {
    /// All versions.
    pub topic_id: Uuid,
    /// All versions.
    pub partitions: Vec<PartitionData>,
}

impl Element<'_> for ReadStateSummaryData {
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

/// Part of ReadShareGroupStateSummaryRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionData {
    /// All versions.
    pub partition: i32,
    /// All versions.
    pub leader_epoch: i32,
}

impl Element<'_> for PartitionData {
    const LEAST: usize = 9;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition = r.i32()?;
        it.leader_epoch = r.i32()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition);
        w.i32(self.leader_epoch);
        w.tags();
        Ok(())
    }
}
