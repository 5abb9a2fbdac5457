//! The arm of the driver that ships: `ottla-desk` decides, this makes its calls on the simulated disk and network. Effects come in by
//! [`Host::take`]; what is answered goes back to the desk, and its events go out by [`Host::event`].
//!
//! | freedom of `call.rs` | here |
//! |---|---|
//! | a call is completed at once, on another thread, or through a ring | calls of the lanes take their time; those inline are made at once, and in some lives some of their answers come late |
//! | calls of one lane are made in order; nothing is said about answers | answers that came between two turns go back in order or in none |
//! | effects are performed one by one or together | in some turns calls are made after each effect (the process may die between), in others when all were taken |
//! | a call is short, interrupted, fails, finds a range cold | `files`, `sockets`; drawn for the call's path or peer |
//! | `CloseConn` ends other calls | answers that were already on their way still come |
//!
//! K1: a turn begins as the driver's does: what was sent is told, answers go back, connections are accepted, calls are made.

mod files;
mod lane;
mod sockets;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use ottla_broker::Broker;
use ottla_desk::{Call, CallDone, CallId, Desk, Lane as LaneOf};
use ottla_machine::{Dir, Effect, Event, Switch};

use self::files::Files;
use self::lane::Lane;
use self::sockets::Sockets;
use super::{Host, HostEvent, Outside};
use crate::agenda::Happening;
use crate::draw::{Domain, entity};
use crate::net::NodeTell;

/// An answer.
type Finished = (CallId, CallDone);

const FLUSH: u64 = 0;
const BULK: u64 = 1;

/// The desk arm of one life.
#[derive(Clone, Debug)]
pub struct DeskHost {
    desk: Desk,
    files: Files,
    flush: Lane,
    bulk: Lane,
    sockets: Sockets,
    /// Answers that go back when the next turn begins.
    finished: Vec<Finished>,
    /// Answers that are on their way, by the numbers of their stages.
    late: BTreeMap<u64, Finished>,
    stages: u64,
    /// One answer in so many of the calls that are made inline comes late; 0: none.
    late_one_in: u64,
    turns: u64,
    /// Calls are made after each effect of this turn.
    eager: bool,
    /// There may be calls to make.
    stirred: bool,
}

impl DeskHost {
    /// A process that knows nothing but its log directory; the desk's limits are those of the switch.
    pub fn new(root: Dir, switch: Switch) -> DeskHost {
        DeskHost {
            desk: Desk::new([root], switch),
            files: Files::new(root),
            flush: Lane::new(FLUSH),
            bulk: Lane::new(BULK),
            sockets: Sockets::default(),
            finished: Vec::new(),
            late: BTreeMap::new(),
            stages: BULK,
            late_one_in: 0,
            turns: 0,
            eager: false,
            stirred: false,
        }
    }

    /// What this turn is like: 64 bits.
    fn turn_bits(&mut self, outside: &Outside<'_>) -> u64 {
        let own = entity("desk");
        let life = u64::from(outside.life) << 32;
        if self.turns == 0 {
            let bits = outside.draw.at(Domain::DiskOrder, own, life);
            self.late_one_in = [0, 0, 64, 4][(bits % 4) as usize];
        }
        self.turns += 1;
        outside.draw.at(Domain::DiskOrder, own, life + self.turns)
    }

    fn make_calls(&mut self, outside: &mut Outside<'_>) {
        self.stirred = false;
        while let Some((id, call)) = self.desk.next_call() {
            let made = match call {
                Call::File(LaneOf::Inline, _, call) => {
                    let place = self.files.place(&call, outside);
                    let done = self.files.perform(call, place, outside);
                    Some((done, place.bits))
                }
                Call::File(lane, _, call) => {
                    let lane = match lane {
                        LaneOf::Bulk => &mut self.bulk,
                        _ => &mut self.flush,
                    };
                    lane.push(id, call, &mut self.files, outside);
                    None
                }
                Call::Net(call) => self.sockets.submit(id, call, &mut self.files, outside),
            };
            if let Some((done, bits)) = made {
                self.answer((id, done), bits, outside);
            }
        }
    }

    /// A call that was made at once is answered, now or later.
    fn answer(&mut self, (id, done): Finished, bits: u64, outside: &mut Outside<'_>) {
        let is_late = self.late_one_in > 0 && (bits >> 48).is_multiple_of(self.late_one_in);
        if !is_late {
            return self.desk.back(id, done);
        }
        self.stages += 1;
        self.late.insert(self.stages, (id, done));
        let disk = outside.weather.disk;
        let own = entity("late");
        let n = u64::from(outside.life) << 32 | self.stages;
        let at = outside.now + disk.draw(outside.draw, Domain::DiskLatency, own, n);
        let stage = HostEvent::Stage(self.stages);
        outside.agenda.at(at, Happening::Host(outside.life, stage));
    }
}

/// In an order that these bits stand for.
fn shuffle<T>(list: &mut [T], mut bits: u64) {
    for last in (1..list.len()).rev() {
        bits = crate::draw::mix(bits);
        list.swap(last, (bits % (last as u64 + 1)) as usize);
    }
}

impl Host for DeskHost {
    fn take(&mut self, effect: Effect<Broker>, outside: &mut Outside<'_>) {
        let other = self.desk.take(effect);
        assert!(other.is_none(), "none of a host's business");
        self.stirred = true;
        if self.eager {
            self.make_calls(outside);
        }
    }

    fn net(&mut self, tell: NodeTell, outside: &mut Outside<'_>) {
        self.sockets.on_tell(tell, outside);
    }

    fn happen(&mut self, event: HostEvent, outside: &mut Outside<'_>) {
        let came = match event {
            HostEvent::Stage(FLUSH) => self.flush.on_stage(&mut self.files, outside),
            HostEvent::Stage(BULK) => self.bulk.on_stage(&mut self.files, outside),
            HostEvent::Stage(late) => self.late.remove(&late),
            HostEvent::Look(_) => {
                self.sockets.accepts_again();
                None
            }
        };
        self.finished.extend(came);
    }

    fn turn(&mut self, outside: &mut Outside<'_>) {
        let bits = self.turn_bits(outside);
        self.eager = bits.is_multiple_of(2);
        self.desk.turn();
        let (files, finished) = (&mut self.files, &mut self.finished);
        self.sockets.reap(files, finished, outside);
        while let Some(accepted) = self.sockets.accepted(outside) {
            let conn = self.desk.accepted(accepted.listener, accepted.address);
            self.sockets.adopt(accepted.link, accepted.entity, conn);
        }
        if bits & 2 == 0 {
            shuffle(&mut self.finished, bits);
        }
        for (id, done) in self.finished.drain(..) {
            self.desk.back(id, done);
        }
        self.make_calls(outside);
    }

    fn event(&mut self, outside: &mut Outside<'_>) -> Option<Event<Broker>> {
        if self.stirred {
            self.make_calls(outside);
        }
        self.desk.event().map(Event::from)
    }

    fn is_ready(&self) -> bool {
        self.stirred || !self.finished.is_empty() || self.sockets.is_ready() || self.desk.is_ready()
    }

    fn open(&self) -> (usize, usize) {
        (self.desk.outstanding(), self.sockets.len())
    }
}
