//! ShareGroupDescribeResponse: key 77, version 1, flexible from 0. Generated from `specs/ShareGroupDescribe.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// ShareGroupDescribeResponse: key 77, version 1, flexible from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShareGroupDescribeResponse<'a> {
    /// All versions.
    pub throttle_time_ms: i32,
    /// All versions.
    pub groups: Vec<DescribedGroup<'a>>,
}

impl<'a> ShareGroupDescribeResponse<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::ShareGroupDescribe;
    /// The first version.
    pub const MIN_VERSION: i16 = 1;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 1;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 0;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if version != 1 {
            return Err(DecodeError::Version {
                of: "ShareGroupDescribeResponse",
                version: version.into(),
            });
        }

        let mut it = Self::default();
        it.throttle_time_ms = r.i32()?;
        it.groups = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version != 1 {
            return Err(EncodeError::Version {
                of: "ShareGroupDescribeResponse",
                version,
            });
        }

        w.i32(self.throttle_time_ms);
        w.array(&self.groups, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ShareGroupDescribeResponse.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribedGroup<'a> {
    /// All versions.
    pub error_code: i16,
    /// All versions, nullable.
    pub error_message: Option<Cow<'a, str>>,
    /// All versions.
    pub group_id: Cow<'a, str>,
    /// All versions.
    pub group_state: Cow<'a, str>,
    /// All versions.
    pub group_epoch: i32,
    /// All versions.
    pub assignment_epoch: i32,
    /// All versions.
    pub assignor_name: Cow<'a, str>,
    /// All versions.
    pub members: Vec<Member<'a>>,
    /// All versions.
    pub authorized_operations: i32,
}

impl Default for DescribedGroup<'_> {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: None,
            group_id: Cow::Borrowed(""),
            group_state: Cow::Borrowed(""),
            group_epoch: 0,
            assignment_epoch: 0,
            assignor_name: Cow::Borrowed(""),
            members: Vec::new(),
            authorized_operations: -2147483648,
        }
    }
}

impl<'a> Element<'a> for DescribedGroup<'a> {
    const LEAST: usize = 20;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.error_code = r.i16()?;
        it.error_message = r.nullable_string(true, true)?;
        it.group_id = r.string(true)?;
        it.group_state = r.string(true)?;
        it.group_epoch = r.i32()?;
        it.assignment_epoch = r.i32()?;
        it.assignor_name = r.string(true)?;
        it.members = r.array(true, version)?;
        it.authorized_operations = r.i32()?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        w.string(&self.group_id, true)?;
        w.string(&self.group_state, true)?;
        w.i32(self.group_epoch);
        w.i32(self.assignment_epoch);
        w.string(&self.assignor_name, true)?;
        w.array(&self.members, true, version)?;
        w.i32(self.authorized_operations);
        w.tags();
        Ok(())
    }
}

/// Part of ShareGroupDescribeResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Member<'a> {
    /// All versions.
    pub member_id: Cow<'a, str>,
    /// All versions, nullable.
    pub rack_id: Option<Cow<'a, str>>,
    /// All versions.
    pub member_epoch: i32,
    /// All versions.
    pub client_id: Cow<'a, str>,
    /// All versions.
    pub client_host: Cow<'a, str>,
    /// All versions.
    pub subscribed_topic_names: Vec<Cow<'a, str>>,
    /// All versions.
    pub assignment: Assignment<'a>,
}

impl<'a> Element<'a> for Member<'a> {
    const LEAST: usize = 12;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.member_id = r.string(true)?;
        it.rack_id = r.nullable_string(true, true)?;
        it.member_epoch = r.i32()?;
        it.client_id = r.string(true)?;
        it.client_host = r.string(true)?;
        it.subscribed_topic_names = r.array(true, version)?;
        it.assignment = Element::read(r, true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.string(&self.member_id, true)?;
        w.nullable_string(self.rack_id.as_deref(), true)?;
        w.i32(self.member_epoch);
        w.string(&self.client_id, true)?;
        w.string(&self.client_host, true)?;
        w.array(&self.subscribed_topic_names, true, version)?;
        self.assignment.write(w, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ShareGroupDescribeResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicPartitions<'a> {
    /// All versions.
    pub topic_id: Uuid,
    /// All versions.
    pub topic_name: Cow<'a, str>,
    /// All versions.
    pub partitions: Vec<i32>,
}

impl<'a> Element<'a> for TopicPartitions<'a> {
    const LEAST: usize = 19;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic_id = r.uuid()?;
        it.topic_name = r.string(true)?;
        it.partitions = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.uuid(self.topic_id);
        w.string(&self.topic_name, true)?;
        w.array(&self.partitions, true, version)?;
        w.tags();
        Ok(())
    }
}

/// Part of ShareGroupDescribeResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assignment<'a> {
    /// All versions.
    pub topic_partitions: Vec<TopicPartitions<'a>>,
}

impl<'a> Element<'a> for Assignment<'a> {
    const LEAST: usize = 2;

    fn read(r: &mut Reader<'a>, _flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        it.topic_partitions = r.array(true, version)?;
        r.skip_tags()?;
        Ok(it)
    }

    fn write(&self, w: &mut Writer, _flexible: bool, version: i16) -> Result<(), EncodeError> {
        w.array(&self.topic_partitions, true, version)?;
        w.tags();
        Ok(())
    }
}
