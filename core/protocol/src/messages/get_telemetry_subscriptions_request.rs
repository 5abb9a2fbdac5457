//! GetTelemetrySubscriptionsRequest: key 71, version 0, flexible from 0. Generated from `specs/GetTelemetrySubscriptions.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};

/// GetTelemetrySubscriptionsRequest: key 71, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GetTelemetrySubscriptionsRequest {
    /// All versions.
    pub client_instance_id: Uuid,
}

impl GetTelemetrySubscriptionsRequest {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::GetTelemetrySubscriptions;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 0;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        if version != 0 {
            return Err(DecodeError::Version {
                of: "GetTelemetrySubscriptionsRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.client_instance_id = r.uuid()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "GetTelemetrySubscriptionsRequest",
                version,
            });
        }

        w.uuid(self.client_instance_id);
        w.tags();
        Ok(())
    }
}
