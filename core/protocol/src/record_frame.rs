//! The value of a record of `__cluster_metadata`: a frame version, the record's number, its version, its body.
//!
//! In: the values of the metadata log's and of snapshots' records. Out: [`MetadataRecord`]s, and values to append.
//!
//! Invariants
//! - F1: a value is used up: bytes behind the body are refused, as Kafka refuses them.

use crate::messages::MetadataRecord;
use crate::wire::{DecodeError, EncodeError, Reader, Writer};
use bytes::Bytes;

/// The only version of the frame.
const FRAME_VERSION: u32 = 1;

/// Takes the frame off: the record's number, its version, its body.
pub fn decode(value: &[u8]) -> Result<(u16, i16, &[u8]), DecodeError> {
    let mut r = Reader::new(value);
    let frame = r.uvarint()?;
    if frame != FRAME_VERSION {
        return Err(DecodeError::Version {
            of: "the frame of a metadata record",
            version: frame as i32,
        });
    }
    let key = r.uvarint()?;
    let key = u16::try_from(key).map_err(|_| DecodeError::Key { key: key as i32 })?;
    let version = r.uvarint()?;
    let version = i16::try_from(version).map_err(|_| DecodeError::Version {
        of: "a metadata record",
        version: version as i32,
    })?;
    Ok((key, version, r.rest()))
}

/// Writes the frame; the body follows.
pub fn encode(key: u16, version: i16, w: &mut Writer) {
    w.uvarint(FRAME_VERSION);
    w.uvarint(key.into());
    w.uvarint(version.unsigned_abs().into());
}

impl<'a> MetadataRecord<'a> {
    /// Reads a record's value.
    pub fn decode(value: &'a [u8]) -> Result<Self, DecodeError> {
        let (key, version, body) = decode(value)?;
        let mut r = Reader::new(body);
        let record = MetadataRecord::decode_body(key, version, &mut r)?;
        r.end()?;
        Ok(record)
    }

    /// Writes a record's value.
    pub fn encode(&self, version: i16) -> Result<Bytes, EncodeError> {
        crate::data(|w| {
            encode(self.key(), version, w);
            self.encode_body(w, version)
        })
    }

    /// The version in which Kafka 4.3 writes this record when metadata.version is 30.
    ///
    /// The newest, but for a change of a registration: that goes out in the oldest version that can carry
    /// what changed.
    pub fn write_version(&self) -> i16 {
        match self {
            MetadataRecord::BrokerRegistrationChange(change)
                if change.cordoned_log_dirs.is_some() =>
            {
                3
            }
            MetadataRecord::BrokerRegistrationChange(change) if !change.log_dirs.is_empty() => 2,
            MetadataRecord::BrokerRegistrationChange(change)
                if change.in_controlled_shutdown != 0 =>
            {
                1
            }
            MetadataRecord::BrokerRegistrationChange(_) => 0,
            _ => self.max_version(),
        }
    }
}
