//! ShareGroupCurrentMemberAssignmentValue: key 14, version 0, flexible from 0. Generated from `specs/ShareGroupCurrentMemberAssignmentValue.spec`.

use crate::Uuid;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};

/// ShareGroupCurrentMemberAssignmentValue: key 14, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShareGroupCurrentMemberAssignmentValue {
    /// All versions.
    pub member_epoch: i32,
    /// All versions.
    pub previous_member_epoch: i32,
    /// All versions.
    pub state: i8,
    /// All versions.
    pub assigned_partitions: Vec<TopicPartitions>,
}

impl ShareGroupCurrentMemberAssignmentValue {
    /// Which record.
    pub const KEY: u16 = 14;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 0;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        if version != 0 {
            return Err(DecodeError::Version {
                of: "ShareGroupCurrentMemberAssignmentValue",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.member_epoch = r.i32()?;
        it.previous_member_epoch = r.i32()?;
        it.state = r.i8()?;
        it.assigned_partitions = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "ShareGroupCurrentMemberAssignmentValue",
                version,
            });
        }

        w.i32(self.member_epoch);
        w.i32(self.previous_member_epoch);
        w.i8(self.state);
        w.array(&self.assigned_partitions, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ShareGroupCurrentMemberAssignmentValue.
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
