//! DescribeTransactionsRequest: key 65, version 0, flexible from 0. Generated from `specs/DescribeTransactions.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// DescribeTransactionsRequest: key 65, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeTransactionsRequest<'a> {
    /// All versions.
    pub transactional_ids: Vec<Cow<'a, str>>,
}

impl<'a> DescribeTransactionsRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::DescribeTransactions;
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
                of: "DescribeTransactionsRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.transactional_ids = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "DescribeTransactionsRequest",
                version,
            });
        }

        w.array(&self.transactional_ids, true, version)?;
        w.tags();
        Ok(())
    }
}
