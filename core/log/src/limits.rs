//! The bounds of a log, each with its why.

use ottla_machine::Limit;

/// Opening reads and judges this much per slice: the step limit of the grammar.
pub const SLICE_BYTES: Limit = Limit::new("bytes of a slice of a log", 256 << 10, 256);

/// A compaction reads this much at once: enough that a job and its way there are no overhead, little enough to be no weight.
pub const CLEAN_BYTES: Limit = Limit::new("bytes of a compaction's chunk", 1 << 20, 128);

/// A compaction syncs what it writes in pieces of this size: a sync of a hundred mebibytes would hold up everybody's.
pub const EASE_BYTES: Limit = Limit::new("bytes of a compaction's sync", 1 << 20, 128);

/// A block of a segment that a question faults in: large enough for the batches of several index intervals, small enough
/// that copying it out of the page cache is no work.
pub const BLOCK_BYTES: u32 = 16 << 10;

/// One write takes at most this much of what was appended, so that a backlog does not become one huge system call.
pub const WRITE_BYTES: Limit = Limit::new("bytes of a write to a log", 8 << 20, 1);

/// The first room set aside for a segment: little, because most partitions stay small.
pub const FIRST_GRANT: Limit = Limit::new("first room of a segment", 16 << 10, 1);

/// The largest step by which room is set aside: a second or so of a busy partition.
pub const GRANT_STEP: Limit = Limit::new("room of a segment", 8 << 20, 16 << 10);

/// How much of the newest batches a log keeps in memory unless its owner trims more.
pub const CACHE_BYTES: Limit = Limit::new("bytes of a tail", 4 << 20, 1);

/// How many of the newest batches a log keeps in memory at most: small ones cost more than their bytes.
pub const CACHE_BATCHES: Limit = Limit::new("batches of a tail", 16 << 10, 1);

/// A batch from this size on is not kept in memory once it is written: measured, sending it from the page cache costs half
/// of sending it from memory, and the buffer that it came in is used again while it is warm.
pub const LARGE_BATCH: Limit = Limit::new("a large batch", 16 << 10, 1);

/// What remembering the place of a batch is charged.
pub const PLACE_BYTES: usize = 128;

/// A batch smaller than this share of the buffer it pins is copied before it outlives its request.
pub const PIN_SHARE: usize = 4;

/// How many sealed segments of one log stay open, index in memory, for readers of old data.
pub const WARM_SEGMENTS: Limit = Limit::new("open segments of a log", 16, 1);

/// Entries asked for per listing of a directory.
pub const LIST_ENTRIES: Limit = Limit::new("entries of a log's listing", 1000, 1);

/// The largest small text file of a partition that is believed to be one.
pub const TEXT_BYTES: u32 = 1 << 20;

/// The largest producer snapshot read: 46 bytes per producer, more than a million of them.
pub const SNAPSHOT_BYTES: u32 = 64 << 20;

/// Producers looked at per retention pass: the step limit of the grammar.
pub const EXPIRE_PRODUCERS: Limit = Limit::new("producers looked at", 1024, 1);

/// A single batch on disk larger than this is not one: Kafka's own limit is an i32, ours what a request may carry.
pub const BATCH_BYTES: usize = 256 << 20;

/// What compressed records may unpack to, as a multiple of their batch; a bomb is refused, and may cost 64 MiB in all when it has 1 MiB:
/// what was unpacked, once more half of that while its buffer grows, and the codec's own state.
pub const UNPACK_RATIO: usize = 40;

/// What the records of a small batch may unpack to.
pub const UNPACKED_LEAST: usize = UNPACK_RATIO << 20;

/// How many batches a producer's duplicates are recognised in: Kafka's number, and the clients' in-flight limit.
pub const REMEMBERED_BATCHES: usize = 5;

/// How many offending records one refusal names.
pub const RECORD_ERRORS: usize = 64;
