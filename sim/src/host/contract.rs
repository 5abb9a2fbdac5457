//! The arm that is the contract itself: it promises what CONTRACT.md promises and nothing more. Effects come in by [`Host::take`], what
//! the network and the agenda say by [`Host::net`] and [`Host::happen`]; events go out by [`Host::event`].
//!
//! | freedom | where |
//! |---|---|
//! | an effect is performed at once or later | `disk`: when it begins; `connections`: when it is looked at |
//! | a disk operation changes the disk at any time before it ends, in parts if it may | `disk`, `names` |
//! | writes and truncations of a file are in order, a sync covers what was issued before, nothing else is ordered | `files` |
//! | what is told is told in any order, except within a connection and among the changes of a file | `ready` |
//! | input in any portion between least and most, output counted now or later, ranges read at any time | `connections` |
//!
//! All of it is drawn by place.

mod connections;
mod dirs;
mod disk;
mod files;
mod names;
mod ready;
mod slots;
#[cfg(test)]
mod tests;

use ottla_broker::Broker;
use ottla_machine::{Dir, Effect, Event, Output, Why};

use self::connections::Connections;
use self::disk::Disk;
use self::ready::{Coming, Ready};
use super::{Host, HostEvent, Outside};
use crate::net::NodeTell;

/// The contract arm of one life.
#[derive(Clone, Debug)]
pub struct Contract {
    disk: Disk,
    connections: Connections,
    ready: Ready,
}

impl Contract {
    /// A process that knows nothing but its log directory.
    pub fn new(root: Dir) -> Contract {
        Contract {
            disk: Disk::new(root),
            connections: Connections::default(),
            ready: Ready::default(),
        }
    }
}

impl Host for Contract {
    fn take(&mut self, effect: Effect<Broker>, outside: &mut Outside<'_>) {
        let (disk, ready) = (&mut self.disk, &mut self.ready);
        match effect {
            Effect::Disk(op, what) => disk.take(op, what, outside, ready),
            Effect::Receive(conn, want) => {
                self.connections.receive(conn, want, disk, outside, ready);
            }
            Effect::Send(conn, parts) => self.connections.send(conn, parts, disk, outside, ready),
            Effect::Close(conn, how) => self.connections.close(conn, how, disk, outside, ready),
            // This broker connects nowhere yet.
            Effect::Connect(conn, _) => ready.push(0, Coming::Closed(conn, Why::Refused)),
            Effect::Tell(_) | Effect::Work(..) | Effect::Note(_) => {
                unreachable!("none of a host's business")
            }
        }
    }

    fn net(&mut self, tell: NodeTell, outside: &mut Outside<'_>) {
        let (disk, ready) = (&mut self.disk, &mut self.ready);
        self.connections.on_tell(tell, disk, outside, ready);
    }

    fn happen(&mut self, event: HostEvent, outside: &mut Outside<'_>) {
        let (disk, ready) = (&mut self.disk, &mut self.ready);
        match event {
            HostEvent::Stage(number) => disk.on_stage(number, outside, ready),
            HostEvent::Look(conn) => self.connections.on_look(conn, disk, outside, ready),
        }
    }

    fn turn(&mut self, outside: &mut Outside<'_>) {
        self.connections.on_turn(outside, &mut self.ready);
    }

    fn event(&mut self, outside: &mut Outside<'_>) -> Option<Event<Broker>> {
        Some(match self.ready.pop()? {
            Coming::Opened(conn, peer) => Event::Opened(conn, peer),
            Coming::Received(conn, bytes) => Event::Received(conn, bytes),
            Coming::Sent(conn) => {
                let sent = self.connections.tells_sent(conn, &mut self.disk, outside);
                Event::Sent(conn, sent)
            }
            Coming::Closed(conn, why) => {
                self.connections.tells_closed(conn, &mut self.disk, outside);
                Event::Closed(conn, why)
            }
            Coming::Done(op, answer) => Event::Done(op, answer.map(Output::Disk)),
        })
    }

    fn is_ready(&self) -> bool {
        !self.ready.is_empty() || self.connections.waits_for_turn()
    }

    fn open(&self) -> (usize, usize) {
        (self.disk.under_way(), self.connections.len())
    }
}
