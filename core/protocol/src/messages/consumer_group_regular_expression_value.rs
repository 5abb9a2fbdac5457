//! ConsumerGroupRegularExpressionValue: key 16, version 0, flexible from 0. Generated from `specs/ConsumerGroupRegularExpressionValue.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ConsumerGroupRegularExpressionValue: key 16, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConsumerGroupRegularExpressionValue<'a> {
    /// All versions.
    pub topics: Vec<Cow<'a, str>>,
    /// All versions.
    pub version: i64,
    /// All versions.
    pub timestamp: i64,
}

impl<'a> ConsumerGroupRegularExpressionValue<'a> {
    /// Which record.
    pub const KEY: u16 = 16;
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
                of: "ConsumerGroupRegularExpressionValue",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.topics = r.array(true, version)?;
        it.version = r.i64()?;
        it.timestamp = r.i64()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "ConsumerGroupRegularExpressionValue",
                version,
            });
        }

        w.array(&self.topics, true, version)?;
        w.i64(self.version);
        w.i64(self.timestamp);
        w.tags();
        Ok(())
    }
}
