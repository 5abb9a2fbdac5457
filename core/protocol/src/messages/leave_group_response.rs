//! LeaveGroupResponse: key 13, versions 0 to 5, flexible from 4. Generated from `specs/LeaveGroup.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// LeaveGroupResponse: key 13, versions 0 to 5, flexible from 4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeaveGroupResponse<'a> {
    /// Versions 1+.
    pub throttle_time_ms: i32,
    /// All versions.
    pub error_code: i16,
    /// Versions 3+.
    pub members: Vec<MemberResponse<'a>>,
}

impl<'a> LeaveGroupResponse<'a> {
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
                of: "LeaveGroupResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        if version >= 1 {
            it.throttle_time_ms = r.i32()?;
        }
        it.error_code = r.i16()?;
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
                of: "LeaveGroupResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        if version >= 1 {
            w.i32(self.throttle_time_ms);
        }
        w.i16(self.error_code);
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

/// Part of LeaveGroupResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberResponse<'a> {
    /// All versions.
    pub member_id: Cow<'a, str>,
    /// All versions, nullable.
    pub group_instance_id: Option<Cow<'a, str>>,
    /// All versions.
    pub error_code: i16,
}

impl Default for MemberResponse<'_> {
    fn default() -> Self {
        Self {
            member_id: Cow::Borrowed(""),
            group_instance_id: Some(Cow::Borrowed("")),
            error_code: 0,
        }
    }
}

impl<'a> Element<'a> for MemberResponse<'a> {
    const LEAST: usize = 5;

    fn read(r: &mut Reader<'a>, flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.member_id = r.string(flexible)?;
        it.group_instance_id = r.nullable_string(flexible, true)?;
        it.error_code = r.i16()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.member_id, flexible)?;
        w.nullable_string(self.group_instance_id.as_deref(), flexible)?;
        w.i16(self.error_code);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
