//! InitializeShareGroupStateResponse: key 83, version 0, flexible from 0. Generated from `specs/InitializeShareGroupState.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// InitializeShareGroupStateResponse: key 83, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InitializeShareGroupStateResponse<'a> {
    /// All versions.
    pub results: Vec<InitializeStateResult<'a>>,
}

impl<'a> InitializeShareGroupStateResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::InitializeShareGroupState;
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
                of: "InitializeShareGroupStateResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.results = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "InitializeShareGroupStateResponse",
                version,
            });
        }

        w.array(&self.results, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of InitializeShareGroupStateResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InitializeStateResult<'a> {
    /// All versions.
    pub topic_id: Uuid,
    /// All versions.
    pub partitions: Vec<PartitionResult<'a>>,
}

impl<'a> Element<'a> for InitializeStateResult<'a> {
    const LEAST: usize = 18;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
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

/// Part of InitializeShareGroupStateResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionResult<'a> {
    /// All versions.
    pub partition: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions, nullable.
    pub error_message: Option<Cow<'a, str>>,
}

impl<'a> Element<'a> for PartitionResult<'a> {
    const LEAST: usize = 8;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition = r.i32()?;
        it.error_code = r.i16()?;
        it.error_message = r.nullable_string(true, true)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition);
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        w.tags();
        Ok(())
    }
}
