//! DescribeClusterRequest: key 60, versions 0 to 2, flexible from 0. Generated from `specs/DescribeCluster.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// DescribeClusterRequest: key 60, versions 0 to 2, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeClusterRequest {
    /// All versions.
    pub include_cluster_authorized_operations: bool,
    /// Versions 1+.
    pub endpoint_type: i8,
    /// Version 2.
    pub include_fenced_brokers: bool,
}

impl Default for DescribeClusterRequest {
    fn default() -> Self {
        Self {
            include_cluster_authorized_operations: false,
            endpoint_type: 1,
            include_fenced_brokers: false,
        }
    }
}

impl DescribeClusterRequest {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::DescribeCluster;
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
                of: "DescribeClusterRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.include_cluster_authorized_operations = r.bool()?;
        if version >= 1 {
            it.endpoint_type = r.i8()?;
        }
        if version == 2 {
            it.include_fenced_brokers = r.bool()?;
        }
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=2).contains(&version) {
            return Err(EncodeError::Version {
                of: "DescribeClusterRequest",
                version,
            });
        }

        w.bool(self.include_cluster_authorized_operations);
        if version >= 1 {
            w.i8(self.endpoint_type);
        } else if self.endpoint_type != 1 {
            return Err(EncodeError::lost("EndpointType", version));
        }
        if version == 2 {
            w.bool(self.include_fenced_brokers);
        } else if self.include_fenced_brokers {
            return Err(EncodeError::lost("IncludeFencedBrokers", version));
        }
        w.tags();
        Ok(())
    }
}
