//! QuorumStateData: versions 0 to 1, flexible from 0. Generated from `specs/QuorumStateData.spec`.

use crate::Uuid;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// QuorumStateData: versions 0 to 1, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct QuorumStateData<'a> {
    /// Version 0.
    pub cluster_id: Cow<'a, str>,
    /// All versions.
    pub leader_id: i32,
    /// All versions.
    pub leader_epoch: i32,
    /// All versions.
    pub voted_id: i32,
    /// Version 1.
    pub voted_directory_id: Uuid,
    /// Version 0.
    pub applied_offset: i64,
    /// Version 0, nullable.
    pub current_voters: Option<Vec<Voter>>,
}

impl Default for QuorumStateData<'_> {
    fn default() -> Self {
        Self {
            cluster_id: Cow::Borrowed(""),
            leader_id: -1,
            leader_epoch: -1,
            voted_id: -1,
            voted_directory_id: Uuid::ZERO,
            applied_offset: 0,
            current_voters: Some(Vec::new()),
        }
    }
}

impl<'a> QuorumStateData<'a> {
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
                of: "QuorumStateData",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        if version == 0 {
            it.cluster_id = r.string(true)?;
        }
        it.leader_id = r.i32()?;
        it.leader_epoch = r.i32()?;
        it.voted_id = r.i32()?;
        if version == 1 {
            it.voted_directory_id = r.uuid()?;
        }
        if version == 0 {
            it.applied_offset = r.i64()?;
        }
        if version == 0 {
            it.current_voters = r.nullable_array(true, version, true)?;
        }
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "QuorumStateData",
                version,
            });
        }

        if version == 0 {
            w.string(&self.cluster_id, true)?;
        } else if !self.cluster_id.is_empty() {
            return Err(EncodeError::lost("ClusterId", version));
        }
        w.i32(self.leader_id);
        w.i32(self.leader_epoch);
        w.i32(self.voted_id);
        if version == 1 {
            w.uuid(self.voted_directory_id);
        } else if self.voted_directory_id != Uuid::ZERO {
            return Err(EncodeError::lost("VotedDirectoryId", version));
        }
        if version == 0 {
            w.i64(self.applied_offset);
        } else if self.applied_offset != 0 {
            return Err(EncodeError::lost("AppliedOffset", version));
        }
        if version == 0 {
            w.nullable_array(self.current_voters.as_deref(), true, version)?;
        } else if self.current_voters.as_ref().is_none_or(|it| !it.is_empty()) {
            return Err(EncodeError::lost("CurrentVoters", version));
        }
        w.tags();
        Ok(())
    }
}

/// Part of QuorumStateData.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Voter {
    /// All versions.
    pub voter_id: i32,
}

impl Element<'_> for Voter {
    const LEAST: usize = 5;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.voter_id = r.i32()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.voter_id);
        w.tags();
        Ok(())
    }
}
