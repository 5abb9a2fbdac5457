//! LeaveGroupRequest: key 13, versions 0 to 5, flexible from 4. Generated from `specs/LeaveGroup.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// LeaveGroupRequest: key 13, versions 0 to 5, flexible from 4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeaveGroupRequest<'a> {
    /// All versions.
    pub group_id: Cow<'a, str>,
    /// Versions 0 to 2.
    pub member_id: Cow<'a, str>,
    /// Versions 3+.
    pub members: Vec<MemberIdentity<'a>>,
}

impl<'a> LeaveGroupRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::LeaveGroup;
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
                of: "LeaveGroupRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.group_id = r.string(flexible)?;
        if version <= 2 {
            it.member_id = r.string(flexible)?;
        }
        if version >= 3 {
            it.members = r.array(flexible, version)?;
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
                of: "LeaveGroupRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.string(&self.group_id, flexible)?;
        if version <= 2 {
            w.string(&self.member_id, flexible)?;
        } else if !self.member_id.is_empty() {
            return Err(EncodeError::lost("MemberId", version));
        }
        if version >= 3 {
            w.array(&self.members, flexible, version)?;
        } else if !self.members.is_empty() {
            return Err(EncodeError::lost("Members", version));
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of LeaveGroupRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemberIdentity<'a> {
    /// All versions.
    pub member_id: Cow<'a, str>,
    /// All versions, nullable.
    pub group_instance_id: Option<Cow<'a, str>>,
    /// Version 5, nullable.
    pub reason: Option<Cow<'a, str>>,
}

impl<'a> Element<'a> for MemberIdentity<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.member_id = r.string(flexible)?;
        it.group_instance_id = r.nullable_string(flexible, true)?;
        if version == 5 {
            it.reason = r.nullable_string(flexible, true)?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.member_id, flexible)?;
        w.nullable_string(self.group_instance_id.as_deref(), flexible)?;
        if version == 5 {
            w.nullable_string(self.reason.as_deref(), flexible)?;
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
