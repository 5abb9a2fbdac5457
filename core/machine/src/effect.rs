//! What goes out: a list the machine pushes onto and its driver (or owner) performs, in order.
//!
//! E1: an effect may be performed the moment it is seen, or minutes later; what must wait for something is
//! withheld by the machine until that something's `Done` arrives.

use core::fmt;
#[cfg(feature = "planted")]
use std::collections::BTreeMap;

use crate::{Conn, DiskOp, Endpoint, How, Level, Machine, Note, Op, Parts, Switch, Want};

/// One thing to do in the world.
pub enum Effect<M: Machine> {
    /// Say this to the owner.
    Tell(M::Tell),
    /// Connect; `Opened` or `Closed` follows. The machine names the connection (odd number).
    Connect(Conn, Endpoint),
    /// Deliver input. At most one is outstanding per connection; without one, nothing is read.
    Receive(Conn, Want),
    /// Send after everything queued before.
    Send(Conn, Parts),
    /// Close.
    Close(Conn, How),
    /// Do this on a disk.
    Disk(Op, DiskOp),
    /// Do this CPU work elsewhere.
    Work(Op, M::Job),
    /// Something for the operator's log.
    Note(Note),
}

/// What a loop worked through, so that a step too long is a failing seed and not a mystery in p99.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spend {
    /// Bytes looked at or copied.
    Bytes,
    /// Records looked at.
    Records,
    /// Partitions visited.
    Partitions,
}

/// What one step or settle has spent. Compared with [`crate::limits`] by the simulator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Bytes looked at or copied.
    pub bytes: u64,
    /// Records looked at.
    pub records: u64,
    /// Partitions visited.
    pub partitions: u64,
}

/// What the parts of a machine need of its [`Effects`]: a log or a quorum does not know whose part it is.
pub trait Emit {
    /// Does something on a disk.
    fn disk(&mut self, op: Op, what: DiskOp);
    /// Says something to the operator.
    fn note(&mut self, level: Level, text: String);
    /// Counts work.
    fn spend(&mut self, what: Spend, amount: usize);

    /// Which mistake is switched on, to be asked later by those who have no buffer at hand.
    fn switch(&self) -> Switch {
        Switch::default()
    }

    /// Whether this mistake is switched on ([`crate::planted!`]).
    #[cfg(feature = "planted")]
    fn planted(&self, id: u64) -> bool {
        self.switch().planted(id)
    }

    /// Counts a rare situation ([`crate::sometimes!`]).
    #[cfg(feature = "planted")]
    fn reached(&mut self, _site: &'static str) {}
}

/// A buffer that forgets all: for the tests of parts that only count and note.
#[derive(Clone, Copy, Debug, Default)]
pub struct Forgets;

impl Emit for Forgets {
    fn disk(&mut self, _: Op, _: DiskOp) {}
    fn note(&mut self, _: Level, _: String) {}
    fn spend(&mut self, _: Spend, _: usize) {}
}

/// The caller's buffer of effects.
pub struct Effects<M: Machine> {
    list: Vec<Effect<M>>,
    spent: Spent,
    switch: Switch,
    #[cfg(feature = "planted")]
    sites: BTreeMap<&'static str, u64>,
}

impl<M: Machine> Clone for Effects<M>
where
    M::Tell: Clone,
    M::Job: Clone,
{
    fn clone(&self) -> Effects<M> {
        Effects {
            list: self.list.clone(),
            spent: self.spent,
            switch: self.switch,
            #[cfg(feature = "planted")]
            sites: self.sites.clone(),
        }
    }
}

impl<M: Machine> Default for Effects<M> {
    fn default() -> Effects<M> {
        Effects {
            list: Vec::new(),
            spent: Spent::default(),
            switch: Switch::default(),
            #[cfg(feature = "planted")]
            sites: BTreeMap::new(),
        }
    }
}

impl<M: Machine> Effects<M> {
    /// An empty buffer.
    pub fn new() -> Effects<M> {
        Effects::default()
    }

    /// Adds an effect.
    pub fn push(&mut self, effect: Effect<M>) {
        self.list.push(effect);
    }

    /// Says something to the owner.
    pub fn tell(&mut self, tell: M::Tell) {
        self.list.push(Effect::Tell(tell));
    }

    /// Asks for input.
    pub fn receive(&mut self, conn: Conn, want: Want) {
        self.list.push(Effect::Receive(conn, want));
    }

    /// Sends.
    pub fn send(&mut self, conn: Conn, parts: Parts) {
        self.list.push(Effect::Send(conn, parts));
    }

    /// Closes.
    pub fn close(&mut self, conn: Conn, how: How) {
        self.list.push(Effect::Close(conn, how));
    }

    /// Hands CPU work away.
    pub fn work(&mut self, op: Op, job: M::Job) {
        self.list.push(Effect::Work(op, job));
    }

    /// Takes all effects out, in order.
    pub fn drain(&mut self) -> std::vec::Drain<'_, Effect<M>> {
        self.list.drain(..)
    }

    /// What lies here, in order.
    pub fn list(&self) -> &[Effect<M>] {
        &self.list
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// What was spent since the last [`Effects::reset_spent`].
    pub fn spent(&self) -> Spent {
        self.spent
    }

    /// An empty buffer for a machine within this one, with an account of its own; [`Effects::account`] takes that in.
    pub fn inner<N: Machine>(&self) -> Effects<N> {
        Effects {
            switch: self.switch,
            ..Effects::default()
        }
    }

    /// Counts what a machine within this one has spent, and which rare situations it has reached.
    pub fn account<N: Machine>(&mut self, inner: &Effects<N>) {
        self.spent.bytes += inner.spent.bytes;
        self.spent.records += inner.spent.records;
        self.spent.partitions += inner.spent.partitions;
        #[cfg(feature = "planted")]
        for (site, count) in &inner.sites {
            *self.sites.entry(site).or_default() += count;
        }
    }

    /// Switches the mistake of this name on, and every other off; and draws the core's own limits ([`crate::Limit`]) from a number.
    #[cfg(feature = "planted")]
    pub fn plant(&mut self, name: Option<&str>, limits: Option<u64>) {
        self.switch = Switch::new(name, limits);
    }

    /// Takes out how often which rare situation was reached.
    #[cfg(feature = "planted")]
    pub fn take_sites(&mut self) -> BTreeMap<&'static str, u64> {
        std::mem::take(&mut self.sites)
    }

    /// Begins a new step's account.
    pub fn reset_spent(&mut self) {
        self.spent = Spent::default();
    }
}

impl<M: Machine> Emit for Effects<M> {
    fn disk(&mut self, op: Op, what: DiskOp) {
        self.list.push(Effect::Disk(op, what));
    }

    fn note(&mut self, level: Level, text: String) {
        self.list.push(Effect::Note(Note { level, text }));
    }

    fn spend(&mut self, what: Spend, amount: usize) {
        let amount = amount as u64;
        match what {
            Spend::Bytes => self.spent.bytes += amount,
            Spend::Records => self.spent.records += amount,
            Spend::Partitions => self.spent.partitions += amount,
        }
    }

    fn switch(&self) -> Switch {
        self.switch
    }

    #[cfg(feature = "planted")]
    fn reached(&mut self, site: &'static str) {
        *self.sites.entry(site).or_default() += 1;
    }
}

impl<M: Machine> Clone for Effect<M>
where
    M::Tell: Clone,
    M::Job: Clone,
{
    fn clone(&self) -> Effect<M> {
        match self {
            Effect::Tell(tell) => Effect::Tell(tell.clone()),
            Effect::Connect(conn, to) => Effect::Connect(*conn, to.clone()),
            Effect::Receive(conn, want) => Effect::Receive(*conn, want.clone()),
            Effect::Send(conn, parts) => Effect::Send(*conn, parts.clone()),
            Effect::Close(conn, how) => Effect::Close(*conn, *how),
            Effect::Disk(op, what) => Effect::Disk(*op, what.clone()),
            Effect::Work(op, job) => Effect::Work(*op, job.clone()),
            Effect::Note(note) => Effect::Note(note.clone()),
        }
    }
}

impl<M: Machine> fmt::Debug for Effect<M>
where
    M::Tell: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Effect::Tell(tell) => f.debug_tuple("Tell").field(tell).finish(),
            Effect::Connect(conn, to) => f.debug_tuple("Connect").field(conn).field(to).finish(),
            Effect::Receive(conn, want) => {
                f.debug_tuple("Receive").field(conn).field(want).finish()
            }
            Effect::Send(conn, parts) => write!(f, "Send({conn:?}, {} bytes)", parts.len()),
            Effect::Close(conn, how) => f.debug_tuple("Close").field(conn).field(how).finish(),
            Effect::Disk(op, what) => f.debug_tuple("Disk").field(op).field(what).finish(),
            Effect::Work(op, _) => f.debug_tuple("Work").field(op).finish(),
            Effect::Note(note) => f.debug_tuple("Note").field(note).finish(),
        }
    }
}
