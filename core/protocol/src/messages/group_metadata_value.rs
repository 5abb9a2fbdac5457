//! GroupMetadataValue: key 2, versions 0 to 4, flexible from 4. Generated from `specs/GroupMetadataValue.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// GroupMetadataValue: key 2, versions 0 to 4, flexible from 4.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupMetadataValue<'a> {
    /// All versions.
    pub protocol_type: Cow<'a, str>,
    /// All versions.
    pub generation: i32,
    /// All versions, nullable.
    pub protocol: Option<Cow<'a, str>>,
    /// All versions, nullable.
    pub leader: Option<Cow<'a, str>>,
    /// Versions 2+.
    pub current_state_timestamp: i64,
    /// All versions.
    pub members: Vec<MemberMetadata<'a>>,
}

impl Default for GroupMetadataValue<'_> {
    fn default() -> Self {
        Self {
            protocol_type: Cow::Borrowed(""),
            generation: 0,
            protocol: Some(Cow::Borrowed("")),
            leader: Some(Cow::Borrowed("")),
            current_state_timestamp: -1,
            members: Vec::new(),
        }
    }
}

impl<'a> GroupMetadataValue<'a> {
    /// Which record.
    pub const KEY: u16 = 2;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 4;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 4;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=4).contains(&version) {
            return Err(DecodeError::Version {
                of: "GroupMetadataValue",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.protocol_type = r.string(flexible)?;
        it.generation = r.i32()?;
        it.protocol = r.nullable_string(flexible, true)?;
        it.leader = r.nullable_string(flexible, true)?;
        if version >= 2 {
            it.current_state_timestamp = r.i64()?;
        }
        it.members = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=4).contains(&version) {
            return Err(EncodeError::Version {
                of: "GroupMetadataValue",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.string(&self.protocol_type, flexible)?;
        w.i32(self.generation);
        w.nullable_string(self.protocol.as_deref(), flexible)?;
        w.nullable_string(self.leader.as_deref(), flexible)?;
        if version >= 2 {
            w.i64(self.current_state_timestamp);
        }
        w.array(&self.members, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of GroupMetadataValue.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberMetadata<'a> {
    /// All versions.
    pub member_id: Cow<'a, str>,
    /// Versions 3+, nullable.
    pub group_instance_id: Option<Cow<'a, str>>,
    /// All versions.
    pub client_id: Cow<'a, str>,
    /// All versions.
    pub client_host: Cow<'a, str>,
    /// Versions 1+.
    pub rebalance_timeout: i32,
    /// All versions.
    pub session_timeout: i32,
    /// All versions.
    pub subscription: Cow<'a, [u8]>,
    /// All versions.
    pub assignment: Cow<'a, [u8]>,
}

impl Default for MemberMetadata<'_> {
    fn default() -> Self {
        Self {
            member_id: Cow::Borrowed(""),
            group_instance_id: None,
            client_id: Cow::Borrowed(""),
            client_host: Cow::Borrowed(""),
            rebalance_timeout: -1,
            session_timeout: 0,
            subscription: Cow::Borrowed(&[]),
            assignment: Cow::Borrowed(&[]),
        }
    }
}

impl<'a> Element<'a> for MemberMetadata<'a> {
    const LEAST: usize = 15;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.member_id = r.string(flexible)?;
        if version >= 3 {
            it.group_instance_id = r.nullable_string(flexible, true)?;
        }
        it.client_id = r.string(flexible)?;
        it.client_host = r.string(flexible)?;
        if version >= 1 {
            it.rebalance_timeout = r.i32()?;
        }
        it.session_timeout = r.i32()?;
        it.subscription = r.bytes(flexible)?;
        it.assignment = r.bytes(flexible)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.member_id, flexible)?;
        if version >= 3 {
            w.nullable_string(self.group_instance_id.as_deref(), flexible)?;
        }
        w.string(&self.client_id, flexible)?;
        w.string(&self.client_host, flexible)?;
        if version >= 1 {
            w.i32(self.rebalance_timeout);
        }
        w.i32(self.session_timeout);
        w.bytes(&self.subscription, flexible)?;
        w.bytes(&self.assignment, flexible)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
