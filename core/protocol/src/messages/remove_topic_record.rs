//! RemoveTopicRecord: key 9, version 0, flexible from 0. Generated from `specs/RemoveTopicRecord.spec`.

use crate::Uuid;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// RemoveTopicRecord: key 9, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RemoveTopicRecord {
    /// All versions.
    pub topic_id: Uuid,
}

impl RemoveTopicRecord {
    /// Which record.
    pub const KEY: u16 = 9;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 0;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        if version != 0 {
            return Err(DecodeError::Version {
                of: "RemoveTopicRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.topic_id = r.uuid()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "RemoveTopicRecord",
                version,
            });
        }

        w.uuid(self.topic_id);
        w.tags();
        Ok(())
    }
}
