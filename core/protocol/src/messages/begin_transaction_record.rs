//! BeginTransactionRecord: key 23, version 0, flexible from 0. Generated from `specs/BeginTransactionRecord.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// BeginTransactionRecord: key 23, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BeginTransactionRecord<'a> {
    /// All versions, nullable, tag 0.
    pub name: Option<Cow<'a, str>>,
}

impl<'a> BeginTransactionRecord<'a> {
    /// Which record.
    pub const KEY: u16 = 23;
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
                of: "BeginTransactionRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        for _ in 0..r.tags()? {
            let field = r.enter()?;
            match field.tag {
                0 => it.name = r.nullable_string(true, true)?,
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
                of: "BeginTransactionRecord",
                version,
            });
        }

        let tags = w.tags();
        if self.name.is_some() {
            let tag = w.open_tag(tags, 0);
            w.nullable_string(self.name.as_deref(), true)?;
            w.close_tag(tag)?;
        }
        Ok(())
    }
}
