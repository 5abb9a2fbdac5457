//! Open files by identity: what is under way on each, in which order it may take effect, and who is told.
//!
//! F1: writes and truncations of one file take effect, and are told, in the order issued.
//! F2: a sync begins when every write, truncation and allocation issued before has taken effect.
//! F3: the machine never truncates or overwrites a range that is queued for sending, or was sent.
//! F4: a node is closed when its identity was given up, nothing is under way, and no range is queued.

use std::collections::{BTreeMap, VecDeque};

use ottla_machine::{DiskOutput, Fault, File, Op};
use ottla_media::{Media, Node};

use super::ready::{Coming, Line, Ready};
use super::slots::Slots;
use crate::script::Nanos;

/// What an operation brought.
pub(super) type Answer = Result<DiskOutput, Fault>;

/// One identity of a file.
#[derive(Clone, Debug)]
pub(super) struct OpenFile {
    pub node: Node,
    pub path: Box<str>,
    /// Who draws: the path under which it was opened.
    pub entity: u64,
    /// How often it drew.
    n: u64,
    /// Room was set aside up to here.
    pub granted: u64,
    pub writable: bool,
    /// Operations under way, ranges queued, and one for the identity itself.
    uses: u32,
    /// When the last of the changes takes effect, and how many have not yet.
    changes: (Nanos, u32),
    /// The same with the allocations.
    covered: (Nanos, u32),
    /// The changes that were not told, with their answers, oldest first.
    untold: VecDeque<Option<(Op, u64, Answer)>>,
    /// The number of the first of them.
    first: u64,
    line: Line,
    /// Queued ranges: end, start, and how often.
    queued: BTreeMap<(u64, u64), u32>,
    /// What was sent, from where to where: apart from each other.
    sent: BTreeMap<u64, u64>,
}

impl OpenFile {
    pub(super) fn new(node: Node, path: String, entity: u64, n: u64, writable: bool) -> OpenFile {
        OpenFile {
            node,
            path: path.into(),
            entity,
            n,
            granted: 0,
            writable,
            uses: 1,
            changes: (0, 0),
            covered: (0, 0),
            untold: VecDeque::new(),
            first: 0,
            line: Line::default(),
            queued: BTreeMap::new(),
            sent: BTreeMap::new(),
        }
    }

    /// The next draw's number.
    pub(super) fn count(&mut self) -> u64 {
        self.n += 1;
        self.n
    }

    /// F1: a change was issued that would begin then. Answers when it may, and its number among the changes.
    pub(super) fn change_begins(&mut self, wanted: Nanos) -> (Nanos, u64) {
        self.untold.push_back(None);
        let number = self.first + self.untold.len() as u64 - 1;
        (after(self.changes, wanted), number)
    }

    /// It will take effect then.
    pub(super) fn change_at(&mut self, at: Nanos) {
        self.changes = (at, self.changes.1 + 1);
        self.allocation_at(at);
    }

    /// An allocation will take effect then.
    pub(super) fn allocation_at(&mut self, at: Nanos) {
        self.covered = (self.covered.0.max(at), self.covered.1 + 1);
    }

    /// F2: a sync would begin then. Answers when it may.
    pub(super) fn sync_begins(&self, wanted: Nanos) -> Nanos {
        after(self.covered, wanted)
    }

    pub(super) fn change_took_effect(&mut self) {
        self.changes.1 -= 1;
        self.allocation_took_effect();
    }

    pub(super) fn allocation_took_effect(&mut self) {
        self.covered.1 -= 1;
    }

    /// F1: a change has ended; all that may be told is.
    pub(super) fn change_ended(&mut self, number: u64, told: (Op, u64, Answer), ready: &mut Ready) {
        self.untold[(number - self.first) as usize] = Some(told);
        while let Some(Some(_)) = self.untold.front() {
            let front = self.untold.pop_front().flatten();
            let (op, drawn, answer) = front.expect("it was just seen");
            self.first += 1;
            ready.push_in(&mut self.line, drawn, Coming::Done(op, answer));
        }
    }

    /// F3 for a write or truncation of these bytes.
    pub(super) fn may_change(&self, from: u64, to: u64) {
        let beyond = self.queued.range((from + 1, 0)..);
        let touched = beyond.map(|((_, start), _)| *start).any(|start| start < to);
        assert!(
            !touched,
            "F3: bytes {from} to {to} of {} are queued for sending",
            self.path
        );
        let last = self.sent.range(..to).next_back();
        assert!(
            last.is_none_or(|(_, end)| *end <= from),
            "F3: of bytes {from} to {to} of {} some were sent",
            self.path
        );
    }

    /// F3: these bytes were sent.
    fn was_sent(&mut self, mut from: u64, mut to: u64) {
        while let Some((&start, &end)) = self.sent.range(..=to).next_back()
            && end >= from
        {
            self.sent.remove(&start);
            (from, to) = (from.min(start), to.max(end));
        }
        self.sent.insert(from, to);
    }
}

/// Not before those under way.
fn after((last, under_way): (Nanos, u32), wanted: Nanos) -> Nanos {
    if under_way > 0 {
        wanted.max(last + 1)
    } else {
        wanted
    }
}

/// All open files.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    slots: Slots<OpenFile>,
    by_identity: BTreeMap<File, u32>,
}

impl Files {
    /// `file` names it from now on.
    pub(super) fn open(&mut self, file: File, open: OpenFile) {
        let slot = self.slots.insert(open);
        let before = self.by_identity.insert(file, slot);
        assert!(before.is_none(), "I1: {file:?} names a second file");
    }

    /// The place of a file that is open.
    pub(super) fn find(&self, file: File) -> Option<u32> {
        self.by_identity.get(&file).copied()
    }

    /// What is in a place.
    pub(super) fn at(&mut self, slot: u32) -> &mut OpenFile {
        self.slots.at(slot)
    }

    /// Its identity is given up.
    pub(super) fn forget(&mut self, file: File, media: &mut Media) {
        let slot = self.by_identity.remove(&file);
        self.release(slot.expect("a known file is forgotten"), media);
    }

    /// Something more keeps it open.
    pub(super) fn keep(&mut self, slot: u32) {
        self.at(slot).uses += 1;
    }

    /// F4: and does no longer.
    pub(super) fn release(&mut self, slot: u32, media: &mut Media) {
        let open = self.at(slot);
        open.uses -= 1;
        if open.uses == 0 {
            media.close(open.node);
            self.slots.remove(slot);
        }
    }

    /// A range is queued for sending.
    pub(super) fn queue(&mut self, slot: u32, from: u64, to: u64) {
        self.keep(slot);
        *self.at(slot).queued.entry((to, from)).or_default() += 1;
    }

    /// It was sent, or never will be.
    pub(super) fn unqueue(
        &mut self,
        slot: u32,
        (from, to): (u64, u64),
        was_sent: bool,
        media: &mut Media,
    ) {
        if was_sent {
            self.at(slot).was_sent(from, to);
        }
        let queued = &mut self.at(slot).queued;
        let times = queued.get_mut(&(to, from)).expect("it was queued");
        *times -= 1;
        if *times == 0 {
            queued.remove(&(to, from));
        }
        self.release(slot, media);
    }
}
