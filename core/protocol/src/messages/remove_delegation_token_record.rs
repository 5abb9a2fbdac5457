//! RemoveDelegationTokenRecord: key 26, version 0, flexible from 0. Generated from `specs/RemoveDelegationTokenRecord.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// RemoveDelegationTokenRecord: key 26, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RemoveDelegationTokenRecord<'a> {
    /// All versions.
    pub token_id: Cow<'a, str>,
}

impl<'a> RemoveDelegationTokenRecord<'a> {
    /// Which record.
    pub const KEY: u16 = 26;
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
                of: "RemoveDelegationTokenRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.token_id = r.string(true)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "RemoveDelegationTokenRecord",
                version,
            });
        }

        w.string(&self.token_id, true)?;
        w.tags();
        Ok(())
    }
}
