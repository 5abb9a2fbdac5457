//! ElectLeadersResponse: key 43, versions 0 to 2, flexible from 2. Generated from `specs/ElectLeaders.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ElectLeadersResponse: key 43, versions 0 to 2, flexible from 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ElectLeadersResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// Versions 1+.
    pub error_code: i16,
    /// All versions.
    pub replica_election_results: Vec<ReplicaElectionResult<'a>>,
}

impl<'a> ElectLeadersResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::ElectLeaders;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 2;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 2;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=2).contains(&version) {
            return Err(DecodeError::Version {
                of: "ElectLeadersResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        if version >= 1 {
            it.error_code = r.i16()?;
        }
        it.replica_election_results = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=2).contains(&version) {
            return Err(EncodeError::Version {
                of: "ElectLeadersResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.i32(self.throttle_time_ms);
        if version >= 1 {
            w.i16(self.error_code);
        } else if self.error_code != 0 {
            return Err(EncodeError::lost("ErrorCode", version));
        }
        w.array(&self.replica_election_results, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of ElectLeadersResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReplicaElectionResult<'a> {
    /// All versions.
    pub topic: Cow<'a, str>,
    /// All versions.
    pub partition_result: Vec<PartitionResult<'a>>,
}

impl<'a> Element<'a> for ReplicaElectionResult<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic = r.string(flexible)?;
        it.partition_result = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.topic, flexible)?;
        w.array(&self.partition_result, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of ElectLeadersResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionResult<'a> {
    /// All versions.
    pub partition_id: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions, nullable.
    pub error_message: Option<Cow<'a, str>>,
}

impl Default for PartitionResult<'_> {
    fn default() -> Self {
        Self {
            partition_id: 0,
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> Element<'a> for PartitionResult<'a> {
    const LEAST: usize = 8;

    fn read(r: &mut Reader<'a>, flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_id = r.i32()?;
        it.error_code = r.i16()?;
        it.error_message = r.nullable_string(flexible, true)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_id);
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), flexible)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
