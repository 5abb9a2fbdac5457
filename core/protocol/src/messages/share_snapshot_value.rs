//! ShareSnapshotValue: key 0, version 0, flexible from 0. Generated from `specs/ShareSnapshotValue.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};

/// ShareSnapshotValue: key 0, version 0, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct ShareSnapshotValue {
    /// All versions.
    pub snapshot_epoch: i32,
    /// All versions.
    pub state_epoch: i32,
    /// All versions.
    pub leader_epoch: i32,
    /// All versions.
    pub start_offset: i64,
    /// All versions, tag 0.
    pub delivery_complete_count: i32,
    /// All versions.
    pub create_timestamp: i64,
    /// All versions.
    pub write_timestamp: i64,
    /// All versions.
    pub state_batches: Vec<StateBatch>,
}

impl Default for ShareSnapshotValue {
    fn default() -> Self {
        Self {
            snapshot_epoch: 0,
            state_epoch: 0,
            leader_epoch: 0,
            start_offset: 0,
            delivery_complete_count: -1,
            create_timestamp: 0,
            write_timestamp: 0,
            state_batches: Vec::new(),
        }
    }
}

impl ShareSnapshotValue {
    /// Which record.
    pub const KEY: u16 = 0;
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
                of: "ShareSnapshotValue",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.snapshot_epoch = r.i32()?;
        it.state_epoch = r.i32()?;
        it.leader_epoch = r.i32()?;
        it.start_offset = r.i64()?;
        it.create_timestamp = r.i64()?;
        it.write_timestamp = r.i64()?;
        it.state_batches = r.array(true, version)?;
        for _ in 0..r.tags()? {
            let field = r.enter()?;
            match field.tag {
                0 => it.delivery_complete_count = r.i32()?,
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
                of: "ShareSnapshotValue",
                version,
            });
        }

        w.i32(self.snapshot_epoch);
        w.i32(self.state_epoch);
        w.i32(self.leader_epoch);
        w.i64(self.start_offset);
        w.i64(self.create_timestamp);
        w.i64(self.write_timestamp);
        w.array(&self.state_batches, true, version)?;
        let tags = w.tags();
        if self.delivery_complete_count != -1 {
            let tag = w.open_tag(tags, 0);
            w.i32(self.delivery_complete_count);
            w.close_tag(tag)?;
        }
        Ok(())
    }
}

/// Part of ShareSnapshotValue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StateBatch {
    /// All versions.
    pub first_offset: i64,
    /// All versions.
    pub last_offset: i64,
    /// All versions.
    pub delivery_state: i8,
    /// All versions.
    pub delivery_count: i16,
}

impl Element<'_> for StateBatch {
    const LEAST: usize = 20;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.first_offset = r.i64()?;
        it.last_offset = r.i64()?;
        it.delivery_state = r.i8()?;
        it.delivery_count = r.i16()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i64(self.first_offset);
        w.i64(self.last_offset);
        w.i8(self.delivery_state);
        w.i16(self.delivery_count);
        w.tags();
        Ok(())
    }
}
