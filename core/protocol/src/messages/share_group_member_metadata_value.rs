//! ShareGroupMemberMetadataValue: key 10, version 0, flexible from 0. Generated from `specs/ShareGroupMemberMetadataValue.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ShareGroupMemberMetadataValue: key 10, version 0, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct ShareGroupMemberMetadataValue<'a> {
    /// All versions, nullable.
    pub rack_id: Option<Cow<'a, str>>,
    /// All versions.
    pub client_id: Cow<'a, str>,
    /// All versions.
    pub client_host: Cow<'a, str>,
    /// All versions.
    pub subscribed_topic_names: Vec<Cow<'a, str>>,
}

impl Default for ShareGroupMemberMetadataValue<'_> {
    fn default() -> Self {
        Self {
            rack_id: Some(Cow::Borrowed("")),
            client_id: Cow::Borrowed(""),
            client_host: Cow::Borrowed(""),
            subscribed_topic_names: Vec::new(),
        }
    }
}

impl<'a> ShareGroupMemberMetadataValue<'a> {
    /// Which record.
    pub const KEY: u16 = 10;
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
                of: "ShareGroupMemberMetadataValue",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.rack_id = r.nullable_string(true, true)?;
        it.client_id = r.string(true)?;
        it.client_host = r.string(true)?;
        it.subscribed_topic_names = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "ShareGroupMemberMetadataValue",
                version,
            });
        }

        w.nullable_string(self.rack_id.as_deref(), true)?;
        w.string(&self.client_id, true)?;
        w.string(&self.client_host, true)?;
        w.array(&self.subscribed_topic_names, true, version)?;
        w.tags();
        Ok(())
    }
}
