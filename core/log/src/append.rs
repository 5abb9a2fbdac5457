//! Appending: a judged batch gets its offsets and its place, in memory. Nothing is emitted; `settle` writes.
//!
//! Everything an append changes is remembered with it, so that a full disk can undo it exactly.

use bytes::Bytes;
use ottla_machine::{LeaderEpoch, Now, Offset, ProducerId, planted};
use ottla_record::{Batch, Header, NO_TIMESTAMP, stamp};

use crate::producer_state::{Producer, Verdict};
use crate::segment::Segment;
use crate::tail_cache::Held;
use crate::validate::{is_long, judge};
use crate::{
    Appended, Log, LogConfig, LogJob, Origin, Phase, Prepared, Ready, Refusal, RefusalKind,
};

/// Where the next batch goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tail {
    /// The next offset to be given.
    pub(crate) offset: Offset,
    /// The base of the segment it goes to.
    pub(crate) base: i64,
    /// That segment's size.
    pub(crate) size: u64,
    /// Its index entries.
    pub(crate) entries: u32,
    /// Bytes since the last of them.
    pub(crate) since: u64,
    /// The newest timestamp of its first batch.
    pub(crate) first_timestamp: Option<i64>,
    /// Whether there is such a segment: the next batch begins one otherwise.
    pub(crate) exists: bool,
}

impl Tail {
    /// A log without an active segment, whose next one begins at `offset`.
    pub(crate) fn without_segment(offset: Offset) -> Tail {
        Tail {
            offset,
            base: offset.0,
            size: 0,
            entries: 0,
            since: 0,
            first_timestamp: None,
            exists: false,
        }
    }

    /// An empty segment at `base`.
    pub(crate) fn empty(base: i64) -> Tail {
        Tail {
            exists: true,
            ..Tail::without_segment(Offset(base))
        }
    }

    /// The end of a segment.
    pub(crate) fn of(segment: &Segment) -> Tail {
        Tail {
            offset: segment.end,
            base: segment.base,
            size: segment.size,
            entries: segment
                .opened
                .as_ref()
                .map_or(0, |opened| opened.index.len() as u32),
            since: segment.since,
            first_timestamp: segment.first_timestamp,
            exists: true,
        }
    }

    /// Whether a batch, its offsets stamped, needs a new segment.
    fn rolls(&self, header: &Header, config: &LogConfig, now: Now) -> bool {
        let size = header.size() as u64;
        let grown = self.size + size;
        let waited = self
            .first_timestamp
            .map_or(0, |first| timestamp_or(header, now).saturating_sub(first));
        let patience = config.segment_ms.saturating_sub(config.segment_jitter_ms);
        let filled = self.size > 0
            && (grown > config.segment_bytes
                || grown > i32::MAX as u64
                || waited > patience
                || self.entries >= config.segment_index_bytes / 12);
        !self.exists || filled || !Segment::reaches(self.base, header.last_offset())
    }

    fn add(&mut self, header: &Header, config: &LogConfig, now: Now) {
        if self.since > u64::from(config.index_interval_bytes) {
            self.entries += 1;
            self.since = 0;
        }
        let size = header.size() as u64;
        self.since += size;
        self.size += size;
        self.first_timestamp
            .get_or_insert(timestamp_or(header, now));
        self.offset = Offset(header.next_offset());
    }
}

/// The batch's newest timestamp; without one, the time it came.
fn timestamp_or(header: &Header, now: Now) -> i64 {
    if header.max_timestamp >= 0 {
        header.max_timestamp
    } else {
        now.wall.0
    }
}

/// What is written before a batch that begins a segment.
#[derive(Clone, Debug)]
pub(crate) struct Roll {
    /// The producers' state at the new base.
    pub(crate) snapshot: Option<Bytes>,
}

/// A batch that was appended and is not written yet.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) header: Header,
    pub(crate) head: [u8; 16],
    pub(crate) records: Bytes,
    pub(crate) pins: usize,
    pub(crate) roll: Option<Roll>,
    /// Where the batch after it goes.
    pub(crate) after: Tail,
    /// What was known of its producer before.
    pub(crate) before: Option<(ProducerId, Option<Producer>)>,
    /// What the cache will hold of it, once it is being written.
    pub(crate) held: Option<Held>,
}

impl Log {
    /// Judges what a client wants to append, here or in a job. `pins`: the size of the buffer `records` keeps alive.
    pub fn prepare(
        &self,
        now: Now,
        records: Bytes,
        pins: usize,
        origin: Origin,
    ) -> Result<Prepared, Refusal> {
        if let Some(header) = self.again(&records, origin) {
            return Ok(Prepared::Ready(Ready {
                header,
                records,
                pins,
                append_time_ms: NO_TIMESTAMP,
                origin,
            }));
        }
        if is_long(&self.config, &records, origin) {
            return Ok(Prepared::Job(LogJob::Judge {
                config: self.config.clone(),
                now: now.wall,
                records,
                pins,
                origin,
            }));
        }
        judge(&self.config, now.wall, records, pins, origin).map(Prepared::Ready)
    }

    /// A batch that was taken before and comes again is a duplicate, whatever the topic's rules or the clock say of it by now: refused, its
    /// producer would give its sequence to other records, and these would be taken for it.
    fn again(&self, records: &Bytes, origin: Origin) -> Option<Header> {
        if !matches!(origin, Origin::Client { .. }) {
            return None;
        }
        let batch = Batch::parse(records).ok()?;
        let header = *batch.header();
        let known = header.has_producer_id()
            && header.size() == records.len()
            && matches!(
                self.producers.judge(&header, self.switch),
                Ok(Verdict::Duplicate { .. })
            );
        (known && batch.crc_is_right()).then_some(header)
    }

    /// Judges at once, however long it takes, and appends. Nothing is emitted before `settle`.
    pub fn append(
        &mut self,
        now: Now,
        records: Bytes,
        epoch: LeaderEpoch,
        origin: Origin,
    ) -> Result<Appended, Refusal> {
        let pins = records.len();
        let ready = judge(&self.config, now.wall, records, pins, origin)?;
        self.append_ready(now, ready, epoch)
    }

    /// Appends what was judged.
    pub fn append_ready(
        &mut self,
        now: Now,
        ready: Ready,
        epoch: LeaderEpoch,
    ) -> Result<Appended, Refusal> {
        if self.phase != Phase::Open {
            return Err(Refusal::new(
                RefusalKind::Storage,
                "the partition's files cannot be written now",
            ));
        }
        let client = matches!(ready.origin, Origin::Client { .. });
        if client
            && ready.header.has_producer_id()
            && let Verdict::Duplicate {
                base,
                next,
                timestamp,
            } = self.producers.judge(&ready.header, self.switch)?
        {
            let base = if planted!(self.switch, "duplicate-answered-with-log-end") {
                self.tail.offset
            } else {
                base
            };
            return Ok(Appended {
                base,
                next,
                append_time_ms: timestamp,
                duplicate: true,
            });
        }
        let base = self.tail.offset;
        let mut header = ready.header;
        header.base_offset = base.0;
        header.partition_leader_epoch = epoch.0;
        let roll = self.tail.rolls(&header, &self.config, now).then(|| {
            let snapshot = base > Offset(0) && self.tail.exists;
            self.tail = Tail::empty(base.0);
            Roll {
                snapshot: snapshot.then(|| Bytes::from(self.producers.to_bytes())),
            }
        });
        self.tail.add(&header, &self.config, now);
        let begun = self.epochs.assign(epoch, base);
        self.epochs_moved(begun, base);
        let before = header.has_producer_id().then(|| {
            let id = ProducerId(header.producer_id);
            (id, self.producers.apply(&header, self.switch))
        });
        self.pending.push_back(Pending {
            header,
            head: stamp(&ready.records, base.0, epoch.0),
            records: ready.records,
            pins: ready.pins,
            roll,
            after: self.tail,
            before,
            held: None,
        });
        Ok(Appended {
            base,
            next: self.tail.offset,
            append_time_ms: ready.append_time_ms,
            duplicate: false,
        })
    }

    /// Forgets everything appended and not written, as if it had never been.
    pub(crate) fn undo(&mut self) -> bool {
        let any = !self.pending.is_empty();
        while let Some(pending) = self.pending.pop_back() {
            if let Some((id, before)) = pending.before
                && !planted!(self.switch, "undone-batch-remembered")
            {
                self.producers.restore(id, before);
            }
        }
        self.tail = self.settled;
        let undone = self.epochs.undo(self.settled.offset);
        self.epochs_moved(undone, self.settled.offset);
        any
    }
}
