//! WriteTxnMarkersRequest: key 27, versions 1 to 2, flexible from 1. Generated from `specs/WriteTxnMarkers.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// WriteTxnMarkersRequest: key 27, versions 1 to 2, flexible from 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WriteTxnMarkersRequest<'a> {
    /// All versions.
    pub markers: Vec<WritableTxnMarker<'a>>,
}

impl<'a> WriteTxnMarkersRequest<'a> {
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
                of: "WriteTxnMarkersRequest",
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
                of: "WriteTxnMarkersRequest",
                version,
            });
        }

        w.array(&self.markers, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of WriteTxnMarkersRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WritableTxnMarker<'a> {
    /// All versions.
    pub producer_id: i64,
    /// All versions.
    pub producer_epoch: i16,
    /// All versions.
    pub transaction_result: bool,
    /// All versions.
    pub topics: Vec<WritableTxnMarkerTopic<'a>>,
    /// All versions.
    pub coordinator_epoch: i32,
    /// Version 2.
    pub transaction_version: i8,
}

impl<'a> Element<'a> for WritableTxnMarker<'a> {
    const LEAST: usize = 17;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.producer_id = r.i64()?;
        it.producer_epoch = r.i16()?;
        it.transaction_result = r.bool()?;
        it.topics = r.array(true, version)?;
        it.coordinator_epoch = r.i32()?;
        if version == 2 {
            it.transaction_version = r.i8()?;
        }
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i64(self.producer_id);
        w.i16(self.producer_epoch);
        w.bool(self.transaction_result);
        w.array(&self.topics, true, version)?;
        w.i32(self.coordinator_epoch);
        if version == 2 {
            w.i8(self.transaction_version);
        }
        w.tags();
        Ok(())
    }
}

/// Part of WriteTxnMarkersRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WritableTxnMarkerTopic<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub partition_indexes: Vec<i32>,
}

impl<'a> Element<'a> for WritableTxnMarkerTopic<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(true)?;
        it.partition_indexes = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, true)?;
        w.array(&self.partition_indexes, true, version)?;
        w.tags();
        Ok(())
    }
}
