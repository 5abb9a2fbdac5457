//! ConsumerGroupDescribeRequest: key 69, versions 0 to 1, flexible from 0. Generated from `specs/ConsumerGroupDescribe.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ConsumerGroupDescribeRequest: key 69, versions 0 to 1, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConsumerGroupDescribeRequest<'a> {
    /// All versions.
    pub group_ids: Vec<Cow<'a, str>>,
    /// All versions.
    pub include_authorized_operations: bool,
}

impl<'a> ConsumerGroupDescribeRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::ConsumerGroupDescribe;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 1;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=1).contains(&version) {
            return Err(DecodeError::Version {
                of: "ConsumerGroupDescribeRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.group_ids = r.array(true, version)?;
        it.include_authorized_operations = r.bool()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "ConsumerGroupDescribeRequest",
                version,
            });
        }

        w.array(&self.group_ids, true, version)?;
        w.bool(self.include_authorized_operations);
        w.tags();
        Ok(())
    }
}
