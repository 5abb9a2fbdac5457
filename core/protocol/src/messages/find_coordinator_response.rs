//! FindCoordinatorResponse: key 10, versions 0 to 6, flexible from 3. Generated from `specs/FindCoordinator.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// FindCoordinatorResponse: key 10, versions 0 to 6, flexible from 3.
#[derive(Clone, Debug, PartialEq)]
pub struct FindCoordinatorResponse<'a> {
    /// Versions 1+.
    pub throttle_time_ms: i32,
    /// Versions 0 to 3.
    pub error_code: i16,
    /// Versions 1 to 3, nullable.
    pub error_message: Option<Cow<'a, str>>,
    /// Versions 0 to 3.
    pub node_id: i32,
    /// Versions 0 to 3.
    pub host: Cow<'a, str>,
    /// Versions 0 to 3.
    pub port: i32,
    /// Versions 4+.
    pub coordinators: Vec<Coordinator<'a>>,
}

impl Default for FindCoordinatorResponse<'_> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
            node_id: 0,
            host: Cow::Borrowed(""),
            port: 0,
            coordinators: Vec::new(),
        }
    }
}

impl<'a> FindCoordinatorResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::FindCoordinator;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 6;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 3;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=6).contains(&version) {
            return Err(DecodeError::Version {
                of: "FindCoordinatorResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        if version >= 1 {
            it.throttle_time_ms = r.i32()?;
        }
        if version <= 3 {
            it.error_code = r.i16()?;
        }
        if (1..=3).contains(&version) {
            it.error_message = r.nullable_string(flexible, true)?;
        }
        if version <= 3 {
            it.node_id = r.i32()?;
        }
        if version <= 3 {
            it.host = r.string(flexible)?;
        }
        if version <= 3 {
            it.port = r.i32()?;
        }
        if version >= 4 {
            it.coordinators = r.array(flexible, version)?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=6).contains(&version) {
            return Err(EncodeError::Version {
                of: "FindCoordinatorResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        if version >= 1 {
            w.i32(self.throttle_time_ms);
        }
        if version <= 3 {
            w.i16(self.error_code);
        } else if self.error_code != 0 {
            return Err(EncodeError::lost("ErrorCode", version));
        }
        if (1..=3).contains(&version) {
            w.nullable_string(self.error_message.as_deref(), flexible)?;
        }
        if version <= 3 {
            w.i32(self.node_id);
        } else if self.node_id != 0 {
            return Err(EncodeError::lost("NodeId", version));
        }
        if version <= 3 {
            w.string(&self.host, flexible)?;
        } else if !self.host.is_empty() {
            return Err(EncodeError::lost("Host", version));
        }
        if version <= 3 {
            w.i32(self.port);
        } else if self.port != 0 {
            return Err(EncodeError::lost("Port", version));
        }
        if version >= 4 {
            w.array(&self.coordinators, flexible, version)?;
        } else if !self.coordinators.is_empty() {
            return Err(EncodeError::lost("Coordinators", version));
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of FindCoordinatorResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct Coordinator<'a> {
    /// All versions.
    pub key: Cow<'a, str>,
    /// All versions.
    pub node_id: i32,
    /// All versions.
    pub host: Cow<'a, str>,
    /// All versions.
    pub port: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions, nullable.
    pub error_message: Option<Cow<'a, str>>,
}

impl Default for Coordinator<'_> {
    fn default() -> Self {
        Self {
            key: Cow::Borrowed(""),
            node_id: 0,
            host: Cow::Borrowed(""),
            port: 0,
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> Element<'a> for Coordinator<'a> {
    const LEAST: usize = 14;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.key = r.string(true)?;
        it.node_id = r.i32()?;
        it.host = r.string(true)?;
        it.port = r.i32()?;
        it.error_code = r.i16()?;
        it.error_message = r.nullable_string(true, true)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.key, true)?;
        w.i32(self.node_id);
        w.string(&self.host, true)?;
        w.i32(self.port);
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        w.tags();
        Ok(())
    }
}
