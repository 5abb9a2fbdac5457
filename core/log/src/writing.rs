//! Writing what was appended: the directory is made, the next segment's file, room is set aside, then one write at a
//! time; and what is written becomes dirty, file by file.
//!
//! ```text
//! Idle -> Making -> Idle                 the directory, partition.metadata, their names durable
//! Idle -> Clearing -> Idle               index files of the active segment that no longer fit
//! Idle -> Rolling -> Idle                the next segment's file
//! Idle -> Granting -> Idle               room for the write
//! Idle -> Writing -> Idle                the write itself
//! Writing -Full-> Cutting -> Idle        appends undone, the file cut back to what was written
//! ```
//!
//! Invariants
//! - A2: at most one write is outstanding; what it writes lies behind everything written before, and room for it was
//!   set aside.
//! - B1: what is told dirty is written; so a sync that begins after it covers it, whatever is undone later.

use bytes::{Bytes, BytesMut};
use ottla_machine::{DiskOp, DiskOutput, Emit, Fault, File, Level, Offset, planted, sometimes};

use crate::limits::{FIRST_GRANT, GRANT_STEP, LARGE_BATCH, PIN_SHARE, WRITE_BYTES};
use crate::ops::Waiting;
use crate::tail_cache::{Cached, Held};
use crate::{Dirty, Log, LogEvent, Phase};

/// What the directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Directory {
    /// Not there, or not known to be durable.
    Absent,
    /// There, but without `partition.metadata`.
    Bare,
    /// There.
    There,
}

/// What stands between appends and the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writer {
    /// Nothing.
    Idle,
    /// The directory is being made.
    Making,
    /// Stale index files are being removed: this many more.
    Clearing(usize),
    /// The next segment's file is being made.
    Rolling,
    /// Room is being set aside.
    Granting,
    /// The front of what was appended, this many batches, is being written.
    Writing(usize),
    /// The file is being cut back.
    Cutting,
}

/// A file with writes that no sync is known to cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unsynced {
    pub(crate) file: File,
    /// What is durable when it is synced now.
    pub(crate) to: Offset,
    /// What the owner was told.
    pub(crate) told: Option<Offset>,
    /// Whether the file's name is durable.
    pub(crate) named: bool,
}

impl Log {
    /// Whether `settle` could go on writing.
    pub(crate) fn can_write(&self) -> bool {
        let wanted = !self.pending.is_empty() || self.roll_wanted;
        wanted && self.writer == Writer::Idle && !self.waits_for_room()
    }

    /// Room is being set aside ahead, and the next write needs it.
    fn waits_for_room(&self) -> bool {
        let ahead = self
            .ops
            .any(|waiting| matches!(waiting, Waiting::Granted { needed: false, .. }));
        let rolls = self
            .pending
            .front()
            .is_none_or(|front| front.roll.is_some());
        ahead && !rolls && self.run().1 > self.granted()
    }

    fn granted(&self) -> u64 {
        self.active().map_or(0, |active| active.granted)
    }

    /// How many batches the next write takes, and where it ends.
    fn run(&self) -> (usize, u64) {
        let mut bytes = 0;
        let mut count = 0;
        for pending in &self.pending {
            let len = pending.header.size();
            let rolls = pending.roll.is_some() && count > 0;
            if count > 0 && (rolls || bytes + len > WRITE_BYTES.of(self.switch)) {
                break;
            }
            bytes += len;
            count += 1;
        }
        (count, self.settled.size + bytes as u64)
    }

    /// The next step towards the disk.
    pub(crate) fn settle_writing(&mut self, fx: &mut impl Emit) {
        if !self.can_write() {
            return;
        }
        if self.directory != Directory::There {
            return self.make_directory(fx);
        }
        if !self.stale.is_empty() {
            sometimes!(fx, "indexes of an earlier life were in the way of a write");
            let stale = std::mem::take(&mut self.stale);
            self.writer = Writer::Clearing(stale.len());
            for name in stale {
                let op = DiskOp::Remove {
                    dir: self.dir,
                    name,
                };
                self.ops.issue(Waiting::StaleRemoved, op, fx);
            }
            return;
        }
        self.touched = true;
        let base = match self.pending.front() {
            Some(front) => front.roll.is_some().then_some(front.header.base_offset),
            None => Some(self.written.0),
        };
        if let Some(base) = base {
            return self.roll(base, fx);
        }
        let (count, end) = self.run();
        if end > self.granted() {
            let to = end.max(self.settled.size + self.grant_step(self.settled.size));
            self.writer = Writer::Granting;
            return self.grant(to, true, fx);
        }
        self.write(count, end, fx);
        // Room for the next ones is asked for while this one is on its way.
        let step = self.grant_step(end);
        let ahead = self
            .ops
            .any(|waiting| matches!(waiting, Waiting::Granted { .. }));
        if self.granted() - end < step / 2 && end < self.config.segment_bytes && !ahead {
            self.grant(end + step, false, fx);
        }
    }

    fn grant(&mut self, to: u64, needed: bool, fx: &mut impl Emit) {
        let Some(file) = self.active().and_then(|active| active.file()) else {
            return;
        };
        let op = DiskOp::Allocate { file, to };
        self.ops
            .issue(Waiting::Granted { file, to, needed }, op, fx);
    }

    /// Writes the first `count` pending batches. Small ones, and those that pin much more than themselves, are copied
    /// into one buffer; the others go as they came, behind 16 stamped bytes.
    fn write(&mut self, count: usize, end: u64, fx: &mut impl Emit) {
        let Some(file) = self.active().and_then(|active| active.file()) else {
            return;
        };
        let at = self.settled.size;
        let mut bytes: Vec<Bytes> = Vec::new();
        let mut from = 0;
        while from < count {
            let copied = self
                .pending
                .range(from..count)
                .take_while(|p| self.is_copied(p));
            let copied = copied.count();
            if copied > 0 {
                let len = self.pending.range(from..from + copied);
                let len = len.map(|p| p.records.len()).sum();
                let mut shared = BytesMut::with_capacity(len);
                for pending in self.pending.range(from..from + copied) {
                    shared.extend_from_slice(&pending.head);
                    shared.extend_from_slice(&pending.records[16..]);
                }
                let shared = shared.freeze();
                let mut at = 0;
                for pending in self.pending.range_mut(from..from + copied) {
                    let len = pending.records.len();
                    let buffer = shared.clone();
                    pending.held = Some(Held::Shared { buffer, at, len });
                    pending.records = Bytes::new();
                    at += len;
                }
                bytes.push(shared);
                from += copied;
            } else {
                let pending = &mut self.pending[from];
                let head = Bytes::copy_from_slice(&pending.head);
                let rest = std::mem::take(&mut pending.records).slice(16..);
                bytes.push(head.clone());
                bytes.push(rest.clone());
                pending.held = Some(if rest.len() + 16 >= LARGE_BATCH.of(self.switch) {
                    Held::Place
                } else {
                    let pins = pending.pins.max(rest.len() + 16);
                    Held::Pair { head, rest, pins }
                });
                from += 1;
            }
        }
        assert!(
            end <= self.granted() && self.writer == Writer::Idle,
            "A2: a write to {end} with room to {}",
            self.granted()
        );
        self.writer = Writer::Writing(count);
        let op = DiskOp::Write { file, at, bytes };
        self.ops.issue(Waiting::Written, op, fx);
    }

    /// The end of an operation that writing waits for.
    pub(crate) fn on_writer(
        &mut self,
        waiting: Waiting,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<LogEvent>,
    ) {
        match (waiting, result) {
            (Waiting::Granted { file, to, needed }, Ok(_)) => self.on_granted(file, to, needed),
            // Nothing waits for it; what does will ask again.
            (Waiting::Granted { needed: false, .. }, Err(Fault::Full | Fault::Busy)) => {}
            (
                Waiting::Granted {
                    to, needed: true, ..
                },
                Err(Fault::Full),
            ) if to > self.run().1 => {
                sometimes!(fx, "there was no room ahead, but for what was appended");
                // There may still be room for just what is there.
                self.grant(self.run().1, true, fx);
            }
            (Waiting::Written, result)
                if result.is_ok() || planted!(fx, "append-after-io-error") =>
            {
                self.on_written(out)
            }
            (Waiting::Written, Err(Fault::Full | Fault::Busy)) => {
                self.give_up_writing(fx, out);
                self.cut_back(fx);
            }
            (Waiting::CutBack(file), Ok(_)) => {
                self.ops
                    .issue(Waiting::CutBackSynced, DiskOp::Sync(file), fx);
            }
            (Waiting::CutBackSynced, Ok(_)) => {
                self.writer = Writer::Idle;
                let size = self.settled.size;
                if let Some(active) = self.active_mut() {
                    active.granted = size;
                }
            }
            (Waiting::StaleRemoved, Ok(_)) => {
                self.writer = match self.writer {
                    Writer::Clearing(more) if more > 1 => Writer::Clearing(more - 1),
                    _ => Writer::Idle,
                };
            }
            (Waiting::Made(dir), Ok(_)) => self.on_made(dir, fx),
            (Waiting::ParentSynced, Ok(_)) => self.on_parent_synced(),
            (Waiting::Sealed { base, to }, Ok(_)) => {
                self.on_durable(to);
                self.roll(base, fx);
            }
            (Waiting::Rolled { base, file }, Ok(_)) => self.on_rolled(base, file, fx),
            (Waiting::Named(file), Ok(_)) => self.on_named(file, fx),
            (
                Waiting::Granted { .. } | Waiting::Made(_) | Waiting::Rolled { .. },
                Err(Fault::Full | Fault::Busy),
            ) => self.on_refused(fx, out),
            (waiting, Err(fault)) => self.offline(fault, &format!("{waiting:?}"), out),
            (waiting, Ok(_)) => {
                // Every other kind was dispatched before.
                assert!(self.phase != Phase::Open, "A2: {waiting:?} is not writing");
            }
        }
    }

    fn on_named(&mut self, file: File, fx: &mut impl Emit) {
        for unsynced in &mut self.unsynced {
            unsynced.named |= unsynced.file == file;
        }
        self.remove_dropped(fx);
    }

    /// There is no room, or nothing to open a file with, for what the next write needs.
    fn on_refused(&mut self, fx: &mut impl Emit, out: &mut Vec<LogEvent>) {
        if !planted!(fx, "full-disk-not-healing") {
            self.writer = Writer::Idle;
        }
        self.give_up_writing(fx, out);
    }

    /// Room that was asked for ahead may come when the next segment is the active one: it is not that one's.
    fn on_granted(&mut self, file: File, to: u64, needed: bool) {
        if let Some(active) = self.active_mut().filter(|a| a.file() == Some(file)) {
            active.granted = active.granted.max(to);
        }
        if needed {
            self.writer = Writer::Idle;
        }
    }

    /// The disk is full: everything not written is undone.
    pub(crate) fn give_up_writing(&mut self, fx: &mut impl Emit, out: &mut Vec<LogEvent>) {
        self.roll_wanted = false;
        if self.undo() {
            let from = self.written;
            sometimes!(fx, "a full disk undid appends");
            self.note(
                Level::Warn,
                &format!("the disk is full; appends from offset {from} on were refused"),
                fx,
            );
            out.push(LogEvent::Undone { from });
        }
    }

    /// Cuts the active segment to what was written: a failed write may have left whole batches behind it, and its room
    /// is given back.
    fn cut_back(&mut self, fx: &mut impl Emit) {
        let Some(file) = self.active().and_then(|active| active.file()) else {
            return;
        };
        sometimes!(fx, "a write that failed was cut back");
        self.writer = Writer::Cutting;
        let len = self.settled.size;
        self.ops
            .issue(Waiting::CutBack(file), DiskOp::Truncate { file, len }, fx);
    }

    fn on_written(&mut self, out: &mut Vec<LogEvent>) {
        let Writer::Writing(count) = self.writer else {
            return;
        };
        self.writer = Writer::Idle;
        let interval = self.config.index_interval_bytes;
        for pending in self.pending.drain(..count) {
            let Some(active) = self.segments.last_entry() else {
                break;
            };
            let active = active.into_mut();
            let position = active.size;
            active.add(&pending.header, interval);
            self.settled = pending.after;
            self.written = pending.after.offset;
            if let (Some(held), Some(file)) = (pending.held, active.file()) {
                let batch = Cached {
                    base: Offset(pending.header.base_offset),
                    next: self.written,
                    file,
                    position,
                    len: pending.header.size() as u32,
                    held,
                };
                self.cache.push(batch, self.switch);
            }
        }
        if let Some(last) = self.unsynced.back_mut() {
            last.to = self.written;
        }
        out.push(LogEvent::Written(self.written));
    }

    /// Whether a batch is copied rather than kept as it came.
    fn is_copied(&self, pending: &crate::append::Pending) -> bool {
        let len = pending.records.len();
        len < SMALL || (len < LARGE_BATCH.of(self.switch) && len * PIN_SHARE < pending.pins)
    }

    /// By how much room grows at a file of this size.
    fn grant_step(&self, size: u64) -> u64 {
        let [least, most] = [FIRST_GRANT, GRANT_STEP].map(|limit| limit.of(self.switch) as u64);
        size.next_power_of_two().clamp(least, most)
    }

    /// What the owner should sync next. Files in order: what lies in a later one is not durable before the earlier is.
    pub(crate) fn dirty(&mut self) -> Option<Dirty> {
        let at = self.first_dirty()?;
        let dirty = &mut self.unsynced[at];
        dirty.told = Some(dirty.to);
        Some(Dirty {
            file: dirty.file,
            to: dirty.to,
        })
    }

    pub(crate) fn has_dirty(&self) -> bool {
        self.first_dirty().is_some()
    }

    fn first_dirty(&self) -> Option<usize> {
        let believed = matches!(self.phase, Phase::Open | Phase::Closing);
        let at = self.unsynced.iter().position(|u| u.to > self.flushed)?;
        let first = &self.unsynced[at];
        let news = first.told.is_none_or(|told| told < first.to);
        (believed && first.named && news).then_some(at)
    }

    /// The flusher's answer to a [`Dirty`].
    pub fn on_durable(&mut self, to: Offset) {
        // B1: no more was told than is written.
        self.flushed = self.flushed.max(to.min(self.written));
        while self.unsynced.len() > 1 && self.unsynced[0].to <= self.flushed {
            self.unsynced.pop_front();
        }
    }
}

/// Batches below this size are put together: one piece of memory and of an answer instead of many.
const SMALL: usize = 4 << 10;
