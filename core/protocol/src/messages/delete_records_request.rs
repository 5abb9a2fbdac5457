//! DeleteRecordsRequest: key 21, versions 0 to 2, flexible from 2. Generated from `specs/DeleteRecords.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// DeleteRecordsRequest: key 21, versions 0 to 2, flexible from 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteRecordsRequest<'a> {
    /// All versions.
    pub topics: Vec<DeleteRecordsTopic<'a>>,
    /// All versions.
    pub timeout_ms: i32,
}

impl<'a> DeleteRecordsRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::DeleteRecords;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 2;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 2;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=2).contains(&version) {
            return Err(DecodeError::Version {
                of: "DeleteRecordsRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.topics = r.array(flexible, version)?;
        it.timeout_ms = r.i32()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=2).contains(&version) {
            return Err(EncodeError::Version {
                of: "DeleteRecordsRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.array(&self.topics, flexible, version)?;
        w.i32(self.timeout_ms);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of DeleteRecordsRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteRecordsTopic<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<DeleteRecordsPartition>,
}

impl<'a> Element<'a> for DeleteRecordsTopic<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(flexible)?;
        it.partitions = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, flexible)?;
        w.array(&self.partitions, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of DeleteRecordsRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteRecordsPartition {
    /// All versions.
    pub partition_index: i32,
    /// All versions.
    pub offset: i64,
}

impl Element<'_> for DeleteRecordsPartition {
    const LEAST: usize = 12;

    fn read(r: &mut Reader<'_>, flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        it.offset = r.i64()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        w.i64(self.offset);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
