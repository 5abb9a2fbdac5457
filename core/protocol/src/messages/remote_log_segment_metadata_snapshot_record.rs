//! RemoteLogSegmentMetadataSnapshotRecord: key 3, version 0, flexible from 0. Generated from `specs/RemoteLogSegmentMetadataSnapshotRecord.spec`.

use crate::Uuid;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// RemoteLogSegmentMetadataSnapshotRecord: key 3, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RemoteLogSegmentMetadataSnapshotRecord<'a> {
    /// All versions.
    pub segment_id: Uuid,
    /// All versions.
    pub start_offset: i64,
    /// All versions.
    pub end_offset: i64,
    /// All versions.
    pub broker_id: i32,
    /// All versions.
    pub max_timestamp_ms: i64,
    /// All versions.
    pub event_timestamp_ms: i64,
    /// All versions.
    pub segment_leader_epochs: Vec<SegmentLeaderEpochEntry>,
    /// All versions.
    pub segment_size_in_bytes: i32,
    /// All versions, nullable.
    pub custom_metadata: Option<Cow<'a, [u8]>>,
    /// All versions.
    pub remote_log_segment_state: i8,
    /// All versions, tag 0.
    pub txn_index_empty: bool,
}

impl<'a> RemoteLogSegmentMetadataSnapshotRecord<'a> {
    /// Which record.
    pub const KEY: u16 = 3;
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
                of: "RemoteLogSegmentMetadataSnapshotRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.segment_id = r.uuid()?;
        it.start_offset = r.i64()?;
        it.end_offset = r.i64()?;
        it.broker_id = r.i32()?;
        it.max_timestamp_ms = r.i64()?;
        it.event_timestamp_ms = r.i64()?;
        it.segment_leader_epochs = r.array(true, version)?;
        it.segment_size_in_bytes = r.i32()?;
        it.custom_metadata = r.nullable_bytes(true, true)?;
        it.remote_log_segment_state = r.i8()?;
        for _ in 0..r.tags()? {
            let field = r.enter()?;
            match field.tag {
                0 => it.txn_index_empty = r.bool()?,
                _ => {
                    r.rest();
                }
            }
            r.leave(field)?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "RemoteLogSegmentMetadataSnapshotRecord",
                version,
            });
        }

        w.uuid(self.segment_id);
        w.i64(self.start_offset);
        w.i64(self.end_offset);
        w.i32(self.broker_id);
        w.i64(self.max_timestamp_ms);
        w.i64(self.event_timestamp_ms);
        w.array(&self.segment_leader_epochs, true, version)?;
        w.i32(self.segment_size_in_bytes);
        w.nullable_bytes(self.custom_metadata.as_deref(), true)?;
        w.i8(self.remote_log_segment_state);
        let tags = w.tags();
        if self.txn_index_empty {
            let tag = w.open_tag(tags, 0);
            w.bool(self.txn_index_empty);
            w.close_tag(tag)?;
        }
        Ok(())
    }
}

/// Part of RemoteLogSegmentMetadataSnapshotRecord.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SegmentLeaderEpochEntry {
    /// All versions.
    pub leader_epoch: i32,
    /// All versions.
    pub offset: i64,
}

impl Element<'_> for SegmentLeaderEpochEntry {
    const LEAST: usize = 13;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.leader_epoch = r.i32()?;
        it.offset = r.i64()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.leader_epoch);
        w.i64(self.offset);
        w.tags();
        Ok(())
    }
}
