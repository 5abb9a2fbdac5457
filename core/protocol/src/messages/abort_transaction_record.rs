//! AbortTransactionRecord: key 25, version 0, flexible from 0. Generated from `specs/AbortTransactionRecord.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// AbortTransactionRecord: key 25, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AbortTransactionRecord<'a> {
    /// All versions, nullable, tag 0.
    pub reason: Option<Cow<'a, str>>,
}

impl<'a> AbortTransactionRecord<'a> {
    /// Which record.
    pub const KEY: u16 = 25;
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
                of: "AbortTransactionRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        for _ in 0..r.tags()? {
            let field = r.enter()?;
            match field.tag {
                0 => it.reason = r.nullable_string(true, true)?,
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
                of: "AbortTransactionRecord",
                version,
            });
        }

        let tags = w.tags();
        if self.reason.is_some() {
            let tag = w.open_tag(tags, 0);
            w.nullable_string(self.reason.as_deref(), true)?;
            w.close_tag(tag)?;
        }
        Ok(())
    }
}
