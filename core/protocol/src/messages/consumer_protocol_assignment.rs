//! ConsumerProtocolAssignment: versions 0 to 3. Generated from `specs/ConsumerProtocolAssignment.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ConsumerProtocolAssignment: versions 0 to 3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConsumerProtocolAssignment<'a> {
    /// All versions.
    pub assigned_partitions: Vec<TopicPartition<'a>>,
    /// All versions, nullable.
    pub user_data: Option<Cow<'a, [u8]>>,
}

impl<'a> ConsumerProtocolAssignment<'a> {
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
                of: "ConsumerProtocolAssignment",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.assigned_partitions = r.array(false, version)?;
        it.user_data = r.nullable_bytes(false, true)?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=3).contains(&version) {
            return Err(EncodeError::Version {
                of: "ConsumerProtocolAssignment",
                version,
            });
        }

        w.array(&self.assigned_partitions, false, version)?;
        w.nullable_bytes(self.user_data.as_deref(), false)?;
        Ok(())
    }
}

/// Part of ConsumerProtocolAssignment.
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
