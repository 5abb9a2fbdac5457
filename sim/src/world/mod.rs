//! A whole run: the node, its disk, its network, its clients, what goes wrong, and who judges. One thing happens at a time, in virtual
//! time; the same script gives the same run.
//!
//! | phase | until | then |
//! |---|---|---|
//! | Faulty | the script's horizon | faults stop, clients begin nothing new |
//! | Healing | the node serves and no call is open | a last client writes everywhere and reads everything |
//! | Checking | it has finished | nobody asks for anything |
//! | Resting | a second has passed, and the node has opened every log | the node is asked to stop |
//! | Stopping | it has stopped, cleanly | Over |
//!
//! R1: an oracle's verdict ends the run; so does what liveness asks for when it does not come in time ([`crate::liveness`]).
//! R2: nothing that judges or traces changes what happens.
//! R3: a panic is a finding, whoever panics: the broker, a job of it, or a host whose contract it breaks (F3, I1, C2).

mod faults;
mod lives;
mod process;
mod rehearsal;
mod turns;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ottla_broker::Broker;
use ottla_media::Media;

use crate::agenda::Happening;
use crate::atlas::Atlas;
use crate::client::{Act, Client};
use crate::clock::Clock;
use crate::draw::{Domain, Draw};
use crate::history::Seen;
use crate::host::{Outside, Surroundings};
use crate::liveness;
pub use crate::liveness::Phase;
use crate::net::{Air, ClientTell, NODE, Net, NetTell};
use crate::oracle::{Oracles, Stage, Violation};
use crate::script::{Fired, Nanos, Script, Span};
use crate::trace::{Hash, Lane, Lines};
use process::Process;

pub use process::ROOT;

/// The node, alive or not.
#[derive(Clone)]
pub(crate) struct Node {
    pub process: Option<Process>,
    pub atlas: Atlas,
    pub life: u32,
    /// It does nothing until then.
    pub paused: Nanos,
    /// Turns in a row that did nothing.
    pub restless: u32,
    /// It serves.
    pub ready: bool,
    /// So many of the next starts are killed again.
    pub loops: u32,
    /// The next life is asked to stop once it has opened so many segments, with this patience.
    pub stop_opening: Option<(u32, Nanos)>,
    /// How a life ends that comes to its crash.
    pub crash: process::Crash,
}

impl Node {
    pub(crate) fn broker(&self) -> Option<&Broker> {
        self.process.as_ref().map(|process| &process.broker)
    }
}

/// How much was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls of `step`.
    pub steps: u64,
    /// Calls of `settle` included: everything that was judged.
    pub judged: u64,
    /// Lives of the process.
    pub lives: u64,
    /// Requests that clients made.
    pub asked: u64,
    /// Requests that were answered.
    pub answered: u64,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// What could not be, if anything.
    pub failure: Option<Failure>,
    /// The hash of all that happened.
    pub hash: String,
    /// How much was done.
    pub counts: Counts,
    /// Virtual time at the end.
    pub ended: Nanos,
    /// Rare situations of the core that were met.
    pub sites: BTreeMap<&'static str, u64>,
    /// Which calls went wrong.
    pub fired: Vec<Fired>,
    /// Lines for people, when they were wanted.
    pub lines: Vec<String>,
}

/// What could not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// When it was seen.
    pub at: Nanos,
    /// After how many steps.
    pub step: u64,
    /// By whom, and what.
    pub violation: Violation,
}

/// A run.
#[derive(Clone)]
pub struct World {
    script: Arc<Script>,
    now: Nanos,
    clock: Clock,
    around: Surroundings,
    node: Node,
    clients: Vec<Client>,
    /// When each client is on the agenda.
    awake: Vec<Option<Nanos>>,
    phase: Phase,
    /// When the phase must be over.
    patience: Nanos,
    /// Until when nobody asks for anything.
    rest: Nanos,
    oracles: Oracles,
    counts: Counts,
    hash: Hash,
    lines: Lines,
    sites: BTreeMap<&'static str, u64>,
    failure: Option<Failure>,
    said: Vec<NetTell>,
}

impl World {
    /// A world in which nothing has happened. With `lines`, it keeps a text of what happens.
    pub fn new(script: Arc<Script>, lines: bool) -> World {
        let draw = Draw::new(script.seed);
        let flush = script.settings.get("log.flush.on.ack");
        let atlas = Atlas::new(flush.is_none_or(|value| value != "false"));
        let weather = &script.weather;
        let media = Media::new(weather.capacity);
        let mut world = World {
            now: 0,
            clock: Clock::new(&script.weather),
            around: Surroundings::new(draw, weather.clone(), script.chances.clone(), media),
            node: Node::new(atlas),
            clients: Vec::new(),
            awake: Vec::new(),
            phase: Phase::Faulty,
            patience: Nanos::MAX,
            rest: 0,
            oracles: Oracles::new(&script),
            counts: Counts::default(),
            hash: Hash::default(),
            lines: Lines::new(lines),
            sites: BTreeMap::new(),
            failure: None,
            said: Vec::new(),
            script,
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        let script = Arc::clone(&self.script);
        for place in 0..script.clients.len() {
            self.join(&script, place);
        }
        for (place, fault) in script.faults.iter().enumerate() {
            self.around.agenda.at(fault.at, Happening::Fault(place));
        }
        self.around.agenda.at(script.horizon, Happening::Horizon);
        self.around.agenda.at(0, Happening::Start);
    }

    /// A client comes in.
    fn join(&mut self, script: &Arc<Script>, place: usize) {
        let client = Client::new(Arc::clone(script), place, self.around.draw);
        self.clients.push(client);
        self.awake.push(None);
        self.wake(self.clients.len() - 1);
    }

    /// Runs to the end.
    pub fn run(mut self) -> Report {
        while self.phase != Phase::Over && self.failure.is_none() {
            self.guarded(World::happen_next);
        }
        if let Some(process) = &mut self.node.process {
            add(&mut self.sites, process.take_sites());
        }
        Report {
            failure: self.failure,
            hash: self.hash.print(),
            counts: self.counts,
            ended: self.now,
            sites: self.sites,
            fired: self.around.dice.fired().iter().copied().collect(),
            lines: self.lines.lines().to_vec(),
        }
    }

    /// R3.
    fn guarded(&mut self, act: impl FnOnce(&mut World)) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| act(self))) {
            self.fail(Violation {
                oracle: "panic",
                what: format!("a panic: {}", crate::panics::words(&*payload)),
            });
        }
    }

    /// The next thing happens.
    fn happen_next(&mut self) {
        let Some((at, what)) = self.around.agenda.take() else {
            return self.fail(liveness::stuck(self.phase));
        };
        self.now = self.now.max(at);
        if self.now > self.patience {
            if self.node.atlas.hurt_a_segment() {
                // Its own data was damaged below what it may cut off: it says so and stays away.
                self.phase = Phase::Over;
                return;
            }
            let pending = self.pending();
            return self.fail(liveness::late(self.phase, &pending));
        }
        self.happen(what);
        self.listen();
        self.plan_turn();
        self.go_on();
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Net(event) => {
                let (net, mut air) = self.air();
                let mut said = Vec::new();
                net.happen(event, &mut air, &mut said);
                self.said.extend(said);
            }
            Happening::Host(life, event) => {
                if life == self.node.life
                    && let Some((process, mut outside)) = self.outside()
                {
                    process.happen(event, &mut outside);
                }
            }
            Happening::Turn(life) => self.on_turn(life),
            Happening::Job(life, number) => {
                if life == self.node.life
                    && let Some(process) = &mut self.node.process
                {
                    process.job_done(number);
                }
            }
            Happening::Client(id) => self.on_client_time(id),
            Happening::Fault(place) => self.on_fault(place),
            Happening::Over(over) => self.on_over(over),
            Happening::Start => self.start(),
            Happening::Horizon => self.heal(),
        }
    }

    /// What the network has said is told to whom it concerns, until nobody has anything more to say.
    fn listen(&mut self) {
        let mut rounds = 0;
        while !self.said.is_empty() {
            rounds += 1;
            assert!(rounds < 10_000, "the network never comes to rest");
            for tell in std::mem::take(&mut self.said) {
                match tell {
                    NetTell::Node(_, tell) => {
                        if let Some((process, mut outside)) = self.outside() {
                            process.net(tell, &mut outside);
                        }
                    }
                    NetTell::Client(id, tell) => self.on_client_net(id, tell),
                }
            }
        }
        self.note_failures();
    }

    /// What was made to fail is put on the map before anybody judges what came of it.
    fn note_failures(&mut self) {
        for what in std::mem::take(&mut self.around.failed) {
            let now = self.now;
            self.lines.say(now, Lane::Fault, || what.clone());
            self.node
                .atlas
                .note(now, crate::atlas::Entry::Failed { what });
        }
    }

    fn place_of(&self, id: u32) -> Option<usize> {
        self.clients.iter().position(|client| client.id() == id)
    }

    fn on_client_time(&mut self, id: u32) {
        let Some(place) = self.place_of(id) else {
            return;
        };
        if self.awake[place].is_none_or(|at| at > self.now) {
            return;
        }
        self.awake[place] = None;
        let wall = self.clock.wall(self.now);
        let mut acts = Vec::new();
        self.clients[place].on_time(self.now, wall, &mut acts);
        self.perform(place, acts);
    }

    fn on_client_net(&mut self, id: u32, tell: ClientTell) {
        let Some(place) = self.place_of(id) else {
            return;
        };
        let wall = self.clock.wall(self.now);
        let mut acts = Vec::new();
        self.clients[place].on_net(self.now, wall, tell, &mut acts);
        self.perform(place, acts);
    }

    fn perform(&mut self, place: usize, acts: Vec<Act>) {
        let id = self.clients[place].id();
        for act in acts {
            match act {
                Act::Connect { listener } => {
                    let (net, mut air) = self.air();
                    let link = net.connect(id, NODE, listener, &mut air);
                    self.clients[place].connecting(link);
                }
                Act::Send(link, bytes) => {
                    self.hash.bytes(&bytes);
                    let (net, mut air) = self.air();
                    net.client_send(link, bytes, &mut air);
                }
                Act::Close(link) => {
                    let (net, mut air) = self.air();
                    net.client_close(link, &mut air);
                }
                Act::Asked(asked) => {
                    self.counts.asked += 1;
                    self.tell(Lane::Client(id), &Seen::Asked(&asked));
                }
                Act::Answered(asked, reply) => {
                    self.counts.answered += 1;
                    self.tell(Lane::Client(id), &Seen::Answered(&asked, &reply));
                }
                Act::Lost(asked) => self.tell(Lane::Client(id), &Seen::Lost(&asked)),
                Act::HungUp(open) => {
                    let seen = Seen::HungUp {
                        client: id,
                        open: &open,
                    };
                    self.tell(Lane::Client(id), &seen);
                }
                Act::Garbled(what) => {
                    let seen = Seen::Garbled {
                        client: id,
                        what: &what,
                    };
                    self.tell(Lane::Client(id), &seen);
                }
            }
        }
        self.wake(place);
    }

    /// Puts a client on the agenda when it wants to look at the clock.
    fn wake(&mut self, place: usize) {
        let Some(at) = self.clients[place].wake_at() else {
            return;
        };
        let at = at.max(self.now);
        if self.awake[place].is_none_or(|known| at < known) {
            self.awake[place] = Some(at);
            let id = self.clients[place].id();
            self.around.agenda.at(at, Happening::Client(id));
        }
    }

    /// Tells the oracles.
    fn tell(&mut self, lane: Lane, seen: &Seen<'_>) {
        self.lines.say(self.now, lane, || crate::words::say(seen));
        let scene = Stage {
            at: self.now,
            script: &self.script,
            atlas: &self.node.atlas,
            broker: self.node.broker(),
            media: &self.around.media,
            life: self.node.life,
        };
        if let Err(violation) = self.oracles.see(&scene, seen) {
            self.fail(violation);
        }
    }

    /// Everything is looked at.
    fn sweep(&mut self) {
        let scene = Stage {
            at: self.now,
            script: &self.script,
            atlas: &self.node.atlas,
            broker: self.node.broker(),
            media: &self.around.media,
            life: self.node.life,
        };
        if let Err(violation) = self.oracles.sweep(&scene) {
            self.fail(violation);
        }
    }

    fn fail(&mut self, violation: Violation) {
        self.lines.say(self.now, Lane::Oracle, || {
            format!("{}: {}", violation.oracle, violation.what)
        });
        let failure = Failure {
            at: self.now,
            step: self.counts.steps,
            violation,
        };
        self.failure.get_or_insert(failure);
    }

    /// The network, and what every call to it needs.
    fn air(&mut self) -> (&mut Net, Air<'_>) {
        self.around.air(self.now)
    }

    /// The process, if one lives, and the world around it.
    fn outside(&mut self) -> Option<(&mut Process, Outside<'_>)> {
        let process = self.node.process.as_mut()?;
        let outside = self.around.outside(self.now, self.node.life);
        Some((process, outside))
    }

    /// A time of this span.
    fn span(&self, span: Span, domain: Domain, entity: u64, n: u64) -> Nanos {
        span.draw(self.around.draw, domain, entity, n)
    }
}

fn add(to: &mut BTreeMap<&'static str, u64>, from: BTreeMap<&'static str, u64>) {
    for (site, count) in from {
        *to.entry(site).or_insert(0) += count;
    }
}

#[cfg(test)]
mod tests;
