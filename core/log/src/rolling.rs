//! Making the directory, beginning segments, sealing them; and the whole-file rewrites that come with it, one at a time.
//!
//! Invariants
//! - A4: no write is issued before the directory and `partition.metadata` are durable; nothing counts as flushed
//!   before the name of its file is durable.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use ottla_machine::{
    Dir, DiskOp, DiskOutput, Emit, Fault, File, Level, Mode, Name, Now, Offset, planted, sometimes,
};

use crate::append::Tail;
use crate::checkpoint::{print_epochs, print_partition_metadata};
use crate::file_names::{EPOCHS, PARTITION_METADATA, fixed, name};
use crate::limits::WARM_SEGMENTS;
use crate::ops::Waiting;
use crate::rewrite::{Progress, Rewrite};
use crate::segment::Segment;
use crate::writing::{Directory, Unsynced, Writer};
use crate::{Log, LogEvent, Phase};

/// What a rewrite is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// `partition.metadata`, before anything else.
    PartitionMetadata,
    /// `leader-epoch-checkpoint`.
    Epochs,
    /// An index of the sealed segment with this base.
    Index(i64),
    /// Which transactions were aborted in it. Reading the segment again would tell, but nobody would know that it must be read.
    Aborted(i64),
    /// A producer snapshot.
    Snapshot(i64),
}

/// A rewrite that has begun, and what it writes should it have to begin again.
#[derive(Clone, Debug)]
struct Current {
    purpose: Purpose,
    rewrite: Rewrite,
    bytes: Bytes,
}

/// Files to be replaced, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rewrites {
    current: Option<Current>,
    queue: VecDeque<(Purpose, Name, Bytes)>,
}

impl Rewrites {
    pub(crate) fn owns(&self, seq: u64) -> bool {
        let current = self.current.as_ref();
        current.is_some_and(|current| current.rewrite.owns(seq))
    }

    pub(crate) fn push(&mut self, purpose: Purpose, name: Name, bytes: Vec<u8>) {
        self.queue.push_back((purpose, name, Bytes::from(bytes)));
    }

    /// Whether the producer snapshot of this offset is still to be written.
    pub(crate) fn owe_snapshot(&self, offset: i64) -> bool {
        self.owe(Purpose::Snapshot(offset))
    }

    /// Whether an index of this segment is still to be written.
    pub(crate) fn owe_index(&self, base: i64) -> bool {
        self.owe(Purpose::Index(base)) || self.owe(Purpose::Aborted(base))
    }

    /// The oldest segment whose aborted transactions are not on the disk yet.
    pub(crate) fn oldest_aborted(&self) -> Option<i64> {
        let aborted = |purpose| match purpose {
            Purpose::Aborted(base) => Some(base),
            _ => None,
        };
        self.purposes().filter_map(aborted).min()
    }

    fn owe(&self, wanted: Purpose) -> bool {
        self.purposes().any(|purpose| purpose == wanted)
    }

    fn purposes(&self) -> impl Iterator<Item = Purpose> {
        let current = self.current.iter().map(|current| current.purpose);
        current.chain(self.queue.iter().map(|(purpose, ..)| *purpose))
    }

    /// What has not begun is not wanted any more.
    pub(crate) fn give_up(&mut self) {
        self.queue.clear();
    }

    /// Forgets all of them; the directory goes. What is being opened for one.
    pub(crate) fn abandon(&mut self, fx: &mut impl Emit) -> Option<(u64, File)> {
        self.queue.clear();
        self.current.take()?.rewrite.abandon(fx)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.current.is_none() && self.queue.is_empty()
    }
}

/// How long what found the disk full waits before it is tried again.
pub(crate) const RETRY: Duration = Duration::from_secs(1);

impl Log {
    /// The directory and what must be in it before the first write.
    pub(crate) fn make_directory(&mut self, fx: &mut impl Emit) {
        self.writer = Writer::Making;
        match self.directory {
            Directory::Absent => {
                // A new identity: the one of an attempt that failed may name nothing.
                let made = self.names.dir();
                let op = DiskOp::MakeDir {
                    dir: self.parent,
                    name: self.dir_name.clone(),
                    made,
                };
                self.ops.issue(Waiting::Made(made), op, fx);
            }
            Directory::Bare | Directory::There => self.write_metadata(),
        }
    }

    pub(crate) fn on_made(&mut self, dir: Dir, fx: &mut impl Emit) {
        self.dir = dir;
        if planted!(fx, "directory-name-not-synced") {
            return self.on_parent_synced();
        }
        let op = DiskOp::SyncDir(self.parent);
        self.ops.issue(Waiting::ParentSynced, op, fx);
    }

    pub(crate) fn on_parent_synced(&mut self) {
        self.directory = Directory::Bare;
        self.write_metadata();
    }

    pub(crate) fn write_metadata(&mut self) {
        self.rewrites.push(
            Purpose::PartitionMetadata,
            fixed(PARTITION_METADATA),
            print_partition_metadata(&self.topic_id),
        );
    }

    /// Makes the file of a segment that begins at `base`.
    pub(crate) fn roll(&mut self, base: i64, fx: &mut impl Emit) {
        if self.pending.is_empty() {
            // What is appended from now on goes to the new segment.
            self.tail = Tail::empty(base);
        }
        self.writer = Writer::Rolling;
        let unsynced = self.unsynced.iter().find(|u| u.to > self.flushed);
        if let Some(Unsynced { file, to, .. }) = unsynced.copied().filter(|_| self.config.compact) {
            sometimes!(fx, "a compacted log was synced before it rolled");
            // Its segments may have holes between them; recovery could not tell a new one from an old one.
            let waiting = Waiting::Sealed { base, to };
            return self.ops.issue(waiting, DiskOp::Sync(file), fx);
        }
        let file = self.new_file();
        let op = DiskOp::Open {
            dir: self.dir,
            name: name(base, "log"),
            file,
            mode: Mode::Fresh,
        };
        self.ops.issue(Waiting::Rolled { base, file }, op, fx);
    }

    pub(crate) fn on_rolled(&mut self, base: i64, file: File, fx: &mut impl Emit) {
        self.seal(fx);
        let snapshot = match self.pending.front_mut() {
            Some(front) if front.header.base_offset == base => {
                front.roll.take().and_then(|roll| roll.snapshot)
            }
            _ => {
                sometimes!(fx, "a segment was begun with nothing to append");
                (base > 0).then(|| Bytes::from(self.producers.to_bytes()))
            }
        };
        if let Some(snapshot) = snapshot {
            let purpose = Purpose::Snapshot(base);
            let name = name(base, "snapshot");
            self.rewrites.queue.push_back((purpose, name, snapshot));
        }
        self.segments.insert(base, Segment::empty(base, file));
        self.settled = Tail::empty(base);
        self.roll_wanted = false;
        self.unsynced.push_back(Unsynced {
            file,
            to: Offset(base),
            told: None,
            named: planted!(fx, "segment-name-not-synced"),
        });
        if self.unsynced.back().is_some_and(|unsynced| !unsynced.named) {
            let op = DiskOp::SyncDir(self.dir);
            self.ops.issue(Waiting::Named(file), op, fx);
        }
        self.writer = Writer::Idle;
        self.cool(fx);
    }

    /// The active segment will not be written to again: its indexes go to disk, room beyond its end is given back.
    fn seal(&mut self, fx: &mut impl Emit) {
        let Some(active) = self.active_mut() else {
            return;
        };
        let (base, size, granted) = (active.base, active.size, active.granted);
        let Some(file) = active.file() else {
            return;
        };
        active.granted = size;
        self.write_indexes(base);
        self.warmed.push_back(base);
        if granted > size {
            let op = DiskOp::Truncate { file, len: size };
            self.ops.issue(Waiting::Aside("a segment's end"), op, fx);
        }
    }

    /// Queues the index files of a segment whose index is in memory.
    pub(crate) fn write_indexes(&mut self, base: i64) {
        let Some(segment) = self.segments.get_mut(&base) else {
            return;
        };
        segment.push_time();
        let Some(opened) = &segment.opened else {
            return;
        };
        let (index, times) = (opened.index.to_bytes(), opened.times.to_bytes());
        let aborted = self.aborted.to_bytes(Offset(base), segment.end);
        self.rewrites
            .push(Purpose::Index(base), name(base, "index"), index);
        self.rewrites
            .push(Purpose::Index(base), name(base, "timeindex"), times);
        if !aborted.is_empty() {
            self.rewrites
                .push(Purpose::Aborted(base), name(base, "txnindex"), aborted);
        }
    }

    /// Closes the sealed segments that were open longest, when there are too many. Those whose sync is still to come,
    /// or whose index is being rebuilt, are not counted.
    pub(crate) fn cool(&mut self, fx: &mut impl Emit) {
        let flushed = self.flushed;
        let segments = &self.segments;
        let proof = self.proof.as_ref().map(|proof| proof.base);
        let busy = |base: &i64| {
            proof == Some(*base) || self.warming.iter().any(|warming| warming.base() == *base)
        };
        let durable =
            |base: &i64| segments.get(base).is_none_or(|s| s.end <= flushed) && !busy(base);
        let durable = self.warmed.iter().copied().filter(durable);
        let durable: Vec<i64> = durable.collect();
        let surplus = durable.len().saturating_sub(WARM_SEGMENTS.of(self.switch));
        sometimes!(fx, "a log had more segments open than it keeps", if surplus > 0);
        for base in &durable[..surplus] {
            self.warmed.retain(|warm| warm != base);
            let opened = self.segments.get_mut(base).and_then(|s| s.opened.take());
            self.let_go.extend(opened.map(|opened| opened.file));
        }
    }

    /// Closes a file that was let go ([`LogEvent::LetGo`]). For an owner whose log outlives its readers.
    pub fn close(&mut self, file: File, fx: &mut impl Emit) {
        let op = DiskOp::Close(file);
        self.ops.issue(Waiting::Aside("a segment's file"), op, fx);
    }

    pub(crate) fn can_rewrite(&self) -> bool {
        let epochs =
            self.epochs_due() && self.directory == Directory::There && self.phase == Phase::Open;
        let any = epochs || !self.rewrites.queue.is_empty();
        any && self.retry_at.is_none() && self.rewrites.current.is_none()
    }

    /// Begins the next rewrite.
    pub(crate) fn settle_rewrites(&mut self, now: Now, fx: &mut impl Emit) {
        // A removal's own attempts are its own business; it has no rewrites.
        if !self.is_removing() {
            self.retry_at.take_if(|at| *at <= now.mono);
        }
        if !self.can_rewrite() {
            return;
        }
        if self.rewrites.queue.is_empty() {
            self.write_epochs();
        }
        if let Some((purpose, name, bytes)) = self.rewrites.queue.pop_front() {
            let first = self.ops.reserve(Rewrite::SEQS);
            let owner = self.ops.owner();
            let names = &mut self.names;
            let rewrite = Rewrite::begin(owner, first, self.dir, name, bytes.clone(), names, fx);
            self.rewrites.current = Some(Current {
                purpose,
                rewrite,
                bytes,
            });
        }
    }

    /// Queues `leader-epoch-checkpoint` as it should be now, if it is not.
    pub(crate) fn write_epochs(&mut self) {
        if !self.epochs_due() {
            return;
        }
        self.epochs_saving = self.epochs_unsaved.take();
        let bytes = print_epochs(self.epochs.entries());
        self.rewrites.push(Purpose::Epochs, fixed(EPOCHS), bytes);
    }

    pub(crate) fn on_rewrite(
        &mut self,
        now: Now,
        seq: u64,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<LogEvent>,
    ) {
        let Some(mut current) = self.rewrites.current.take() else {
            return;
        };
        match current.rewrite.on_done(seq, result, fx) {
            Progress::Going => self.rewrites.current = Some(current),
            Progress::Done => match current.purpose {
                Purpose::PartitionMetadata => {
                    self.directory = Directory::There;
                    self.writer = Writer::Idle;
                }
                Purpose::Snapshot(offset) => self.on_snapshot(offset, fx),
                Purpose::Epochs => self.epochs_saving = None,
                Purpose::Index(_) | Purpose::Aborted(_) => {}
            },
            // The directory is being removed under it.
            Progress::Failed(_) if self.is_removing() => {}
            Progress::Failed(fault @ (Fault::Full | Fault::Busy)) => {
                self.on_rewrite_refused(now, current, fault, fx, out);
            }
            Progress::Failed(fault) => self.offline(fault, "a file's replacement", out),
        }
    }

    fn on_rewrite_refused(
        &mut self,
        now: Now,
        refused: Current,
        fault: Fault,
        fx: &mut impl Emit,
        out: &mut Vec<LogEvent>,
    ) {
        if self.phase == Phase::Closing {
            return self.offline(fault, "there is no room for the files of a clean stop", out);
        }
        match refused.purpose {
            Purpose::PartitionMetadata => {
                self.writer = Writer::Idle;
                self.give_up_writing(fx, out);
            }
            Purpose::Epochs => {
                let from = self.epochs_saving.take();
                sometimes!(fx, "there was no room for the leader epochs");
                self.epochs_moved(true, from.unwrap_or(self.start));
                self.retry_at = Some(now.mono.after(RETRY));
            }
            Purpose::Snapshot(at) | Purpose::Aborted(at) => {
                let aborted = matches!(refused.purpose, Purpose::Aborted(_));
                let name = name(at, if aborted { "txnindex" } else { "snapshot" });
                let again = (refused.purpose, name, refused.bytes);
                self.rewrites.queue.push_front(again);
                self.retry_at = Some(now.mono.after(RETRY));
            }
            Purpose::Index(_) => self.note(
                Level::Warn,
                "there is no room for an index; it will be rebuilt when needed",
                fx,
            ),
        }
    }

    /// A snapshot is there: those that neither begin a segment nor are newer are of no more use.
    fn on_snapshot(&mut self, offset: i64, fx: &mut impl Emit) {
        self.snapshots.insert(offset);
        let useless: Vec<i64> = self.snapshots.range(..offset).copied().collect();
        for old in useless {
            if !self.segments.contains_key(&old) {
                self.snapshots.remove(&old);
                let op = DiskOp::Remove {
                    dir: self.dir,
                    name: name(old, "snapshot"),
                };
                self.ops.issue(Waiting::Aside("an old snapshot"), op, fx);
            }
        }
    }
}
