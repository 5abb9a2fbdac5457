//! StreamsGroupMetadataValue: key 17, version 0, flexible from 0. Generated from `specs/StreamsGroupMetadataValue.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// StreamsGroupMetadataValue: key 17, version 0, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamsGroupMetadataValue<'a> {
    /// All versions.
    pub epoch: i32,
    /// All versions.
    pub metadata_hash: i64,
    /// All versions, tag 0.
    pub validated_topology_epoch: i32,
    /// All versions, nullable, tag 1.
    pub last_assignment_configs: Option<Vec<LastAssignmentConfig<'a>>>,
    /// All versions, tag 2.
    pub stored_description_topology_epoch: i32,
    /// All versions, tag 3.
    pub failed_description_topology_epoch: i32,
}

impl Default for StreamsGroupMetadataValue<'_> {
    fn default() -> Self {
        Self {
            epoch: 0,
            metadata_hash: 0,
            validated_topology_epoch: -1,
            last_assignment_configs: Some(Vec::new()),
            stored_description_topology_epoch: -1,
            failed_description_topology_epoch: -1,
        }
    }
}

impl<'a> StreamsGroupMetadataValue<'a> {
    /// Which record.
    pub const KEY: u16 = 17;
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
                of: "StreamsGroupMetadataValue",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.epoch = r.i32()?;
        it.metadata_hash = r.i64()?;
        for _ in 0..r.tags()? {
            let field = r.enter()?;
            match field.tag {
                0 => it.validated_topology_epoch = r.i32()?,
                1 => it.last_assignment_configs = r.nullable_array(true, version, true)?,
                2 => it.stored_description_topology_epoch = r.i32()?,
                3 => it.failed_description_topology_epoch = r.i32()?,
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
                of: "StreamsGroupMetadataValue",
                version,
            });
        }

        w.i32(self.epoch);
        w.i64(self.metadata_hash);
        let tags = w.tags();
        if self.validated_topology_epoch != -1 {
            let tag = w.open_tag(tags, 0);
            w.i32(self.validated_topology_epoch);
            w.close_tag(tag)?;
        }
        if self
            .last_assignment_configs
            .as_ref()
            .is_none_or(|it| !it.is_empty())
        {
            let tag = w.open_tag(tags, 1);
            w.nullable_array(self.last_assignment_configs.as_deref(), true, version)?;
            w.close_tag(tag)?;
        }
        if self.stored_description_topology_epoch != -1 {
            let tag = w.open_tag(tags, 2);
            w.i32(self.stored_description_topology_epoch);
            w.close_tag(tag)?;
        }
        if self.failed_description_topology_epoch != -1 {
            let tag = w.open_tag(tags, 3);
            w.i32(self.failed_description_topology_epoch);
            w.close_tag(tag)?;
        }
        Ok(())
    }
}

/// Part of StreamsGroupMetadataValue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LastAssignmentConfig<'a> {
    /// All versions.
    pub key: Cow<'a, str>,
    /// All versions.
    pub value: Cow<'a, str>,
}

impl<'a> Element<'a> for LastAssignmentConfig<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.key = r.string(true)?;
        it.value = r.string(true)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.key, true)?;
        w.string(&self.value, true)?;
        w.tags();
        Ok(())
    }
}
