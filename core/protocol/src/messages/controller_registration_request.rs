//! ControllerRegistrationRequest: key 70, version 0, flexible from 0. Generated from `specs/ControllerRegistration.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// ControllerRegistrationRequest: key 70, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ControllerRegistrationRequest<'a> {
    /// All versions.
    pub controller_id: i32,
    /// All versions.
    pub incarnation_id: Uuid,
    /// All versions.
    pub zk_migration_ready: bool,
    /// All versions.
    pub listeners: Vec<Listener<'a>>,
    /// All versions.
    pub features: Vec<Feature<'a>>,
}

impl<'a> ControllerRegistrationRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::ControllerRegistration;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 0;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if version != 0 {
            return Err(DecodeError::Version {
                of: "ControllerRegistrationRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.controller_id = r.i32()?;
        it.incarnation_id = r.uuid()?;
        it.zk_migration_ready = r.bool()?;
        it.listeners = r.array(true, version)?;
        it.features = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "ControllerRegistrationRequest",
                version,
            });
        }

        w.i32(self.controller_id);
        w.uuid(self.incarnation_id);
        w.bool(self.zk_migration_ready);
        w.array(&self.listeners, true, version)?;
        w.array(&self.features, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ControllerRegistrationRequest.
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

/// Part of ControllerRegistrationRequest.
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
