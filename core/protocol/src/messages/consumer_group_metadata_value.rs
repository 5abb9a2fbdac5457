//! ConsumerGroupMetadataValue: key 3, version 0, flexible from 0. Generated from `specs/ConsumerGroupMetadataValue.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// ConsumerGroupMetadataValue: key 3, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConsumerGroupMetadataValue {
    /// All versions.
    pub epoch: i32,
    /// All versions, tag 0.
    pub metadata_hash: i64,
}

impl ConsumerGroupMetadataValue {
    /// Which record.
    pub const KEY: u16 = 3;
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
                of: "ConsumerGroupMetadataValue",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.epoch = r.i32()?;
        for _ in 0..r.tags()? {
            let field = r.enter()?;
            match field.tag {
                0 => it.metadata_hash = r.i64()?,
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
                of: "ConsumerGroupMetadataValue",
                version,
            });
        }

        w.i32(self.epoch);
        let tags = w.tags();
        if self.metadata_hash != 0 {
            let tag = w.open_tag(tags, 0);
            w.i64(self.metadata_hash);
            w.close_tag(tag)?;
        }
        Ok(())
    }
}
