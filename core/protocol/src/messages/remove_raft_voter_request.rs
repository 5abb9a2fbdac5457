//! RemoveRaftVoterRequest: key 81, version 0, flexible from 0. Generated from `specs/RemoveRaftVoter.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// RemoveRaftVoterRequest: key 81, version 0, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoveRaftVoterRequest<'a> {
    /// All versions, nullable.
    pub cluster_id: Option<Cow<'a, str>>,
    /// All versions.
    pub voter_id: i32,
    /// All versions.
    pub voter_directory_id: Uuid,
}

impl Default for RemoveRaftVoterRequest<'_> {
    fn default() -> Self {
        Self {
            cluster_id: Some(Cow::Borrowed("")),
            voter_id: 0,
            voter_directory_id: Uuid::ZERO,
        }
    }
}

impl<'a> RemoveRaftVoterRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::RemoveRaftVoter;
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
                of: "RemoveRaftVoterRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.cluster_id = r.nullable_string(true, true)?;
        it.voter_id = r.i32()?;
        it.voter_directory_id = r.uuid()?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "RemoveRaftVoterRequest",
                version,
            });
        }

        w.nullable_string(self.cluster_id.as_deref(), true)?;
        w.i32(self.voter_id);
        w.uuid(self.voter_directory_id);
        w.tags();
        Ok(())
    }
}
