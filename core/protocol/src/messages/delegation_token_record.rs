//! DelegationTokenRecord: key 10, version 0, flexible from 0. Generated from `specs/DelegationTokenRecord.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// DelegationTokenRecord: key 10, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DelegationTokenRecord<'a> {
    /// All versions.
    pub owner: Cow<'a, str>,
    /// All versions.
    pub requester: Cow<'a, str>,
    /// All versions.
    pub renewers: Vec<Cow<'a, str>>,
    /// All versions.
    pub issue_timestamp: i64,
    /// All versions.
    pub max_timestamp: i64,
    /// All versions.
    pub expiration_timestamp: i64,
    /// All versions.
    pub token_id: Cow<'a, str>,
}

impl<'a> DelegationTokenRecord<'a> {
    /// Which record.
    pub const KEY: u16 = 10;
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
                of: "DelegationTokenRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.owner = r.string(true)?;
        it.requester = r.string(true)?;
        it.renewers = r.array(true, version)?;
        it.issue_timestamp = r.i64()?;
        it.max_timestamp = r.i64()?;
        it.expiration_timestamp = r.i64()?;
        it.token_id = r.string(true)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "DelegationTokenRecord",
                version,
            });
        }

        w.string(&self.owner, true)?;
        w.string(&self.requester, true)?;
        w.array(&self.renewers, true, version)?;
        w.i64(self.issue_timestamp);
        w.i64(self.max_timestamp);
        w.i64(self.expiration_timestamp);
        w.string(&self.token_id, true)?;
        w.tags();
        Ok(())
    }
}
