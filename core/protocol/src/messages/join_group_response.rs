//! JoinGroupResponse: key 11, versions 0 to 9, flexible from 6. Generated from `specs/JoinGroup.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// JoinGroupResponse: key 11, versions 0 to 9, flexible from 6.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinGroupResponse<'a> {
    /// Versions 2+.
    pub throttle_time_ms: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions.
    pub generation_id: i32,
    /// Versions 7+, nullable.
    pub protocol_type: Option<Cow<'a, str>>,
    /// All versions, null in versions 7+.
    pub protocol_name: Option<Cow<'a, str>>,
    /// All versions.
    pub leader: Cow<'a, str>,
    /// Version 9.
    pub skip_assignment: bool,
    /// All versions.
    pub member_id: Cow<'a, str>,
    /// All versions.
    pub members: Vec<JoinGroupResponseMember<'a>>,
}

impl Default for JoinGroupResponse<'_> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            generation_id: -1,
            protocol_type: None,
            protocol_name: Some(Cow::Borrowed("")),
            leader: Cow::Borrowed(""),
            skip_assignment: false,
            member_id: Cow::Borrowed(""),
            members: Vec::new(),
        }
    }
}

impl<'a> JoinGroupResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::JoinGroup;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 9;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 6;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=9).contains(&version) {
            return Err(DecodeError::Version {
                of: "JoinGroupResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        if version >= 2 {
            it.throttle_time_ms = r.i32()?;
        }
        it.error_code = r.i16()?;
        it.generation_id = r.i32()?;
        if version >= 7 {
            it.protocol_type = r.nullable_string(flexible, true)?;
        }
        it.protocol_name = r.nullable_string(flexible, version >= 7)?;
        it.leader = r.string(flexible)?;
        if version == 9 {
            it.skip_assignment = r.bool()?;
        }
        it.member_id = r.string(flexible)?;
        it.members = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=9).contains(&version) {
            return Err(EncodeError::Version {
                of: "JoinGroupResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        if version >= 2 {
            w.i32(self.throttle_time_ms);
        }
        w.i16(self.error_code);
        w.i32(self.generation_id);
        if version >= 7 {
            w.nullable_string(self.protocol_type.as_deref(), flexible)?;
        }
        if version < 7 && self.protocol_name.is_none() {
            return Err(EncodeError::null("ProtocolName", version));
        }
        w.nullable_string(self.protocol_name.as_deref(), flexible)?;
        w.string(&self.leader, flexible)?;
        if version == 9 {
            w.bool(self.skip_assignment);
        } else if self.skip_assignment {
            return Err(EncodeError::lost("SkipAssignment", version));
        }
        w.string(&self.member_id, flexible)?;
        w.array(&self.members, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of JoinGroupResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JoinGroupResponseMember<'a> {
    /// All versions.
    pub member_id: Cow<'a, str>,
    /// Versions 5+, nullable.
    pub group_instance_id: Option<Cow<'a, str>>,
    /// All versions.
    pub metadata: Cow<'a, [u8]>,
}

impl<'a> Element<'a> for JoinGroupResponseMember<'a> {
    const LEAST: usize = 4;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.member_id = r.string(flexible)?;
        if version >= 5 {
            it.group_instance_id = r.nullable_string(flexible, true)?;
        }
        it.metadata = r.bytes(flexible)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.member_id, flexible)?;
        if version >= 5 {
            w.nullable_string(self.group_instance_id.as_deref(), flexible)?;
        }
        w.bytes(&self.metadata, flexible)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
