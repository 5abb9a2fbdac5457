//! SyncGroupResponse: key 14, versions 0 to 5, flexible from 4. Generated from `specs/SyncGroup.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// SyncGroupResponse: key 14, versions 0 to 5, flexible from 4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncGroupResponse<'a> {
    /// Versions 1+.
    pub throttle_time_ms: i32,
    /// All versions.
    pub error_code: i16,
    /// Version 5, nullable.
    pub protocol_type: Option<Cow<'a, str>>,
    /// Version 5, nullable.
    pub protocol_name: Option<Cow<'a, str>>,
    /// All versions.
    pub assignment: Cow<'a, [u8]>,
}

impl<'a> SyncGroupResponse<'a> {
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
                of: "SyncGroupResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        if version >= 1 {
            it.throttle_time_ms = r.i32()?;
        }
        it.error_code = r.i16()?;
        if version == 5 {
            it.protocol_type = r.nullable_string(flexible, true)?;
        }
        if version == 5 {
            it.protocol_name = r.nullable_string(flexible, true)?;
        }
        it.assignment = r.bytes(flexible)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=5).contains(&version) {
            return Err(EncodeError::Version {
                of: "SyncGroupResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        if version >= 1 {
            w.i32(self.throttle_time_ms);
        }
        w.i16(self.error_code);
        if version == 5 {
            w.nullable_string(self.protocol_type.as_deref(), flexible)?;
        }
        if version == 5 {
            w.nullable_string(self.protocol_name.as_deref(), flexible)?;
        }
        w.bytes(&self.assignment, flexible)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
