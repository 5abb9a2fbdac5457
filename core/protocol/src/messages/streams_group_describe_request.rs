//! StreamsGroupDescribeRequest: key 89, version 0, 1 not advertised, flexible from 0. Generated from `specs/StreamsGroupDescribe.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// StreamsGroupDescribeRequest: key 89, version 0, 1 not advertised, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamsGroupDescribeRequest<'a> {
    /// All versions.
    pub group_ids: Vec<Cow<'a, str>>,
    /// All versions.
    pub include_authorized_operations: bool,
    /// Version 1.
    pub include_topology_description: bool,
}

impl<'a> StreamsGroupDescribeRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::StreamsGroupDescribe;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 0;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=1).contains(&version) {
            return Err(DecodeError::Version {
                of: "StreamsGroupDescribeRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.group_ids = r.array(true, version)?;
        it.include_authorized_operations = r.bool()?;
        if version == 1 {
            it.include_topology_description = r.bool()?;
        }
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "StreamsGroupDescribeRequest",
                version,
            });
        }

        w.array(&self.group_ids, true, version)?;
        w.bool(self.include_authorized_operations);
        if version == 1 {
            w.bool(self.include_topology_description);
        } else if self.include_topology_description {
            return Err(EncodeError::lost("IncludeTopologyDescription", version));
        }
        w.tags();
        Ok(())
    }
}
