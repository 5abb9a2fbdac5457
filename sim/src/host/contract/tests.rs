//! The contract arm with nobody but a test on it: effects in, events out, the agenda worked off in between.

mod connections;
mod disk;
mod faults;

use std::collections::BTreeMap;

use bytes::Bytes;
use ottla_broker::Broker;
use ottla_machine::{
    Dir, DiskOp, DiskOutput, Effect, Event, Fault, File, Mode, Name, Op, Output, Owner,
};
use ottla_media::{Fate, Media};

use super::Contract;
use crate::agenda::{Agenda, Happening};
use crate::chance::Dice;
use crate::draw::Draw;
use crate::host::{Host, Outside};
use crate::net::{Air, ClientTell, Net, NetTell};
use crate::script::{Chance, Chances, MS, Nanos, Span, US, Weather};

const ROOT: Dir = Dir(0);

type Answer = Result<DiskOutput, Fault>;

/// A world with one process and no broker.
#[derive(Clone)]
struct Rig {
    host: Contract,
    media: Media,
    net: Net,
    agenda: Agenda,
    dice: Dice,
    weather: Weather,
    draw: Draw,
    failed: Vec<String>,
    now: Nanos,
    life: u32,
    stalled: Nanos,
    full: bool,
    seq: u64,
    /// What clients were told.
    heard: Vec<ClientTell>,
}

fn weather() -> Weather {
    let span = |least, spread| Span {
        least,
        spread,
        rare: 50,
    };
    Weather {
        latency: span(100 * US, MS),
        segment: 2000,
        socket: 8 << 10,
        disk: span(10 * US, 400 * US),
        sync: span(100 * US, 5 * MS),
        job: span(10 * US, MS),
        wake: span(US, 20 * US),
        turn: 256,
        capacity: 64 << 20,
        wall: 0,
        drift: 0,
    }
}

impl Rig {
    fn new(seed: u64) -> Rig {
        Rig::with(seed, Chances::default())
    }

    /// One in so many calls goes wrong in each of these ways.
    fn failing(seed: u64, many: u64, chances: &[Chance]) -> Rig {
        let rates = chances.iter().map(|chance| (*chance, many)).collect();
        Rig::with(seed, Chances { rates, only: None })
    }

    fn with(seed: u64, chances: Chances) -> Rig {
        let draw = Draw::new(seed);
        let mut net = Net::new();
        net.listening(true);
        Rig {
            host: Contract::new(ROOT),
            media: Media::new(64 << 20),
            net,
            agenda: Agenda::new(draw),
            dice: Dice::new(draw, chances),
            weather: weather(),
            draw,
            failed: Vec::new(),
            now: 0,
            life: 1,
            stalled: 0,
            full: false,
            seq: 0,
            heard: Vec::new(),
        }
    }

    /// Does something with the host in its world.
    fn on_host<T>(&mut self, act: impl FnOnce(&mut Contract, &mut Outside<'_>) -> T) -> T {
        let mut outside = Outside {
            now: self.now,
            life: self.life,
            draw: self.draw,
            weather: &self.weather,
            stalled: self.stalled,
            full: self.full,
            dice: &mut self.dice,
            agenda: &mut self.agenda,
            net: &mut self.net,
            media: &mut self.media,
            failed: &mut self.failed,
        };
        act(&mut self.host, &mut outside)
    }

    /// Does something with the network.
    fn on_net<T>(&mut self, act: impl FnOnce(&mut Net, &mut Air<'_>) -> T) -> T {
        let mut air = Air {
            now: self.now,
            draw: self.draw,
            weather: &self.weather,
            dice: &mut self.dice,
            agenda: &mut self.agenda,
        };
        act(&mut self.net, &mut air)
    }

    fn take(&mut self, effect: Effect<Broker>) {
        self.on_host(|host, outside| host.take(effect, outside));
    }

    /// Issues an operation; answers its number.
    fn issue(&mut self, what: DiskOp) -> u64 {
        self.seq += 1;
        let owner = Owner {
            part: 1,
            slot: 0,
            generation: 0,
        };
        self.take(Effect::Disk(owner.op(self.seq), what));
        self.seq
    }

    fn event(&mut self) -> Option<Event<Broker>> {
        self.on_host(|host, outside| host.event(outside))
    }

    /// A turn begins.
    fn turn(&mut self) {
        self.on_host(|host, outside| host.turn(outside));
    }

    /// The next thing on the agenda happens; `false` when there is nothing.
    fn happen(&mut self) -> bool {
        let Some((at, what)) = self.agenda.next() else {
            return false;
        };
        self.now = at;
        match what {
            Happening::Host(life, event) if life == self.life => {
                self.on_host(|host, outside| host.happen(event, outside));
            }
            Happening::Host(..) => {}
            Happening::Net(event) => {
                let mut out = Vec::new();
                self.on_net(|net, air| net.happen(event, air, &mut out));
                self.told(out);
            }
            other => panic!("{other:?} is nobody's here"),
        }
        true
    }

    fn told(&mut self, tells: Vec<NetTell>) {
        for tell in tells {
            match tell {
                NetTell::Node(tell) => self.on_host(|host, outside| host.net(tell, outside)),
                NetTell::Client(_, tell) => self.heard.push(tell),
            }
        }
    }

    /// The `Done`s that are there.
    fn dones(&mut self) -> Vec<(u64, Answer)> {
        let mut dones = Vec::new();
        while let Some(event) = self.event() {
            let Event::Done(Op { seq, .. }, result) = event else {
                panic!("{event:?} is no Done");
            };
            let answer = result.map(|output| match output {
                Output::Disk(output) => output,
                Output::Product(_) => panic!("there are no jobs"),
            });
            dones.push((seq, answer));
        }
        dones
    }

    /// Works the agenda off; all `Done`s in the order told.
    fn rest(&mut self) -> Vec<(u64, Answer)> {
        let mut dones = self.dones();
        while self.happen() {
            dones.extend(self.dones());
        }
        dones
    }

    /// Operations that are all issued at once; their answers in the order issued.
    fn all(&mut self, ops: Vec<DiskOp>) -> Vec<Answer> {
        let first = self.seq + 1;
        let count = ops.len();
        for op in ops {
            self.issue(op);
        }
        let dones: BTreeMap<u64, Answer> = self.rest().into_iter().collect();
        assert!(dones.keys().copied().eq(first..first + count as u64), "D1");
        dones.into_values().collect()
    }

    fn run(&mut self, op: DiskOp) -> Answer {
        self.all(vec![op]).remove(0)
    }

    /// Runs one after the other.
    fn each(&mut self, ops: Vec<DiskOp>) -> Vec<Answer> {
        ops.into_iter().map(|op| self.run(op)).collect()
    }

    /// The process dies, and another begins.
    fn dies(&mut self) {
        self.media.kill();
        self.host = Contract::new(ROOT);
        self.life += 1;
    }

    /// The power goes; all that may be lost is.
    fn loses_power(&mut self) {
        self.media.power_cut(|_| Fate::Old);
        self.host = Contract::new(ROOT);
        self.life += 1;
    }

    /// All of a file.
    fn bytes(&self, path: &str) -> Option<Bytes> {
        crate::on_disk::file(&self.media, path)
    }
}

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

fn open(file: u64, dir: Dir, at: &str, mode: Mode) -> DiskOp {
    DiskOp::Open {
        dir,
        name: name(at),
        file: File(file),
        mode,
    }
}

fn write(file: u64, at: u64, bytes: &[u8]) -> DiskOp {
    DiskOp::Write {
        file: File(file),
        at,
        bytes: vec![Bytes::copy_from_slice(bytes)],
    }
}

fn read(file: u64, at: u64, len: u32) -> DiskOp {
    DiskOp::Read {
        file: File(file),
        at,
        len,
    }
}

fn rename(from: (Dir, &str), to: (Dir, &str)) -> DiskOp {
    DiskOp::Rename {
        from: (from.0, name(from.1)),
        to: (to.0, name(to.1)),
    }
}

fn remove(dir: Dir, at: &str) -> DiskOp {
    DiskOp::Remove {
        dir,
        name: name(at),
    }
}

fn make_dir(dir: Dir, at: &str, made: u64) -> DiskOp {
    DiskOp::MakeDir {
        dir,
        name: name(at),
        made: Dir(made),
    }
}

fn list(dir: Dir, after: Option<&str>, most: u32) -> DiskOp {
    DiskOp::List {
        dir,
        after: after.map(name),
        most,
    }
}

fn sync(file: u64) -> DiskOp {
    DiskOp::Sync(File(file))
}

fn bytes(answer: &Answer) -> &[u8] {
    match answer {
        Ok(DiskOutput::Read(bytes)) => bytes,
        other => panic!("{other:?} is no bytes"),
    }
}

const DONE: Answer = Ok(DiskOutput::Done);

fn opened(len: u64) -> Answer {
    Ok(DiskOutput::Opened { len })
}
