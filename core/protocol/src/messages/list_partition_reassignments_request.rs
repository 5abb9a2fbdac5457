//! ListPartitionReassignmentsRequest: key 46, version 0, flexible from 0. Generated from `specs/ListPartitionReassignments.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ListPartitionReassignmentsRequest: key 46, version 0, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct ListPartitionReassignmentsRequest<'a> {
    /// All versions.
    pub timeout_ms: i32,
    /// All versions, nullable.
    pub topics: Option<Vec<ListPartitionReassignmentsTopics<'a>>>,
}

impl Default for ListPartitionReassignmentsRequest<'_> {
    fn default() -> Self {
        Self {
            timeout_ms: 60000,
            topics: None,
        }
    }
}

impl<'a> ListPartitionReassignmentsRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::ListPartitionReassignments;
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
                of: "ListPartitionReassignmentsRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.timeout_ms = r.i32()?;
        it.topics = r.nullable_array(true, version, true)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "ListPartitionReassignmentsRequest",
                version,
            });
        }

        w.i32(self.timeout_ms);
        w.nullable_array(self.topics.as_deref(), true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ListPartitionReassignmentsRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListPartitionReassignmentsTopics<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub partition_indexes: Vec<i32>,
}

impl<'a> Element<'a> for ListPartitionReassignmentsTopics<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(true)?;
        it.partition_indexes = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, true)?;
        w.array(&self.partition_indexes, true, version)?;
        w.tags();
        Ok(())
    }
}
