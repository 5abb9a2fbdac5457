//! A tiny node, its clients, and a network with latencies between them: what happens in it, and what was seen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;

use crate::batch;
use crate::client::toy::{Mind, Said, Toy};
use crate::client::{Act, Client};
use crate::draw::{Domain, Draw, Stream, entity, mix};
use crate::history::{Ask, Asked, Batch, RecordId, Reply};
use crate::net::{ClientTell, Link};
use crate::script::{
    Arm, Chances, ClientScript, MS, Nanos, Operation, Place, SECOND, Script, Span, TimedOp,
    Versions, Weather,
};
use crate::swarm::operations;
pub(super) const WALL: i64 = 1_700_000_000_000;

pub(super) enum Event {
    ToNode(Link, Bytes),
    ToClient(usize, ClientTell),
    Time(usize),
}

pub(super) struct Wire {
    pub(super) client: usize,
    pub(super) input: Vec<u8>,
    /// When the last answer arrives: they are in order.
    pub(super) last: Nanos,
}

/// A node, its clients, and what was seen.
pub(super) struct Town {
    pub(super) toy: Toy,
    pub(super) clients: Vec<Client>,
    pub(super) wires: BTreeMap<Link, Wire>,
    pub(super) agenda: BTreeMap<(Nanos, u64), Event>,
    pub(super) count: u64,
    pub(super) now: Nanos,
    pub(super) stream: Stream,
    /// What is changed in the bytes of an answer before it is sent.
    pub(super) spoil: Option<fn(&mut Vec<u8>)>,
    pub(super) open: BTreeMap<u64, Arc<Asked>>,
    pub(super) answered: Vec<(Arc<Asked>, Reply)>,
    pub(super) lost: Vec<Arc<Asked>>,
    pub(super) garbled: Vec<String>,
    /// The hash of all acts, when it is wanted.
    pub(super) trace: Option<u64>,
}

impl Town {
    pub(super) fn new(seed: u64, clients: Vec<ClientScript>, mind: Mind) -> Town {
        let script = Arc::new(script(seed, clients));
        let draw = Draw::new(seed);
        let clients =
            (0..script.clients.len()).map(|place| Client::new(Arc::clone(&script), place, draw));
        let mut town = Town {
            toy: Toy::new(draw.stream(Domain::Damage, 1), mind),
            clients: clients.collect(),
            wires: BTreeMap::new(),
            agenda: BTreeMap::new(),
            count: 0,
            now: 0,
            stream: draw.stream(Domain::Latency, 1),
            spoil: None,
            open: BTreeMap::new(),
            answered: Vec::new(),
            lost: Vec::new(),
            garbled: Vec::new(),
            trace: None,
        };
        for client in 0..town.clients.len() {
            if let Some(at) = town.clients[client].wake_at() {
                town.at(at, Event::Time(client));
            }
        }
        town
    }

    pub(super) fn at(&mut self, at: Nanos, event: Event) {
        self.count += 1;
        self.agenda.insert((at, self.count), event);
    }

    pub(super) fn wall(&self) -> i64 {
        WALL + (self.now / MS) as i64
    }

    pub(super) fn latency(&mut self) -> Nanos {
        self.stream.within(MS / 10, 5 * MS)
    }

    /// Runs until then, or until nobody has anything to do.
    pub(super) fn run(&mut self, until: Nanos) {
        let mut events = 0;
        while let Some(((at, _), event)) = self.agenda.pop_first() {
            if at > until {
                self.at(at, event);
                return;
            }
            events += 1;
            assert!(events < 2_000_000, "it never comes to rest");
            self.now = at;
            match event {
                Event::ToNode(link, bytes) => self.serve(link, &bytes),
                Event::ToClient(client, tell) => {
                    let mut acts = Vec::new();
                    let wall = self.wall();
                    self.clients[client].on_net(at, wall, tell, &mut acts);
                    self.perform(client, acts);
                }
                Event::Time(client) => {
                    let due = self.clients[client].wake_at().is_none_or(|wake| wake <= at);
                    if due {
                        let mut acts = Vec::new();
                        let wall = self.wall();
                        self.clients[client].on_time(at, wall, &mut acts);
                        self.perform(client, acts);
                        let wake = self.clients[client].wake_at();
                        assert!(
                            wake.is_none_or(|wake| wake > at),
                            "it looks at the clock for nothing"
                        );
                    }
                }
            }
        }
    }

    pub(super) fn serve(&mut self, link: Link, bytes: &[u8]) {
        let Some(wire) = self.wires.get_mut(&link) else {
            return;
        };
        wire.input.extend_from_slice(bytes);
        loop {
            let Some(wire) = self.wires.get_mut(&link) else {
                return;
            };
            let Some(prefix) = wire.input.first_chunk() else {
                return;
            };
            let length = 4 + i32::from_be_bytes(*prefix) as usize;
            if wire.input.len() < length {
                return;
            }
            let frame: Vec<u8> = wire.input.drain(..length).collect();
            let client = wire.client;
            match self.toy.take(&frame[4..]) {
                Said::Nothing => {}
                Said::HangUp => {
                    self.wires.remove(&link);
                    let at = self.now + self.latency();
                    self.at(at, Event::ToClient(client, ClientTell::Gone(link)));
                }
                Said::Bytes(bytes, ms) => self.send(link, &bytes, ms as u64 * MS),
            }
        }
    }

    /// An answer arrives in pieces.
    pub(super) fn send(&mut self, link: Link, bytes: &[u8], waits: Nanos) {
        let mut bytes = bytes.to_vec();
        if let Some(spoil) = self.spoil {
            spoil(&mut bytes);
        }
        let latency = self.latency();
        let cut = self.stream.below(bytes.len() as u64 + 1) as usize;
        let Some(wire) = self.wires.get_mut(&link) else {
            return;
        };
        let at = (self.now + waits + latency).max(wire.last + 1);
        wire.last = at + 1;
        let client = wire.client;
        for (piece, at) in [(&bytes[..cut], at), (&bytes[cut..], at + 1)] {
            let tell = ClientTell::Received(link, Bytes::copy_from_slice(piece));
            self.at(at, Event::ToClient(client, tell));
        }
    }

    pub(super) fn perform(&mut self, client: usize, acts: Vec<Act>) {
        for act in acts {
            if let Some(trace) = &mut self.trace {
                *trace = mix(*trace ^ entity(&format!("{act:?}")));
            }
            match act {
                Act::Connect { .. } => {
                    self.count += 1;
                    let link = Link(self.count);
                    self.clients[client].connecting(link);
                    let wire = Wire {
                        client,
                        input: Vec::new(),
                        last: 0,
                    };
                    self.wires.insert(link, wire);
                    let at = self.now + self.latency();
                    self.at(at, Event::ToClient(client, ClientTell::Connected(link)));
                }
                Act::Send(link, bytes) => {
                    let at = self.now + 3 * MS;
                    self.at(at, Event::ToNode(link, bytes));
                }
                Act::Close(link) => {
                    self.wires.remove(&link);
                }
                Act::Asked(asked) => {
                    let before = self.open.insert(asked.number, asked);
                    assert!(before.is_none(), "a request's number is its own");
                }
                Act::Answered(asked, reply) => {
                    self.end(&asked);
                    self.answered.push((asked, reply));
                }
                Act::Lost(asked) => {
                    self.end(&asked);
                    self.lost.push(asked);
                }
                Act::HungUp(open) => {
                    let known = |asked: &Arc<Asked>| self.open.contains_key(&asked.number);
                    assert!(open.iter().all(known), "what is told as open is open");
                }
                Act::Garbled(what) => self.garbled.push(what),
            }
        }
        if let Some(wake) = self.clients[client].wake_at() {
            self.at(wake.max(self.now), Event::Time(client));
        }
    }

    /// C1.
    pub(super) fn end(&mut self, asked: &Asked) {
        let open = self.open.remove(&asked.number);
        assert!(open.is_some(), "C1: {asked:?} ended, and was not open");
    }

    /// Operations end; what is under way goes on.
    pub(super) fn finish(&mut self, until: Nanos) {
        for client in 0..self.clients.len() {
            self.clients[client].finish();
            self.at(self.now, Event::Time(client));
        }
        self.toy.mind = Mind::default();
        self.run(until);
        for client in &self.clients {
            assert!(
                client.is_idle(),
                "client {} has something under way",
                client.id()
            );
            assert_eq!(client.wake_at(), None);
        }
        assert!(self.open.is_empty(), "C1: {:?}", self.open);
        assert!(
            self.wires.is_empty(),
            "who has finished holds no connection"
        );
    }

    /// Each partition of each request, with what it was answered.
    pub(super) fn produced(&self) -> impl Iterator<Item = (&Asked, &Arc<Batch>, i16, i64)> {
        self.answered.iter().flat_map(|(asked, reply)| {
            let (Ask::Produce { parts, .. }, Reply::Produce { parts: said }) = (&asked.ask, reply)
            else {
                return Vec::new();
            };
            let said = said.iter().map(|(named, said)| {
                let batch = parts.iter().find(|(asked, _)| asked == named);
                (
                    &**asked,
                    &batch.expect("H2").1,
                    said.error,
                    said.base_offset,
                )
            });
            said.collect()
        })
    }

    /// What every partition holds, by the records' ids.
    pub(super) fn held(&self) -> BTreeMap<(String, usize), Vec<RecordId>> {
        let mut held = BTreeMap::new();
        for (name, topic) in &self.toy.topics {
            for (index, log) in topic.logs.iter().enumerate() {
                let batches = log
                    .batches
                    .iter()
                    .flat_map(|bytes| batch::show(bytes).batches);
                let records = batches.flat_map(|batch| batch.records);
                let ids = records.map(|record| record.2.expect("B1"));
                held.insert((name.clone(), index), ids.collect());
            }
        }
        held
    }
}

pub(super) fn script(seed: u64, clients: Vec<ClientScript>) -> Script {
    let span = Span::default();
    Script {
        seed,
        planted: None,
        limits: None,
        arm: Arm::Contract,
        horizon: 10 * SECOND,
        settings: BTreeMap::new(),
        weather: Weather {
            latency: span,
            segment: 1_000,
            socket: 1_000,
            disk: span,
            sync: span,
            job: span,
            wake: span,
            turn: 10,
            capacity: 1 << 30,
            wall: WALL,
            drift: 0,
        },
        chances: Chances::default(),
        faults: Vec::new(),
        clients,
    }
}

pub(super) fn drawn(seed: u64) -> Vec<ClientScript> {
    let mut stream = Draw::new(seed).stream(Domain::Script, 3);
    operations::clients(&mut stream, 10 * SECOND)
}

pub(super) fn client(id: u32, ops: Vec<Operation>) -> ClientScript {
    let ops = (1..).zip(ops).map(|(number, what)| TimedOp {
        at: u64::from(number) * 20 * MS,
        number,
        what,
    });
    ClientScript {
        id,
        idempotent: true,
        in_flight: 5,
        versions: Versions::Newest,
        sessions: true,
        committed: false,
        retries: 50,
        patience: 10 * SECOND,
        listener: 0,
        ops: ops.collect(),
    }
}

pub(super) const T1: Place = Place {
    topic: 1,
    partition: 0,
};

pub(super) fn create(partitions: i32) -> Operation {
    Operation::CreateTopic {
        topic: 1,
        partitions,
        settings: Vec::new(),
    }
}

pub(super) fn write(places: &[Place]) -> Operation {
    Operation::Produce {
        places: places.to_vec(),
        acks: -1,
        records: 3,
        bytes: 300,
        codec: 0,
        skew: 0,
    }
}

pub(super) fn read(places: &[Place]) -> Operation {
    Operation::Fetch {
        places: places.to_vec(),
        max_wait_ms: 50,
        min_bytes: 1,
        max_bytes: 10_000,
        partition_max_bytes: 2_000,
    }
}

/// Operations that were begun, and all.
pub(super) fn begun(town: &Town) -> (usize, usize) {
    let begun = town.clients.iter().map(|client| client.next_op);
    let all = town.clients.iter().map(|client| client.me().ops.len());
    (begun.sum(), all.sum())
}

/// More than 60 % of the batches that are right were taken, however often each was sent, and none that is wrong.
pub(super) fn aimed(town: &Town, seed: u64) {
    let mut right: BTreeMap<RecordId, bool> = BTreeMap::new();
    for (_, batch, error, _) in town.produced() {
        assert!(batch.wrong.is_none() || error != 0, "seed {seed}");
        if let (None, Some((first, _))) = (batch.wrong, batch.records.first()) {
            *right.entry(*first).or_default() |= error == 0;
        }
    }
    let taken = right.values().filter(|taken| **taken).count();
    let asked = right.len();
    assert!(taken * 10 > asked * 6, "seed {seed}: {taken} of {asked}");
}

/// How many records that are there were read.
pub(super) fn seen(town: &Town) -> usize {
    let held: BTreeSet<RecordId> = town.held().into_values().flatten().collect();
    let mut seen = 0;
    for (_, reply) in &town.answered {
        let Reply::Fetch { parts, .. } = reply else {
            continue;
        };
        for (_, fetched) in parts {
            assert_eq!((fetched.torn, &fetched.garbled), (0, &None));
            let records = fetched.batches.iter().flat_map(|batch| &batch.records);
            let known = records.filter(|record| held.contains(&record.2.expect("B1")));
            seen += known.count();
        }
    }
    seen
}
