//! OffsetCommitValue: key 1, versions 0 to 4, flexible from 4. Generated from `specs/OffsetCommitValue.spec`.

use crate::Uuid;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// OffsetCommitValue: key 1, versions 0 to 4, flexible from 4.
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetCommitValue<'a> {
    /// All versions.
    pub offset: i64,
    /// Versions 3+.
    pub leader_epoch: i32,
    /// All versions.
    pub metadata: Cow<'a, str>,
    /// All versions.
    pub commit_timestamp: i64,
    /// Version 1.
    pub expire_timestamp: i64,
    /// Version 4, tag 0.
    pub topic_id: Uuid,
}

impl Default for OffsetCommitValue<'_> {
    fn default() -> Self {
        Self {
            offset: 0,
            leader_epoch: -1,
            metadata: Cow::Borrowed(""),
            commit_timestamp: 0,
            expire_timestamp: -1,
            topic_id: Uuid::ZERO,
        }
    }
}

impl<'a> OffsetCommitValue<'a> {
    /// Which record.
    pub const KEY: u16 = 1;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 4;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 4;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=4).contains(&version) {
            return Err(DecodeError::Version {
                of: "OffsetCommitValue",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.offset = r.i64()?;
        if version >= 3 {
            it.leader_epoch = r.i32()?;
        }
        it.metadata = r.string(flexible)?;
        it.commit_timestamp = r.i64()?;
        if version == 1 {
            it.expire_timestamp = r.i64()?;
        }
        if flexible {
            for _ in 0..r.tags()? {
                let field = r.enter()?;
                match field.tag {
                    0 => it.topic_id = r.uuid()?,
                    _ => {
                        r.rest();
                    }
                }
                r.leave(field)?;
            }
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=4).contains(&version) {
            return Err(EncodeError::Version {
                of: "OffsetCommitValue",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.i64(self.offset);
        if version >= 3 {
            w.i32(self.leader_epoch);
        }
        w.string(&self.metadata, flexible)?;
        w.i64(self.commit_timestamp);
        if version == 1 {
            w.i64(self.expire_timestamp);
        }
        if flexible {
            let tags = w.tags();
            if self.topic_id != Uuid::ZERO {
                let tag = w.open_tag(tags, 0);
                w.uuid(self.topic_id);
                w.close_tag(tag)?;
            }
        }
        Ok(())
    }
}
