//! ConsumerGroupCurrentMemberAssignmentValue: key 8, version 0, flexible from 0. Generated from `specs/ConsumerGroupCurrentMemberAssignmentValue.spec`.

use crate::Uuid;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};

/// ConsumerGroupCurrentMemberAssignmentValue: key 8, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConsumerGroupCurrentMemberAssignmentValue {
    /// All versions.
    pub member_epoch: i32,
    /// All versions.
    pub previous_member_epoch: i32,
    /// All versions.
    pub state: i8,
    /// All versions.
    pub assigned_partitions: Vec<TopicPartitions>,
    /// All versions.
    pub partitions_pending_revocation: Vec<TopicPartitions>,
}

impl ConsumerGroupCurrentMemberAssignmentValue {
    /// Which record.
    pub const KEY: u16 = 8;
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
                of: "ConsumerGroupCurrentMemberAssignmentValue",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.member_epoch = r.i32()?;
        it.previous_member_epoch = r.i32()?;
        it.state = r.i8()?;
        it.assigned_partitions = r.array(true, version)?;
        it.partitions_pending_revocation = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "ConsumerGroupCurrentMemberAssignmentValue",
                version,
            });
        }

        w.i32(self.member_epoch);
        w.i32(self.previous_member_epoch);
        w.i8(self.state);
        w.array(&self.assigned_partitions, true, version)?;
        w.array(&self.partitions_pending_revocation, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ConsumerGroupCurrentMemberAssignmentValue.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicPartitions {
    /// All versions.
    pub topic_id: Uuid,
    /// All versions.
    pub partitions: Vec<i32>,
    /// All versions, nullable, tag 0.
    pub assignment_epochs: Option<Vec<i32>>,
}

impl Default for TopicPartitions {
    fn default() -> Self {
        Self {
            topic_id: Uuid::ZERO,
            partitions: Vec::new(),
            assignment_epochs: Some(Vec::new()),
        }
    }
}

impl Element<'_> for TopicPartitions {
    const LEAST: usize = 18;

    fn read(r: &mut Reader<'_>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic_id = r.uuid()?;
        it.partitions = r.array(true, version)?;
        for _ in 0..r.tags()? {
            let field = r.enter()?;
            match field.tag {
                0 => it.assignment_epochs = r.nullable_array(true, version, true)?,
                _ => {
                    r.rest();
                }
            }
            r.leave(field)?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.uuid(self.topic_id);
        w.array(&self.partitions, true, version)?;
        let tags = w.tags();
        if self
            .assignment_epochs
            .as_ref()
            .is_none_or(|it| !it.is_empty())
        {
            let tag = w.open_tag(tags, 0);
            w.nullable_array(self.assignment_epochs.as_deref(), true, version)?;
            w.close_tag(tag)?;
        }
        Ok(())
    }
}
