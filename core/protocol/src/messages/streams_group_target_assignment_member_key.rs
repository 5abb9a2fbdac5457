//! StreamsGroupTargetAssignmentMemberKey: key 21, version 0. Generated from `specs/StreamsGroupTargetAssignmentMemberKey.spec`.

use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// StreamsGroupTargetAssignmentMemberKey: key 21, version 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamsGroupTargetAssignmentMemberKey<'a> {
    /// All versions.
    pub group_id: Cow<'a, str>,
    /// All versions.
    pub member_id: Cow<'a, str>,
}

impl<'a> StreamsGroupTargetAssignmentMemberKey<'a> {
    /// Which record.
    pub const KEY: u16 = 21;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 0;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = i16::MAX;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if version != 0 {
            return Err(DecodeError::Version {
                of: "StreamsGroupTargetAssignmentMemberKey",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.group_id = r.string(false)?;
        it.member_id = r.string(false)?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 0 {
            return Err(EncodeError::Version {
                of: "StreamsGroupTargetAssignmentMemberKey",
                version,
            });
        }

        w.string(&self.group_id, false)?;
        w.string(&self.member_id, false)?;
        Ok(())
    }
}
