//! What is ready to be told to the machine. An event may overtake others, but at most so many, and never one of its own line (a
//! connection, the changes of a file): by a key that is drawn when it becomes ready, so that the choice costs no search.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use bytes::Bytes;
use ottla_machine::{Conn, DiskOutput, Fault, Op, Peer, Why};

/// An event may overtake this many others.
const OVERTAKES: u64 = 64;

/// What will be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Coming {
    Opened(Conn, Peer),
    Received(Conn, Bytes),
    /// How much was sent is looked up when it is told.
    Sent(Conn),
    Closed(Conn, Why),
    Done(Op, Result<DiskOutput, Fault>),
}

#[derive(Clone, Debug)]
struct Entry {
    key: u64,
    number: u64,
    what: Coming,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.number == other.number
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Entry) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Entry) -> std::cmp::Ordering {
        (self.key, self.number).cmp(&(other.key, other.number))
    }
}

/// The key of the last event of a line.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Line(u64);

/// What is ready.
#[derive(Clone, Debug, Default)]
pub(super) struct Ready {
    heap: BinaryHeap<Reverse<Entry>>,
    number: u64,
}

impl Ready {
    /// In any order; `drawn` decides.
    pub(super) fn push(&mut self, drawn: u64, what: Coming) {
        self.push_in(&mut Line::default(), drawn, what);
    }

    /// After everything that was pushed in this line before.
    pub(super) fn push_in(&mut self, line: &mut Line, drawn: u64, what: Coming) {
        self.number += 1;
        line.0 = line.0.max(self.number + drawn % OVERTAKES);
        self.heap.push(Reverse(Entry {
            key: line.0,
            number: self.number,
            what,
        }));
    }

    /// What is told next.
    pub(super) fn pop(&mut self) -> Option<Coming> {
        self.heap.pop().map(|Reverse(entry)| entry.what)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }
}
