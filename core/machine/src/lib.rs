//! The grammar of Ottla: *in by event, down by call, up by return or by ticket, out by effect*.
//!
//! A [`Machine`] is a pure state machine. A driver (`io`, or the simulator) delivers [`Event`]s, calls
//! [`Machine::settle`] at the end of every turn, and performs the [`Effect`]s it finds in [`Effects`]. What
//! the driver promises, and what it does not, is on the one page of `CONTRACT.md` beside this crate.
//!
//! Nothing here reaches the world: there is no clock, socket, file, thread or entropy in this crate or in
//! any crate under `core/`.
#![forbid(unsafe_code)]

mod disk;
mod effect;
mod event;
mod ids;
mod inspect;
mod job;
mod limit;
pub mod limits;
mod net;
mod note;
mod planted;
mod replicated;
mod rng;
mod time;
mod timers;

pub use disk::{BadName, DirEntry, DiskOp, DiskOutput, Fault, Kind, Mode, Name};
pub use effect::{Effect, Effects, Emit, Forgets, Spend, Spent};
pub use event::{Event, Output};
pub use ids::{Conn, Dir, File, LeaderEpoch, Names, NodeId, Offset, Op, Owner, ProducerId, Ticket};
pub use inspect::Inspect;
pub use job::{Job, NoJob};
pub use limit::Limit;
pub use net::{Endpoint, How, Part, Parts, Peer, Want, Why};
pub use note::{Level, Note};
pub use planted::Switch;
#[cfg(feature = "planted")]
pub use planted::planted_id;
pub use replicated::{Cause, Deadlines, Decision, Entry, Release, Replicated};
pub use rng::Rng;
pub use time::{Now, Time, WallMs};
pub use timers::Timers;

/// A pure state machine: broker, shard, client.
///
/// `step` takes one thing in and emits only what gains nothing by waiting for the rest of the turn;
/// `settle` ends the turn: group commit, wake-ups, due timers, one slice of long work.
pub trait Machine {
    /// What its owner says to it.
    type Ask;
    /// What it says to its owner.
    type Tell;
    /// CPU work it hands away.
    type Job: Job;

    /// Takes one event in.
    fn step(&mut self, now: Now, event: Event<Self>, fx: &mut Effects<Self>)
    where
        Self: Sized;

    /// Ends a turn. Also called when [`Machine::deadline`] is due and nothing was ready.
    fn settle(&mut self, now: Now, fx: &mut Effects<Self>)
    where
        Self: Sized;

    /// When `settle` is due next; a time that has passed means unfinished work; `None` means: only on events.
    fn deadline(&self) -> Option<Time>;

    /// Shows metrics and state; changes nothing.
    fn inspect(&self, out: &mut dyn Inspect);
}
