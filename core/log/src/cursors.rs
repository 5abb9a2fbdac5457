//! Where a log stands, what its owner tells it of that, and its invariants.

use std::sync::Arc;

use ottla_machine::{Emit, LeaderEpoch, Offset, Switch, planted};

use crate::{Log, LogConfig, Phase, ProducerView};

impl Log {
    /// The next offset to be given.
    pub fn assigned(&self) -> Offset {
        self.tail.offset
    }

    /// Everything below is written.
    pub fn written(&self) -> Offset {
        self.written
    }

    /// Everything below is durable.
    pub fn flushed(&self) -> Offset {
        self.flushed
    }

    /// What `recovery-point-offset-checkpoint` may say: everything below is durable, the epochs and aborted transactions included. The
    /// other index files need no waiting for: they are put in place whole, and one that is missing is rebuilt.
    pub fn recovery_point(&self) -> Offset {
        let aborted = self.rewrites.oldest_aborted().map(Offset);
        let unsaved = [self.epochs_unsaved, self.epochs_saving, aborted];
        unsaved
            .into_iter()
            .flatten()
            .fold(self.flushed, Offset::min)
    }

    /// The epochs of offsets from `from` on are others than the file says, if `moved`.
    pub(crate) fn epochs_moved(&mut self, moved: bool, from: Offset) {
        if moved {
            let known = self.epochs_unsaved.unwrap_or(Offset(i64::MAX));
            self.epochs_unsaved = Some(known.min(from));
        }
    }

    /// Whether `leader-epoch-checkpoint` is to be written anew. An epoch in which nothing was appended leaves no trace, so one that has just begun
    /// waits for its first record: a start with thousands of partitions would else write thousands of files.
    pub(crate) fn epochs_due(&self) -> bool {
        self.epochs_unsaved
            .is_some_and(|from| from != self.written || from != self.tail.offset)
    }

    /// The first offset that may be read.
    pub fn start_offset(&self) -> Offset {
        self.start
    }

    /// Whether a read may begin here: at the end there is nothing yet, below the start nothing any more.
    pub fn reaches(&self, from: Offset) -> bool {
        let deleted = from < self.start;
        let lies = planted!(self.switch, "deleted-records-still-read")
            && self
                .segments
                .keys()
                .next()
                .is_some_and(|base| *base <= from.0);
        (!deleted || lies) && from <= self.tail.offset
    }

    /// As the owner set it.
    pub fn high_watermark(&self) -> Offset {
        self.high_watermark
    }

    /// Sets it, at most to what is written, at least to the start.
    pub fn set_high_watermark(&mut self, to: Offset) {
        self.high_watermark = to.clamp(self.start, self.written);
    }

    /// Moves the start up (DeleteRecords), at most to the high watermark. The owner makes its checkpoint durable.
    pub fn advance_start(&mut self, to: Offset) {
        let to = to.min(self.high_watermark);
        if to > self.start {
            self.start = to;
        }
    }

    /// The first offset of the oldest open transaction.
    pub fn first_unstable_offset(&self) -> Option<Offset> {
        self.producers.first_unstable()
    }

    /// A tenure begins: the epoch starts at `assigned`, and `leader-epoch-checkpoint` will say so.
    pub fn start_epoch(&mut self, epoch: LeaderEpoch, _fx: &mut impl Emit) {
        let begun = self.epochs.assign(epoch, self.tail.offset);
        self.epochs_moved(begun, self.tail.offset);
    }

    /// The newest epoch; `NONE` when there is none.
    pub fn latest_epoch(&self) -> LeaderEpoch {
        self.epochs.latest()
    }

    /// The largest known epoch at or below `epoch`, and where it ends; for an epoch older than all known ones, where
    /// those begin. `(NONE, -1)` when there is none.
    pub fn epoch_end(&self, epoch: LeaderEpoch) -> (LeaderEpoch, Offset) {
        self.epochs.end_of(epoch, self.tail.offset)
    }

    /// The epoch of the record at `offset`.
    pub fn epoch_at(&self, offset: Offset) -> LeaderEpoch {
        self.epochs.at(offset)
    }

    /// Producer ids and first offsets of the aborted transactions that reach into `from..upto`.
    pub fn aborted(&self, from: Offset, upto: Offset) -> Vec<(i64, i64)> {
        self.aborted.within(from, upto)
    }

    /// The topic's configuration is another one.
    pub fn update(&mut self, config: Arc<LogConfig>) {
        self.config = config;
    }

    /// Bytes on disk, segments only.
    pub fn size(&self) -> u64 {
        self.segments.values().map(|segment| segment.size).sum()
    }

    /// How many producers are remembered.
    pub fn producers(&self) -> usize {
        self.producers.len()
    }

    /// The producers that are remembered.
    pub fn producer_views(&self) -> impl Iterator<Item = ProducerView> {
        self.producers.views()
    }

    /// Bytes of recent batches held in memory.
    pub fn cached_bytes(&self) -> usize {
        self.cache.bytes()
    }

    /// Drops the oldest recent batches until at most `to_bytes` are held.
    pub fn trim_cache(&mut self, to_bytes: usize) {
        self.cache.trim(to_bytes, self.switch);
    }

    /// Which planted mistake its effects' buffer had switched on when it was opened.
    pub fn switch(&self) -> Switch {
        self.switch
    }

    /// Asserts the invariants.
    pub fn check(&self) {
        if self.phase == Phase::Opening {
            return;
        }
        assert!(
            self.tail.offset >= self.written
                && self.written >= self.flushed
                && self.written >= self.high_watermark
                && self.high_watermark >= self.start,
            "A1: assigned {}, written {}, flushed {}, high watermark {}, start {}",
            self.tail.offset,
            self.written,
            self.flushed,
            self.high_watermark,
            self.start
        );
        assert!(
            self.settled.offset == self.written
                && (self.pending.is_empty() == (self.tail.offset == self.written)),
            "A1: what is not written is pending"
        );
        let mut end = i64::MIN;
        for (base, segment) in &self.segments {
            assert!(
                segment.base == *base && segment.end.0 >= *base && *base >= end,
                "A3: {base}..{} after {end}",
                segment.end
            );
            end = segment.end.0;
        }
        if self.settled.exists {
            let active = self.active().map(|active| (active.base, active.size));
            assert_eq!(
                active,
                Some((self.settled.base, self.settled.size)),
                "A3: the tail is the last segment's end"
            );
        }
        self.epochs.check();
        self.producers.check();
        self.cache.check();
    }
}
