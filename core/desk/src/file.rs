//! One open file: what was asked of it, in which order it may happen, and who is told.
//!
//! F1: writes and truncations are under way one at a time, in the order issued; adjacent waiting writes become one.
//! F2: a sync begins when every write, truncation and allocation issued before it has ended, and holds back none.
//! F3: one fdatasync is under way per file; it covers the syncs that were ready when it began, and no other.
//! F4: no truncation or overwrite touches a range that is queued for sending.
//! F5: the descriptor goes back when the identity was given up, nothing is under way, and no range is queued.
//!
//! | state | by | then |
//! |---|---|---|
//! | open | `Openat` answered | takes operations |
//! | shut | `Close` taken | `Close` is done when the rest is; ranges stay readable |
//! | shrinking | quiet, and its name was removed | truncated by slices on the bulk lane |
//! | closing | `CloseFile` issued | the place is free when it is answered |

use std::collections::{BTreeMap, VecDeque};

use bytes::{Buf, Bytes};
use ottla_machine::{Dir, DiskOutput, Fault, Op, Switch};

use crate::call::{Errno, Fd, FileCall, Lane, Opened};
use crate::limits::{MERGE_BYTES, SLICES, remove_slice};
use crate::removal::shorter;
use crate::{Outcome, Waiting};

#[derive(Clone, Debug)]
enum Change {
    Write {
        op: Op,
        seq: u64,
        at: u64,
        bufs: Vec<Bytes>,
        len: usize,
    },
    Truncate {
        op: Op,
        seq: u64,
        len: u64,
    },
}

/// The change that is under way.
#[derive(Clone, Debug)]
enum Flight {
    None,
    /// The writes merged into it with the bytes each still has to go; `at` is where the rest goes.
    Write {
        ops: VecDeque<(Op, u64, usize)>,
        at: u64,
    },
    Truncate {
        op: Op,
        seq: u64,
        len: u64,
    },
}

#[derive(Clone, Debug)]
struct Room {
    op: Op,
    seq: u64,
    to: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Open,
    Shut(Op),
    /// Shut and told.
    Idle,
    Closing,
}

#[derive(Clone, Debug)]
pub(crate) struct OpenFile {
    switch: Switch,
    place: u32,
    root: Dir,
    pub(crate) node: u64,
    len: u64,
    granted: u64,
    changes: VecDeque<Change>,
    flight: Flight,
    /// Taken back from the merged write for the next one.
    spare: VecDeque<(Op, u64, usize)>,
    issued: u64,
    /// Numbers of changes and allocations that have not ended.
    unfinished: Vec<u64>,
    syncs: VecDeque<(Op, u64, Lane)>,
    syncing: Vec<Op>,
    rooms: VecDeque<Room>,
    room: Option<Room>,
    reads: u32,
    /// Ends of queued ranges, how many each, and where the lowest of them starts.
    pins: BTreeMap<u64, (u32, u64)>,
    pinned: u32,
    pub(crate) unlinked: bool,
    shrinking: bool,
    life: Life,
}

impl OpenFile {
    pub(crate) fn new(place: u32, root: Dir, opened: Opened, switch: Switch) -> OpenFile {
        OpenFile {
            switch,
            place,
            root,
            node: opened.node,
            len: opened.len,
            granted: 0,
            changes: VecDeque::new(),
            flight: Flight::None,
            spare: VecDeque::new(),
            issued: 0,
            unfinished: Vec::new(),
            syncs: VecDeque::new(),
            syncing: Vec::new(),
            rooms: VecDeque::new(),
            room: None,
            reads: 0,
            pins: BTreeMap::new(),
            pinned: 0,
            unlinked: false,
            shrinking: false,
            life: Life::Open,
        }
    }

    pub(crate) fn fd(&self) -> Fd {
        Fd(self.place)
    }

    pub(crate) fn root(&self) -> Dir {
        self.root
    }

    fn number(&mut self) -> u64 {
        self.issued += 1;
        self.unfinished.push(self.issued);
        self.issued
    }

    fn ended(&mut self, seq: u64) {
        let at = self.unfinished.iter().position(|&other| other == seq);
        self.unfinished.swap_remove(at.expect("a change ends once"));
    }

    pub(crate) fn write(&mut self, op: Op, at: u64, bufs: Vec<Bytes>) {
        let len = bufs.iter().map(Bytes::len).sum::<usize>();
        let end = at + len as u64;
        if let Some((&last, _)) = self.pins.last_key_value()
            && last > at
        {
            let touched = self.pins.range(at + 1..).any(|(_, (_, from))| *from < end);
            assert!(!touched, "F4: bytes {at}..{end} are queued for sending");
        }
        let seq = self.number();
        self.changes.push_back(Change::Write {
            op,
            seq,
            at,
            bufs,
            len,
        });
    }

    pub(crate) fn truncate(&mut self, op: Op, len: u64) {
        let cut = self
            .pins
            .last_key_value()
            .is_some_and(|(end, _)| *end > len);
        assert!(!cut, "F4: bytes past {len} are queued for sending");
        let seq = self.number();
        self.changes.push_back(Change::Truncate { op, seq, len });
    }

    pub(crate) fn allocate(&mut self, op: Op, to: u64) {
        let seq = self.number();
        self.rooms.push_back(Room { op, seq, to });
    }

    pub(crate) fn sync(&mut self, op: Op, lane: Lane) {
        self.syncs.push_back((op, self.issued, lane));
    }

    pub(crate) fn read(&mut self, op: Op, at: u64, len: u32) -> (Waiting, FileCall) {
        // What the file is known to have; more is made room for when it turns out to be there.
        let known = self.len.saturating_sub(at).min(u64::from(len)) as usize;
        self.reads += 1;
        let left = len as usize;
        let waiting = Waiting::Read {
            place: self.place,
            op,
            at,
            left,
        };
        let call = FileCall::Pread {
            file: self.fd(),
            at,
            len: left,
            buf: Vec::with_capacity(known),
        };
        (waiting, call)
    }

    /// A read or a warming begins (`true`) or ends.
    pub(crate) fn reading(&mut self, begins: bool) {
        if begins {
            self.reads += 1;
        } else {
            self.reads -= 1;
        }
    }

    pub(crate) fn pin(&mut self, at: u64, len: u64) {
        let pin = self.pins.entry(at + len).or_insert((0, at));
        pin.0 += 1;
        pin.1 = pin.1.min(at);
        self.pinned += 1;
    }

    pub(crate) fn unpin(&mut self, end: u64) {
        let pin = self
            .pins
            .get_mut(&end)
            .expect("an unpinned range was pinned");
        pin.0 -= 1;
        if pin.0 == 0 {
            self.pins.remove(&end);
        }
        self.pinned -= 1;
    }

    pub(crate) fn shut(&mut self, op: Op) {
        self.life = Life::Shut(op);
    }

    /// One call that may begin now, if there is one.
    pub(crate) fn next(
        &mut self,
        out: &mut VecDeque<Outcome>,
    ) -> Option<(Waiting, Lane, FileCall)> {
        let place = self.place;
        if matches!(self.flight, Flight::None)
            && let Some(change) = self.changes.pop_front()
        {
            return Some(self.begin(change));
        }
        // Before the syncs: room that is there already ends here, and a sync may have waited for it.
        while self.room.is_none()
            && let Some(room) = self.rooms.pop_front()
        {
            let from = self.granted.max(self.len);
            if room.to <= from {
                self.ended(room.seq);
                out.push_back(Outcome::Done(room.op, Ok(DiskOutput::Done)));
                continue;
            }
            let call = FileCall::Fallocate {
                file: self.fd(),
                at: from,
                len: room.to - from,
            };
            self.room = Some(room);
            return Some((Waiting::Allocate { place }, Lane::Flush, call));
        }
        if self.syncing.is_empty() {
            let lane = self.take_ready_syncs();
            if !self.syncing.is_empty() {
                let call = FileCall::Fdatasync { file: self.fd() };
                return Some((Waiting::Sync { place, lane }, lane, call));
            }
        }
        self.next_of_shut(out)
    }

    /// Takes them, and says where they are made: aside only if nobody waits for any of them.
    fn take_ready_syncs(&mut self) -> Lane {
        let oldest = self.unfinished.iter().min().copied();
        let mut all = Lane::Bulk;
        while let Some(&(op, seq, lane)) = self.syncs.front()
            && oldest.is_none_or(|oldest| oldest > seq)
        {
            self.syncing.push(op);
            if lane == Lane::Flush {
                all = lane;
            }
            self.syncs.pop_front();
        }
        all
    }

    fn begin(&mut self, change: Change) -> (Waiting, Lane, FileCall) {
        let place = self.place;
        match change {
            Change::Truncate { op, seq, len } => {
                self.flight = Flight::Truncate { op, seq, len };
                let file = self.fd();
                let call = FileCall::Ftruncate { file, len };
                (Waiting::Change { place }, Lane::Inline, call)
            }
            Change::Write {
                op,
                seq,
                at,
                mut bufs,
                len,
            } => {
                let mut ops = std::mem::take(&mut self.spare);
                ops.push_back((op, seq, len));
                let mut total = len;
                while let Some(Change::Write {
                    at: next,
                    bufs: more,
                    len,
                    ..
                }) = self.changes.front()
                    && *next == at + total as u64
                    && total + len <= MERGE_BYTES.of(self.switch)
                    && bufs.len() + more.len() <= SLICES.of(self.switch)
                {
                    if let Some(Change::Write {
                        op,
                        seq,
                        bufs: more,
                        len,
                        ..
                    }) = self.changes.pop_front()
                    {
                        bufs.extend(more);
                        ops.push_back((op, seq, len));
                        total += len;
                    }
                }
                self.flight = Flight::Write { ops, at };
                let file = self.fd();
                let call = FileCall::Pwritev { file, at, bufs };
                (Waiting::Change { place }, Lane::Inline, call)
            }
        }
    }

    fn next_of_shut(&mut self, out: &mut VecDeque<Outcome>) -> Option<(Waiting, Lane, FileCall)> {
        let quiet = matches!(self.flight, Flight::None)
            && self.syncing.is_empty()
            && self.syncs.is_empty()
            && self.room.is_none()
            && self.reads == 0
            && !self.shrinking;
        if !quiet {
            return None;
        }
        if let Life::Shut(op) = self.life {
            out.push_back(Outcome::Done(op, Ok(DiskOutput::Done)));
            self.life = Life::Idle;
        }
        if self.life != Life::Idle || self.pinned > 0 {
            return None;
        }
        let (file, place) = (self.fd(), self.place);
        let lane = if self.unlinked {
            Lane::Bulk
        } else {
            Lane::Inline
        };
        let slice = remove_slice(self.switch);
        if self.unlinked && self.len > slice {
            self.shrinking = true;
            self.len = shorter(self.len, slice);
            let len = self.len;
            return Some((
                Waiting::Shrink { place },
                lane,
                FileCall::Ftruncate { file, len },
            ));
        }
        self.life = Life::Closing;
        Some((
            Waiting::CloseFile { place },
            lane,
            FileCall::CloseFile { file },
        ))
    }

    /// A write was answered. What is left of it goes on at once.
    pub(crate) fn wrote(
        &mut self,
        mut bufs: Vec<Bytes>,
        result: Result<usize, Errno>,
        out: &mut VecDeque<Outcome>,
    ) -> Option<FileCall> {
        let Flight::Write { mut ops, mut at } = std::mem::replace(&mut self.flight, Flight::None)
        else {
            panic!("F1: a write was answered that is not under way");
        };
        match result {
            Err(Errno::Interrupted) => {}
            Ok(written) if written > 0 => {
                advance(&mut bufs, written);
                at += written as u64;
                self.len = self.len.max(at);
                let mut rest = written;
                while let Some((op, seq, left)) = ops.front_mut() {
                    if *left > rest {
                        *left -= rest;
                        break;
                    }
                    rest -= *left;
                    let (op, seq) = (*op, *seq);
                    self.ended(seq);
                    out.push_back(Outcome::Done(op, Ok(DiskOutput::Done)));
                    ops.pop_front();
                }
            }
            // Whoever was at the front has failed; those behind were never tried.
            failed => {
                let (op, seq, left) = ops.pop_front().expect("F1: a write has somebody");
                self.ended(seq);
                let result = match failed {
                    Err(errno) => Err(errno.fault()),
                    Ok(_) if left == 0 => Ok(DiskOutput::Done),
                    Ok(_) => Err(Fault::Broken),
                };
                out.push_back(Outcome::Done(op, result));
                advance(&mut bufs, left);
                at += left as u64;
            }
        }
        if ops.is_empty() {
            self.spare = ops;
            return None;
        }
        self.flight = Flight::Write { ops, at };
        let file = self.fd();
        Some(FileCall::Pwritev { file, at, bufs })
    }

    /// A truncation was answered; an interrupted one goes on at once.
    pub(crate) fn truncated(
        &mut self,
        result: Result<(), Errno>,
        out: &mut VecDeque<Outcome>,
    ) -> Option<FileCall> {
        let Flight::Truncate { op, seq, len } = self.flight else {
            panic!("F1: a truncation was answered that is not under way");
        };
        let file = self.fd();
        let result = match result {
            Err(Errno::Interrupted) => return Some(FileCall::Ftruncate { file, len }),
            Err(errno) => Err(errno.fault()),
            Ok(()) => {
                self.len = len;
                self.granted = self.granted.min(len);
                Ok(DiskOutput::Done)
            }
        };
        self.flight = Flight::None;
        self.ended(seq);
        out.push_back(Outcome::Done(op, result));
        None
    }

    /// An fdatasync was answered: exactly those it covered are told.
    pub(crate) fn synced(
        &mut self,
        result: Result<(), Errno>,
        out: &mut VecDeque<Outcome>,
    ) -> Option<FileCall> {
        if result == Err(Errno::Interrupted) {
            return Some(FileCall::Fdatasync { file: self.fd() });
        }
        // Whatever went wrong, it is not known what reached the media.
        let result = result.map_err(|_| Fault::Broken);
        for op in self.syncing.drain(..) {
            out.push_back(Outcome::Done(op, result.map(|()| DiskOutput::Done)));
        }
        None
    }

    /// An allocation was answered.
    pub(crate) fn allocated(
        &mut self,
        result: Result<(), Errno>,
        out: &mut VecDeque<Outcome>,
    ) -> Option<FileCall> {
        let room = self.room.take().expect("an allocation is under way");
        let from = self.granted.max(self.len);
        let result = match result {
            Err(Errno::Interrupted) if room.to > from => {
                let call = FileCall::Fallocate {
                    file: self.fd(),
                    at: from,
                    len: room.to - from,
                };
                self.room = Some(room);
                return Some(call);
            }
            // Where room cannot be set aside, a write may meet a full disk: no worse than not asking.
            Ok(()) | Err(Errno::Unsupported | Errno::Interrupted) => {
                self.granted = self.granted.max(room.to);
                Ok(DiskOutput::Done)
            }
            Err(errno) => Err(errno.fault()),
        };
        self.ended(room.seq);
        out.push_back(Outcome::Done(room.op, result));
        None
    }

    /// A slice was cut off.
    pub(crate) fn shrunk(&mut self, result: Result<(), Errno>) {
        self.shrinking = false;
        if result.is_err() {
            // Then the kernel frees it in one go.
            self.len = 0;
        }
    }
}

/// Drops `count` bytes from the front.
pub(crate) fn advance(bufs: &mut Vec<Bytes>, mut count: usize) {
    let mut whole = 0;
    for buf in bufs.iter_mut() {
        if buf.len() > count {
            buf.advance(count);
            break;
        }
        count -= buf.len();
        whole += 1;
    }
    bufs.drain(..whole);
}
