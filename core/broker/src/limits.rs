//! The bounds of the broker's queues, each with its why. What an operator may change is in `config.rs`.

use ottla_machine::Limit;

/// Frames are read ahead into at most this many bytes per connection: room for a few batches, small enough to stay in the
/// second-level cache while it is worked on. A larger frame gets exactly the room it announces.
pub const READ_AHEAD: Limit = Limit::new("bytes read ahead", 256 << 10, 4);

/// Behind a frame larger than this only the next one's prefix is read ahead: copying the beginning of a large frame to where
/// the rest of it goes costs more than one more call.
pub const LARGE_FRAME: Limit = Limit::new("a large frame", 64 << 10, 1);

/// Consecutive Produce requests of one connection that are in work at once. Unbatched producers pipeline hundreds.
pub const OVERLAP: Limit = Limit::new("requests beside each other", 1024, 1);

/// Bytes handed to a connection but not yet taken by the kernel, past which it starts no further request: one large answer is
/// always allowed, a second only when the first is nearly gone.
pub const UNSENT: Limit = Limit::new("bytes unsent", 1 << 20, 1);

/// Requests started in one step or settle: a buffer full of tiny requests is long work.
pub const REQUESTS_AT_ONCE: Limit = Limit::new("requests at once", 256, 1);

/// Bytes of requests held by all connections together when `queued.max.request.bytes` is -1. Kafka then has no bound at all.
pub const HELD_BYTES: usize = 512 << 20;

/// A frame that was announced, is not complete after this long, and keeps others from being read costs its connection.
pub const FRAME_STALL_MS: i64 = 30_000;

/// How often connections that hold room without filling it are looked for, while others wait for room.
pub const STALL_CHECK_MS: i64 = 1_000;

/// Reads that fetches put to the shard in one step or settle: what the grammar allows partitions to be visited.
pub const READS_AT_ONCE: Limit =
    Limit::new("reads at once", ottla_machine::limits::STEP_PARTITIONS, 1);

/// A stop waits so long for requests under way, and never longer than half of the time that it is given: clients wait as long for an
/// answer before they give up by themselves (`request.timeout.ms`).
pub const ANSWERING_MS: i64 = 30_000;

/// What was answered before a stop has so long to leave: a client that reads nothing does not hold the stop up.
pub const DRAINING_MS: i64 = 1_000;

/// Requests of one connection started in a row before those of others: who pipelines thousands must not hold up who asks once.
pub const REQUESTS_IN_A_ROW: Limit = Limit::new("requests in a row", 32, 1);

/// Questions put to the shard in one step or settle: what the grammar allows partitions to be visited.
pub const ASKS_AT_ONCE: Limit = Limit::new(
    "questions at once",
    ottla_machine::limits::STEP_PARTITIONS,
    1,
);

/// Watches given up per settle, after fetches with many idle partitions.
pub const UNWATCHES_AT_ONCE: Limit = Limit::new("watches given up at once", 256, 1);

/// Partitions in all cached fetch sessions together; past it new sessions are not cached. About 100 MiB.
pub const SESSION_PARTITIONS: usize = 1 << 20;

/// A cached fetch session that was idle this long may be replaced by any other.
pub const SESSION_IDLE_MS: i64 = 120_000;

/// Topics being created because somebody asked for their metadata; past it the names are only answered as unknown.
pub const CREATING_TOPICS: usize = 1_000;

/// InitProducerId requests that wait for a block of ids; past it they are answered COORDINATOR_LOAD_IN_PROGRESS.
pub const WAITING_PRODUCERS: usize = 1_000;

/// Records of a metadata snapshot that are printed in one settle, and their bytes: what the grammar allows to look at.
pub const SNAPSHOT_RECORDS: Limit = Limit::new(
    "records of a snapshot at once",
    ottla_machine::limits::STEP_PARTITIONS,
    1,
);

/// The bytes of those.
pub const SNAPSHOT_BYTES: Limit = Limit::new(
    "bytes of a snapshot at once",
    ottla_machine::limits::STEP_BYTES,
    1,
);

/// Client ids that are counted by name; the others share one count.
pub const CLIENT_IDS: usize = 100;

/// Clients (a software's name and version, or an id where there is none) whose answers are counted by name, API and version, and how
/// long such a name may be; what the others are answered is counted together.
pub const CLIENTS: usize = 32;

/// Bytes of such a name.
pub const CLIENT_NAME_BYTES: usize = 128;

/// Answers whose client waits for nothing are given up after this long (a controller that does not answer).
pub const INTERNAL_TIMEOUT_MS: i64 = 30_000;
