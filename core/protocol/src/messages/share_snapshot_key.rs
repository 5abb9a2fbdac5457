//! ShareSnapshotKey: key 0, version 0. Generated from `specs/ShareSnapshotKey.spec`.

use crate::Uuid;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ShareSnapshotKey: key 0, version 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShareSnapshotKey<'a> {
    /// All versions.
    pub group_id: Cow<'a, str>,
    /// All versions.
    pub topic_id: Uuid,
    /// All versions.
    pub partition: i32,
}

impl<'a> ShareSnapshotKey<'a> {
    /// Which record.
    pub const KEY: u16 = 0;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 0;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = i16::MAX;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if version != 0 {
            return Err(DecodeError::Version {
                of: "ShareSnapshotKey",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.group_id = r.string(false)?;
        it.topic_id = r.uuid()?;
        it.partition = r.i32()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "ShareSnapshotKey",
                version,
            });
        }

        w.string(&self.group_id, false)?;
        w.uuid(self.topic_id);
        w.i32(self.partition);
        Ok(())
    }
}
