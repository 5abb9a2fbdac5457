//! AddOffsetsToTxnRequest: key 25, versions 0 to 4, flexible from 3. Generated from `specs/AddOffsetsToTxn.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// AddOffsetsToTxnRequest: key 25, versions 0 to 4, flexible from 3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddOffsetsToTxnRequest<'a> {
    /// All versions.
    pub transactional_id: Cow<'a, str>,
    /// All versions.
    pub producer_id: i64,
    /// All versions.
    pub producer_epoch: i16,
    /// All versions.
    pub group_id: Cow<'a, str>,
}

impl<'a> AddOffsetsToTxnRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::AddOffsetsToTxn;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 4;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 3;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=4).contains(&version) {
            return Err(DecodeError::Version {
                of: "AddOffsetsToTxnRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.transactional_id = r.string(flexible)?;
        it.producer_id = r.i64()?;
        it.producer_epoch = r.i16()?;
        it.group_id = r.string(flexible)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=4).contains(&version) {
            return Err(EncodeError::Version {
                of: "AddOffsetsToTxnRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.string(&self.transactional_id, flexible)?;
        w.i64(self.producer_id);
        w.i16(self.producer_epoch);
        w.string(&self.group_id, flexible)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
