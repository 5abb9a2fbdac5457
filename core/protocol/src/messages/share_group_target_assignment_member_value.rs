//! ShareGroupTargetAssignmentMemberValue: key 13, version 0, flexible from 0. Generated from `specs/ShareGroupTargetAssignmentMemberValue.spec`.

use crate::Uuid;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};

/// ShareGroupTargetAssignmentMemberValue: key 13, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShareGroupTargetAssignmentMemberValue {
    /// All versions.
    pub topic_partitions: Vec<TopicPartition>,
}

impl ShareGroupTargetAssignmentMemberValue {
    /// Which record.
    pub const KEY: u16 = 13;
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
                of: "ShareGroupTargetAssignmentMemberValue",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.topic_partitions = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "ShareGroupTargetAssignmentMemberValue",
                version,
            });
        }

        w.array(&self.topic_partitions, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ShareGroupTargetAssignmentMemberValue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicPartition {
    /// All versions.
    pub topic_id: Uuid,
    /// All versions.
    pub partitions: Vec<i32>,
}

impl Element<'_> for TopicPartition {
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
