//! AddRaftVoterRequest: key 80, versions 0 to 1, flexible from 0. Generated from `specs/AddRaftVoter.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// AddRaftVoterRequest: key 80, versions 0 to 1, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct AddRaftVoterRequest<'a> {
    /// All versions, nullable.
    pub cluster_id: Option<Cow<'a, str>>,
    /// All versions.
    pub timeout_ms: i32,
    /// All versions.
    pub voter_id: i32,
    /// All versions.
    pub voter_directory_id: Uuid,
    /// All versions.
    pub listeners: Vec<Listener<'a>>,
    /// Version 1.
    pub ack_when_committed: bool,
}

impl Default for AddRaftVoterRequest<'_> {
    fn default() -> Self {
        Self {
            cluster_id: Some(Cow::Borrowed("")),
            timeout_ms: 0,
            voter_id: 0,
            voter_directory_id: Uuid::ZERO,
            listeners: Vec::new(),
            ack_when_committed: true,
        }
    }
}

impl<'a> AddRaftVoterRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::AddRaftVoter;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 1;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=1).contains(&version) {
            return Err(DecodeError::Version {
                of: "AddRaftVoterRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.cluster_id = r.nullable_string(true, true)?;
        it.timeout_ms = r.i32()?;
        it.voter_id = r.i32()?;
        it.voter_directory_id = r.uuid()?;
        it.listeners = r.array(true, version)?;
        if version == 1 {
            it.ack_when_committed = r.bool()?;
        }
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "AddRaftVoterRequest",
                version,
            });
        }

        w.nullable_string(self.cluster_id.as_deref(), true)?;
        w.i32(self.timeout_ms);
        w.i32(self.voter_id);
        w.uuid(self.voter_directory_id);
        w.array(&self.listeners, true, version)?;
        if version == 1 {
            w.bool(self.ack_when_committed);
        } else if !self.ack_when_committed {
            return Err(EncodeError::lost("AckWhenCommitted", version));
        }
        w.tags();
        Ok(())
    }
}

/// Part of AddRaftVoterRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listener<'a> {
    /// All versions.
    pub name: Cow<'a, str>,
    /// All versions.
    pub host: Cow<'a, str>,
    /// All versions.
    pub port: u16,
}

impl<'a> Element<'a> for Listener<'a> {
    const LEAST: usize = 5;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.name = r.string(true)?;
        it.host = r.string(true)?;
        it.port = r.u16()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.string(&self.name, true)?;
        w.string(&self.host, true)?;
        w.u16(self.port);
        w.tags();
        Ok(())
    }
}
