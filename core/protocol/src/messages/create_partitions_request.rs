//! CreatePartitionsRequest: key 37, versions 0 to 3, flexible from 2. Generated from `specs/CreatePartitions.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// CreatePartitionsRequest: key 37, versions 0 to 3, flexible from 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreatePartitionsRequest<'a> {
    /// All versions.
    pub topics: Vec<CreatePartitionsTopic<'a>>,
    /// All versions.
    pub timeout_ms: i32,
    /// All versions.
    pub validate_only: bool,
}

impl<'a> CreatePartitionsRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::CreatePartitions;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 3;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 2;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=3).contains(&version) {
            return Err(DecodeError::Version {
                of: "CreatePartitionsRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.topics = r.array(flexible, version)?;
        it.timeout_ms = r.i32()?;
        it.validate_only = r.bool()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=3).contains(&version) {
            return Err(EncodeError::Version {
                of: "CreatePartitionsRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.array(&self.topics, flexible, version)?;
        w.i32(self.timeout_ms);
        w.bool(self.validate_only);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of CreatePartitionsRequest.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatePartitionsTopic<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub count: i32,
    /// All versions, nullable.
    pub assignments: Option<Vec<CreatePartitionsAssignment>>,
}

impl Default for CreatePartitionsTopic<'_> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            count: 0,
            assignments: Some(Vec::new()),
        }
    }
}

impl<'a> Element<'a> for CreatePartitionsTopic<'a> {
    const LEAST: usize = 7;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(flexible)?;
        it.count = r.i32()?;
        it.assignments = r.nullable_array(flexible, version, true)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, flexible)?;
        w.i32(self.count);
        w.nullable_array(self.assignments.as_deref(), flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of CreatePartitionsRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreatePartitionsAssignment {
    /// All versions.
    pub broker_ids: Vec<i32>,
}

impl Element<'_> for CreatePartitionsAssignment {
    const LEAST: usize = 2;

    fn read(r: &mut Reader<'_>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.broker_ids = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.array(&self.broker_ids, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
