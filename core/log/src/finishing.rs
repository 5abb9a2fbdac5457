//! The end of opening: what does not belong is cut off and removed, durably, compacted segments that were being put in
//! place get their names, and the log is open.
//!
//! Invariants
//! - U2: the log is open only when everything that was removed is durably gone, and everything that is left is durable.

use ottla_machine::{DiskOp, DiskOutput, Emit, Fault, Level, Offset, planted, sometimes};

use crate::append::Tail;
use crate::file_names::{FileName, name};
use crate::opening::{Opening, Stage};
use crate::ops::Waiting;
use crate::producer_state::Producers;
use crate::scanning::Scanning;
use crate::writing::Unsynced;
use crate::{Log, Phase, Start};

impl Log {
    /// Everything is read: what does not belong is cut off and removed.
    pub(crate) fn finish(
        &mut self,
        opening: &mut Opening,
        scanning: &Scanning,
        fx: &mut impl Emit,
    ) {
        let mut ops = Vec::new();
        let end = self.active().map_or(Offset(0), |active| active.end);
        let newest = self.snapshots.last().copied();
        if let Some(newest) = newest.filter(|newest| !opening.recovers() && *newest > end.0) {
            sometimes!(fx, "a log ended before its newest producer snapshot");
            opening.damage = Some(format!(
                "it ends at offset {end}, but {newest:020}.snapshot says that it reached {newest}: a segment is missing, or empty. It was durable, \
                 so what is left is left as it is. To serve that, let it be recovered as after a crash: remove the clean-shutdown marker, and \
                 the partition from the recovery point checkpoint"
            ));
            return;
        }
        if let Some(active) = self.active()
            && let Some(file) = active.file()
        {
            let found = opening.found.get(&FileName::Segment(active.base));
            if opening.recovers() && found.is_some_and(|len| *len != active.size) {
                let len = active.size;
                sometimes!(fx, "recovery cut the active segment's file");
                ops.push(DiskOp::Truncate { file, len });
            }
        }
        ops.extend(self.judged_files(opening, fx).map(DiskOp::Sync));
        for base in &scanning.removed {
            for suffix in ["log", "index", "timeindex", "txnindex"] {
                ops.push(DiskOp::Remove {
                    dir: self.dir,
                    name: name(*base, suffix),
                });
            }
        }
        for offset in self.snapshots.split_off(&(end.0 + 1)) {
            ops.push(DiskOp::Remove {
                dir: self.dir,
                name: name(offset, "snapshot"),
            });
        }
        if opening.state_from > end && end > Offset(0) {
            self.note(
                Level::Warn,
                "the producers' state was of records that are gone; it begins anew",
                fx,
            );
            self.producers = Producers::default();
        }
        let outstanding = ops.len() + scanning.writing_again;
        if outstanding == 0 {
            return self.sync_directories(opening, fx);
        }
        opening.stage = Stage::Finishing(outstanding);
        for op in ops {
            self.ops.issue(Waiting::Opening, op, fx);
        }
    }

    /// Files whose records were judged and believed beyond what had been durable. They are made durable before anybody is shown them: a
    /// reader was perhaps shown them before the crash, and what was cut off would come back behind them and look like damage.
    fn judged_files(
        &self,
        opening: &Opening,
        fx: &impl Emit,
    ) -> impl Iterator<Item = ottla_machine::File> {
        let durable = match opening.start {
            Start::Recover { from, .. } if !planted!(fx, "recovery-point-advanced-in-recovery") => {
                from
            }
            _ => Offset(i64::MAX),
        };
        let last = self.active().map(|active| active.base);
        self.segments
            .range(opening.first..)
            .filter(move |(base, segment)| segment.end > durable || Some(**base) == last)
            .filter(move |_| durable < Offset(i64::MAX))
            .filter_map(|(_, segment)| segment.file())
    }

    pub(crate) fn on_finishing(
        &mut self,
        opening: &mut Opening,
        stage: Stage,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
    ) -> Result<(), Fault> {
        result?;
        match stage {
            Stage::Finishing(more) if more > 1 => opening.stage = Stage::Finishing(more - 1),
            Stage::FinishingSynced(more) if more > 1 => {
                opening.stage = Stage::FinishingSynced(more - 1);
            }
            Stage::FinishingSynced(_) => self.name_swapped(opening, fx),
            Stage::Swapping(more) if more > 1 => opening.stage = Stage::Swapping(more - 1),
            Stage::Swapping(_) => {
                opening.stage = Stage::SwappingSynced;
                self.ops
                    .issue(Waiting::Opening, DiskOp::SyncDir(self.dir), fx);
            }
            Stage::SwappingSynced => self.open_as(opening, fx),
            _ => self.sync_directories(opening, fx),
        }
        Ok(())
    }

    /// Names that a crash left in memory only, and removals, become durable.
    fn sync_directories(&mut self, opening: &mut Opening, fx: &mut impl Emit) {
        if !opening.recovers() && opening.swapped.is_empty() {
            return self.open_as(opening, fx);
        }
        opening.stage = Stage::FinishingSynced(2);
        for dir in [self.dir, self.parent] {
            self.ops.issue(Waiting::Opening, DiskOp::SyncDir(dir), fx);
        }
    }

    /// What the compacted segments reach over is durably gone: now they get their names. Before, a crash would have
    /// left both, and nothing to tell them apart.
    fn name_swapped(&mut self, opening: &mut Opening, fx: &mut impl Emit) {
        let mut ops = Vec::new();
        let kept = |base: &&i64| self.segments.contains_key(base);
        for base in opening.swapped.iter().filter(kept) {
            let transactions = FileName::SwappedTransactionIndex(*base);
            let transactions = opening.found.contains_key(&transactions);
            let suffixes = [(true, "log"), (transactions, "txnindex")];
            for (_, suffix) in suffixes.into_iter().filter(|(there, _)| *there) {
                ops.push(DiskOp::Rename {
                    from: (self.dir, name(*base, &format!("{suffix}.swap"))),
                    to: (self.dir, name(*base, suffix)),
                });
            }
        }
        if ops.is_empty() {
            return self.open_as(opening, fx);
        }
        opening.stage = Stage::Swapping(ops.len());
        for op in ops {
            self.ops.issue(Waiting::Opening, op, fx);
        }
    }

    /// All is known: the log is open.
    fn open_as(&mut self, opening: &mut Opening, fx: &mut impl Emit) {
        let (log_start, durable) = match opening.start {
            Start::Recover {
                from, log_start, ..
            } => (log_start, from),
            Start::Clean { log_start } => (log_start, Offset(i64::MAX)),
            Start::Absent => (Offset(0), Offset(0)),
        };
        let forgotten = opening.recovers() && planted!(fx, "deletion-forgotten-in-recovery");
        let log_start = if forgotten { Offset(0) } else { log_start };
        let first = self.segments.keys().next().copied().unwrap_or(0);
        self.start = log_start.max(Offset(first));
        let tail = self.active().map(Tail::of);
        let end = tail.map_or(self.start, |tail| tail.offset);
        if end < durable && opening.recovers() {
            let text = format!("it ends at {end}, although {durable} had been durable");
            self.note(Level::Error, &text, fx);
        }
        sometimes!(fx, "a log began beyond the end of what it holds", if end < self.start);
        // A start beyond the end: everything there was had been deleted, and nothing may take its offsets again.
        self.tail = match tail {
            Some(tail) if end >= self.start => tail,
            _ => Tail::without_segment(self.start),
        };
        self.settled = self.tail;
        self.written = self.tail.offset;
        self.flushed = self.written;
        self.high_watermark = self.start;
        if self.cleaned > self.written {
            // It is of another end than this log has.
            self.cleaned = Offset(0);
        }
        let cut = self.epochs.truncate_end(self.written);
        self.epochs_moved(cut, self.written);
        let moved = self.epochs.truncate_start(self.start);
        self.epochs_moved(moved, Offset(i64::MAX));
        self.adopt_segments(opening);
        let end = self.written.0;
        self.touched |= opening.recovers() || end > 0 && !self.snapshots.contains(&end);
        self.phase = Phase::Open;
        self.cool(fx);
    }

    /// Sealed segments that were judged get their indexes, and those of the active one go once it is
    /// written to.
    fn adopt_segments(&mut self, opening: &Opening) {
        let last = self.active().map(|active| active.base);
        let judged: Vec<i64> = self
            .segments
            .range(opening.first..)
            .map(|(base, _)| *base)
            .collect();
        for base in judged {
            let Some(segment) = self.segments.get_mut(&base) else {
                continue;
            };
            let Some(file) = segment.file() else {
                continue;
            };
            segment.granted = segment.size;
            self.unsynced.push_back(Unsynced {
                file,
                to: segment.end,
                told: None,
                named: true,
            });
            if Some(base) != last {
                self.warmed.push_back(base);
                self.write_indexes(base);
            }
        }
        if let Some(base) = last {
            let files = [
                (FileName::OffsetIndex(base), "index"),
                (FileName::TimeIndex(base), "timeindex"),
            ];
            for (file, suffix) in files {
                if opening.found.contains_key(&file) {
                    self.stale.push(name(base, suffix));
                }
            }
            self.touched |= self.stale.len() < 2;
        }
    }
}
