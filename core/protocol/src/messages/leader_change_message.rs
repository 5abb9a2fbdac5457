//! LeaderChangeMessage: versions 0 to 1, flexible from 0. Generated from `specs/LeaderChangeMessage.spec`.

use crate::Uuid;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};

/// LeaderChangeMessage: versions 0 to 1, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeaderChangeMessage {
    /// All versions.
    pub version: i16,
    /// All versions.
    pub leader_id: i32,
    /// All versions.
    pub voters: Vec<Voter>,
    /// All versions.
    pub granting_voters: Vec<Voter>,
}

impl LeaderChangeMessage {
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 1;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=1).contains(&version) {
            return Err(DecodeError::Version {
                of: "LeaderChangeMessage",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.version = r.i16()?;
        it.leader_id = r.i32()?;
        it.voters = r.array(true, version)?;
        it.granting_voters = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=1).contains(&version) {
            return Err(EncodeError::Version {
                of: "LeaderChangeMessage",
                version,
            });
        }

        w.i16(self.version);
        w.i32(self.leader_id);
        w.array(&self.voters, true, version)?;
        w.array(&self.granting_voters, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of LeaderChangeMessage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Voter {
    /// All versions.
    pub voter_id: i32,
    /// Version 1.
    pub voter_directory_id: Uuid,
}

impl Element<'_> for Voter {
    const LEAST: usize = 5;

    fn read(r: &mut Reader<'_>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.voter_id = r.i32()?;
        if version == 1 {
            it.voter_directory_id = r.uuid()?;
        }
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.voter_id);
        if version == 1 {
            w.uuid(self.voter_directory_id);
        } else if self.voter_directory_id != Uuid::ZERO {
            return Err(EncodeError::lost("VoterDirectoryId", version));
        }
        w.tags();
        Ok(())
    }
}
