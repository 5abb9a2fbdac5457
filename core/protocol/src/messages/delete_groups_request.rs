//! DeleteGroupsRequest: key 42, versions 0 to 2, 3 not advertised, flexible from 2. Generated from `specs/DeleteGroups.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// DeleteGroupsRequest: key 42, versions 0 to 2, 3 not advertised, flexible from 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteGroupsRequest<'a> {
    /// All versions.
    pub groups_names: Vec<Cow<'a, str>>,
}

impl<'a> DeleteGroupsRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::DeleteGroups;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 2;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 2;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=3).contains(&version) {
            return Err(DecodeError::Version {
                of: "DeleteGroupsRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.groups_names = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=3).contains(&version) {
            return Err(EncodeError::Version {
                of: "DeleteGroupsRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.array(&self.groups_names, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
