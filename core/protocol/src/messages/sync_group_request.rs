//! SyncGroupRequest: key 14, versions 0 to 5, flexible from 4. Generated from `specs/SyncGroup.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// SyncGroupRequest: key 14, versions 0 to 5, flexible from 4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncGroupRequest<'a> {
    /// All versions.
    pub group_id: Cow<'a, str>,
    /// All versions.
    pub generation_id: i32,
    /// All versions.
    pub member_id: Cow<'a, str>,
    /// Versions 3+, nullable.
    pub group_instance_id: Option<Cow<'a, str>>,
    /// Version 5, nullable.
    pub protocol_type: Option<Cow<'a, str>>,
    /// Version 5, nullable.
    pub protocol_name: Option<Cow<'a, str>>,
    /// All versions.
    pub assignments: Vec<SyncGroupRequestAssignment<'a>>,
}

impl<'a> SyncGroupRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::SyncGroup;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 5;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 4;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=5).contains(&version) {
            return Err(DecodeError::Version {
                of: "SyncGroupRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.group_id = r.string(flexible)?;
        it.generation_id = r.i32()?;
        it.member_id = r.string(flexible)?;
        if version >= 3 {
            it.group_instance_id = r.nullable_string(flexible, true)?;
        }
        if version == 5 {
            it.protocol_type = r.nullable_string(flexible, true)?;
        }
        if version == 5 {
            it.protocol_name = r.nullable_string(flexible, true)?;
        }
        it.assignments = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=5).contains(&version) {
            return Err(EncodeError::Version {
                of: "SyncGroupRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.string(&self.group_id, flexible)?;
        w.i32(self.generation_id);
        w.string(&self.member_id, flexible)?;
        if version >= 3 {
            w.nullable_string(self.group_instance_id.as_deref(), flexible)?;
        } else if self.group_instance_id.is_some() {
            return Err(EncodeError::lost("GroupInstanceId", version));
        }
        if version == 5 {
            w.nullable_string(self.protocol_type.as_deref(), flexible)?;
        }
        if version == 5 {
            w.nullable_string(self.protocol_name.as_deref(), flexible)?;
        }
        w.array(&self.assignments, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of SyncGroupRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncGroupRequestAssignment<'a> {
    /// All versions.
    pub member_id: Cow<'a, str>,
    /// All versions.
    pub assignment: Cow<'a, [u8]>,
}

impl<'a> Element<'a> for SyncGroupRequestAssignment<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.member_id = r.string(flexible)?;
        it.assignment = r.bytes(flexible)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.member_id, flexible)?;
        w.bytes(&self.assignment, flexible)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
