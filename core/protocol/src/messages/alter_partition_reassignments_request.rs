//! AlterPartitionReassignmentsRequest: key 45, versions 0 to 1, flexible from 0. Generated from `specs/AlterPartitionReassignments.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// AlterPartitionReassignmentsRequest: key 45, versions 0 to 1, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterPartitionReassignmentsRequest<'a> {
    /// All versions.
    pub timeout_ms: i32,
    /// Version 1.
    pub allow_replication_factor_change: bool,
    /// All versions.
    pub topics: Vec<ReassignableTopic<'a>>,
}

impl Default for AlterPartitionReassignmentsRequest<'_> {
    fn default() -> Self {
        Self {
            timeout_ms: 60000,
            allow_replication_factor_change: true,
            topics: Vec::new(),
        }
    }
}

impl<'a> AlterPartitionReassignmentsRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::AlterPartitionReassignments;
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
                of: "AlterPartitionReassignmentsRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.timeout_ms = r.i32()?;
        if version == 1 {
            it.allow_replication_factor_change = r.bool()?;
        }
        it.topics = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "AlterPartitionReassignmentsRequest",
                version,
            });
        }

        w.i32(self.timeout_ms);
        if version == 1 {
            w.bool(self.allow_replication_factor_change);
        } else if !self.allow_replication_factor_change {
            return Err(EncodeError::lost("AllowReplicationFactorChange", version));
        }
        w.array(&self.topics, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of AlterPartitionReassignmentsRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReassignableTopic<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<ReassignablePartition>,
}

impl<'a> Element<'a> for ReassignableTopic<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(true)?;
        it.partitions = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, true)?;
        w.array(&self.partitions, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of AlterPartitionReassignmentsRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReassignablePartition {
    /// All versions.
    pub partition_index: i32,
    /// All versions, nullable.
    pub replicas: Option<Vec<i32>>,
}

impl Element<'_> for ReassignablePartition {
    const LEAST: usize = 6;

    fn read(r: &mut Reader<'_>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        it.replicas = r.nullable_array(true, version, true)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        w.nullable_array(self.replicas.as_deref(), true, version)?;
        w.tags();
        Ok(())
    }
}
