//! ShareUpdateValue: key 1, version 0, flexible from 0. Generated from `specs/ShareUpdateValue.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};

/// ShareUpdateValue: key 1, version 0, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct ShareUpdateValue {
    /// All versions.
    pub snapshot_epoch: i32,
    /// All versions.
    pub leader_epoch: i32,
    /// All versions.
    pub start_offset: i64,
    /// All versions, tag 0.
    pub delivery_complete_count: i32,
    /// All versions.
    pub state_batches: Vec<StateBatch>,
}

impl Default for ShareUpdateValue {
    fn default() -> Self {
        Self {
            snapshot_epoch: 0,
            leader_epoch: 0,
            start_offset: 0,
            delivery_complete_count: -1,
            state_batches: Vec::new(),
        }
    }
}

impl ShareUpdateValue {
    /// Which record.
    pub const KEY: u16 = 1;
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
                of: "ShareUpdateValue",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.snapshot_epoch = r.i32()?;
        it.leader_epoch = r.i32()?;
        it.start_offset = r.i64()?;
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
                of: "ShareUpdateValue",
                version,
            });
        }

        w.i32(self.snapshot_epoch);
        w.i32(self.leader_epoch);
        w.i64(self.start_offset);
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

/// Part of ShareUpdateValue.
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
