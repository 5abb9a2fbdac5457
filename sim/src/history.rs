//! What clients asked and what they were answered, as values: the only thing that oracles of what a user sees may look at.

use std::sync::Arc;

use crate::groups::{GroupAsk, GroupReply};
pub use crate::places::{Named, Partition, TopicId};
use crate::script::Nanos;

/// A record's value says who made it: no two records of a run are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId {
    /// The client.
    pub client: u32,
    /// Its operation's number.
    pub op: u32,
    /// Which batch of the operation.
    pub batch: u16,
    /// Which record of the batch.
    pub record: u16,
}

/// The producer of an idempotent batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Producer {
    /// Producer id.
    pub id: i64,
    /// Producer epoch.
    pub epoch: i16,
    /// The batch's first sequence.
    pub sequence: i32,
}

/// A batch as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Its producer, if it is idempotent.
    pub producer: Option<Producer>,
    /// Its records with their timestamps.
    pub records: Vec<(RecordId, i64)>,
    /// The codec's number.
    pub codec: u8,
    /// Whether it was made wrong: it must not be taken.
    pub wrong: Option<Wrong>,
    /// The hash of key, value and headers of each record, in order.
    pub contents: Vec<u64>,
    /// What a compaction looks at of each record, in order.
    pub keys: Vec<Key>,
    /// Its length in bytes.
    pub bytes: usize,
}

/// What a compaction looks at of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The hash of its key, if it has one.
    pub hash: Option<u64>,
    /// Whether it has no value.
    pub tombstone: bool,
}

/// How a batch was made wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Its bytes do not fit its checksum.
    Corrupt,
    /// Its sequence leaves a gap.
    Gap,
}

/// A request that left a client.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Unlike any other of the run: the client's number (upper half) and its count of requests.
    pub number: u64,
    /// Who asked.
    pub client: u32,
    /// Over which connection, counted over the whole run.
    pub link: u64,
    /// When.
    pub at: Nanos,
    /// The request's version.
    pub version: i16,
    /// What.
    pub ask: Ask,
}

/// What was asked.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are those of the requests")]
pub enum Ask {
    ApiVersions,
    Metadata {
        topics: Option<Vec<Arc<str>>>,
        /// Whether the topics may be created by being asked for.
        creates: bool,
    },
    InitProducerId,
    Produce {
        acks: i16,
        parts: Vec<(Named, Arc<Batch>)>,
        /// Whether it is a copy of an earlier request of the client: its number.
        again: Option<u64>,
    },
    Fetch {
        max_wait_ms: i32,
        min_bytes: i32,
        max_bytes: i32,
        committed: bool,
        /// Session id and epoch.
        session: (i32, i32),
        /// All partitions the client expects to be served, those the session remembers included: where from, and the most bytes.
        wanted: Vec<(Named, i64, i32)>,
        /// The leader epoch that the client said for each of them, -1 where it said none.
        epochs: Vec<i32>,
    },
    ListOffsets {
        committed: bool,
        parts: Vec<(Named, i64)>,
        /// The leader epoch that the client said for each of them, -1 where it said none.
        epochs: Vec<i32>,
    },
    EpochEnd {
        parts: Vec<(Named, i32)>,
        /// The leader epoch that the client said for each of them, -1 where it said none.
        epochs: Vec<i32>,
    },
    CreateTopic {
        name: Arc<str>,
        partitions: i32,
        settings: Vec<(String, String)>,
    },
    DeleteTopic {
        name: Arc<str>,
        id: TopicId,
        by_id: bool,
    },
    DescribeConfigs {
        name: Arc<str>,
    },
    DeleteRecords {
        parts: Vec<(Named, i64)>,
    },
    /// Of consumer groups.
    Group(GroupAsk),
}

/// What was answered. Errors are Kafka's codes.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are those of the responses")]
pub enum Reply {
    ApiVersions {
        error: i16,
        ranges: Vec<(i16, i16, i16)>,
    },
    Metadata {
        topics: Vec<TopicShown>,
    },
    InitProducerId {
        error: i16,
        producer: i64,
        epoch: i16,
    },
    Produce {
        parts: Vec<(Named, Produced)>,
    },
    Fetch {
        error: i16,
        session: i32,
        parts: Vec<(Named, Fetched)>,
    },
    ListOffsets {
        parts: Vec<(Named, Listed)>,
    },
    EpochEnd {
        parts: Vec<(Named, EpochEnd)>,
    },
    CreateTopic {
        error: i16,
        /// Where the version has it.
        id: Option<TopicId>,
    },
    DeleteTopic {
        error: i16,
    },
    DescribeConfigs {
        error: i16,
        settings: Vec<(String, Option<String>)>,
    },
    DeleteRecords {
        /// Where each log starts, and the error.
        parts: Vec<(Named, i64, i16)>,
    },
    /// Of consumer groups.
    Group(GroupReply),
}

/// A topic in a Metadata response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the response")]
pub struct TopicShown {
    pub error: i16,
    pub name: Arc<str>,
    /// Zeros where the version has none.
    pub id: TopicId,
    /// Partition, leader, leader epoch (-1 where the version has none), error.
    pub partitions: Vec<(i32, i32, i32, i16)>,
}

/// A partition in a Produce response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the response")]
pub struct Produced {
    pub error: i16,
    pub base_offset: i64,
    pub log_append_time: i64,
    /// -1 where the version has none.
    pub log_start: i64,
}

/// A partition in a Fetch response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the response")]
pub struct Fetched {
    pub error: i16,
    pub high_watermark: i64,
    pub last_stable: i64,
    pub log_start: i64,
    /// An epoch and where it ends, when the client's last epoch goes on elsewhere.
    pub diverging: Option<(i32, i64)>,
    pub batches: Vec<BatchShown>,
    /// Bytes of the answer's records that are no whole batch: only a torn last one is allowed.
    pub torn: usize,
    /// What could not be read of it, if anything.
    pub garbled: Option<String>,
}

/// A batch that a reader was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchShown {
    /// The offset of its first record.
    pub base_offset: i64,
    /// The offset of its last record.
    pub last_offset: i64,
    /// The leader epoch it was taken in.
    pub leader_epoch: i32,
    /// Its producer, if it is idempotent.
    pub producer: Option<Producer>,
    /// Its attributes: codec, timestamp type, control.
    pub attributes: i16,
    /// Whether its checksum fits.
    pub crc_fits: bool,
    /// The hash of all of its bytes.
    pub hash: u64,
    /// Its records.
    pub records: Vec<RecordShown>,
}

/// Offset, timestamp, who made it (if the value says so), and the hash of key, value and headers.
pub type RecordShown = (i64, i64, Option<RecordId>, u64);

/// A partition in a ListOffsets response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the response")]
pub struct Listed {
    pub error: i16,
    pub timestamp: i64,
    pub offset: i64,
    /// -1 where the version has none.
    pub leader_epoch: i32,
}

/// A partition in an OffsetForLeaderEpoch response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the response")]
pub struct EpochEnd {
    pub error: i16,
    pub leader_epoch: i32,
    pub end_offset: i64,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Death {
    /// Killed; the page cache stays.
    Kill,
    /// The power went.
    PowerCut,
    /// It stopped when it was asked to; whether it says that its files may be believed.
    Stopped {
        /// As the broker told it.
        clean: bool,
    },
    /// It refused to run.
    Refused(String),
    /// It does not believe its disk any more.
    Offline(String),
    /// It panicked.
    Panicked(String),
}

/// One thing that happened, as oracles are told of it.
#[derive(Clone, Debug)]
pub enum Seen<'a> {
    /// A request left a client.
    Asked(&'a Asked),
    /// It was answered.
    Answered(&'a Asked, &'a Reply),
    /// It will never be answered: the connection is gone, or the client has given up. It may have been executed, or may yet be.
    Lost(&'a Asked),
    /// The node has closed a connection while these requests, the oldest first, were not answered; each is told as lost right after.
    HungUp {
        /// The client.
        client: u32,
        /// The requests.
        open: &'a [Arc<Asked>],
    },
    /// The node sent a client what is no answer to its oldest open request: who, and what was wrong.
    Garbled {
        /// The client.
        client: u32,
        /// A sentence.
        what: &'a str,
    },
    /// The process of this life begins.
    Started {
        /// Its number, from 1.
        life: u32,
    },
    /// It serves.
    Ready {
        /// Its number.
        life: u32,
    },
    /// It ended.
    Died {
        /// Its number.
        life: u32,
        /// How.
        how: &'a Death,
    },
    /// All clients have read all partitions from the start to the end after the last fault: nothing more will be shown.
    Over,
}
