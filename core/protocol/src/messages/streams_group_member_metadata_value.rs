//! StreamsGroupMemberMetadataValue: key 19, version 0, flexible from 0. Generated from `specs/StreamsGroupMemberMetadataValue.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// StreamsGroupMemberMetadataValue: key 19, version 0, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamsGroupMemberMetadataValue<'a> {
    /// All versions, nullable.
    pub instance_id: Option<Cow<'a, str>>,
    /// All versions, nullable.
    pub rack_id: Option<Cow<'a, str>>,
    /// All versions.
    pub client_id: Cow<'a, str>,
    /// All versions.
    pub client_host: Cow<'a, str>,
    /// All versions.
    pub rebalance_timeout_ms: i32,
    /// All versions.
    pub topology_epoch: i32,
    /// All versions.
    pub process_id: Cow<'a, str>,
    /// All versions, nullable.
    pub user_endpoint: Option<Endpoint<'a>>,
    /// All versions.
    pub client_tags: Vec<KeyValue<'a>>,
}

impl Default for StreamsGroupMemberMetadataValue<'_> {
    fn default() -> Self {
        Self {
            instance_id: Some(Cow::Borrowed("")),
            rack_id: Some(Cow::Borrowed("")),
            client_id: Cow::Borrowed(""),
            client_host: Cow::Borrowed(""),
            rebalance_timeout_ms: -1,
            topology_epoch: 0,
            process_id: Cow::Borrowed(""),
            user_endpoint: None,
            client_tags: Vec::new(),
        }
    }
}

impl<'a> StreamsGroupMemberMetadataValue<'a> {
    /// Which record.
    pub const KEY: u16 = 19;
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
                of: "StreamsGroupMemberMetadataValue",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.instance_id = r.nullable_string(true, true)?;
        it.rack_id = r.nullable_string(true, true)?;
        it.client_id = r.string(true)?;
        it.client_host = r.string(true)?;
        it.rebalance_timeout_ms = r.i32()?;
        it.topology_epoch = r.i32()?;
        it.process_id = r.string(true)?;
        it.user_endpoint = if r.i8()? >= 0 {
            Some(Element::read(r, true, version)?)
        } else {
            None
        };
        it.client_tags = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "StreamsGroupMemberMetadataValue",
                version,
            });
        }

        w.nullable_string(self.instance_id.as_deref(), true)?;
        w.nullable_string(self.rack_id.as_deref(), true)?;
        w.string(&self.client_id, true)?;
        w.string(&self.client_host, true)?;
        w.i32(self.rebalance_timeout_ms);
        w.i32(self.topology_epoch);
        w.string(&self.process_id, true)?;
        w.i8(if self.user_endpoint.is_some() { 1 } else { -1 });
        if let Some(inner) = &self.user_endpoint {
            inner.write(w, true, version)?;
        }
        w.array(&self.client_tags, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupMemberMetadataValue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Endpoint<'a> {
    /// All versions.
    pub host: Cow<'a, str>,
    /// All versions.
    pub port: u16,
}

impl<'a> Element<'a> for Endpoint<'a> {
    const LEAST: usize = 4;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.host = r.string(true)?;
        it.port = r.u16()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.host, true)?;
        w.u16(self.port);
        w.tags();
        Ok(())
    }
}

/// Part of StreamsGroupMemberMetadataValue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyValue<'a> {
    /// All versions.
    pub key: Cow<'a, str>,
    /// All versions.
    pub value: Cow<'a, str>,
}

impl<'a> Element<'a> for KeyValue<'a> {
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
