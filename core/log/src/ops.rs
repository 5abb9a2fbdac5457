//! The operations a log has outstanding, by their number: what each is for.
//!
//! Invariants
//! - P1: a number is used once; its completion is taken once.
//! - P2: a file whose opening is under way when nobody wants it any more is closed once it is there.

use std::collections::BTreeMap;

use ottla_machine::{Dir, DiskOp, Emit, File, Offset, Owner};

/// What an outstanding operation is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// The partition's directory, being made for a new log.
    Made(Dir),
    /// The log directory's entries, after that.
    ParentSynced,
    /// An index file that no longer fits is being removed before the first write.
    StaleRemoved,
    /// Room for a segment's file up to `to`; `needed`: appends wait for it.
    Granted { file: File, to: u64, needed: bool },
    /// The write of the front of what was appended.
    Written,
    /// The active segment is cut back after a write that failed.
    CutBack(File),
    /// And what was cut off must not come back.
    CutBackSynced,
    /// What lies before the next segment, up to `to`, is made durable first.
    Sealed { base: i64, to: Offset },
    /// The file of the next segment.
    Rolled { base: i64, file: File },
    /// The name of a new segment's file.
    Named(File),
    /// A step of opening.
    Opening,
    /// What opening believed is written once more.
    WrittenAgain,
    /// A step of warming the segment with this base.
    Warming(i64),
    /// A look at the batch that is said to be the newest of a segment that is too old.
    Proving,
    /// The file of the oldest segment that was dropped is being removed.
    Dropped(i64),
    /// And must not come back once newer ones are gone.
    DroppedSynced,
    /// A file of a compaction is being opened.
    CleanerOpened(File),
    /// Another step of a compaction.
    Cleaning,
    /// A step of stopping or removing.
    Ending,
    /// Nobody waits for it, but stopping does.
    Aside(&'static str),
    /// This file is being opened, and nobody wants it any more (P2).
    Late(File),
}

/// Numbers operations and remembers what they are for.
#[derive(Clone, Debug)]
pub(crate) struct Ops {
    owner: Owner,
    next_seq: u64,
    /// With the file that it opens, if it does.
    waiting: BTreeMap<u64, (Waiting, Option<File>)>,
}

impl Ops {
    pub(crate) fn new(owner: Owner) -> Ops {
        Ops {
            owner,
            next_seq: 0,
            waiting: BTreeMap::new(),
        }
    }

    pub(crate) fn owner(&self) -> Owner {
        self.owner
    }

    /// Issues an operation.
    pub(crate) fn issue(&mut self, waiting: Waiting, op: DiskOp, fx: &mut impl Emit) {
        let seq = self.reserve(1);
        let opens = match &op {
            DiskOp::Open { file, .. } => Some(*file),
            _ => None,
        };
        self.waiting.insert(seq, (waiting, opens));
        fx.disk(self.owner.op(seq), op);
    }

    /// Sets numbers aside for a machine with operations of its own. The first of them.
    pub(crate) fn reserve(&mut self, count: u64) -> u64 {
        let first = self.next_seq;
        self.next_seq += count;
        first
    }

    /// What the operation was for. `None`: none of ours, or taken before.
    pub(crate) fn take(&mut self, seq: u64) -> Option<Waiting> {
        self.waiting.remove(&seq).map(|(waiting, _)| waiting)
    }

    /// Nobody waits for this operation any more: `None` when it is none of ours, else the file that it opens, if it does.
    pub(crate) fn drop_one(&mut self, seq: u64) -> Option<Option<File>> {
        self.waiting.remove(&seq).map(|(_, opens)| opens)
    }

    /// Whether any outstanding operation is for something like this.
    pub(crate) fn any(&self, like: impl Fn(&Waiting) -> bool) -> bool {
        self.waiting.values().any(|(waiting, _)| like(waiting))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Forgets all: what comes of them no longer matters.
    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// The same where the process goes on: what is being opened is waited for (P2).
    pub(crate) fn abandon(&mut self) {
        self.waiting.retain(|_, (waiting, opens)| {
            if let Some(file) = opens {
                *waiting = Waiting::Late(*file);
            }
            opens.is_some()
        });
    }

    /// A machine with operations of its own was given up while it opened this file.
    pub(crate) fn wait_for(&mut self, late: Option<(u64, File)>) {
        if let Some((seq, file)) = late {
            self.waiting.insert(seq, (Waiting::Late(file), Some(file)));
        }
    }

    /// Whether a file is still being opened that nobody wants.
    pub(crate) fn is_late(&self) -> bool {
        self.any(|waiting| matches!(waiting, Waiting::Late(_)))
    }
}
