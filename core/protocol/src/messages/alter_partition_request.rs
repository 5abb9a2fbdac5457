//! AlterPartitionRequest: key 56, versions 2 to 3, flexible from 0. Generated from `specs/AlterPartition.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};

/// AlterPartitionRequest: key 56, versions 2 to 3, flexible from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterPartitionRequest {
    /// All versions.
    pub broker_id: i32,
    /// All versions.
    pub broker_epoch: i64,
    /// All versions.
    pub topics: Vec<TopicData>,
}

impl Default for AlterPartitionRequest {
    fn default() -> Self {
        Self {
            broker_id: 0,
            broker_epoch: -1,
            topics: Vec::new(),
        }
    }
}

impl AlterPartitionRequest {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::AlterPartition;
    /// The first version.
    pub const MIN_VERSION: i16 = 2;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 3;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        if !(2..=3).contains(&version) {
            return Err(DecodeError::Version {
                of: "AlterPartitionRequest",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.broker_id = r.i32()?;
        it.broker_epoch = r.i64()?;
        it.topics = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(2..=3).contains(&version) {
            return Err(EncodeError::Version {
                of: "AlterPartitionRequest",
                version,
            });
        }

        w.i32(self.broker_id);
        w.i64(self.broker_epoch);
        w.array(&self.topics, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of AlterPartitionRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicData {
    /// All versions.
    pub topic_id: Uuid,
    /// All versions.
    pub partitions: Vec<PartitionData>,
}

impl Element<'_> for TopicData {
    const LEAST: usize = 18;

    fn read(r: &mut Reader<'_>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic_id = r.uuid()?;
        it.partitions = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.uuid(self.topic_id);
        w.array(&self.partitions, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of AlterPartitionRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionData {
    /// All versions.
    pub partition_index: i32,
    /// All versions.
    pub leader_epoch: i32,
    /// Version 2.
    pub new_isr: Vec<i32>,
    /// Version 3.
    pub new_isr_with_epochs: Vec<BrokerState>,
    /// All versions.
    pub leader_recovery_state: i8,
    /// All versions.
    pub partition_epoch: i32,
}

impl Element<'_> for PartitionData {
    const LEAST: usize = 15;

    fn read(r: &mut Reader<'_>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition_index = r.i32()?;
        it.leader_epoch = r.i32()?;
        if version == 2 {
            it.new_isr = r.array(true, version)?;
        }
        if version == 3 {
            it.new_isr_with_epochs = r.array(true, version)?;
        }
        it.leader_recovery_state = r.i8()?;
        it.partition_epoch = r.i32()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition_index);
        w.i32(self.leader_epoch);
        if version == 2 {
            w.array(&self.new_isr, true, version)?;
        } else if !self.new_isr.is_empty() {
            return Err(EncodeError::lost("NewIsr", version));
        }
        if version == 3 {
            w.array(&self.new_isr_with_epochs, true, version)?;
        } else if !self.new_isr_with_epochs.is_empty() {
            return Err(EncodeError::lost("NewIsrWithEpochs", version));
        }
        w.i8(self.leader_recovery_state);
        w.i32(self.partition_epoch);
        w.tags();
        Ok(())
    }
}

/// Part of AlterPartitionRequest.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerState {
    /// All versions.
    pub broker_id: i32,
    /// All versions.
    pub broker_epoch: i64,
}

impl Default for BrokerState {
    fn default() -> Self {
        Self {
            broker_id: 0,
            broker_epoch: -1,
        }
    }
}

impl Element<'_> for BrokerState {
    const LEAST: usize = 13;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.broker_id = r.i32()?;
        it.broker_epoch = r.i64()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.broker_id);
        w.i64(self.broker_epoch);
        w.tags();
        Ok(())
    }
}
