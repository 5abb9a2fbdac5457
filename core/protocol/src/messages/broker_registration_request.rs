//! BrokerRegistrationRequest: key 62, versions 0 to 4, flexible from 0. Generated from `specs/BrokerRegistration.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// BrokerRegistrationRequest: key 62, versions 0 to 4, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerRegistrationRequest<'a> {
    /// All versions.
    pub broker_id: i32,
    /// All versions.
    pub cluster_id: Cow<'a, str>,
    /// All versions.
    pub incarnation_id: Uuid,
    /// All versions.
    pub listeners: Vec<Listener<'a>>,
    /// All versions.
    pub features: Vec<Feature<'a>>,
    /// All versions, nullable.
    pub rack: Option<Cow<'a, str>>,
    /// Versions 1+.
    pub is_migrating_zk_broker: bool,
    /// Versions 2+.
    pub log_dirs: Vec<Uuid>,
    /// Versions 3+.
    pub previous_broker_epoch: i64,
}

impl Default for BrokerRegistrationRequest<'_> {
    fn default() -> Self {
        Self {
            broker_id: 0,
            cluster_id: Cow::Borrowed(""),
            incarnation_id: Uuid::ZERO,
            listeners: Vec::new(),
            features: Vec::new(),
            rack: Some(Cow::Borrowed("")),
            is_migrating_zk_broker: false,
            log_dirs: Vec::new(),
            previous_broker_epoch: -1,
        }
    }
}

impl<'a> BrokerRegistrationRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::BrokerRegistration;
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
                of: "BrokerRegistrationRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.broker_id = r.i32()?;
        it.cluster_id = r.string(true)?;
        it.incarnation_id = r.uuid()?;
        it.listeners = r.array(true, version)?;
        it.features = r.array(true, version)?;
        it.rack = r.nullable_string(true, true)?;
        if version >= 1 {
            it.is_migrating_zk_broker = r.bool()?;
        }
        if version >= 2 {
            it.log_dirs = r.array(true, version)?;
        }
        if version >= 3 {
            it.previous_broker_epoch = r.i64()?;
        }
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=4).contains(&version) {
            return Err(EncodeError::Version {
                of: "BrokerRegistrationRequest",
                version,
            });
        }

        w.i32(self.broker_id);
        w.string(&self.cluster_id, true)?;
        w.uuid(self.incarnation_id);
        w.array(&self.listeners, true, version)?;
        w.array(&self.features, true, version)?;
        w.nullable_string(self.rack.as_deref(), true)?;
        if version >= 1 {
            w.bool(self.is_migrating_zk_broker);
        } else if self.is_migrating_zk_broker {
            return Err(EncodeError::lost("IsMigratingZkBroker", version));
        }
        if version >= 2 {
            w.array(&self.log_dirs, true, version)?;
        }
        if version >= 3 {
            w.i64(self.previous_broker_epoch);
        }
        w.tags();
        Ok(())
    }
}

/// Part of BrokerRegistrationRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listener<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub host: Cow<'a, str>,
    /// All versions.
    pub port: u16,
    /// All versions.
    pub security_protocol: i16,
}

impl<'a> Element<'a> for Listener<'a> {
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

/// Part of BrokerRegistrationRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Feature<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub min_supported_version: i16,
    /// All versions.
    pub max_supported_version: i16,
}

impl<'a> Element<'a> for Feature<'a> {
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
