//! Record batches (magic 2): a view over bytes, never a copy of them; and what is needed to make, stamp, pack and check one.
//!
//! Inputs are bytes a peer sent or a disk kept, so nothing here trusts them; effects there are none: bytes in, bytes or a
//! `Malformed` out. A batch on the wire and on disk (all integers big-endian):
//!
//! ```text
//!  byte  0        8          12           16      17     21          23              27
//!        ├────────┼──────────┼────────────┼───────┼──────┼───────────┼───────────────┤
//!        │ base   │ batch    │ partition  │ magic │ crc  │ attri-    │ last offset   │
//!        │ offset │ length   │ leader     │ = 2   │ 32C  │ butes     │ delta         │
//!        │ i64    │ i32      │ epoch i32  │ i8    │ u32  │ i16       │ i32           │
//!        └────────┴──────────┴────────────┴───────┴──────┴───────────┴───────────────┘
//!  byte 27          35          43         51         53           57         61
//!        ├───────────┼───────────┼──────────┼──────────┼────────────┼──────────┼───────────┄
//!        │ base      │ max       │ producer │ producer │ base       │ records  │ records   ┄
//!        │ timestamp │ timestamp │ id i64   │ epoch    │ sequence   │ count    │ (packed   ┄
//!        │ i64       │ i64       │          │ i16      │ i32        │ i32      │ as a run) ┄
//!        └───────────┴───────────┴──────────┴──────────┴────────────┴──────────┴───────────┄
//!
//!  batch length counts the bytes from 12 on. The crc covers the bytes from 21 on, so that a leader stamps base offset and
//!  leader epoch without touching it. Compression covers the records only.
//!
//!  attributes:  bit 0-2 codec · 3 append time · 4 transactional · 5 control · 6 base timestamp is the delete horizon
//!
//!  record:  length · attributes i8 · timestamp delta · offset delta · key length, key · value length, value
//!           · header count · (key length, key, value length, value)*      every number but attributes a zigzag varint
//! ```
//!
//! Invariants
//! - R1: no input makes a function here panic or read past the bytes it was given.
//! - R2: an allocation is bounded by the bytes present, or by the limit the caller gave.
//! - R3: `Batch::bytes` is exactly `Header::size` long, and at least `HEADER_LEN`.
//! - R4: a batch built here has offset deltas that ascend, and a last offset that covers them.
#![forbid(unsafe_code)]

mod batch;
mod builder;
mod compression;
mod control;
mod crc;
mod cursor;
mod header;
mod malformed;
mod records;
mod rewrite;

pub use batch::{Batch, Batches, Survey};
pub use builder::{Builder, BuilderSettings};
pub use compression::{Compression, pack, unpack};
pub use control::{
    ABORT, COMMIT, KRAFT_VERSION, KRAFT_VOTERS, LEADER_CHANGE, SNAPSHOT_FOOTER, SNAPSHOT_HEADER,
    control_batch, control_key, control_kind, end_transaction_epoch, end_transaction_value,
};
pub use crc::crc32c;
pub use header::{
    HEADER_LEN, Header, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, NO_SEQUENCE, NO_TIMESTAMP,
    TimestampType, sequence_after,
};
pub use malformed::Malformed;
pub use records::{Headers, Record, RecordHeader, Records, RecordsIter};
pub use rewrite::{
    clear_timestamp_type_bit, recompress, restamp_append_time, set_max_timestamp, stamp,
};
