//! RemotePartitionDeleteMetadataRecord: key 2, version 0, flexible from 0. Generated from `specs/RemotePartitionDeleteMetadataRecord.spec`.

use crate::Uuid;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// RemotePartitionDeleteMetadataRecord: key 2, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RemotePartitionDeleteMetadataRecord<'a> {
    /// All versions.
    pub topic_id_partition: TopicIdPartitionEntry<'a>,
    /// All versions.
    pub broker_id: i32,
    /// All versions.
    pub event_timestamp_ms: i64,
    /// All versions.
    pub remote_partition_delete_state: i8,
}

impl<'a> RemotePartitionDeleteMetadataRecord<'a> {
    /// Which record.
    pub const KEY: u16 = 2;
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
                of: "RemotePartitionDeleteMetadataRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.topic_id_partition = Element::read(r, true, version)?;
        it.broker_id = r.i32()?;
        it.event_timestamp_ms = r.i64()?;
        it.remote_partition_delete_state = r.i8()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "RemotePartitionDeleteMetadataRecord",
                version,
            });
        }

        self.topic_id_partition.write(w, true, version)?;
        w.i32(self.broker_id);
        w.i64(self.event_timestamp_ms);
        w.i8(self.remote_partition_delete_state);
        w.tags();
        Ok(())
    }
}

/// Part of RemotePartitionDeleteMetadataRecord.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicIdPartitionEntry<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub id: Uuid,
    /// All versions.
    pub partition: i32,
}

impl<'a> Element<'a> for TopicIdPartitionEntry<'a> {
    const LEAST: usize = 22;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(true)?;
        it.id = r.uuid()?;
        it.partition = r.i32()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, true)?;
        w.uuid(self.id);
        w.i32(self.partition);
        w.tags();
        Ok(())
    }
}
