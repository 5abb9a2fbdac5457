//! The words between a shard and its owner: what it is asked ([`ShardAsk`]) and what it tells ([`ShardTell`]).
//!
//! W1: every `Append`, `Read`, `Question` and `Coordinate` gets exactly one `Answer` with its ticket, perhaps in the same call,
//! unless it was forgotten first.
//! W2: a watch is told at most once; the next `Read` with the same key arms it again.

use std::sync::Arc;

use bytes::Bytes;
use ottla_coordinator as group;
use ottla_machine::{Dir, LeaderEpoch, NodeId, Offset, Parts, Rng, Ticket, Time};
use ottla_metadata::Image;
use ottla_protocol::{ErrorCode, Uuid};

/// A partition, by the identity that survives recreation under the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartitionId {
    /// The topic's id.
    pub topic_id: Uuid,
    /// The partition's index in the topic.
    pub index: i32,
}

/// What a shard is asked.
#[derive(Clone, Debug)]
pub enum ShardAsk {
    /// Take these log directories. Said once, first.
    Start(Box<Start>),
    /// The committed metadata is this now. Replicas are opened, led, deleted by it.
    Image(Arc<Image>),
    /// Append one client's batch.
    Append(Ticket, Append),
    /// Read from an offset.
    Read(Ticket, Read),
    /// A question about a partition.
    Question(Ticket, PartitionId, Question),
    /// A request about groups, to the partition of `__consumer_offsets` that has them.
    Coordinate(Ticket, PartitionId, group::Request),
    /// The watch is given up.
    Unwatch(WatchKey, PartitionId),
    /// Nobody waits for this answer any more.
    Forget(Ticket),
    /// No read that was asked before this moment is part of an answer in work: what logs let go before it can be closed.
    ReadsSince(Time),
    /// The node stops: who waits for other members of a group is sent away, for they will not come.
    Dissolve,
    /// Flush, write what a clean start needs, tell `Stopped`.
    Stop,
}

/// What a shard begins with.
#[derive(Clone, Debug)]
pub struct Start {
    /// This node.
    pub node: NodeId,
    /// Each log directory with its directory id.
    pub dirs: Vec<(Dir, Uuid)>,
    /// Whether the last stop was clean: then logs are believed, else they are recovered.
    pub clean: bool,
    /// `log.flush.on.ack`: whether acknowledged means durable.
    pub flush_on_ack: bool,
    /// `produce.batch.validation=strict`: compressed batches are unpacked before they are believed.
    pub strict_validation: bool,
    /// `log.flush.offset.checkpoint.interval.ms`: how often checkpoints are written, milliseconds.
    pub checkpoint_interval_ms: i64,
    /// `producer.id.expiration.ms`.
    pub producer_id_expiration_ms: i64,
    /// `log.retention.check.interval.ms`.
    pub retention_check_interval_ms: i64,
    /// `log.cleaner.enable`: whether compacted topics are compacted.
    pub cleaner_enable: bool,
    /// `log.cleaner.backoff.ms`: how long the cleaner rests when nothing is dirty, milliseconds.
    pub cleaner_backoff_ms: i64,
    /// `log.cleaner.dedupe.buffer.size`: what the keys of one compaction may take, bytes.
    pub cleaner_bytes: usize,
    /// Static broker settings by Kafka's names: the defaults of topic settings (`log.segment.bytes`, ..).
    pub static_config: Arc<std::collections::BTreeMap<String, String>>,
    /// Where ids are drawn from; another stream for each life.
    pub rng: Rng,
}

/// A batch to append.
#[derive(Clone, Debug)]
pub struct Append {
    /// Where to.
    pub partition: PartitionId,
    /// The field `records` of the request: exactly one batch is accepted. Charged: it pins its frame.
    pub records: Bytes,
    /// This batch's share of the buffer that `records` keeps alive; its own length when nothing is known.
    pub pins: usize,
    /// 0 and 1: answered when written; -1: when the high watermark has passed it.
    pub acks: i16,
    /// Whether clients may not write here (internal topics) was judged by the caller; this is the producer's claim of a transaction.
    pub transactional_id: Option<Arc<str>>,
}

/// What a reader may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Up to the high watermark.
    ReadUncommitted,
    /// Up to the last stable offset.
    ReadCommitted,
}

/// A read.
#[derive(Clone, Copy, Debug)]
pub struct Read {
    /// Where from.
    pub partition: PartitionId,
    /// The leader epoch the reader knows; `NONE` is not checked.
    pub current_leader_epoch: LeaderEpoch,
    /// The first offset wanted.
    pub from: Offset,
    /// The epoch of the record before `from`; `NONE` is not checked.
    pub last_fetched_epoch: LeaderEpoch,
    /// At most this many bytes of whole batches ..
    pub max_bytes: usize,
    /// .. but the first batch in any case.
    pub at_least_one: bool,
    /// What may be seen.
    pub isolation: Isolation,
    /// Tell `Ready` with this key once when there is more to see than now, or another state.
    pub watch: Option<WatchKey>,
}

/// A reader's interest in one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WatchKey {
    /// Which session or gather.
    pub session: u32,
    /// Which life of it.
    pub generation: u32,
    /// Which of its partitions.
    pub slot: u32,
}

/// A question about one partition.
#[derive(Clone, Copy, Debug)]
pub enum Question {
    /// ListOffsets. `timestamp`: -1 latest, -2 earliest, -3 of the newest timestamp, -4 earliest local, -5 latest tiered, else a time.
    ListOffset {
        /// The leader epoch the asker knows; `NONE` is not checked.
        current_leader_epoch: LeaderEpoch,
        /// Which offset.
        timestamp: i64,
        /// What may be seen.
        isolation: Isolation,
    },
    /// OffsetForLeaderEpoch: where did this epoch end?
    EpochEnd {
        /// The leader epoch the asker knows; `NONE` is not checked.
        current_leader_epoch: LeaderEpoch,
        /// The epoch asked about.
        leader_epoch: LeaderEpoch,
    },
    /// DeleteRecords: give up everything below an offset. Answered when no crash brings it back.
    DeleteRecords {
        /// The first offset that stays; -1: the high watermark.
        before: i64,
    },
}

/// What a shard tells.
#[derive(Clone, Debug)]
pub enum ShardTell {
    /// The answer to a ticket.
    Answer(Ticket, Answer),
    /// There is more to see.
    Ready(WatchKey),
    /// The directories are read; replicas of the next image will be opened from them.
    Started,
    /// A log directory is no longer used, and why, for people.
    Offline(Dir, String),
    /// Everything is flushed, closed and checkpointed; `clean` allows the marker.
    Stopped {
        /// Whether the next start may believe the logs.
        clean: bool,
    },
}

/// An answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Of `Append`.
    Appended(Appended),
    /// Of `Read`.
    Read(ReadAnswer),
    /// Of `Question::ListOffset`.
    Offset {
        /// -1 when there is none.
        timestamp: i64,
        /// -1 when there is none.
        offset: Offset,
        /// -1 when there is none.
        leader_epoch: LeaderEpoch,
    },
    /// Of `Question::EpochEnd`.
    EpochEnd {
        /// The largest epoch at or below the one asked for; -1 when there is none.
        leader_epoch: LeaderEpoch,
        /// Its end; -1 when there is none.
        end_offset: Offset,
    },
    /// Of `Question::DeleteRecords`.
    Deleted {
        /// Where the log starts now.
        low_watermark: Offset,
    },
    /// Of `Coordinate`.
    Group(group::Response),
    /// Of anything.
    Refused(Refused),
}

/// Where a batch lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The first record's offset.
    pub base_offset: Offset,
    /// -1 for CreateTime (a duplicate answers its batch's timestamp, as Kafka does).
    pub log_append_time_ms: i64,
    /// The log's start.
    pub log_start_offset: Offset,
}

/// What was read.
#[derive(Clone, Debug)]
pub struct ReadAnswer {
    /// The high watermark.
    pub high_watermark: Offset,
    /// The last stable offset.
    pub last_stable_offset: Offset,
    /// The log's start.
    pub log_start_offset: Offset,
    /// The reader's log has diverged: epoch and end offset to truncate to.
    pub diverging: Option<(LeaderEpoch, Offset)>,
    /// For `ReadCommitted`: producer id and first offset of aborted transactions in range.
    pub aborted: Option<Vec<(i64, i64)>>,
    /// Whole batches, perhaps a torn one at the end.
    pub records: Parts,
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Kafka's code.
    pub error: ErrorCode,
    /// A sentence, where Kafka gives one.
    pub message: Option<String>,
    /// Which records of a batch, with their sentences (batch index).
    pub record_errors: Vec<(i32, Option<String>)>,
    /// The log's start, or -1 when refused before the log.
    pub log_start_offset: Offset,
}
