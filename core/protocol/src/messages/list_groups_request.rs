//! ListGroupsRequest: key 16, versions 0 to 5, flexible from 3. Generated from `specs/ListGroups.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ListGroupsRequest: key 16, versions 0 to 5, flexible from 3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListGroupsRequest<'a> {
    /// Versions 4+.
    pub states_filter: Vec<Cow<'a, str>>,
    /// Version 5.
    pub types_filter: Vec<Cow<'a, str>>,
}

impl<'a> ListGroupsRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::ListGroups;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 5;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 3;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=5).contains(&version) {
            return Err(DecodeError::Version {
                of: "ListGroupsRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        if version >= 4 {
            it.states_filter = r.array(flexible, version)?;
        }
        if version == 5 {
            it.types_filter = r.array(flexible, version)?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=5).contains(&version) {
            return Err(EncodeError::Version {
                of: "ListGroupsRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        if version >= 4 {
            w.array(&self.states_filter, flexible, version)?;
        } else if !self.states_filter.is_empty() {
            return Err(EncodeError::lost("StatesFilter", version));
        }
        if version == 5 {
            w.array(&self.types_filter, flexible, version)?;
        } else if !self.types_filter.is_empty() {
            return Err(EncodeError::lost("TypesFilter", version));
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
