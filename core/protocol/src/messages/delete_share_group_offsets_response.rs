//! DeleteShareGroupOffsetsResponse: key 92, version 0, flexible from 0. Generated from `specs/DeleteShareGroupOffsets.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// DeleteShareGroupOffsetsResponse: key 92, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteShareGroupOffsetsResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions, nullable.
    pub error_message: Option<Cow<'a, str>>,
    /// All versions.
    pub responses: Vec<DeleteShareGroupOffsetsResponseTopic<'a>>,
}

impl<'a> DeleteShareGroupOffsetsResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::DeleteShareGroupOffsets;
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
                of: "DeleteShareGroupOffsetsResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.error_code = r.i16()?;
        it.error_message = r.nullable_string(true, true)?;
        it.responses = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "DeleteShareGroupOffsetsResponse",
                version,
            });
        }

        w.i32(self.throttle_time_ms);
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        w.array(&self.responses, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of DeleteShareGroupOffsetsResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteShareGroupOffsetsResponseTopic<'a> {
    /// All versions.
    pub topic_name: Cow<'a, str>,
    /// All versions.
    pub topic_id: Uuid,
    /// All versions.
    pub error_code: i16,
    /// All versions, nullable.
    pub error_message: Option<Cow<'a, str>>,
}

impl<'a> Element<'a> for DeleteShareGroupOffsetsResponseTopic<'a> {
    const LEAST: usize = 21;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic_name = r.string(true)?;
        it.topic_id = r.uuid()?;
        it.error_code = r.i16()?;
        it.error_message = r.nullable_string(true, true)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.topic_name, true)?;
        w.uuid(self.topic_id);
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        w.tags();
        Ok(())
    }
}
