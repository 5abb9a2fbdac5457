//! DescribeLogDirsResponse: key 35, versions 1 to 5, flexible from 2. Generated from `specs/DescribeLogDirs.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// DescribeLogDirsResponse: key 35, versions 1 to 5, flexible from 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeLogDirsResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// Versions 3+.
    pub error_code: i16,
    /// All versions.
    pub results: Vec<DescribeLogDirsResult<'a>>,
}

impl<'a> DescribeLogDirsResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::DescribeLogDirs;
    /// The first version.
    pub const MIN_VERSION: i16 = 1;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 5;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 2;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(1..=5).contains(&version) {
            return Err(DecodeError::Version {
                of: "DescribeLogDirsResponse",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        if version >= 3 {
            it.error_code = r.i16()?;
        }
        it.results = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(1..=5).contains(&version) {
            return Err(EncodeError::Version {
                of: "DescribeLogDirsResponse",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        w.i32(self.throttle_time_ms);
        if version >= 3 {
            w.i16(self.error_code);
        }
        w.array(&self.results, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of DescribeLogDirsResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeLogDirsResult<'a> {
    /// All versions.
    pub error_code: i16,
    /// All versions.
    pub log_dir: Cow<'a, str>,
    /// All versions.
    pub topics: Vec<DescribeLogDirsTopic<'a>>,
    /// Versions 4+.
    pub total_bytes: i64,
    /// Versions 4+.
    pub usable_bytes: i64,
    /// Version 5.
    pub is_cordoned: bool,
}

impl Default for DescribeLogDirsResult<'_> {
    fn default() -> Self {
        Self {
            error_code: 0,
            log_dir: Cow::Borrowed(""),
            topics: Vec::new(),
            total_bytes: -1,
            usable_bytes: -1,
            is_cordoned: false,
        }
    }
}

impl<'a> Element<'a> for DescribeLogDirsResult<'a> {
    const LEAST: usize = 5;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.error_code = r.i16()?;
        it.log_dir = r.string(flexible)?;
        it.topics = r.array(flexible, version)?;
        if version >= 4 {
            it.total_bytes = r.i64()?;
        }
        if version >= 4 {
            it.usable_bytes = r.i64()?;
        }
        if version == 5 {
            it.is_cordoned = r.bool()?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i16(self.error_code);
        w.string(&self.log_dir, flexible)?;
        w.array(&self.topics, flexible, version)?;
        if version >= 4 {
            w.i64(self.total_bytes);
        }
        if version >= 4 {
            w.i64(self.usable_bytes);
        }
        if version == 5 {
            w.bool(self.is_cordoned);
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of DescribeLogDirsResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeLogDirsTopic<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<DescribeLogDirsPartition>,
}

impl<'a> Element<'a> for DescribeLogDirsTopic<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(flexible)?;
        it.partitions = r.array(flexible, version)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, flexible)?;
        w.array(&self.partitions, flexible, version)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of DescribeLogDirsResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeLogDirsPartition {
    /// All versions.
    pub partition_index: i32,
    /// All versions.
    pub partition_size: i64,
    /// All versions.
    pub offset_lag: i64,
    /// All versions.
    pub is_future_key: bool,
}

impl Element<'_> for DescribeLogDirsPartition {
    const LEAST: usize = 21;

    fn read(r: &mut Reader<'_>, flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        it.partition_size = r.i64()?;
        it.offset_lag = r.i64()?;
        it.is_future_key = r.bool()?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        w.i64(self.partition_size);
        w.i64(self.offset_lag);
        w.bool(self.is_future_key);
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
