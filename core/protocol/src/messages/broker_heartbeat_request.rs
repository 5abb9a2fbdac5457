//! BrokerHeartbeatRequest: key 63, versions 0 to 2, flexible from 0. Generated from `specs/BrokerHeartbeat.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};

/// BrokerHeartbeatRequest: key 63, versions 0 to 2, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerHeartbeatRequest {
    /// All versions.
    pub broker_id: i32,
    /// All versions.
    pub broker_epoch: i64,
    /// All versions.
    pub current_metadata_offset: i64,
    /// All versions.
    pub want_fence: bool,
    /// All versions.
    pub want_shut_down: bool,
    /// Versions 1+, tag 0.
    pub offline_log_dirs: Vec<Uuid>,
    /// Version 2, nullable, tag 1.
    pub cordoned_log_dirs: Option<Vec<Uuid>>,
}

impl Default for BrokerHeartbeatRequest {
    fn default() -> Self {
        Self {
            broker_id: 0,
            broker_epoch: -1,
            current_metadata_offset: 0,
            want_fence: false,
            want_shut_down: false,
            offline_log_dirs: Vec::new(),
            cordoned_log_dirs: None,
        }
    }
}

impl BrokerHeartbeatRequest {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::BrokerHeartbeat;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 2;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=2).contains(&version) {
            return Err(DecodeError::Version {
                of: "BrokerHeartbeatRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.broker_id = r.i32()?;
        it.broker_epoch = r.i64()?;
        it.current_metadata_offset = r.i64()?;
        it.want_fence = r.bool()?;
        it.want_shut_down = r.bool()?;
        for _ in 0..r.tags()? {
            let field = r.enter()?;
            match field.tag {
                0 if version >= 1 => it.offline_log_dirs = r.array(true, version)?,
                1 if version == 2 => {
                    it.cordoned_log_dirs = r.nullable_array(true, version, true)?
                }
                _ => {
                    r.rest();
                }
            }
            r.leave(field)?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=2).contains(&version) {
            return Err(EncodeError::Version {
                of: "BrokerHeartbeatRequest",
                version,
            });
        }

        w.i32(self.broker_id);
        w.i64(self.broker_epoch);
        w.i64(self.current_metadata_offset);
        w.bool(self.want_fence);
        w.bool(self.want_shut_down);
        if version < 1 && !self.offline_log_dirs.is_empty() {
            return Err(EncodeError::lost("OfflineLogDirs", version));
        }
        if version != 2 && self.cordoned_log_dirs.is_some() {
            return Err(EncodeError::lost("CordonedLogDirs", version));
        }
        let tags = w.tags();
        if version >= 1 && !self.offline_log_dirs.is_empty() {
            let tag = w.open_tag(tags, 0);
            w.array(&self.offline_log_dirs, true, version)?;
            w.close_tag(tag)?;
        }
        if version == 2 && self.cordoned_log_dirs.is_some() {
            let tag = w.open_tag(tags, 1);
            w.nullable_array(self.cordoned_log_dirs.as_deref(), true, version)?;
            w.close_tag(tag)?;
        }
        Ok(())
    }
}
