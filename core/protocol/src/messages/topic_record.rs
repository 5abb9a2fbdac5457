//! TopicRecord: key 2, version 0, flexible from 0. Generated from `specs/TopicRecord.spec`.

use crate::Uuid;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// TopicRecord: key 2, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicRecord<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub topic_id: Uuid,
}

impl<'a> TopicRecord<'a> {
    /// Which record.
    pub const KEY: u16 = 2;
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
                of: "TopicRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.name = r.string(true)?;
        it.topic_id = r.uuid()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "TopicRecord",
                version,
            });
        }

        w.string(&self.name, true)?;
        w.uuid(self.topic_id);
        w.tags();
        Ok(())
    }
}
