//! ShareGroupTargetAssignmentMetadataValue: key 12, version 0, flexible from 0. Generated from `specs/ShareGroupTargetAssignmentMetadataValue.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// ShareGroupTargetAssignmentMetadataValue: key 12, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShareGroupTargetAssignmentMetadataValue {
    /// All versions.
    pub assignment_epoch: i32,
    /// All versions, tag 0.
    pub assignment_timestamp: i64,
}

impl ShareGroupTargetAssignmentMetadataValue {
    /// Which record.
    pub const KEY: u16 = 12;
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
                of: "ShareGroupTargetAssignmentMetadataValue",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.assignment_epoch = r.i32()?;
        for _ in 0..r.tags()? {
            let field = r.enter()?;
            match field.tag {
                0 => it.assignment_timestamp = r.i64()?,
                _ => {
                    r.rest();
                }
            }
            r.leave(field)?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "ShareGroupTargetAssignmentMetadataValue",
                version,
            });
        }

        w.i32(self.assignment_epoch);
        let tags = w.tags();
        if self.assignment_timestamp != 0 {
            let tag = w.open_tag(tags, 0);
            w.i64(self.assignment_timestamp);
            w.close_tag(tag)?;
        }
        Ok(())
    }
}
