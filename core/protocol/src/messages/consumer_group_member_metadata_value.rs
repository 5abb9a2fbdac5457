//! ConsumerGroupMemberMetadataValue: key 5, version 0, flexible from 0. Generated from `specs/ConsumerGroupMemberMetadataValue.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ConsumerGroupMemberMetadataValue: key 5, version 0, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerGroupMemberMetadataValue<'a> {
    /// All versions, nullable.
    pub instance_id: Option<Cow<'a, str>>,
    /// All versions, nullable.
    pub rack_id: Option<Cow<'a, str>>,
    /// All versions.
    pub client_id: Cow<'a, str>,
    /// All versions.
    pub client_host: Cow<'a, str>,
    /// All versions.
    pub subscribed_topic_names: Vec<Cow<'a, str>>,
    /// All versions, nullable.
    pub subscribed_topic_regex: Option<Cow<'a, str>>,
    /// All versions.
    pub rebalance_timeout_ms: i32,
    /// All versions, nullable.
    pub server_assignor: Option<Cow<'a, str>>,
    /// All versions, nullable, tag 0.
    pub classic_member_metadata: Option<ClassicMemberMetadata<'a>>,
}

impl Default for ConsumerGroupMemberMetadataValue<'_> {
    fn default() -> Self {
        Self {
            instance_id: Some(Cow::Borrowed("")),
            rack_id: Some(Cow::Borrowed("")),
            client_id: Cow::Borrowed(""),
            client_host: Cow::Borrowed(""),
            subscribed_topic_names: Vec::new(),
            subscribed_topic_regex: Some(Cow::Borrowed("")),
            rebalance_timeout_ms: -1,
            server_assignor: Some(Cow::Borrowed("")),
            classic_member_metadata: Some(ClassicMemberMetadata::default()),
        }
    }
}

impl<'a> ConsumerGroupMemberMetadataValue<'a> {
    /// Which record.
    pub const KEY: u16 = 5;
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
                of: "ConsumerGroupMemberMetadataValue",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.instance_id = r.nullable_string(true, true)?;
        it.rack_id = r.nullable_string(true, true)?;
        it.client_id = r.string(true)?;
        it.client_host = r.string(true)?;
        it.subscribed_topic_names = r.array(true, version)?;
        it.subscribed_topic_regex = r.nullable_string(true, true)?;
        it.rebalance_timeout_ms = r.i32()?;
        it.server_assignor = r.nullable_string(true, true)?;
        for _ in 0..r.tags()? {
            let field = r.enter()?;
            match field.tag {
                0 => {
                    it.classic_member_metadata = if r.uvarint()? > 0 {
                        Some(Element::read(r, true, version)?)
                    } else {
                        None
                    }
                }
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
                of: "ConsumerGroupMemberMetadataValue",
                version,
            });
        }

        w.nullable_string(self.instance_id.as_deref(), true)?;
        w.nullable_string(self.rack_id.as_deref(), true)?;
        w.string(&self.client_id, true)?;
        w.string(&self.client_host, true)?;
        w.array(&self.subscribed_topic_names, true, version)?;
        w.nullable_string(self.subscribed_topic_regex.as_deref(), true)?;
        w.i32(self.rebalance_timeout_ms);
        w.nullable_string(self.server_assignor.as_deref(), true)?;
        let tags = w.tags();
        if self.classic_member_metadata != Some(ClassicMemberMetadata::default()) {
            let tag = w.open_tag(tags, 0);
            w.uvarint(self.classic_member_metadata.is_some().into());
            if let Some(inner) = &self.classic_member_metadata {
                inner.write(w, true, version)?;
            }
            w.close_tag(tag)?;
        }
        Ok(())
    }
}

/// Part of ConsumerGroupMemberMetadataValue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassicMemberMetadata<'a> {
    /// All versions.
    pub session_timeout_ms: i32,
    /// All versions.
    pub supported_protocols: Vec<ClassicProtocol<'a>>,
}

impl<'a> Element<'a> for ClassicMemberMetadata<'a> {
    const LEAST: usize = 6;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.session_timeout_ms = r.i32()?;
        it.supported_protocols = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.session_timeout_ms);
        w.array(&self.supported_protocols, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ConsumerGroupMemberMetadataValue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassicProtocol<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub metadata: Cow<'a, [u8]>,
}

impl<'a> Element<'a> for ClassicProtocol<'a> {
    const LEAST: usize = 3;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(true)?;
        it.metadata = r.bytes(true)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, true)?;
        w.bytes(&self.metadata, true)?;
        w.tags();
        Ok(())
    }
}
