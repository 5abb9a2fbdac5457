//! One partition of one session: what the client wants of it, what it was last told, and what the current fetch has read.

use std::sync::Arc;

use ottla_machine::{LeaderEpoch, Offset, Parts};
use ottla_protocol::{ErrorCode, Uuid};
use ottla_shard::{Isolation, PartitionId, Read, ReadAnswer, WatchKey};

/// A topic as a fetch names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TopicKey {
    /// Up to version 12.
    Name(Arc<str>),
    /// From version 13 on.
    Id(Uuid),
}

/// What a fetch wants of a partition.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// Its topic.
    pub topic: TopicKey,
    /// Its index.
    pub partition: i32,
    /// Where to read from.
    pub offset: Offset,
    /// The leader epoch the client knows.
    pub current_leader_epoch: LeaderEpoch,
    /// The epoch of the record before `offset`.
    pub last_fetched_epoch: LeaderEpoch,
    /// The most to answer for this partition.
    pub max_bytes: usize,
}

/// Where a partition stood when it was last read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The high watermark.
    pub high_watermark: i64,
    /// The last stable offset.
    pub last_stable_offset: i64,
    /// The log's start.
    pub log_start_offset: i64,
}

impl Seen {
    /// A partition of which nothing is known.
    pub const NOTHING: Seen = Seen {
        high_watermark: -1,
        last_stable_offset: -1,
        log_start_offset: -1,
    };
}

/// What the current fetch has found.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// Not read in this fetch.
    Unread,
    /// Read. `records` may have been held back because there was no room.
    Read {
        /// Batches.
        records: Parts,
        /// Producer id and first offset of aborted transactions.
        aborted: Option<Vec<(i64, i64)>>,
        /// Where the reader's log has diverged.
        diverging: Option<(LeaderEpoch, Offset)>,
    },
    /// Refused by the shard.
    Refused(ErrorCode),
    /// There is no such topic or partition here.
    Unknown(ErrorCode),
}

/// One partition of a session.
#[derive(Clone, Debug)]
pub(crate) struct Interest {
    /// What the client wants.
    pub wanted: Wanted,
    /// What this fetch has found.
    pub found: Found,
    /// What the last read saw.
    pub seen: Seen,
    /// What the client was last told: high watermark and log start.
    pub told: (i64, i64),
    /// Its place in the ready queue is taken.
    pub queued: bool,
    /// A watch lies with the shard for this partition.
    pub watched: Option<PartitionId>,
    /// A read is under way for which this much room is set aside.
    pub reading: Option<usize>,
    /// It found the end in an earlier round of this fetch.
    pub passed: bool,
}

impl Interest {
    /// An interest that was never read.
    pub fn new(wanted: Wanted) -> Interest {
        Interest {
            wanted,
            found: Found::Unread,
            seen: Seen::NOTHING,
            told: (-1, -1),
            queued: false,
            watched: None,
            reading: None,
            passed: false,
        }
    }

    /// Bytes found.
    pub fn bytes(&self) -> usize {
        match &self.found {
            Found::Read { records, .. } => records.len(),
            _ => 0,
        }
    }

    /// The read to be asked of the shard, for which room is set aside.
    pub fn read(
        &mut self,
        partition: PartitionId,
        room: usize,
        at_least_one: bool,
        isolation: Isolation,
        watch: Option<WatchKey>,
    ) -> Read {
        let max_bytes = room.min(self.wanted.max_bytes);
        self.reading = Some(max_bytes);
        self.watched = watch.map(|_| partition).or(self.watched);
        Read {
            partition,
            current_leader_epoch: self.wanted.current_leader_epoch,
            from: self.wanted.offset,
            last_fetched_epoch: self.wanted.last_fetched_epoch,
            max_bytes,
            at_least_one,
            isolation,
            watch,
        }
    }

    /// Takes a read's answer, of which at most `room` bytes fit. Answers whether it wants to be answered at once.
    pub fn on_read(&mut self, answer: ReadAnswer, room: Option<usize>) -> bool {
        self.seen = Seen {
            high_watermark: answer.high_watermark.0,
            last_stable_offset: answer.last_stable_offset.0,
            log_start_offset: answer.log_start_offset.0,
        };
        let held_back =
            room.is_some_and(|room| answer.records.len() > room.min(self.wanted.max_bytes));
        let at_once = answer.diverging.is_some();
        self.found = Found::Read {
            records: if held_back {
                Parts::default()
            } else {
                answer.records
            },
            aborted: answer.aborted,
            diverging: answer.diverging,
        };
        at_once
    }

    /// Whether the last read found nothing because there is nothing: then only a watch brings news.
    pub fn is_at_end(&self, isolation: Isolation) -> bool {
        let end = match isolation {
            Isolation::ReadUncommitted => self.seen.high_watermark,
            Isolation::ReadCommitted => self.seen.last_stable_offset,
        };
        match &self.found {
            Found::Read {
                records, diverging, ..
            } => {
                records.is_empty()
                    && diverging.is_none()
                    && self.wanted.offset.0 >= end
                    && self.watched.is_some()
            }
            _ => false,
        }
    }

    /// Whether an incremental answer must name it.
    pub fn has_news(&self) -> bool {
        let moved = self.told != (self.seen.high_watermark, self.seen.log_start_offset);
        match &self.found {
            Found::Unread => self.passed && moved,
            Found::Read {
                records, diverging, ..
            } => !records.is_empty() || diverging.is_some() || moved,
            Found::Refused(_) | Found::Unknown(_) => true,
        }
    }
}
