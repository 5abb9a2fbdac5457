//! UpdateRaftVoterRequest: key 82, version 0, flexible from 0. Generated from `specs/UpdateRaftVoter.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// UpdateRaftVoterRequest: key 82, version 0, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateRaftVoterRequest<'a> {
    /// All versions, nullable.
    pub cluster_id: Option<Cow<'a, str>>,
    /// All versions.
    pub current_leader_epoch: i32,
    /// All versions.
    pub voter_id: i32,
    /// All versions.
    pub voter_directory_id: Uuid,
    /// All versions.
    pub listeners: Vec<Listener<'a>>,
    /// All versions.
    pub kraft_version_feature: KRaftVersionFeature,
}

impl Default for UpdateRaftVoterRequest<'_> {
    fn default() -> Self {
        Self {
            cluster_id: Some(Cow::Borrowed("")),
            current_leader_epoch: 0,
            voter_id: 0,
            voter_directory_id: Uuid::ZERO,
            listeners: Vec::new(),
            kraft_version_feature: KRaftVersionFeature::default(),
        }
    }
}

impl<'a> UpdateRaftVoterRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::UpdateRaftVoter;
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
                of: "UpdateRaftVoterRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.cluster_id = r.nullable_string(true, true)?;
        it.current_leader_epoch = r.i32()?;
        it.voter_id = r.i32()?;
        it.voter_directory_id = r.uuid()?;
        it.listeners = r.array(true, version)?;
        it.kraft_version_feature = Element::read(r, true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "UpdateRaftVoterRequest",
                version,
            });
        }

        w.nullable_string(self.cluster_id.as_deref(), true)?;
        w.i32(self.current_leader_epoch);
        w.i32(self.voter_id);
        w.uuid(self.voter_directory_id);
        w.array(&self.listeners, true, version)?;
        self.kraft_version_feature.write(w, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of UpdateRaftVoterRequest.
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

/// Part of UpdateRaftVoterRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KRaftVersionFeature {
    /// All versions.
    pub min_supported_version: i16,
    /// All versions.
    pub max_supported_version: i16,
}

impl Element<'_> for KRaftVersionFeature {
    const LEAST: usize = 5;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.min_supported_version = r.i16()?;
        it.max_supported_version = r.i16()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i16(self.min_supported_version);
        w.i16(self.max_supported_version);
        w.tags();
        Ok(())
    }
}
