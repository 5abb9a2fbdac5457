//! StreamsGroupTargetAssignmentMemberValue: key 21, version 0, flexible from 0. Generated from `specs/StreamsGroupTargetAssignmentMemberValue.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// StreamsGroupTargetAssignmentMemberValue: key 21, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamsGroupTargetAssignmentMemberValue<'a> {
    /// All versions.
    pub active_tasks: Vec<TaskIds<'a>>,
    /// All versions.
    pub standby_tasks: Vec<TaskIds<'a>>,
    /// All versions.
    pub warmup_tasks: Vec<TaskIds<'a>>,
}

impl<'a> StreamsGroupTargetAssignmentMemberValue<'a> {
    /// Which record.
    pub const KEY: u16 = 21;
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
                of: "StreamsGroupTargetAssignmentMemberValue",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.active_tasks = r.array(true, version)?;
        it.standby_tasks = r.array(true, version)?;
        it.warmup_tasks = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "StreamsGroupTargetAssignmentMemberValue",
                version,
            });
        }

        w.array(&self.active_tasks, true, version)?;
        w.array(&self.standby_tasks, true, version)?;
        w.array(&self.warmup_tasks, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupTargetAssignmentMemberValue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskIds<'a> {
    /// All versions.
    pub subtopology_id: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<i32>,
}

impl<'a> Element<'a> for TaskIds<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.subtopology_id = r.string(true)?;
        it.partitions = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.subtopology_id, true)?;
        w.array(&self.partitions, true, version)?;
        w.tags();
        Ok(())
    }
}
