//! CreateTopicsRequest: key 19, versions 2 to 7, flexible from 5. Generated from `specs/CreateTopics.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// CreateTopicsRequest: key 19, versions 2 to 7, flexible from 5.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTopicsRequest<'a> {
    /// All versions.
    pub topics: Vec<CreatableTopic<'a>>,
    /// All versions.
    pub timeout_ms: i32,
    /// All versions.
    pub validate_only: bool,
}

impl Default for CreateTopicsRequest<'_> {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            timeout_ms: 60000,
            validate_only: false,
        }
    }
}

impl<'a> CreateTopicsRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::CreateTopics;
    /// The first version.
    pub const MIN_VERSION: i16 = 2;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 7;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 5;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(2..=7).contains(&version) {
            return Err(DecodeError::Version {
                of: "CreateTopicsRequest",
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
        if !(2..=7).contains(&version) {
            return Err(EncodeError::Version {
                of: "CreateTopicsRequest",
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

/// Part of CreateTopicsRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreatableTopic<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub num_partitions: i32,
    /// All versions.
    pub replication_factor: i16,
    /// All versions.
    pub assignments: Vec<CreatableReplicaAssignment>,
    /// All versions.
    pub configs: Vec<CreatableTopicConfig<'a>>,
}

impl<'a> Element<'a> for CreatableTopic<'a> {
    const LEAST: usize = 10;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(flexible)?;
        it.num_partitions = r.i32()?;
        it.replication_factor = r.i16()?;
        it.assignments = r.array(flexible, version)?;
        it.configs = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, flexible)?;
        w.i32(self.num_partitions);
        w.i16(self.replication_factor);
        w.array(&self.assignments, flexible, version)?;
        w.array(&self.configs, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of CreateTopicsRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreatableReplicaAssignment {
    /// All versions.
    pub partition_index: i32,
    /// All versions.
    pub broker_ids: Vec<i32>,
}

impl Element<'_> for CreatableReplicaAssignment {
    const LEAST: usize = 6;

    fn read(r: &mut Reader<'_>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        it.broker_ids = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        w.array(&self.broker_ids, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of CreateTopicsRequest.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatableTopicConfig<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions, nullable.
    pub value: Option<Cow<'a, str>>,
}

impl Default for CreatableTopicConfig<'_> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            value: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> Element<'a> for CreatableTopicConfig<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(flexible)?;
        it.value = r.nullable_string(flexible, true)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, flexible)?;
        w.nullable_string(self.value.as_deref(), flexible)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
