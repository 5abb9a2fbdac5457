//! InitializeShareGroupStateRequest: key 83, version 0, flexible from 0. Generated from `specs/InitializeShareGroupState.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// InitializeShareGroupStateRequest: key 83, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InitializeShareGroupStateRequest<'a> {
    /// All versions.
    pub group_id: Cow<'a, str>,
    /// All versions.
    pub topics: Vec<InitializeStateData>,
}

impl<'a> InitializeShareGroupStateRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::InitializeShareGroupState;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 0;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if version != 0 {
            return Err(DecodeError::Version {
                of: "InitializeShareGroupStateRequest",
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
        if version != 0 {
            return Err(EncodeError::Version {
                of: "InitializeShareGroupStateRequest",
                version,
            });
        }

        w.string(&self.group_id, true)?;
        w.array(&self.topics, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of InitializeShareGroupStateRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InitializeStateData {
    /// All versions.
    pub topic_id: Uuid,
    /// All versions.
    pub partitions: Vec<PartitionData>,
}

impl Element<'_> for InitializeStateData {
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

/// Part of InitializeShareGroupStateRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionData {
    /// All versions.
    pub partition: i32,
    /// All versions.
    pub state_epoch: i32,
    /// All versions.
    pub start_offset: i64,
}

impl Element<'_> for PartitionData {
    const LEAST: usize = 17;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition = r.i32()?;
        it.state_epoch = r.i32()?;
        it.start_offset = r.i64()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition);
        w.i32(self.state_epoch);
        w.i64(self.start_offset);
        w.tags();
        Ok(())
    }
}
