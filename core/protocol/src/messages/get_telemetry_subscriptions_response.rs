//! GetTelemetrySubscriptionsResponse: key 71, version 0, flexible from 0. Generated from `specs/GetTelemetrySubscriptions.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// GetTelemetrySubscriptionsResponse: key 71, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GetTelemetrySubscriptionsResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions.
    pub client_instance_id: Uuid,
    /// All versions.
    pub subscription_id: i32,
    /// All versions.
    pub accepted_compression_types: Vec<i8>,
    /// All versions.
    pub push_interval_ms: i32,
    /// All versions.
    pub telemetry_max_bytes: i32,
    /// All versions.
    pub delta_temporality: bool,
    /// All versions.
    pub requested_metrics: Vec<Cow<'a, str>>,
}

impl<'a> GetTelemetrySubscriptionsResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::GetTelemetrySubscriptions;
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
                of: "GetTelemetrySubscriptionsResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.error_code = r.i16()?;
        it.client_instance_id = r.uuid()?;
        it.subscription_id = r.i32()?;
        it.accepted_compression_types = r.array(true, version)?;
        it.push_interval_ms = r.i32()?;
        it.telemetry_max_bytes = r.i32()?;
        it.delta_temporality = r.bool()?;
        it.requested_metrics = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "GetTelemetrySubscriptionsResponse",
                version,
            });
        }

        w.i32(self.throttle_time_ms);
        w.i16(self.error_code);
        w.uuid(self.client_instance_id);
        w.i32(self.subscription_id);
        w.array(&self.accepted_compression_types, true, version)?;
        w.i32(self.push_interval_ms);
        w.i32(self.telemetry_max_bytes);
        w.bool(self.delta_temporality);
        w.array(&self.requested_metrics, true, version)?;
        w.tags();
        Ok(())
    }
}
