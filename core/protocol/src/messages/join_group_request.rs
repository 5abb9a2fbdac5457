//! JoinGroupRequest: key 11, versions 0 to 9, flexible from 6. Generated from `specs/JoinGroup.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// JoinGroupRequest: key 11, versions 0 to 9, flexible from 6.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinGroupRequest<'a> {
    /// All versions.
    pub group_id: Cow<'a, str>,
    /// All versions.
    pub session_timeout_ms: i32,
    /// Versions 1+.
    pub rebalance_timeout_ms: i32,
    /// All versions.
    pub member_id: Cow<'a, str>,
    /// Versions 5+, nullable.
    pub group_instance_id: Option<Cow<'a, str>>,
    /// All versions.
    pub protocol_type: Cow<'a, str>,
    /// All versions.
    pub protocols: Vec<JoinGroupRequestProtocol<'a>>,
    /// Versions 8+, nullable.
    pub reason: Option<Cow<'a, str>>,
}

impl Default for JoinGroupRequest<'_> {
    fn default() -> Self {
        Self {
            group_id: Cow::Borrowed(""),
            session_timeout_ms: 0,
            rebalance_timeout_ms: -1,
            member_id: Cow::Borrowed(""),
            group_instance_id: None,
            protocol_type: Cow::Borrowed(""),
            protocols: Vec::new(),
            reason: None,
        }
    }
}

impl<'a> JoinGroupRequest<'a> {
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
                of: "JoinGroupRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.group_id = r.string(flexible)?;
        it.session_timeout_ms = r.i32()?;
        if version >= 1 {
            it.rebalance_timeout_ms = r.i32()?;
        }
        it.member_id = r.string(flexible)?;
        if version >= 5 {
            it.group_instance_id = r.nullable_string(flexible, true)?;
        }
        it.protocol_type = r.string(flexible)?;
        it.protocols = r.array(flexible, version)?;
        if version >= 8 {
            it.reason = r.nullable_string(flexible, true)?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=9).contains(&version) {
            return Err(EncodeError::Version {
                of: "JoinGroupRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.string(&self.group_id, flexible)?;
        w.i32(self.session_timeout_ms);
        if version >= 1 {
            w.i32(self.rebalance_timeout_ms);
        }
        w.string(&self.member_id, flexible)?;
        if version >= 5 {
            w.nullable_string(self.group_instance_id.as_deref(), flexible)?;
        } else if self.group_instance_id.is_some() {
            return Err(EncodeError::lost("GroupInstanceId", version));
        }
        w.string(&self.protocol_type, flexible)?;
        w.array(&self.protocols, flexible, version)?;
        if version >= 8 {
            w.nullable_string(self.reason.as_deref(), flexible)?;
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of JoinGroupRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JoinGroupRequestProtocol<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub metadata: Cow<'a, [u8]>,
}

impl<'a> Element<'a> for JoinGroupRequestProtocol<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(flexible)?;
        it.metadata = r.bytes(flexible)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, flexible)?;
        w.bytes(&self.metadata, flexible)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
