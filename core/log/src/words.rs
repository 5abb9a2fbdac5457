//! The words between a log and its owner.

use bytes::Bytes;
use ottla_machine::{Dir, Fault, File, Name, Names, Offset, Owner, Parts, ProducerId};
use ottla_record::Header;

/// Where a log lives and who answers for it.
#[derive(Clone, Debug)]
pub struct Place {
    /// Under which owner its operations run; a log uses all numbers of it.
    pub owner: Owner,
    /// A range of names of its own ([`Names::range`]).
    pub names: Names,
    /// The log directory.
    pub parent: Dir,
    /// The partition's directory in it, `topic-0`.
    pub dir_name: Name,
    /// The topic's id, for `partition.metadata`.
    pub topic_id: [u8; 16],
}

/// What is known of a log before it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// There is no directory; it is made at the first append.
    Absent,
    /// The last stop was clean: files are believed as far as they fit each other.
    Clean {
        /// The start offset by the checkpoint; 0 when there is none.
        log_start: Offset,
    },
    /// It was not: the segment that holds `from` and all after it are read whole and judged.
    Recover {
        /// The recovery point: what lies below was durable.
        from: Offset,
        /// The start offset by the checkpoint; 0 when there is none.
        log_start: Offset,
        /// Everything is read from the log's start, judged, and handed out as [`LogEvent::Batch`].
        show: bool,
    },
}

/// The life of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Files are being read; nothing else is possible.
    Opening,
    /// Appends and reads.
    Open,
    /// Its disk is not believed any more. Nothing is emitted again.
    Offline(Fault),
    /// What had been durable is not as it was. The files are left as they are; they can be removed.
    Damaged,
    /// Stopping or being removed.
    Closing,
    /// Every file is closed.
    Closed,
}

/// What a log tells its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogEvent {
    /// It is open: start and end offsets, epochs and producers are known.
    Opened,
    /// A batch that opening read, in order (`Start::Recover` with `show`).
    Batch(Bytes),
    /// Everything below is written.
    Written(Offset),
    /// The disk is full: appends from here on never happened, their offsets will be given again.
    Undone {
        /// The first offset undone.
        from: Offset,
    },
    /// Segments went, or records were deleted: the log starts here now.
    Started(Offset),
    /// The segment with this base offset can be read now (or never): ask again.
    Warm(Offset),
    /// A compaction is over: [`crate::Log::cleaned`] says how far.
    Cleaned,
    /// The log reads this file no more. To be closed when no answer is in work that may name a range of it.
    LetGo(File),
    /// Opening found that what had been durable is not as it was: this log is not served, the disk may well be sound otherwise.
    Damaged(String),
    /// The disk is not believed any more: take the log directory offline.
    Offline(Fault, String),
    /// Every file is closed; after `stop` without a fault the files are as after a clean stop.
    Closed,
}

/// A file with bytes to be made durable; the owner's flusher syncs it and answers [`crate::Log::on_durable`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dirty {
    /// The file.
    pub file: File,
    /// What is durable when it is synced.
    pub to: Offset,
}

/// Who appends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A client: nothing is believed.
    Client {
        /// Whether it has named a transactional id.
        transactional: bool,
    },
    /// This node itself: control batches are allowed, sequences are not checked.
    Node,
}

/// Where a batch will lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The first record's offset.
    pub base: Offset,
    /// The offset after the last.
    pub next: Offset,
    /// The append time of a topic that keeps it, else -1; a duplicate answers its batch's timestamp.
    pub append_time_ms: i64,
    /// Nothing was appended: these are the offsets it was given before.
    pub duplicate: bool,
}

/// What is remembered of an idempotent producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProducerView {
    /// Which producer.
    pub id: ProducerId,
    /// Its newest epoch.
    pub epoch: i16,
    /// Of its newest batch; -1 when none is remembered.
    pub last_sequence: i32,
}

/// What was wrong with an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// CORRUPT_MESSAGE: checksum, magic or length.
    Corrupt,
    /// INVALID_RECORD.
    InvalidRecord,
    /// UNSUPPORTED_COMPRESSION_TYPE.
    UnknownCodec,
    /// MESSAGE_TOO_LARGE: beyond `max.message.bytes`.
    TooLarge,
    /// RECORD_LIST_TOO_LARGE: beyond `segment.bytes`.
    LargerThanSegment,
    /// INVALID_TIMESTAMP.
    InvalidTimestamp,
    /// OUT_OF_ORDER_SEQUENCE_NUMBER.
    OutOfOrderSequence,
    /// INVALID_PRODUCER_EPOCH.
    InvalidProducerEpoch,
    /// TRANSACTIONAL_ID_AUTHORIZATION_FAILED: a transactional batch without a transactional id.
    NoTransactionalId,
    /// INVALID_PRODUCER_ID_MAPPING: its transaction is unknown here.
    UnknownTransaction,
    /// KAFKA_STORAGE_ERROR: the log is not open.
    Storage,
}

/// An append refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub kind: RefusalKind,
    /// A sentence.
    pub message: String,
    /// Which records, by index in the batch, with a sentence each.
    pub record_errors: Vec<(i32, Option<String>)>,
}

impl Refusal {
    /// One without record errors.
    pub fn new(kind: RefusalKind, message: impl Into<String>) -> Refusal {
        Refusal {
            kind,
            message: message.into(),
            record_errors: Vec::new(),
        }
    }
}

/// One judged batch, ready to be appended. Only [`crate::Log::prepare`] and [`crate::LogJob`] make it.
#[derive(Clone, Debug)]
pub struct Ready {
    pub(crate) header: Header,
    pub(crate) records: Bytes,
    /// The size of the buffer that `records` keeps alive.
    pub(crate) pins: usize,
    pub(crate) append_time_ms: i64,
    pub(crate) origin: Origin,
}

/// What became of records that are to be appended.
#[derive(Clone, Debug)]
pub enum Prepared {
    /// Give it to [`crate::Log::append_ready`].
    Ready(Ready),
    /// Run it elsewhere; later appends of the partition wait in line.
    Job(crate::LogJob),
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The bytes; a file range may end with a torn batch.
    pub parts: Parts,
    /// The next read may begin here: the offset after the last batch that is known to be in `parts` whole.
    pub next: Offset,
}

/// A record found by time: its offset and timestamp, and the epoch of its batch.
pub type Found = (Offset, i64, ottla_machine::LeaderEpoch);
