//! What will happen, by time. Ties are broken by the seed: stable, and different in every seed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use ottla_machine::Why;

use crate::draw::{Domain, Draw};
use crate::script::Nanos;

/// A connection, counted over the run from 1, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link(pub u64);

/// An end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The client's.
    Client,
    /// The node's.
    Node,
}

impl Side {
    /// The other end.
    pub fn other(self) -> Side {
        match self {
            Side::Client => Side::Node,
            Side::Node => Side::Client,
        }
    }
}

/// What the network put on the agenda for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetEvent {
    /// Something arrives at this end.
    Arrive(Link, Side),
    /// This end learns that the link is no more.
    End(Link, Side, Why),
}

/// Something that a host put on the agenda for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostEvent {
    /// An operation (contract) or call (desk) comes to its next stage: its number.
    Stage(u64),
    /// A connection is looked at again: its number.
    Look(u64),
}

/// One thing that will happen.
#[derive(Clone, Debug)]
pub enum Happening {
    /// To the network.
    Net(NetEvent),
    /// To the process of this life, or to nobody when it is dead.
    Host(u32, HostEvent),
    /// The process of this life takes a turn.
    Turn(u32),
    /// A job of this life is done: its number.
    Job(u32, u64),
    /// A client looks at the clock.
    Client(u32),
    /// A fault of the script, by its place there.
    Fault(usize),
    /// Something that lasted is over.
    Over(Over),
    /// The process is started.
    Start,
    /// Faults and operations end.
    Horizon,
}

/// What lasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// The wall clock stood still.
    WallFreeze,
    /// The disk was full.
    DiskFull,
    /// A client did not read.
    SlowReader(u32),
    /// Nobody had anything under way.
    Rest,
}

#[derive(Clone, Debug)]
struct Entry {
    at: Nanos,
    tie: u64,
    number: u64,
    what: Happening,
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
        let place = |entry: &Entry| (entry.at, entry.tie, entry.number);
        place(self).cmp(&place(other))
    }
}

/// What will happen, by time.
#[derive(Clone, Debug)]
pub struct Agenda {
    draw: Draw,
    heap: BinaryHeap<Reverse<Entry>>,
    number: u64,
}

impl Agenda {
    /// An empty one.
    pub fn new(draw: Draw) -> Agenda {
        Agenda {
            draw,
            heap: BinaryHeap::new(),
            number: 0,
        }
    }

    /// This will happen then.
    pub fn at(&mut self, at: Nanos, what: Happening) {
        self.number += 1;
        let tie = self.draw.at(Domain::Tie, 0, self.number);
        self.heap.push(Reverse(Entry {
            at,
            tie,
            number: self.number,
            what,
        }));
    }

    /// Takes what happens next, and when.
    pub fn take(&mut self) -> Option<(Nanos, Happening)> {
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.what))
    }

    /// When that is.
    pub fn next_at(&self) -> Option<Nanos> {
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }
}
