//! ApiVersionsRequest: key 18, versions 0 to 4, 5 not advertised, flexible from 3. Generated from `specs/ApiVersions.spec`.

use crate::ApiKey;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use std::borrow::Cow;

/// ApiVersionsRequest: key 18, versions 0 to 4, 5 not advertised, flexible from 3.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiVersionsRequest<'a> {
    /// Versions 3+.
    pub client_software_name: Cow<'a, str>,
    /// Versions 3+.
    pub client_software_version: Cow<'a, str>,
    /// Version 5, nullable.
    pub cluster_id: Option<Cow<'a, str>>,
    /// Version 5.
    pub node_id: i32,
}

impl Default for ApiVersionsRequest<'_> {
    fn default() -> Self {
        Self {
            client_software_name: Cow::Borrowed(""),
            client_software_version: Cow::Borrowed(""),
            cluster_id: None,
            node_id: -1,
        }
    }
}

impl<'a> ApiVersionsRequest<'a> {
    /// Which API.
    pub const KEY: ApiKey = ApiKey::ApiVersions;
    /// The first version.
    pub const MIN_VERSION: i16 = 0;
    /// The last version that Kafka serves.
    pub const MAX_VERSION: i16 = 4;
    /// The first flexible version.
    pub const FIRST_FLEXIBLE: i16 = 3;

    /// Reads it.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        if !(0..=5).contains(&version) {
            return Err(DecodeError::Version {
                of: "ApiVersionsRequest",
                version: version.into(),
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        let mut it = Self::default();
        if version >= 3 {
            it.client_software_name = r.string(flexible)?;
        }
        if version >= 3 {
            it.client_software_version = r.string(flexible)?;
        }
        if version == 5 {
            it.cluster_id = r.nullable_string(flexible, true)?;
        }
        if version == 5 {
            it.node_id = r.i32()?;
        }
        if flexible {
            r.skip_tags()?;
        }
        Ok(it)
    }

    /// Writes it.
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !(0..=5).contains(&version) {
            return Err(EncodeError::Version {
                of: "ApiVersionsRequest",
                version,
            });
        }
        let flexible = version >= Self::FIRST_FLEXIBLE;

        if version >= 3 {
            w.string(&self.client_software_name, flexible)?;
        }
        if version >= 3 {
            w.string(&self.client_software_version, flexible)?;
        }
        if version == 5 {
            w.nullable_string(self.cluster_id.as_deref(), flexible)?;
        }
        if version == 5 {
            w.i32(self.node_id);
        }
        if flexible {
            w.tags();
        }
        Ok(())
    }
}
