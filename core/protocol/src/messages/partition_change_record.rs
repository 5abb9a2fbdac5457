//! PartitionChangeRecord: key 5, versions 0 to 2, flexible from 0. Generated from `specs/PartitionChangeRecord.spec`.

use crate::Uuid;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// PartitionChangeRecord: key 5, versions 0 to 2, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionChangeRecord {
    /// All versions.
    pub partition_id: i32,
    /// All versions.
    pub topic_id: Uuid,
    /// All versions, nullable, tag 0.
    pub isr: Option<Vec<i32>>,
    /// All versions, tag 1.
    pub leader: i32,
    /// All versions, nullable, tag 2.
    pub replicas: Option<Vec<i32>>,
    /// All versions, nullable, tag 3.
    pub removing_replicas: Option<Vec<i32>>,
    /// All versions, nullable, tag 4.
    pub adding_replicas: Option<Vec<i32>>,
    /// All versions, tag 5.
    pub leader_recovery_state: i8,
    /// Versions 1+, nullable, tag 8.
    pub directories: Option<Vec<Uuid>>,
    /// Version 2, nullable, tag 6.
    pub eligible_leader_replicas: Option<Vec<i32>>,
    /// Version 2, nullable, tag 7.
    pub last_known_elr: Option<Vec<i32>>,
}

impl Default for PartitionChangeRecord {
    fn default() -> Self {
        Self {
            partition_id: -1,
            topic_id: Uuid::ZERO,
            isr: None,
            leader: -2,
            replicas: None,
            removing_replicas: None,
            adding_replicas: None,
            leader_recovery_state: -1,
            directories: None,
            eligible_leader_replicas: None,
            last_known_elr: None,
        }
    }
}

impl PartitionChangeRecord {
    /// Which record.
    pub const KEY: u16 = 5;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 2;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=2).contains(&version) {
            return Err(DecodeError::Version {
                of: "PartitionChangeRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.partition_id = r.i32()?;
        it.topic_id = r.uuid()?;
        for _ in 0..r.tags()? {
            let field = r.enter()?;
            match field.tag {
                0 => it.isr = r.nullable_array(true, version, true)?,
                1 => it.leader = r.i32()?,
                2 => it.replicas = r.nullable_array(true, version, true)?,
                3 => it.removing_replicas = r.nullable_array(true, version, true)?,
                4 => it.adding_replicas = r.nullable_array(true, version, true)?,
                5 => it.leader_recovery_state = r.i8()?,
                6 if version == 2 => {
                    it.eligible_leader_replicas = r.nullable_array(true, version, true)?
                }
                7 if version == 2 => it.last_known_elr = r.nullable_array(true, version, true)?,
                8 if version >= 1 => it.directories = r.nullable_array(true, version, true)?,
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
        if !(0..=2).contains(&version) {
            return Err(EncodeError::Version {
                of: "PartitionChangeRecord",
                version,
            });
        }

        w.i32(self.partition_id);
        w.uuid(self.topic_id);
        if version < 1 && self.directories.is_some() {
            return Err(EncodeError::lost("Directories", version));
        }
        if version != 2 && self.eligible_leader_replicas.is_some() {
            return Err(EncodeError::lost("EligibleLeaderReplicas", version));
        }
        if version != 2 && self.last_known_elr.is_some() {
            return Err(EncodeError::lost("LastKnownElr", version));
        }
        let tags = w.tags();
        if self.isr.is_some() {
            let tag = w.open_tag(tags, 0);
            w.nullable_array(self.isr.as_deref(), true, version)?;
            w.close_tag(tag)?;
        }
        if self.leader != -2 {
            let tag = w.open_tag(tags, 1);
            w.i32(self.leader);
            w.close_tag(tag)?;
        }
        if self.replicas.is_some() {
            let tag = w.open_tag(tags, 2);
            w.nullable_array(self.replicas.as_deref(), true, version)?;
            w.close_tag(tag)?;
        }
        if self.removing_replicas.is_some() {
            let tag = w.open_tag(tags, 3);
            w.nullable_array(self.removing_replicas.as_deref(), true, version)?;
            w.close_tag(tag)?;
        }
        if self.adding_replicas.is_some() {
            let tag = w.open_tag(tags, 4);
            w.nullable_array(self.adding_replicas.as_deref(), true, version)?;
            w.close_tag(tag)?;
        }
        if self.leader_recovery_state != -1 {
            let tag = w.open_tag(tags, 5);
            w.i8(self.leader_recovery_state);
            w.close_tag(tag)?;
        }
        if version == 2 && self.eligible_leader_replicas.is_some() {
            let tag = w.open_tag(tags, 6);
            w.nullable_array(self.eligible_leader_replicas.as_deref(), true, version)?;
            w.close_tag(tag)?;
        }
        if version == 2 && self.last_known_elr.is_some() {
            let tag = w.open_tag(tags, 7);
            w.nullable_array(self.last_known_elr.as_deref(), true, version)?;
            w.close_tag(tag)?;
        }
        if version >= 1 && self.directories.is_some() {
            let tag = w.open_tag(tags, 8);
            w.nullable_array(self.directories.as_deref(), true, version)?;
            w.close_tag(tag)?;
        }
        Ok(())
    }
}
