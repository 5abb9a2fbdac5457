//! ListConfigResourcesRequest: key 74, versions 0 to 1, flexible from 0. Generated from `specs/ListConfigResources.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// ListConfigResourcesRequest: key 74, versions 0 to 1, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListConfigResourcesRequest {
    /// Version 1.
    pub resource_types: Vec<i8>,
}

impl ListConfigResourcesRequest {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::ListConfigResources;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 1;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=1).contains(&version) {
            return Err(DecodeError::Version {
                of: "ListConfigResourcesRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        if version == 1 {
            it.resource_types = r.array(true, version)?;
        }
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "ListConfigResourcesRequest",
                version,
            });
        }

        if version == 1 {
            w.array(&self.resource_types, true, version)?;
        } else if !self.resource_types.is_empty() {
            return Err(EncodeError::lost("ResourceTypes", version));
        }
        w.tags();
        Ok(())
    }
}
