//! ShareGroupHeartbeatRequest: key 76, version 1, flexible from 0. Generated from `specs/ShareGroupHeartbeat.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ShareGroupHeartbeatRequest: key 76, version 1, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShareGroupHeartbeatRequest<'a> {
    /// All versions.
    pub group_id: Cow<'a, str>,
    /// All versions.
    pub member_id: Cow<'a, str>,
    /// All versions.
    pub member_epoch: i32,
    /// All versions, nullable.
    pub rack_id: Option<Cow<'a, str>>,
    /// All versions, nullable.
    pub subscribed_topic_names: Option<Vec<Cow<'a, str>>>,
}

impl<'a> ShareGroupHeartbeatRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::ShareGroupHeartbeat;
    /// The first version.
    pub const MIN_VERSION: i16 = 1;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 1;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if version != 1 {
            return Err(DecodeError::Version {
                of: "ShareGroupHeartbeatRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.group_id = r.string(true)?;
        it.member_id = r.string(true)?;
        it.member_epoch = r.i32()?;
        it.rack_id = r.nullable_string(true, true)?;
        it.subscribed_topic_names = r.nullable_array(true, version, true)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 1 {
            return Err(EncodeError::Version {
                of: "ShareGroupHeartbeatRequest",
                version,
            });
        }

        w.string(&self.group_id, true)?;
        w.string(&self.member_id, true)?;
        w.i32(self.member_epoch);
        w.nullable_string(self.rack_id.as_deref(), true)?;
        w.nullable_array(self.subscribed_topic_names.as_deref(), true, version)?;
        w.tags();
        Ok(())
    }
}
