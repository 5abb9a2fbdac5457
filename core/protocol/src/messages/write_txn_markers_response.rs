//! WriteTxnMarkersResponse: key 27, versions 1 to 2, flexible from 1. Generated from `specs/WriteTxnMarkers.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// WriteTxnMarkersResponse: key 27, versions 1 to 2, flexible from 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WriteTxnMarkersResponse<'a> {
    /// All versions.
    pub markers: Vec<WritableTxnMarkerResult<'a>>,
}

impl<'a> WriteTxnMarkersResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::WriteTxnMarkers;
    /// The first version.
    pub const MIN_VERSION: i16 = 1;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 2;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 1;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(1..=2).contains(&version) {
            return Err(DecodeError::Version {
                of: "WriteTxnMarkersResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.markers = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(1..=2).contains(&version) {
            return Err(EncodeError::Version {
                of: "WriteTxnMarkersResponse",
                version,
            });
        }

        w.array(&self.markers, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of WriteTxnMarkersResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WritableTxnMarkerResult<'a> {
    /// All versions.
    pub producer_id: i64,
    /// All versions.
    pub topics: Vec<WritableTxnMarkerTopicResult<'a>>,
}

impl<'a> Element<'a> for WritableTxnMarkerResult<'a> {
    const LEAST: usize = 10;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.producer_id = r.i64()?;
        it.topics = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i64(self.producer_id);
        w.array(&self.topics, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of WriteTxnMarkersResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WritableTxnMarkerTopicResult<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<WritableTxnMarkerPartitionResult>,
}

impl<'a> Element<'a> for WritableTxnMarkerTopicResult<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(true)?;
        it.partitions = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, true)?;
        w.array(&self.partitions, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of WriteTxnMarkersResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WritableTxnMarkerPartitionResult {
    /// All versions.
    pub partition_index: i32,
    /// All versions.
    pub error_code: i16,
}

impl Element<'_> for WritableTxnMarkerPartitionResult {
    const LEAST: usize = 7;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        it.error_code = r.i16()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        w.i16(self.error_code);
        w.tags();
        Ok(())
    }
}
