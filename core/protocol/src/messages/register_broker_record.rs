//! RegisterBrokerRecord: key 0, versions 0 to 4, flexible from 0. Generated from `specs/RegisterBrokerRecord.spec`.

use crate::Uuid;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// RegisterBrokerRecord: key 0, versions 0 to 4, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisterBrokerRecord<'a> {
    /// All versions.
    pub broker_id: i32,
    /// Versions 2+.
    pub is_migrating_zk_broker: bool,
    /// All versions.
    pub incarnation_id: Uuid,
    /// All versions.
    pub broker_epoch: i64,
    /// All versions.
    pub end_points: Vec<BrokerEndpoint<'a>>,
    /// All versions.
    pub features: Vec<BrokerFeature<'a>>,
    /// All versions, nullable.
    pub rack: Option<Cow<'a, str>>,
    /// All versions.
    pub fenced: bool,
    /// Versions 1+.
    pub in_controlled_shutdown: bool,
    /// Versions 3+, tag 0.
    pub log_dirs: Vec<Uuid>,
    /// Version 4, nullable, tag 1.
    pub cordoned_log_dirs: Option<Vec<Uuid>>,
}

impl Default for RegisterBrokerRecord<'_> {
    fn default() -> Self {
        Self {
            broker_id: 0,
            is_migrating_zk_broker: false,
            incarnation_id: Uuid::ZERO,
            broker_epoch: 0,
            end_points: Vec::new(),
            features: Vec::new(),
            rack: Some(Cow::Borrowed("")),
            fenced: true,
            in_controlled_shutdown: false,
            log_dirs: Vec::new(),
            cordoned_log_dirs: None,
        }
    }
}

impl<'a> RegisterBrokerRecord<'a> {
    /// Which record.
    pub const KEY: u16 = 0;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 4;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=4).contains(&version) {
            return Err(DecodeError::Version {
                of: "RegisterBrokerRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.broker_id = r.i32()?;
        if version >= 2 {
            it.is_migrating_zk_broker = r.bool()?;
        }
        it.incarnation_id = r.uuid()?;
        it.broker_epoch = r.i64()?;
        it.end_points = r.array(true, version)?;
        it.features = r.array(true, version)?;
        it.rack = r.nullable_string(true, true)?;
        it.fenced = r.bool()?;
        if version >= 1 {
            it.in_controlled_shutdown = r.bool()?;
        }
        for _ in 0..r.tags()? {
            let field = r.enter()?;
            match field.tag {
                0 if version >= 3 => it.log_dirs = r.array(true, version)?,
                1 if version == 4 => {
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
        if !(0..=4).contains(&version) {
            return Err(EncodeError::Version {
                of: "RegisterBrokerRecord",
                version,
            });
        }

        w.i32(self.broker_id);
        if version >= 2 {
            w.bool(self.is_migrating_zk_broker);
        } else if self.is_migrating_zk_broker {
            return Err(EncodeError::lost("IsMigratingZkBroker", version));
        }
        w.uuid(self.incarnation_id);
        w.i64(self.broker_epoch);
        w.array(&self.end_points, true, version)?;
        w.array(&self.features, true, version)?;
        w.nullable_string(self.rack.as_deref(), true)?;
        w.bool(self.fenced);
        if version >= 1 {
            w.bool(self.in_controlled_shutdown);
        } else if self.in_controlled_shutdown {
            return Err(EncodeError::lost("InControlledShutdown", version));
        }
        if version < 3 && !self.log_dirs.is_empty() {
            return Err(EncodeError::lost("LogDirs", version));
        }
        if version != 4 && self.cordoned_log_dirs.is_some() {
            return Err(EncodeError::lost("CordonedLogDirs", version));
        }
        let tags = w.tags();
        if version >= 3 && !self.log_dirs.is_empty() {
            let tag = w.open_tag(tags, 0);
            w.array(&self.log_dirs, true, version)?;
            w.close_tag(tag)?;
        }
        if version == 4 && self.cordoned_log_dirs.is_some() {
            let tag = w.open_tag(tags, 1);
            w.nullable_array(self.cordoned_log_dirs.as_deref(), true, version)?;
            w.close_tag(tag)?;
        }
        Ok(())
    }
}

/// Part of RegisterBrokerRecord.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BrokerEndpoint<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub host: Cow<'a, str>,
    /// All versions.
    pub port: u16,
    /// All versions.
    pub security_protocol: i16,
}

impl<'a> Element<'a> for BrokerEndpoint<'a> {
    const LEAST: usize = 7;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(true)?;
        it.host = r.string(true)?;
        it.port = r.u16()?;
        it.security_protocol = r.i16()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, true)?;
        w.string(&self.host, true)?;
        w.u16(self.port);
        w.i16(self.security_protocol);
        w.tags();
        Ok(())
    }
}

/// Part of RegisterBrokerRecord.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BrokerFeature<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub min_supported_version: i16,
    /// All versions.
    pub max_supported_version: i16,
}

impl<'a> Element<'a> for BrokerFeature<'a> {
    const LEAST: usize = 6;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(true)?;
        it.min_supported_version = r.i16()?;
        it.max_supported_version = r.i16()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, true)?;
        w.i16(self.min_supported_version);
        w.i16(self.max_supported_version);
        w.tags();
        Ok(())
    }
}
