//! ConsumerProtocolSubscription: versions 0 to 3. Generated from `specs/ConsumerProtocolSubscription.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ConsumerProtocolSubscription: versions 0 to 3.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerProtocolSubscription<'a> {
    /// All versions.
    pub topics: Vec<Cow<'a, str>>,
    /// All versions, nullable.
    pub user_data: Option<Cow<'a, [u8]>>,
    /// Versions 1+.
    pub owned_partitions: Vec<TopicPartition<'a>>,
    /// Versions 2+.
    pub generation_id: i32,
    /// Version 3, nullable.
    pub rack_id: Option<Cow<'a, str>>,
}

impl Default for ConsumerProtocolSubscription<'_> {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            user_data: None,
            owned_partitions: Vec::new(),
            generation_id: -1,
            rack_id: None,
        }
    }
}

impl<'a> ConsumerProtocolSubscription<'a> {
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 3;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = i16::MAX;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=3).contains(&version) {
            return Err(DecodeError::Version {
                of: "ConsumerProtocolSubscription",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.topics = r.array(false, version)?;
        it.user_data = r.nullable_bytes(false, true)?;
        if version >= 1 {
            it.owned_partitions = r.array(false, version)?;
        }
        if version >= 2 {
            it.generation_id = r.i32()?;
        }
        if version == 3 {
            it.rack_id = r.nullable_string(false, true)?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=3).contains(&version) {
            return Err(EncodeError::Version {
                of: "ConsumerProtocolSubscription",
                version,
            });
        }

        w.array(&self.topics, false, version)?;
        w.nullable_bytes(self.user_data.as_deref(), false)?;
        if version >= 1 {
            w.array(&self.owned_partitions, false, version)?;
        }
        if version >= 2 {
            w.i32(self.generation_id);
        }
        if version == 3 {
            w.nullable_string(self.rack_id.as_deref(), false)?;
        }
        Ok(())
    }
}

/// Part of ConsumerProtocolSubscription.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicPartition<'a> {
    /// All versions.
    pub topic: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<i32>,
}

impl<'a> Element<'a> for TopicPartition<'a> {
    const LEAST: usize = 6;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic = r.string(false)?;
        it.partitions = r.array(false, version)?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.topic, false)?;
        w.array(&self.partitions, false, version)?;
        Ok(())
    }
}
