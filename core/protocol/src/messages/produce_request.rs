//! ProduceRequest: key 0, versions 3 to 13, flexible from 9. Generated from `specs/Produce.spec`.

use crate::wire::{DecodeError, Element, Elements, EncodeError, Reader, Records, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// ProduceRequest: key 0, versions 3 to 13, flexible from 9.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProduceRequest<'a> {
    /// All versions, nullable.
    pub transactional_id: Option<Cow<'a, str>>,
    /// All versions.
    pub acks: i16,
    /// All versions.
    pub timeout_ms: i32,
    /// All versions.
    pub topic_data: Vec<TopicProduceData<'a>>,
}

impl<'a> ProduceRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::Produce;
    /// The first version.
    pub const MIN_VERSION: i16 = 3;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 13;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 9;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(3..=13).contains(&version) {
            return Err(DecodeError::Version {
                of: "ProduceRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.transactional_id = r.nullable_string(flexible, true)?;
        it.acks = r.i16()?;
        it.timeout_ms = r.i32()?;
        it.topic_data = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(3..=13).contains(&version) {
            return Err(EncodeError::Version {
                of: "ProduceRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.nullable_string(self.transactional_id.as_deref(), flexible)?;
        w.i16(self.acks);
        w.i32(self.timeout_ms);
        w.array(&self.topic_data, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of ProduceRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicProduceData<'a> {
    /// Versions 3 to 12.
    pub name: Cow<'a, str>,
    /// Version 13.
    pub topic_id: Uuid,
    /// All versions.
    pub partition_data: Elements<'a, PartitionProduceData<'a>>,
}

impl<'a> Element<'a> for TopicProduceData<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        if version <= 12 {
            it.name = r.string(flexible)?;
        }
        if version == 13 {
            it.topic_id = r.uuid()?;
        }
        it.partition_data = r.elements(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        if version <= 12 {
            w.string(&self.name, flexible)?;
        }
        if version == 13 {
            w.uuid(self.topic_id);
        }
        w.elements(&self.partition_data, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of ProduceRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionProduceData<'a> {
    /// All versions.
    pub index: i32,
    /// All versions, nullable.
    pub records: Option<Records<'a>>,
}

impl<'a> Element<'a> for PartitionProduceData<'a> {
    const LEAST: usize = 6;

    fn read(r: &mut Reader<'a>, flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.index = r.i32()?;
        it.records = r.records(flexible, true)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.index);
        w.records(self.records, flexible)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
