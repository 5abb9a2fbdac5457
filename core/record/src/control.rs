//! Control records: what brokers tell each other inside a log, never shown to applications.
//!
//! A key is `version i16, kind i16`; the value depends on the kind. Transaction markers stand alone in their batch; a raft
//! leader writes several in one (LEADER_CHANGE, KRAFT_VERSION, KRAFT_VOTERS). Their values are the protocol crate's; only the
//! marker's, six bytes, is here.

use bytes::Bytes;

use crate::builder::{Builder, BuilderSettings};
use crate::header::NO_SEQUENCE;
use crate::{Compression, Malformed};

/// The transaction before it is void.
pub const ABORT: i16 = 0;
/// The transaction before it holds.
pub const COMMIT: i16 = 1;
/// A leader of a raft epoch was elected.
pub const LEADER_CHANGE: i16 = 2;
/// A snapshot begins.
pub const SNAPSHOT_HEADER: i16 = 3;
/// A snapshot is whole.
pub const SNAPSHOT_FOOTER: i16 = 4;
/// The version of the raft protocol from here on.
pub const KRAFT_VERSION: i16 = 5;
/// The voters from here on.
pub const KRAFT_VOTERS: i16 = 6;

/// The key of a control record.
pub fn control_key(kind: i16) -> [u8; 4] {
    let [high, low] = kind.to_be_bytes();
    [0, 0, high, low]
}

/// The kind that a control record's key tells. Later versions may lengthen the key; kinds unknown here are to be skipped.
pub fn control_kind(key: Option<&[u8]>) -> Result<i16, Malformed> {
    match key.and_then(|key| key.first_chunk()) {
        Some(&[v0, v1, k0, k1]) if i16::from_be_bytes([v0, v1]) >= 0 => {
            Ok(i16::from_be_bytes([k0, k1]))
        }
        _ => Err(Malformed::Control),
    }
}

/// The value of an ABORT or COMMIT marker, written by a coordinator of this epoch.
pub fn end_transaction_value(coordinator_epoch: i32) -> [u8; 6] {
    let mut value = [0; 6];
    value[2..].copy_from_slice(&coordinator_epoch.to_be_bytes());
    value
}

/// The coordinator's epoch in the value of an ABORT or COMMIT marker.
pub fn end_transaction_epoch(value: Option<&[u8]>) -> Result<i32, Malformed> {
    match value.and_then(|value| value.first_chunk()) {
        Some(&[v0, v1, e0, e1, e2, e3]) if i16::from_be_bytes([v0, v1]) >= 0 => {
            Ok(i32::from_be_bytes([e0, e1, e2, e3]))
        }
        _ => Err(Malformed::Control),
    }
}

/// A batch of control records, each a kind and its value. Offsets, leader epoch and producer are taken from `settings`.
pub fn control_batch(settings: BuilderSettings, timestamp: i64, records: &[(i16, &[u8])]) -> Bytes {
    let mut builder = Builder::new(BuilderSettings {
        control: true,
        compression: Compression::None,
        base_sequence: NO_SEQUENCE,
        ..settings
    });
    for (kind, value) in records {
        builder.append(timestamp, Some(&control_key(*kind)), Some(value), &[]);
    }
    builder.finish()
}
