//! Dropping what is no longer kept: whole segments from the oldest on, by age, by size, or because the log's start has
//! passed them; and the memory of producers that fell silent.
//!
//! Invariants
//! - N1: a segment goes only when all of it lies below the high watermark, and never the one that is written to.
//! - N2: a segment goes by age only when its newest timestamp was counted here, or the batch that has it was looked at:
//!   a time index bears no checksum.
//! - N3: a segment's file goes only when those of all before it are durably gone. Recovery from an older recovery point
//!   would take a hole for one that the crash made, and end the log there.
//! - N4: nor before the name of the newest segment is durable: where all segments are gone, nothing says which offsets had been given.
//! - N5: what is known of epochs below the first segment goes last: after a crash among the removals a segment may be there again, and
//!   where records were deleted the start may be the first segment's again.
//! - N6: a segment goes only when a producer snapshot of its end or later is durable: else a crash would make the log forget whose
//!   batches lay in it, and take them again.
//! - N7: a segment goes when no index of it is on its way to the disk: that would be left behind by itself.

use ottla_machine::{DiskOp, DiskOutput, Emit, Fault, File, Now, Offset, planted, sometimes};
use ottla_record::{HEADER_LEN, Header};

use crate::file_names::name;
use crate::limits::EXPIRE_PRODUCERS;
use crate::ops::Waiting;
use crate::rolling::Purpose;
use crate::segment::{Newest, Segment};
use crate::{Log, LogEvent, Phase};

/// The search for the batch that is said to be a segment's newest.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    pub(crate) base: i64,
    newest: Newest,
    position: u64,
}

impl Log {
    /// Drops what retention, the start offset and the expiry of producers allow to drop.
    pub fn retain(&mut self, now: Now, fx: &mut impl Emit, out: &mut Vec<LogEvent>) {
        if self.phase != Phase::Open {
            return;
        }
        self.expired_to = self.producers.expire(
            now.wall.0,
            self.config.producer_id_expiration_ms,
            self.expired_to,
            EXPIRE_PRODUCERS.of(self.switch),
        );
        let before = self.start;
        let (mut goes, mut unknown, mut unproved) = (Vec::new(), None, None);
        let mut remembered = i64::MIN;
        let mut surplus = self.surplus();
        let last = self.active().map(|active| active.base);
        for segment in self.segments.values() {
            let empty = segment.size == 0 && Some(segment.base) != last;
            let passed = segment.end <= self.start || empty;
            let too_big = surplus.is_some_and(|surplus| {
                let most = planted!(self.switch, "size-retention-takes-one-too-many");
                surplus >= segment.size || most && surplus > 0
            });
            let above = segment.end > self.high_watermark;
            let kept = segment.size == 0 && !empty
                || above && !planted!(self.switch, "retention-above-high-watermark")
                || !(passed || too_big || self.is_too_old(segment, now));
            if kept {
                if self.config.delete && !segment.known {
                    unknown = Some(segment.base);
                }
                break;
            }
            if !passed && !too_big && !segment.proved {
                unproved = Some(segment.base);
                break;
            }
            surplus = surplus.map(|surplus| surplus.saturating_sub(segment.size));
            if Some(segment.base) == last {
                sometimes!(fx, "retention took all of a log");
                // All of the log goes: the last segment must become a sealed one first.
                self.roll_wanted |= self.pending.is_empty();
                break;
            }
            if self.owes_files(segment, fx) {
                break; // N6, N7
            }
            goes.push(segment.base);
            remembered = segment.end.0;
        }
        if !goes.is_empty() && self.forgets(remembered) {
            goes.clear();
            self.snapshot_producers();
        }
        for base in goes {
            if !self.drop_segment(base, fx) {
                break; // N3
            }
        }
        self.remove_dropped(fx);
        // How old a segment is stands in its time index.
        if let Some(base) = unproved.or(unknown.filter(|base| Some(*base) != last)) {
            self.prove(base, fx);
        }
        if self.start > before {
            out.push(LogEvent::Started(self.start));
        }
    }

    /// Whether a file that goes with a segment, or must be there before it goes, is on its way to the disk.
    fn owes_files(&self, segment: &Segment, fx: &mut impl Emit) -> bool {
        let index = self.rewrites.owe_index(segment.base);
        sometimes!(fx, "retention waited for an index to be written", if index);
        let snapshot = self.rewrites.owe_snapshot(segment.end.0);
        sometimes!(fx, "retention waited for a producer snapshot", if snapshot);
        index || snapshot
    }

    /// Whether a crash would make it forget producers once everything below this offset is gone (N6).
    fn forgets(&self, below: i64) -> bool {
        self.producers.len() > 0 && self.snapshots.range(below..).next().is_none()
    }

    /// No snapshot is new enough, and none is under way: it was damaged, or never written.
    fn snapshot_producers(&mut self) {
        let Some(active) = self.active().filter(|_| self.pending.is_empty()) else {
            return;
        };
        let (base, empty) = (active.base, active.size == 0);
        if empty && !self.rewrites.owe_snapshot(base) {
            let bytes = self.producers.to_bytes();
            let purpose = Purpose::Snapshot(base);
            self.rewrites.push(purpose, name(base, "snapshot"), bytes);
        }
        // What begins a segment writes one.
        self.roll_wanted |= !empty;
    }

    /// Looks for the batch that is said to be a segment's newest.
    pub(crate) fn prove(&mut self, base: i64, fx: &mut impl Emit) {
        let Some(segment) = self.segments.get(&base).filter(|_| self.proof.is_none()) else {
            return;
        };
        match (&segment.opened, segment.newest) {
            (Some(opened), Some(newest)) => {
                let relative = u32::try_from(newest.offset - base).unwrap_or(0);
                let position = u64::from(opened.index.floor(relative));
                self.proof = Some(Proof {
                    base,
                    newest,
                    position,
                });
                self.look(opened.file, position, fx);
            }
            (None, _) => {
                self.proving = Some(base);
                self.warm(Offset(base), fx);
            }
            (Some(_), None) => {}
        }
    }

    fn look(&mut self, file: File, at: u64, fx: &mut impl Emit) {
        let len = HEADER_LEN as u32;
        let op = DiskOp::Read { file, at, len };
        self.ops.issue(Waiting::Proving, op, fx);
    }

    /// A header came: it is the one looked for, or one before it, or the indexes are wrong.
    pub(crate) fn on_proof(
        &mut self,
        now: Now,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<LogEvent>,
    ) {
        let Some(mut proof) = self.proof.take() else {
            // The segment is gone.
            return;
        };
        let header = match result {
            Ok(DiskOutput::Read(bytes)) => Header::parse(&bytes).ok(),
            Ok(_) => None,
            Err(fault) => return self.offline(fault, "reading a segment", out),
        };
        let Some(segment) = self.segments.get_mut(&proof.base) else {
            return;
        };
        match (header, segment.file()) {
            (Some(header), Some(file)) if header.last_offset() < proof.newest.offset => {
                proof.position += header.size() as u64;
                let at = proof.position;
                self.proof = Some(proof);
                self.look(file, at, fx);
            }
            (Some(header), _)
                if header.last_offset() == proof.newest.offset
                    && header.max_timestamp == proof.newest.timestamp =>
            {
                // Batches appended meanwhile were counted.
                segment.proved = true;
                self.retain(now, fx, out);
            }
            // Of an open segment this rebuilds the indexes.
            (_, Some(_)) => {
                sometimes!(fx, "a segment's newest batch was not where its index said");
                self.warm(Offset(proof.base), fx);
            }
            (_, None) => {}
        }
    }

    /// By how many bytes the log is larger than it may be.
    fn surplus(&self) -> Option<u64> {
        let limit = u64::try_from(self.config.retention_bytes).ok()?;
        let surplus = self.size().checked_sub(limit)?;
        let deletes =
            self.config.delete || planted!(self.switch, "compacted-topic-retained-by-size");
        deletes.then_some(surplus)
    }

    fn is_too_old(&self, segment: &Segment, now: Now) -> bool {
        let limit = self.config.retention_ms;
        self.config.delete
            && limit >= 0
            && segment
                .newest
                .is_some_and(|newest| now.wall.0.saturating_sub(newest.timestamp) > limit)
    }

    /// Whether it could be dropped: not while its indexes are being rebuilt, nor while a compaction is replacing or opening it.
    fn drop_segment(&mut self, base: i64, fx: &mut impl Emit) -> bool {
        if self.warming.iter().any(|warming| warming.base() == base) {
            sometimes!(fx, "retention waited for an index that was being rebuilt");
            return false;
        }
        if self
            .cleaning
            .as_ref()
            .is_some_and(|cleaning| cleaning.holds(base))
        {
            sometimes!(fx, "retention waited for a compaction");
            return false;
        }
        let Some(segment) = self.segments.remove(&base) else {
            return false;
        };
        self.warmed.retain(|warm| *warm != base);
        self.proof = self.proof.take().filter(|proof| proof.base != base);
        self.aborted.forget(Offset(base), segment.end);
        self.snapshots.remove(&base);
        if let Some(opened) = segment.opened {
            self.unsynced
                .retain(|unsynced| unsynced.file != opened.file);
            self.let_go.push(opened.file);
        }
        self.dropped.push_back(base);
        let first = self.segments.keys().next().copied();
        let start = first.map_or(self.written, Offset).max(self.start);
        if start > self.start {
            self.start = start;
            self.high_watermark = self.high_watermark.max(start);
        }
        true
    }

    /// Removes the files of the oldest segment that was dropped, unless that is under way (N3), or a newer one may still lose its name (N4).
    pub(crate) fn remove_dropped(&mut self, fx: &mut impl Emit) {
        let named = self.unsynced.iter().all(|unsynced| unsynced.named);
        sometimes!(fx, "a segment's removal waited for a newer one's name", if !named && !self.dropped.is_empty());
        if self.dropping || !named {
            return;
        }
        let oldest = if planted!(fx, "retention-removes-newest-first") {
            self.dropped.pop_back()
        } else {
            self.dropped.pop_front()
        };
        let Some(base) = oldest else {
            return;
        };
        self.dropping = true;
        for suffix in ["log", "index", "timeindex", "txnindex", "snapshot"] {
            let waiting = match suffix {
                "log" => Waiting::Dropped(base),
                _ => Waiting::Aside("an old segment"),
            };
            let op = DiskOp::Remove {
                dir: self.dir,
                name: name(base, suffix),
            };
            self.ops.issue(waiting, op, fx);
        }
    }

    pub(crate) fn on_dropped(
        &mut self,
        base: i64,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<LogEvent>,
    ) {
        match result {
            Ok(_) => {
                let op = DiskOp::SyncDir(self.dir);
                self.ops.issue(Waiting::DroppedSynced, op, fx);
            }
            // The next look at what may go tries again.
            Err(Fault::Full | Fault::Busy) => {
                sometimes!(fx, "an old segment could not be removed yet");
                self.dropped.push_front(base);
                self.dropping = false;
            }
            Err(fault) => self.offline(fault, "removing an old segment", out),
        }
    }

    pub(crate) fn on_dropped_synced(
        &mut self,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<LogEvent>,
    ) {
        if let Err(fault) = result {
            return self.offline(fault, "removing an old segment", out);
        }
        self.dropping = false;
        self.remove_dropped(fx);
        if !self.dropping && self.dropped.is_empty() {
            // N5
            let first = self.segments.keys().next().copied().map(Offset);
            let moved = self
                .epochs
                .truncate_start(first.unwrap_or(self.start).min(self.start));
            self.epochs_moved(moved, Offset(i64::MAX));
        }
    }
}
