//! StreamsGroupCurrentMemberAssignmentValue: key 22, version 0, flexible from 0. Generated from `specs/StreamsGroupCurrentMemberAssignmentValue.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// StreamsGroupCurrentMemberAssignmentValue: key 22, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamsGroupCurrentMemberAssignmentValue<'a> {
    /// All versions.
    pub member_epoch: i32,
    /// All versions.
    pub previous_member_epoch: i32,
    /// All versions.
    pub state: i8,
    /// All versions.
    pub active_tasks: Vec<TaskIds<'a>>,
    /// All versions.
    pub standby_tasks: Vec<TaskIds<'a>>,
    /// All versions.
    pub warmup_tasks: Vec<TaskIds<'a>>,
    /// All versions.
    pub active_tasks_pending_revocation: Vec<TaskIds<'a>>,
    /// All versions.
    pub standby_tasks_pending_revocation: Vec<TaskIds<'a>>,
    /// All versions.
    pub warmup_tasks_pending_revocation: Vec<TaskIds<'a>>,
}

impl<'a> StreamsGroupCurrentMemberAssignmentValue<'a> {
    /// Which record.
    pub const KEY: u16 = 22;
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
                of: "StreamsGroupCurrentMemberAssignmentValue",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.member_epoch = r.i32()?;
        it.previous_member_epoch = r.i32()?;
        it.state = r.i8()?;
        it.active_tasks = r.array(true, version)?;
        it.standby_tasks = r.array(true, version)?;
        it.warmup_tasks = r.array(true, version)?;
        it.active_tasks_pending_revocation = r.array(true, version)?;
        it.standby_tasks_pending_revocation = r.array(true, version)?;
        it.warmup_tasks_pending_revocation = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "StreamsGroupCurrentMemberAssignmentValue",
                version,
            });
        }

        w.i32(self.member_epoch);
        w.i32(self.previous_member_epoch);
        w.i8(self.state);
        w.array(&self.active_tasks, true, version)?;
        w.array(&self.standby_tasks, true, version)?;
        w.array(&self.warmup_tasks, true, version)?;
        w.array(&self.active_tasks_pending_revocation, true, version)?;
        w.array(&self.standby_tasks_pending_revocation, true, version)?;
        w.array(&self.warmup_tasks_pending_revocation, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupCurrentMemberAssignmentValue.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskIds<'a> {
    /// All versions.
    pub subtopology_id: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<i32>,
    /// All versions, nullable, tag 0.
    pub assignment_epochs: Option<Vec<i32>>,
}

impl Default for TaskIds<'_> {
    fn default() -> Self {
        Self {
            subtopology_id: Cow::Borrowed(""),
            partitions: Vec::new(),
            assignment_epochs: Some(Vec::new()),
        }
    }
}

impl<'a> Element<'a> for TaskIds<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.subtopology_id = r.string(true)?;
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
        w.string(&self.subtopology_id, true)?;
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
