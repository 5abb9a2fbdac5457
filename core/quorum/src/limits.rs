//! The quorum's bounds.

use ottla_machine::Limit;
use ottla_machine::limits::{STEP_BYTES, STEP_RECORDS};

/// A metadata batch is at most this long, as Kafka's writer has it.
pub const BATCH_BYTES: usize = 8 << 20;

/// A metadata batch unpacks to at most this much: Kafka's own are not packed, foreign ones may be.
pub const BATCH_UNPACKED: usize = 40 << 20;

/// A snapshot is read whole up to this length. Ten times what a hundred thousand partitions take.
pub const SNAPSHOT_BYTES: u32 = 256 << 20;

/// A snapshot is read so many bytes at a time, and what is left of a batch.
pub const SLICE_BYTES: Limit = Limit::new("bytes of a metadata snapshot", STEP_BYTES, 1);

/// And told so many records at a time.
pub const SLICE_RECORDS: Limit = Limit::new("records of a metadata snapshot", STEP_RECORDS, 1);

/// `quorum-state` is a line of JSON.
pub const STATE_BYTES: u32 = 64 << 10;

/// Directory entries listed at a time.
pub const LIST: Limit = Limit::new("entries of the quorum's listing", 1000, 1);
