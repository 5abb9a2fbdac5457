//! A whole driver, as the suite speaks with it: effects in as [`Act`]s, events out as [`Told`]s, and peers that dial it.

use bytes::Bytes;
use ottla_machine::{
    Conn, DiskOp, Effect, Endpoint, Event, How, Machine, Output, Owner, Parts, Peer, Want, Why,
};

use crate::{Answer, Disk};

/// What a machine does: an effect, whoever's machine it is.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "they are the effects of the same names")]
pub enum Act {
    Receive(Conn, Want),
    Send(Conn, Parts),
    Close(Conn, How),
    Connect(Conn, Endpoint),
    /// An operation with its number.
    Disk(u64, DiskOp),
}

/// What a machine is told: an event, whoever's machine it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the events of the same names")]
pub enum Told {
    Opened(Conn, Peer),
    Received(Conn, Bytes),
    Sent(Conn, u64),
    Closed(Conn, Why),
    /// What came of the operation of this number.
    Done(u64, Answer),
}

/// What a peer does.
#[derive(Clone, Debug)]
pub enum Does {
    /// Sends these bytes after those before, as its kernel takes them.
    Says(Bytes),
    /// Says nothing more, and listens on.
    Finishes,
    /// Closes its end, and is gone.
    Leaves,
    /// Breaks the connection, and is gone.
    Resets,
    /// Listens no more.
    Stops,
    /// Listens again.
    Listens,
}

/// What happens next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// One turn told the machine all this.
    Turn(Vec<Told>),
    /// A peer heard these bytes.
    Heard(usize, Bytes),
    /// A peer heard that there is no more.
    Ended(usize),
}

/// A driver with a machine that does what it is asked to and says what it is told, on an empty disk; and peers that dial it. It listens
/// twice. Peers are counted from 0.
pub trait Network {
    /// The machine does all this in one turn.
    fn act(&mut self, acts: Vec<Act>);

    /// The next peer dials this listener.
    fn dial(&mut self, listener: u16) -> usize;

    /// A peer does something.
    fn does(&mut self, peer: usize, what: Does);

    /// What happens next; waits for it. Panics when nothing will.
    fn next(&mut self) -> News;

    /// A peer's address, as the machine is told it.
    fn address(&self, peer: usize) -> Box<str>;

    /// How much of what a peer said its kernel has not taken.
    fn unsaid(&self, peer: usize) -> usize;

    /// More bytes than are ever on their way from a machine to a peer that does not listen.
    fn beyond(&self) -> usize;

    /// More bytes than are ever on their way from a peer to a machine that does not ask for them.
    fn beyond_unasked(&self) -> usize;

    /// Where nobody listens.
    fn nobody(&mut self) -> Endpoint;

    /// Where the machine's first listener is. Asked by [`crate::DIALERS`] only.
    fn itself(&mut self) -> Endpoint;
}

impl Act {
    /// As an effect of some machine.
    pub fn effect<M: Machine>(self) -> Effect<M> {
        let owner = Owner {
            part: 1,
            slot: 0,
            generation: 0,
        };
        match self {
            Act::Receive(conn, want) => Effect::Receive(conn, want),
            Act::Send(conn, parts) => Effect::Send(conn, parts),
            Act::Close(conn, how) => Effect::Close(conn, how),
            Act::Connect(conn, to) => Effect::Connect(conn, to),
            Act::Disk(number, what) => Effect::Disk(owner.op(number), what),
        }
    }
}

impl Told {
    /// What an event says. Panics at those that no driver makes of an [`Act`].
    pub fn of<M: Machine>(event: Event<M>) -> Told {
        match event {
            Event::Opened(conn, peer) => Told::Opened(conn, peer),
            Event::Received(conn, bytes) => Told::Received(conn, bytes),
            Event::Sent(conn, count) => Told::Sent(conn, count),
            Event::Closed(conn, why) => Told::Closed(conn, why),
            Event::Done(op, answer) => {
                let answer = answer.map(|output| match output {
                    Output::Disk(output) => output,
                    Output::Product(_) => panic!("there are no jobs"),
                });
                Told::Done(op.seq, answer)
            }
            Event::Asked(_) => panic!("an owner's word is no event of the driver's"),
        }
    }
}

/// The disk under a whole driver.
pub struct Under<N> {
    net: N,
    issued: u64,
}

impl<N: Network> Under<N> {
    /// The disk under this one.
    pub fn new(net: N) -> Under<N> {
        Under { net, issued: 0 }
    }
}

impl<N: Network> Disk for Under<N> {
    fn told(&mut self, ops: Vec<DiskOp>) -> Vec<(usize, Answer)> {
        let (first, count) = (self.issued + 1, ops.len());
        self.issued += count as u64;
        let numbers = first..;
        let acts = numbers.zip(ops).map(|(number, op)| Act::Disk(number, op));
        self.net.act(acts.collect());
        let mut all = Vec::new();
        while all.len() < count {
            let News::Turn(told) = self.net.next() else {
                panic!("there are no peers");
            };
            for told in told {
                let Told::Done(number, answer) = told else {
                    panic!("there are no connections");
                };
                let number = number.checked_sub(first).expect("one Done per Op");
                all.push((number as usize, answer));
            }
        }
        all
    }

    fn left(&mut self, _: &str) -> Option<Vec<u8>> {
        unreachable!("nobody cuts the power of a whole driver")
    }
}
