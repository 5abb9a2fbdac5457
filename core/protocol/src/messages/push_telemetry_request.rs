//! PushTelemetryRequest: key 72, version 0, flexible from 0. Generated from `specs/PushTelemetry.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// PushTelemetryRequest: key 72, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PushTelemetryRequest<'a> {
    /// All versions.
    pub client_instance_id: Uuid,
    /// All versions.
    pub subscription_id: i32,
    /// All versions.
    pub terminating: bool,
    /// All versions.
    pub compression_type: i8,
    /// All versions.
    pub metrics: Cow<'a, [u8]>,
}

impl<'a> PushTelemetryRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::PushTelemetry;
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
                of: "PushTelemetryRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.client_instance_id = r.uuid()?;
        it.subscription_id = r.i32()?;
        it.terminating = r.bool()?;
        it.compression_type = r.i8()?;
        it.metrics = r.bytes(true)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "PushTelemetryRequest",
                version,
            });
        }

        w.uuid(self.client_instance_id);
        w.i32(self.subscription_id);
        w.bool(self.terminating);
        w.i8(self.compression_type);
        w.bytes(&self.metrics, true)?;
        w.tags();
        Ok(())
    }
}
