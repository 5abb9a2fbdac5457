//! DescribeGroupsResponse: key 15, versions 0 to 6, flexible from 5. Generated from `specs/DescribeGroups.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// DescribeGroupsResponse: key 15, versions 0 to 6, flexible from 5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeGroupsResponse<'a> {
    /// Versions 1+.
    pub throttle_time_ms: i32,
    /// All versions.
    pub groups: Vec<DescribedGroup<'a>>,
}

impl<'a> DescribeGroupsResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::DescribeGroups;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 6;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 5;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=6).contains(&version) {
            return Err(DecodeError::Version {
                of: "DescribeGroupsResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        if version >= 1 {
            it.throttle_time_ms = r.i32()?;
        }
        it.groups = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=6).contains(&version) {
            return Err(EncodeError::Version {
                of: "DescribeGroupsResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        if version >= 1 {
            w.i32(self.throttle_time_ms);
        }
        w.array(&self.groups, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of DescribeGroupsResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribedGroup<'a> {
    /// All versions.
    pub error_code: i16,
    /// Version 6, nullable.
    pub error_message: Option<Cow<'a, str>>,
    /// All versions.
    pub group_id: Cow<'a, str>,
    /// All versions.
    pub group_state: Cow<'a, str>,
    /// All versions.
    pub protocol_type: Cow<'a, str>,
    /// All versions.
    pub protocol_data: Cow<'a, str>,
    /// All versions.
    pub members: Vec<DescribedGroupMember<'a>>,
    /// Versions 3+.
    pub authorized_operations: i32,
}

impl Default for DescribedGroup<'_> {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: None,
            group_id: Cow::Borrowed(""),
            group_state: Cow::Borrowed(""),
            protocol_type: Cow::Borrowed(""),
            protocol_data: Cow::Borrowed(""),
            members: Vec::new(),
            authorized_operations: -2147483648,
        }
    }
}

impl<'a> Element<'a> for DescribedGroup<'a> {
    const LEAST: usize = 12;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.error_code = r.i16()?;
        if version == 6 {
            it.error_message = r.nullable_string(flexible, true)?;
        }
        it.group_id = r.string(flexible)?;
        it.group_state = r.string(flexible)?;
        it.protocol_type = r.string(flexible)?;
        it.protocol_data = r.string(flexible)?;
        it.members = r.array(flexible, version)?;
        if version >= 3 {
            it.authorized_operations = r.i32()?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i16(self.error_code);
        if version == 6 {
            w.nullable_string(self.error_message.as_deref(), flexible)?;
        } else if self.error_message.is_some() {
            return Err(EncodeError::lost("ErrorMessage", version));
        }
        w.string(&self.group_id, flexible)?;
        w.string(&self.group_state, flexible)?;
        w.string(&self.protocol_type, flexible)?;
        w.string(&self.protocol_data, flexible)?;
        w.array(&self.members, flexible, version)?;
        if version >= 3 {
            w.i32(self.authorized_operations);
        } else if self.authorized_operations != -2147483648 {
            return Err(EncodeError::lost("AuthorizedOperations", version));
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of DescribeGroupsResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribedGroupMember<'a> {
    /// All versions.
    pub member_id: Cow<'a, str>,
    /// Versions 4+, nullable.
    pub group_instance_id: Option<Cow<'a, str>>,
    /// All versions.
    pub client_id: Cow<'a, str>,
    /// All versions.
    pub client_host: Cow<'a, str>,
    /// All versions.
    pub member_metadata: Cow<'a, [u8]>,
    /// All versions.
    pub member_assignment: Cow<'a, [u8]>,
}

impl<'a> Element<'a> for DescribedGroupMember<'a> {
    const LEAST: usize = 7;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.member_id = r.string(flexible)?;
        if version >= 4 {
            it.group_instance_id = r.nullable_string(flexible, true)?;
        }
        it.client_id = r.string(flexible)?;
        it.client_host = r.string(flexible)?;
        it.member_metadata = r.bytes(flexible)?;
        it.member_assignment = r.bytes(flexible)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.member_id, flexible)?;
        if version >= 4 {
            w.nullable_string(self.group_instance_id.as_deref(), flexible)?;
        }
        w.string(&self.client_id, flexible)?;
        w.string(&self.client_host, flexible)?;
        w.bytes(&self.member_metadata, flexible)?;
        w.bytes(&self.member_assignment, flexible)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
