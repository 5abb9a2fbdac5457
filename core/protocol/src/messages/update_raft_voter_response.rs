//! UpdateRaftVoterResponse: key 82, version 0, flexible from 0. Generated from `specs/UpdateRaftVoter.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// UpdateRaftVoterResponse: key 82, version 0, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UpdateRaftVoterResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub error_code: i16,
    /// All versions, tag 0.
    pub current_leader: CurrentLeader<'a>,
}

impl<'a> UpdateRaftVoterResponse<'a> {
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
                of: "UpdateRaftVoterResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.error_code = r.i16()?;
        for _ in 0..r.tags()? {
            let field = r.enter()?;
            match field.tag {
                0 => it.current_leader = Element::read(r, true, version)?,
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
                of: "UpdateRaftVoterResponse",
                version,
            });
        }

        w.i32(self.throttle_time_ms);
        w.i16(self.error_code);
        let tags = w.tags();
        if self.current_leader != CurrentLeader::default() {
            let tag = w.open_tag(tags, 0);
            self.current_leader.write(w, true, version)?;
            w.close_tag(tag)?;
        }
        Ok(())
    }
}

/// Part of UpdateRaftVoterResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct CurrentLeader<'a> {
    /// All versions.
    pub leader_id: i32,
    /// All versions.
    pub leader_epoch: i32,
    /// All versions.
    pub host: Cow<'a, str>,
    /// All versions.
    pub port: i32,
}

impl Default for CurrentLeader<'_> {
    fn default() -> Self {
        Self {
            leader_id: -1,
            leader_epoch: -1,
            host: Cow::Borrowed(""),
            port: 0,
        }
    }
}

impl<'a> Element<'a> for CurrentLeader<'a> {
    const LEAST: usize = 14;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.leader_id = r.i32()?;
        it.leader_epoch = r.i32()?;
        it.host = r.string(true)?;
        it.port = r.i32()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.leader_id);
        w.i32(self.leader_epoch);
        w.string(&self.host, true)?;
        w.i32(self.port);
        w.tags();
        Ok(())
    }
}
