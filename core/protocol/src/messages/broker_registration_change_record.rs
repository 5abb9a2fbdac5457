//! BrokerRegistrationChangeRecord: key 17, versions 0 to 3, flexible from 0. Generated from `specs/BrokerRegistrationChangeRecord.spec`.

use crate::Uuid;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// BrokerRegistrationChangeRecord: key 17, versions 0 to 3, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BrokerRegistrationChangeRecord {
    /// All versions.
    pub broker_id: i32,
    /// All versions.
    pub broker_epoch: i64,
    /// All versions, tag 0.
    pub fenced: i8,
    /// Versions 1+, tag 1.
    pub in_controlled_shutdown: i8,
    /// Versions 2+, tag 2.
    pub log_dirs: Vec<Uuid>,
    /// Version 3, nullable, tag 3.
    pub cordoned_log_dirs: Option<Vec<Uuid>>,
}

impl BrokerRegistrationChangeRecord {
    /// Which record.
    pub const KEY: u16 = 17;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 3;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=3).contains(&version) {
            return Err(DecodeError::Version {
                of: "BrokerRegistrationChangeRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.broker_id = r.i32()?;
        it.broker_epoch = r.i64()?;
        for _ in 0..r.tags()? {
            let field = r.enter()?;
            match field.tag {
                0 => it.fenced = r.i8()?,
                1 if version >= 1 => it.in_controlled_shutdown = r.i8()?,
                2 if version >= 2 => it.log_dirs = r.array(true, version)?,
                3 if version == 3 => {
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
        if !(0..=3).contains(&version) {
            return Err(EncodeError::Version {
                of: "BrokerRegistrationChangeRecord",
                version,
            });
        }

        w.i32(self.broker_id);
        w.i64(self.broker_epoch);
        if version < 1 && self.in_controlled_shutdown != 0 {
            return Err(EncodeError::lost("InControlledShutdown", version));
        }
        if version < 2 && !self.log_dirs.is_empty() {
            return Err(EncodeError::lost("LogDirs", version));
        }
        if version != 3 && self.cordoned_log_dirs.is_some() {
            return Err(EncodeError::lost("CordonedLogDirs", version));
        }
        let tags = w.tags();
        if self.fenced != 0 {
            let tag = w.open_tag(tags, 0);
            w.i8(self.fenced);
            w.close_tag(tag)?;
        }
        if version >= 1 && self.in_controlled_shutdown != 0 {
            let tag = w.open_tag(tags, 1);
            w.i8(self.in_controlled_shutdown);
            w.close_tag(tag)?;
        }
        if version >= 2 && !self.log_dirs.is_empty() {
            let tag = w.open_tag(tags, 2);
            w.array(&self.log_dirs, true, version)?;
            w.close_tag(tag)?;
        }
        if version == 3 && self.cordoned_log_dirs.is_some() {
            let tag = w.open_tag(tags, 3);
            w.nullable_array(self.cordoned_log_dirs.as_deref(), true, version)?;
            w.close_tag(tag)?;
        }
        Ok(())
    }
}
