//! ListGroupsResponse: key 16, versions 0 to 5, flexible from 3. Generated from `specs/ListGroups.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ListGroupsResponse: key 16, versions 0 to 5, flexible from 3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListGroupsResponse<'a> {
    /// Versions 1+.
    pub throttle_time_ms: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions.
    pub groups: Vec<ListedGroup<'a>>,
}

impl<'a> ListGroupsResponse<'a> {
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
                of: "ListGroupsResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        if version >= 1 {
            it.throttle_time_ms = r.i32()?;
        }
        it.error_code = r.i16()?;
        it.groups = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=5).contains(&version) {
            return Err(EncodeError::Version {
                of: "ListGroupsResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        if version >= 1 {
            w.i32(self.throttle_time_ms);
        }
        w.i16(self.error_code);
        w.array(&self.groups, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of ListGroupsResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListedGroup<'a> {
    /// All versions.
    pub group_id: Cow<'a, str>,
    /// All versions.
    pub protocol_type: Cow<'a, str>,
    /// Versions 4+.
    pub group_state: Cow<'a, str>,
    /// Version 5.
    pub group_type: Cow<'a, str>,
}

impl<'a> Element<'a> for ListedGroup<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.group_id = r.string(flexible)?;
        it.protocol_type = r.string(flexible)?;
        if version >= 4 {
            it.group_state = r.string(flexible)?;
        }
        if version == 5 {
            it.group_type = r.string(flexible)?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.group_id, flexible)?;
        w.string(&self.protocol_type, flexible)?;
        if version >= 4 {
            w.string(&self.group_state, flexible)?;
        }
        if version == 5 {
            w.string(&self.group_type, flexible)?;
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
