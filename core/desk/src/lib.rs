//! The pure half of every driver: it merges writes, attributes syncs, resumes what was short, assembles input,
//! counts output, and keeps the table of files and directories. `io` and the simulator only make the calls.
//!
//! Effects come in by [`Desk::take`]; system calls go out by [`Desk::next_call`]; their answers come back by
//! [`Desk::back`]; events come out of [`Desk::event`]. The driver promises no order among answers, except that
//! calls of one lane of one log directory are made in order, short reads apart (see [`Lane`]).
//!
//! K1: exactly one `Done` per `Op`, exactly one `Closed` per `Conn`.
//! K2: an answer to a call that was dropped with its connection changes nothing.
//! The invariants of the parts stand in their files.
#![forbid(unsafe_code)]

mod call;
mod dirs;
mod disk;
mod file;
pub mod limits;
mod net;
mod removal;
mod slots;

use std::collections::VecDeque;

use bytes::Bytes;
use ottla_machine::{
    Conn, Dir, DiskOp, DiskOutput, Effect, Event, Fault, Machine, Op, Output, Peer, Switch, Why,
};

pub use call::{
    Call, CallDone, CallId, Errno, Fd, FileCall, Lane, Looked, NetCall, Opened, Path,
    SendfileErrno, SentFile,
};
pub use net::NO_LISTENER;

use disk::Disk;
use net::{Net, NetWaiting};
use slots::Slots;

/// An event that any machine understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// See [`Event::Opened`].
    Opened(Conn, Peer),
    /// See [`Event::Received`].
    Received(Conn, Bytes),
    /// See [`Event::Sent`].
    Sent(Conn, u64),
    /// See [`Event::Closed`].
    Closed(Conn, Why),
    /// See [`Event::Done`].
    Done(Op, Result<DiskOutput, Fault>),
}

impl Outcome {
    /// How many received bytes it carries.
    pub fn bytes(&self) -> usize {
        match self {
            Outcome::Received(_, bytes) => bytes.len(),
            _ => 0,
        }
    }
}

impl<M: Machine> From<Outcome> for Event<M> {
    fn from(outcome: Outcome) -> Event<M> {
        match outcome {
            Outcome::Opened(conn, peer) => Event::Opened(conn, peer),
            Outcome::Received(conn, bytes) => Event::Received(conn, bytes),
            Outcome::Sent(conn, count) => Event::Sent(conn, count),
            Outcome::Closed(conn, why) => Event::Closed(conn, why),
            Outcome::Done(op, result) => Event::Done(op, result.map(Output::Disk)),
        }
    }
}

/// What the answer of a call is waited for by.
#[derive(Clone, Debug)]
enum Waiting {
    Open {
        op: Op,
        what: DiskOp,
        place: u32,
        root: Dir,
    },
    Name {
        op: Op,
        dir: Dir,
        what: DiskOp,
    },
    Rename {
        op: Op,
        what: DiskOp,
        moved: Vec<Dir>,
    },
    Removal {
        task: u32,
    },
    Read {
        place: u32,
        op: Op,
        at: u64,
        left: usize,
    },
    Change {
        place: u32,
    },
    Sync {
        place: u32,
        lane: Lane,
    },
    Allocate {
        place: u32,
    },
    Shrink {
        place: u32,
    },
    CloseFile {
        place: u32,
    },
    Warm {
        place: u32,
        conn: Conn,
    },
    Net(NetWaiting),
}

/// The desk of one machine.
#[derive(Clone, Debug)]
pub struct Desk {
    disk: Disk,
    net: Net,
    calls: Slots<Waiting>,
    events: VecDeque<Outcome>,
}

impl Desk {
    /// A desk over these log directories. Its limits are those of the switch.
    pub fn new(roots: impl IntoIterator<Item = Dir>, switch: Switch) -> Desk {
        Desk {
            disk: Disk::new(roots, switch),
            net: Net::new(switch),
            calls: Slots::default(),
            events: VecDeque::new(),
        }
    }

    /// A turn of the machine begins: what was sent is told.
    pub fn turn(&mut self) {
        self.net.turn(&mut self.events);
    }

    /// Takes an effect in; gives back what is none of its business (`Tell`, `Work`, `Note`).
    pub fn take<M: Machine>(&mut self, effect: Effect<M>) -> Option<Effect<M>> {
        match effect {
            Effect::Disk(op, what) => self.disk.take(op, what, &mut self.events),
            Effect::Receive(conn, want) => self.net.receive(conn, want, &mut self.events),
            Effect::Send(conn, parts) => self.net.send(conn, parts, &mut self.disk),
            Effect::Close(conn, how) => self.net.close(conn, how, &mut self.disk),
            Effect::Connect(conn, to) => self.net.connect(conn, to),
            other => return Some(other),
        }
        None
    }

    /// A connection was accepted; it is called this.
    pub fn accepted(&mut self, listener: u16, address: Box<str>) -> Conn {
        self.net
            .accept(Peer { listener, address }, &mut self.events)
    }

    /// The next call to make. Asked for again after every [`Desk::take`] and [`Desk::back`] until there is none.
    pub fn next_call(&mut self) -> Option<(CallId, Call)> {
        let (waiting, call) = if let Some((waiting, call)) = self.net.next_close() {
            (Waiting::Net(waiting), Call::Net(call))
        } else if let Some((waiting, lane, root, call)) = self.disk.next(&mut self.events) {
            (waiting, Call::File(lane, root, call))
        } else {
            let (waiting, call) = self.net.next()?;
            (Waiting::Net(waiting), Call::Net(call))
        };
        let net = match waiting {
            Waiting::Net(net) => Some(net),
            _ => None,
        };
        let place = self.calls.insert(waiting);
        let key = self.calls.key(place);
        if let Some(net) = net {
            self.net.issued(net, key);
        }
        Some((CallId(key), call))
    }

    /// A call was answered.
    pub fn back(&mut self, id: CallId, done: CallDone) {
        let Some(waiting) = self.calls.take(id.0) else {
            return;
        };
        match waiting {
            Waiting::Net(waiting) => {
                if let NetWaiting::Close(conn) = waiting {
                    for key in self.net.under_way(conn).into_iter().flatten() {
                        self.calls.take(key);
                    }
                }
                self.net
                    .back(waiting, done, &mut self.disk, &mut self.events);
            }
            Waiting::Warm { conn, .. } => {
                self.disk.back(waiting, done, &mut self.events);
                self.net.warmed(conn);
            }
            waiting => self.disk.back(waiting, done, &mut self.events),
        }
    }

    /// The next event for the machine.
    pub fn event(&mut self) -> Option<Outcome> {
        self.events.pop_front()
    }

    /// Whether the next turn has something to do without an answer from outside.
    pub fn is_ready(&self) -> bool {
        !self.events.is_empty() || self.net.waits_for_turn()
    }

    /// How many calls are out.
    pub fn outstanding(&self) -> usize {
        self.calls.len()
    }
}
