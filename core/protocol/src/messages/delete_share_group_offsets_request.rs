//! DeleteShareGroupOffsetsRequest: key 92, version 0, flexible from 0. Generated from `specs/DeleteShareGroupOffsets.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// DeleteShareGroupOffsetsRequest: key 92, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteShareGroupOffsetsRequest<'a> {
    /// All versions.
    pub group_id: Cow<'a, str>,
    /// All versions.
    pub topics: Vec<DeleteShareGroupOffsetsRequestTopic<'a>>,
}

impl<'a> DeleteShareGroupOffsetsRequest<'a> {
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
                of: "DeleteShareGroupOffsetsRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.group_id = r.string(true)?;
        it.topics = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "DeleteShareGroupOffsetsRequest",
                version,
            });
        }

        w.string(&self.group_id, true)?;
        w.array(&self.topics, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of DeleteShareGroupOffsetsRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteShareGroupOffsetsRequestTopic<'a> {
    /// All versions.
    pub topic_name: Cow<'a, str>,
}

impl<'a> Element<'a> for DeleteShareGroupOffsetsRequestTopic<'a> {
    const LEAST: usize = 2;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic_name = r.string(true)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.topic_name, true)?;
        w.tags();
        Ok(())
    }
}
