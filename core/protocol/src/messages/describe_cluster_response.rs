//! DescribeClusterResponse: key 60, versions 0 to 2, flexible from 0. Generated from `specs/DescribeCluster.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// DescribeClusterResponse: key 60, versions 0 to 2, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeClusterResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions, nullable.
    pub error_message: Option<Cow<'a, str>>,
    /// Versions 1+.
    pub endpoint_type: i8,
    /// All versions.
    pub cluster_id: Cow<'a, str>,
    /// All versions.
    pub controller_id: i32,
    /// All versions.
    pub brokers: Vec<DescribeClusterBroker<'a>>,
    /// All versions.
    pub cluster_authorized_operations: i32,
}

impl Default for DescribeClusterResponse<'_> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: None,
            endpoint_type: 1,
            cluster_id: Cow::Borrowed(""),
            controller_id: -1,
            brokers: Vec::new(),
            cluster_authorized_operations: -2147483648,
        }
    }
}

impl<'a> DescribeClusterResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::DescribeCluster;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 2;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=2).contains(&version) {
            return Err(DecodeError::Version {
                of: "DescribeClusterResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.error_code = r.i16()?;
        it.error_message = r.nullable_string(true, true)?;
        if version >= 1 {
            it.endpoint_type = r.i8()?;
        }
        it.cluster_id = r.string(true)?;
        it.controller_id = r.i32()?;
        it.brokers = r.array(true, version)?;
        it.cluster_authorized_operations = r.i32()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=2).contains(&version) {
            return Err(EncodeError::Version {
                of: "DescribeClusterResponse",
                version,
            });
        }

        w.i32(self.throttle_time_ms);
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        if version >= 1 {
            w.i8(self.endpoint_type);
        } else if self.endpoint_type != 1 {
            return Err(EncodeError::lost("EndpointType", version));
        }
        w.string(&self.cluster_id, true)?;
        w.i32(self.controller_id);
        w.array(&self.brokers, true, version)?;
        w.i32(self.cluster_authorized_operations);
        w.tags();
        Ok(())
    }
}

/// Part of DescribeClusterResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeClusterBroker<'a> {
    /// All versions.
    pub broker_id: i32,
    /// All versions.
    pub host: Cow<'a, str>,
    /// All versions.
    pub port: i32,
    /// All versions, nullable.
    pub rack: Option<Cow<'a, str>>,
    /// Version 2.
    pub is_fenced: bool,
}

impl<'a> Element<'a> for DescribeClusterBroker<'a> {
    const LEAST: usize = 11;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.broker_id = r.i32()?;
        it.host = r.string(true)?;
        it.port = r.i32()?;
        it.rack = r.nullable_string(true, true)?;
        if version == 2 {
            it.is_fenced = r.bool()?;
        }
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.broker_id);
        w.string(&self.host, true)?;
        w.i32(self.port);
        w.nullable_string(self.rack.as_deref(), true)?;
        if version == 2 {
            w.bool(self.is_fenced);
        } else if self.is_fenced {
            return Err(EncodeError::lost("IsFenced", version));
        }
        w.tags();
        Ok(())
    }
}
