//! PartitionRecord: key 3, versions 0 to 2, flexible from 0. Generated from `specs/PartitionRecord.spec`.

use crate::Uuid;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// PartitionRecord: key 3, versions 0 to 2, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionRecord {
    /// All versions.
    pub partition_id: i32,
    /// All versions.
    pub topic_id: Uuid,
    /// All versions.
    pub replicas: Vec<i32>,
    /// All versions.
    pub isr: Vec<i32>,
    /// All versions.
    pub removing_replicas: Vec<i32>,
    /// All versions.
    pub adding_replicas: Vec<i32>,
    /// All versions.
    pub leader: i32,
    /// All versions, tag 0.
    pub leader_recovery_state: i8,
    /// All versions.
    pub leader_epoch: i32,
    /// All versions.
    pub partition_epoch: i32,
    /// Versions 1+.
    pub directories: Vec<Uuid>,
    /// Version 2, nullable, tag 1.
    pub eligible_leader_replicas: Option<Vec<i32>>,
    /// Version 2, nullable, tag 2.
    pub last_known_elr: Option<Vec<i32>>,
}

impl Default for PartitionRecord {
    fn default() -> Self {
        Self {
            partition_id: -1,
            topic_id: Uuid::ZERO,
            replicas: Vec::new(),
            isr: Vec::new(),
            removing_replicas: Vec::new(),
            adding_replicas: Vec::new(),
            leader: -1,
            leader_recovery_state: 0,
            leader_epoch: -1,
            partition_epoch: -1,
            directories: Vec::new(),
            eligible_leader_replicas: None,
            last_known_elr: None,
        }
    }
}

impl PartitionRecord {
    /// Which record.
    pub const KEY: u16 = 3;
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
                of: "PartitionRecord",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.partition_id = r.i32()?;
        it.topic_id = r.uuid()?;
        it.replicas = r.array(true, version)?;
        it.isr = r.array(true, version)?;
        it.removing_replicas = r.array(true, version)?;
        it.adding_replicas = r.array(true, version)?;
        it.leader = r.i32()?;
        it.leader_epoch = r.i32()?;
        it.partition_epoch = r.i32()?;
        if version >= 1 {
            it.directories = r.array(true, version)?;
        }
        for _ in 0..r.tags()? {
            let field = r.enter()?;
            match field.tag {
                0 => it.leader_recovery_state = r.i8()?,
                1 if version == 2 => {
                    it.eligible_leader_replicas = r.nullable_array(true, version, true)?
                }
                2 if version == 2 => it.last_known_elr = r.nullable_array(true, version, true)?,
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
                of: "PartitionRecord",
                version,
            });
        }

        w.i32(self.partition_id);
        w.uuid(self.topic_id);
        w.array(&self.replicas, true, version)?;
        w.array(&self.isr, true, version)?;
        w.array(&self.removing_replicas, true, version)?;
        w.array(&self.adding_replicas, true, version)?;
        w.i32(self.leader);
        w.i32(self.leader_epoch);
        w.i32(self.partition_epoch);
        if version >= 1 {
            w.array(&self.directories, true, version)?;
        } else if !self.directories.is_empty() {
            return Err(EncodeError::lost("Directories", version));
        }
        if version != 2 && self.eligible_leader_replicas.is_some() {
            return Err(EncodeError::lost("EligibleLeaderReplicas", version));
        }
        if version != 2 && self.last_known_elr.is_some() {
            return Err(EncodeError::lost("LastKnownElr", version));
        }
        let tags = w.tags();
        if self.leader_recovery_state != 0 {
            let tag = w.open_tag(tags, 0);
            w.i8(self.leader_recovery_state);
            w.close_tag(tag)?;
        }
        if version == 2 && self.eligible_leader_replicas.is_some() {
            let tag = w.open_tag(tags, 1);
            w.nullable_array(self.eligible_leader_replicas.as_deref(), true, version)?;
            w.close_tag(tag)?;
        }
        if version == 2 && self.last_known_elr.is_some() {
            let tag = w.open_tag(tags, 2);
            w.nullable_array(self.last_known_elr.as_deref(), true, version)?;
            w.close_tag(tag)?;
        }
        Ok(())
    }
}
