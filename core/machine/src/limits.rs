//! The bounds of the grammar itself. Each part has a `limits` of its own for its queues.

/// A turn steps at most this many events before it settles: enough for group commit, too few to delay timers.
pub const TURN_EVENTS: usize = 256;

/// A turn steps at most this many received bytes before it settles: what fits the second-level cache.
pub const TURN_BYTES: usize = 1 << 20;

/// Completions that came back at once are stepped in at most this many further rounds before polling again.
pub const TURN_ROUNDS: usize = 4;

/// A step may look at this many bytes, plus one batch; longer work goes in slices or into a job.
pub const STEP_BYTES: usize = 256 << 10;

/// A step may look at this many records.
pub const STEP_RECORDS: usize = 1024;

/// A step may visit this many partitions.
pub const STEP_PARTITIONS: usize = 256;
