//! HeartbeatRequest: key 12, versions 0 to 4, flexible from 4. Generated from `specs/Heartbeat.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// HeartbeatRequest: key 12, versions 0 to 4, flexible from 4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeartbeatRequest<'a> {
    /// All versions.
    pub group_id: Cow<'a, str>,
    /// All versions.
    pub generation_id: i32,
    /// All versions.
    pub member_id: Cow<'a, str>,
    /// Versions 3+, nullable.
    pub group_instance_id: Option<Cow<'a, str>>,
}

impl<'a> HeartbeatRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::Heartbeat;
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
                of: "HeartbeatRequest",
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
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=4).contains(&version) {
            return Err(EncodeError::Version {
                of: "HeartbeatRequest",
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
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
