//! A shard's bounds, each with its why.

use ottla_machine::Limit;

/// Entries asked for per listing of a log directory.
pub const LIST_ENTRIES: Limit = Limit::new("entries of a log directory's listing", 1000, 1);

/// The largest offset checkpoint of a log directory that is read: a million partitions.
pub const CHECKPOINT_BYTES: u32 = 64 << 20;

/// `partition.metadata` is 43 bytes; more than this is something else.
pub const PARTITION_METADATA_BYTES: u32 = 4 << 10;

/// How many replicas are opened at once: enough to keep a disk busy, few enough descriptors and buffers.
pub const OPENING: Limit = Limit::new("logs opened at once", 32, 1);

/// How many logs are stopped at once: each writes three small files and syncs them.
pub const STOPPING: Limit = Limit::new("logs stopped at once", 32, 1);

/// How many directories of deleted topics, left by an earlier life, are removed at once: unlinking is slow and holds up others.
pub const REMOVING: Limit = Limit::new("directories removed at once", 2, 1);

/// How many appends wait in a partition's line, for its log to open or for a job. Their bytes are within the broker's
/// `queued.max.request.bytes`; this bounds the small ones.
pub const LINE: usize = 4096;

/// How many questions wait at one partition.
pub const PARKED: usize = 4096;

/// How often a question may lack a block. Each time it comes further; a question that needs more is asking for a scan.
pub const FAULTS: u8 = 8;

/// What the blocks of old data may hold: a few hundred readers of old data at once.
pub const BLOCK_BYTES: Limit = Limit::new("bytes of blocks", 16 << 20, 1 << 20);

/// What the recent batches of all logs may hold together. Readers who keep up read the last second or so; at a gigabyte a second
/// from many partitions it is the last fraction of it, which is what a tailing reader is behind.
pub const TAIL_BYTES: Limit = Limit::new("bytes of all tails", 64 << 20, 1);

/// Touched replicas visited per settle: half of the grammar's step limit. The rest have their turn in the next settle, at once.
pub const VISITS: Limit = Limit::new(
    "replicas visited",
    ottla_machine::limits::STEP_PARTITIONS / 2,
    1,
);

/// Partitions per settle and kind of long work (image, opening, retention, checkpoints or stop): together the other half.
pub const SLICE: Limit = Limit::new(
    "partitions of a slice",
    ottla_machine::limits::STEP_PARTITIONS / 8,
    1,
);

/// How many stray directories the operator is told by name.
pub const NAMED_STRAYS: usize = 10;

/// How long opening pauses when the system is out of descriptors or memory.
pub const BUSY_PAUSE_MS: i64 = 1000;

/// How long a log that found no room while it was opened waits; the others do not.
pub const FULL_PAUSE_MS: i64 = 1000;

/// Bytes of its log that a coordinator asks for at once: the grammar's step limit, for they are loaded in one step if they are few records.
pub const LOAD_BYTES: Limit = Limit::new(
    "bytes of a log being loaded",
    ottla_machine::limits::STEP_BYTES / 2,
    1,
);

/// Records loaded per settle, but a batch is never split.
pub const LOAD_RECORDS: Limit =
    Limit::new("records loaded", ottla_machine::limits::STEP_RECORDS / 2, 1);

/// What a compressed batch of a coordinator's log may unpack to.
pub const UNPACKED_BYTES: usize = 64 << 20;
