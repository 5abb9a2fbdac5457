//! MetadataRequest: key 3, versions 0 to 13, flexible from 9. Generated from `specs/Metadata.spec`.

use crate::wire::{DecodeError, Element, EncodeError, Reader, Writer};
use crate::{ApiKey, Uuid};
use std::borrow::Cow;

/// MetadataRequest: key 3, versions 0 to 13, flexible from 9.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataRequest<'a> {
    /// All versions, null in versions 1+.
    pub topics: Option<Vec<MetadataRequestTopic<'a>>>,
    /// Versions 4+.
    pub allow_auto_topic_creation: bool,
    /// Versions 8 to 10.
    pub include_cluster_authorized_operations: bool,
    /// Versions 8+.
    pub include_topic_authorized_operations: bool,
}

impl Default for MetadataRequest<'_> {
    fn default() -> Self {
        Self {
            topics: Some(Vec::new()),
            allow_auto_topic_creation: true,
            include_cluster_authorized_operations: false,
            include_topic_authorized_operations: false,
        }
    }
}

impl<'a> MetadataRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::Metadata;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 13;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 9;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=13).contains(&version) {
            return Err(DecodeError::Version {
                of: "MetadataRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        it.topics = r.nullable_array(flexible, version, version >= 1)?;
        if version >= 4 {
            it.allow_auto_topic_creation = r.bool()?;
        }
        if (8..=10).contains(&version) {
            it.include_cluster_authorized_operations = r.bool()?;
        }
        if version >= 8 {
            it.include_topic_authorized_operations = r.bool()?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=13).contains(&version) {
            return Err(EncodeError::Version {
                of: "MetadataRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        if version < 1 && self.topics.is_none() {
            return Err(EncodeError::null("Topics", version));
        }
        w.nullable_array(self.topics.as_deref(), flexible, version)?;
        if version >= 4 {
            w.bool(self.allow_auto_topic_creation);
        } else if !self.allow_auto_topic_creation {
            return Err(EncodeError::lost("AllowAutoTopicCreation", version));
        }
        if (8..=10).contains(&version) {
            w.bool(self.include_cluster_authorized_operations);
        } else if self.include_cluster_authorized_operations {
            return Err(EncodeError::lost(
                "IncludeClusterAuthorizedOperations",
                version,
            ));
        }
        if version >= 8 {
            w.bool(self.include_topic_authorized_operations);
        } else if self.include_topic_authorized_operations {
            return Err(EncodeError::lost(
                "IncludeTopicAuthorizedOperations",
                version,
            ));
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}

/// Part of MetadataRequest.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataRequestTopic<'a> {
    /// Versions 10+.
    pub topic_id: Uuid,
    /// All versions, null in versions 10+.
    pub name: Option<Cow<'a, str>>,
}

impl Default for MetadataRequestTopic<'_> {
    fn default() -> Self {
        Self {
            topic_id: Uuid::ZERO,
            name: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> Element<'a> for MetadataRequestTopic<'a> {
    const LEAST: usize = 2;

    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let mut it = Self::default();
        if version >= 10 {
            it.topic_id = r.uuid()?;
        }
        it.name = r.nullable_string(flexible, version >= 10)?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError> {
        if version >= 10 {
            w.uuid(self.topic_id);
        }
        if version < 10 && self.name.is_none() {
            return Err(EncodeError::null("Name", version));
        }
        w.nullable_string(self.name.as_deref(), flexible)?;
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
