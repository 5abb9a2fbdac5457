//! SubscriptionInfoData: versions 1 to 11. Generated from `specs/SubscriptionInfoData.spec`.

use crate::Uuid;
use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// SubscriptionInfoData: versions 1 to 11.
#[derive(Clone, Debug, PartialEq)]
pub struct SubscriptionInfoData<'a> {
    /// All versions.
    pub version: i32,
    /// Versions 3+.
    pub latest_supported_version: i32,
    /// All versions.
    pub process_id: Uuid,
    /// Versions 1 to 6.
    pub prev_tasks: Vec<TaskId>,
    /// Versions 1 to 6.
    pub standby_tasks: Vec<TaskId>,
    /// Versions 2+.
    pub user_end_point: Cow<'a, [u8]>,
    /// Versions 7+.
    pub task_offset_sums: Vec<TaskOffsetSum<'a>>,
    /// Versions 8+.
    pub unique_field: i8,
    /// Versions 9+.
    pub error_code: i32,
    /// Version 11.
    pub client_tags: Vec<ClientTag<'a>>,
}

impl Default for SubscriptionInfoData<'_> {
    fn default() -> Self {
        Self {
            version: 0,
            latest_supported_version: -1,
            process_id: Uuid::ZERO,
            prev_tasks: Vec::new(),
            standby_tasks: Vec::new(),
            user_end_point: Cow::Borrowed(&[]),
            task_offset_sums: Vec::new(),
            unique_field: 0,
            error_code: 0,
            client_tags: Vec::new(),
        }
    }
}

impl<'a> SubscriptionInfoData<'a> {
    /// The first version.
    pub const MIN_VERSION: i16 = 1;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 11;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = i16::MAX;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(1..=11).contains(&version) {
            return Err(DecodeError::Version {
                of: "SubscriptionInfoData",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.version = r.i32()?;
        if version >= 3 {
            it.latest_supported_version = r.i32()?;
        }
        it.process_id = r.uuid()?;
        if version <= 6 {
            it.prev_tasks = r.array(false, version)?;
        }
        if version <= 6 {
            it.standby_tasks = r.array(false, version)?;
        }
        if version >= 2 {
            it.user_end_point = r.bytes(false)?;
        }
        if version >= 7 {
            it.task_offset_sums = r.array(false, version)?;
        }
        if version >= 8 {
            it.unique_field = r.i8()?;
        }
        if version >= 9 {
            it.error_code = r.i32()?;
        }
        if version == 11 {
            it.client_tags = r.array(false, version)?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(1..=11).contains(&version) {
            return Err(EncodeError::Version {
                of: "SubscriptionInfoData",
                version,
            });
        }

        w.i32(self.version);
        if version >= 3 {
            w.i32(self.latest_supported_version);
        } else if self.latest_supported_version != -1 {
            return Err(EncodeError::lost("latestSupportedVersion", version));
        }
        w.uuid(self.process_id);
        if version <= 6 {
            w.array(&self.prev_tasks, false, version)?;
        } else if !self.prev_tasks.is_empty() {
            return Err(EncodeError::lost("prevTasks", version));
        }
        if version <= 6 {
            w.array(&self.standby_tasks, false, version)?;
        } else if !self.standby_tasks.is_empty() {
            return Err(EncodeError::lost("standbyTasks", version));
        }
        if version >= 2 {
            w.bytes(&self.user_end_point, false)?;
        } else if !self.user_end_point.is_empty() {
            return Err(EncodeError::lost("userEndPoint", version));
        }
        if version >= 7 {
            w.array(&self.task_offset_sums, false, version)?;
        } else if !self.task_offset_sums.is_empty() {
            return Err(EncodeError::lost("taskOffsetSums", version));
        }
        if version >= 8 {
            w.i8(self.unique_field);
        } else if self.unique_field != 0 {
            return Err(EncodeError::lost("uniqueField", version));
        }
        if version >= 9 {
            w.i32(self.error_code);
        } else if self.error_code != 0 {
            return Err(EncodeError::lost("errorCode", version));
        }
        if version == 11 {
            w.array(&self.client_tags, false, version)?;
        } else if !self.client_tags.is_empty() {
            return Err(EncodeError::lost("clientTags", version));
        }
        Ok(())
    }
}

/// Part of SubscriptionInfoData.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskId {
    /// All versions.
    pub topic_group_id: i32,
    /// All versions.
    pub partition: i32,
}

impl Element<'_> for TaskId {
    const LEAST: usize = 8;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic_group_id = r.i32()?;
        it.partition = r.i32()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.topic_group_id);
        w.i32(self.partition);
        Ok(())
    }
}

/// Part of SubscriptionInfoData.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskOffsetSum<'a> {
    /// All versions.
    pub topic_group_id: i32,
    /// Versions 10+.
    pub partition: i32,
    /// Versions 10+.
    pub offset_sum: i64,
    /// Versions 10+, nullable.
    pub named_topology: Option<Cow<'a, str>>,
    /// Versions 7 to 9.
    pub partition_to_offset_sum: Vec<PartitionToOffsetSum>,
}

impl Default for TaskOffsetSum<'_> {
    fn default() -> Self {
        Self {
            topic_group_id: 0,
            partition: 0,
            offset_sum: 0,
            named_topology: Some(Cow::Borrowed("")),
            partition_to_offset_sum: Vec::new(),
        }
    }
}

impl<'a> Element<'a> for TaskOffsetSum<'a> {
    const LEAST: usize = 8;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic_group_id = r.i32()?;
        if version >= 10 {
            it.partition = r.i32()?;
        }
        if version >= 10 {
            it.offset_sum = r.i64()?;
        }
        if version >= 10 {
            it.named_topology = r.nullable_string(false, true)?;
        }
        if version <= 9 {
            it.partition_to_offset_sum = r.array(false, version)?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i32(self.topic_group_id);
        if version >= 10 {
            w.i32(self.partition);
        } else if self.partition != 0 {
            return Err(EncodeError::lost("partition", version));
        }
        if version >= 10 {
            w.i64(self.offset_sum);
        } else if self.offset_sum != 0 {
            return Err(EncodeError::lost("offsetSum", version));
        }
        if version >= 10 {
            w.nullable_string(self.named_topology.as_deref(), false)?;
        } else if self.named_topology.as_ref().is_none_or(|it| !it.is_empty()) {
            return Err(EncodeError::lost("namedTopology", version));
        }
        if version <= 9 {
            w.array(&self.partition_to_offset_sum, false, version)?;
        } else if !self.partition_to_offset_sum.is_empty() {
            return Err(EncodeError::lost("partitionToOffsetSum", version));
        }
        Ok(())
    }
}

/// Part of SubscriptionInfoData.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionToOffsetSum {
    /// All versions.
    pub partition: i32,
    /// All versions.
    pub offset_sum: i64,
}

impl Element<'_> for PartitionToOffsetSum {
    const LEAST: usize = 12;

    fn read(r: &mut Reader<'_>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.partition = r.i32()?;
        it.offset_sum = r.i64()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.i32(self.partition);
        w.i64(self.offset_sum);
        Ok(())
    }
}

/// Part of SubscriptionInfoData.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClientTag<'a> {
    /// All versions.
    pub key: Cow<'a, [u8]>,
    /// All versions.
    pub value: Cow<'a, [u8]>,
}

impl<'a> Element<'a> for ClientTag<'a> {
    const LEAST: usize = 8;

    fn read(r: &mut Reader<'a>, _flexible: bool, _version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.key = r.bytes(false)?;
        it.value = r.bytes(false)?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, _version: i16) -> Result<(), EncodeError> {
        w.bytes(&self.key, false)?;
        w.bytes(&self.value, false)?;
        Ok(())
    }
}
