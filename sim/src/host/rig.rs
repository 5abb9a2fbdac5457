//! An arm with nobody but a test on it: effects in, events out, the agenda worked off in between.

use std::ops::Range;

use bytes::Bytes;
use ottla_broker::Broker;
pub(super) use ottla_conformance::{
    Answer, DONE, Disk, ROOT, bytes, list, make_dir, open, opened, read, remove, rename, sync,
    write,
};
use ottla_machine::{DiskOp, Effect, Effects, Emit, Event, Op, Output, Owner, Switch};
use ottla_media::{Fate, Media};

use crate::agenda::Happening;
use crate::draw::Draw;
use crate::host::contract::Contract;
use crate::host::desk::DeskHost;
use crate::host::{Host, Outside, Surroundings};
use crate::net::{Air, ClientTell, NODE, Net, NetTell};
use crate::planted::plant;
use crate::script::{Arm, Chance, Chances, MS, Nanos, Span, US, Weather};

/// A world with one process and no broker.
#[derive(Clone)]
pub(super) struct Rig {
    pub(super) arm: Arm,
    pub(super) contract: Contract,
    pub(super) desk: DeskHost,
    pub(super) around: Surroundings,
    pub(super) now: Nanos,
    pub(super) life: u32,
    /// What the desk's limits are drawn from.
    pub(super) switch: Switch,
    pub(super) seq: u64,
    /// What clients were told.
    pub(super) heard: Vec<ClientTell>,
}

pub(super) fn weather() -> Weather {
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
    pub(super) fn new(seed: u64) -> Rig {
        Rig::with(seed, Chances::default())
    }

    /// One of each arm.
    pub(super) fn arms(seed: u64) -> [Rig; 2] {
        let desk = Rig {
            arm: Arm::Desk,
            ..Rig::new(seed)
        };
        [Rig::new(seed), desk]
    }

    /// One of each arm for every seed.
    pub(super) fn both(seeds: Range<u64>) -> impl Iterator<Item = (u64, Rig)> {
        seeds.flat_map(|seed| Rig::arms(seed).map(|rig| (seed, rig)))
    }

    /// One in so many calls goes wrong in each of these ways.
    pub(super) fn failing(seed: u64, many: u64, chances: &[Chance]) -> Rig {
        let rates = chances.iter().map(|chance| (*chance, many)).collect();
        Rig::with(seed, Chances { rates, only: None })
    }

    pub(super) fn with(seed: u64, chances: Chances) -> Rig {
        let mut around =
            Surroundings::new(Draw::new(seed), weather(), chances, Media::new(64 << 20));
        around.net.listening(NODE, true);
        Rig {
            arm: Arm::Contract,
            contract: Contract::new(ROOT),
            desk: DeskHost::new(ROOT, Switch::default()),
            around,
            now: 0,
            life: 1,
            switch: Switch::default(),
            seq: 0,
            heard: Vec::new(),
        }
    }

    /// With limits of the desk that are drawn from a number.
    pub(super) fn drawn(self, limits: u64) -> Rig {
        let mut fx = Effects::new();
        plant(&mut fx, None, cfg!(feature = "planted").then_some(limits));
        Rig {
            desk: DeskHost::new(ROOT, fx.switch()),
            switch: fx.switch(),
            ..self
        }
    }

    /// Does something with the host in its world.
    pub(super) fn on_host<T>(
        &mut self,
        act: impl FnOnce(&mut dyn Host, &mut Outside<'_>) -> T,
    ) -> T {
        let mut outside = self.around.outside(self.now, self.life);
        let host: &mut dyn Host = match self.arm {
            Arm::Contract => &mut self.contract,
            Arm::Desk => &mut self.desk,
        };
        act(host, &mut outside)
    }

    /// Does something with the network.
    pub(super) fn on_net<T>(&mut self, act: impl FnOnce(&mut Net, &mut Air<'_>) -> T) -> T {
        let (net, mut air) = self.around.air(self.now);
        act(net, &mut air)
    }

    pub(super) fn take(&mut self, effect: Effect<Broker>) {
        self.on_host(|host, outside| host.take(effect, outside));
    }

    /// Issues an operation; answers its number.
    pub(super) fn issue(&mut self, what: DiskOp) -> u64 {
        self.seq += 1;
        let owner = Owner {
            part: 1,
            slot: 0,
            generation: 0,
        };
        self.take(Effect::Disk(owner.op(self.seq), what));
        self.seq
    }

    pub(super) fn event(&mut self) -> Option<Event<Broker>> {
        self.on_host(|host, outside| host.event(outside))
    }

    pub(super) fn is_ready(&mut self) -> bool {
        self.on_host(|host, _| host.is_ready())
    }

    /// A turn begins.
    pub(super) fn turn(&mut self) {
        self.on_host(|host, outside| host.turn(outside));
    }

    /// The next thing on the agenda happens; `false` when there is nothing.
    pub(super) fn happen(&mut self) -> bool {
        let Some((at, what)) = self.around.agenda.take() else {
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

    pub(super) fn told(&mut self, tells: Vec<NetTell>) {
        for tell in tells {
            match tell {
                NetTell::Node(_, tell) => self.on_host(|host, outside| host.net(tell, outside)),
                NetTell::Client(_, tell) => self.heard.push(tell),
            }
        }
    }

    /// The `Done`s that are there.
    pub(super) fn dones(&mut self) -> Vec<(u64, Answer)> {
        let mut dones = Vec::new();
        self.turn();
        while let Some(event) = self.event() {
            let (Op { seq, .. }, result) = match event {
                Event::Done(op, result) => (op, result),
                Event::Sent(..) => continue,
                other => panic!("{other:?} is no Done"),
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
    pub(super) fn rest(&mut self) -> Vec<(u64, Answer)> {
        let mut dones = self.dones();
        while self.is_ready() || self.happen() {
            dones.extend(self.dones());
        }
        dones
    }

    /// The process dies, and another begins.
    pub(super) fn dies(&mut self) {
        self.around.media.kill();
        self.begins();
    }

    pub(super) fn begins(&mut self) {
        self.contract = Contract::new(ROOT);
        self.desk = DeskHost::new(ROOT, self.switch);
        self.life += 1;
    }

    /// The power goes; all that may be lost is.
    pub(super) fn loses_power(&mut self) {
        self.around.media.power_cut(|_| Fate::Old);
        self.begins();
    }

    /// All of a file.
    pub(super) fn bytes(&self, path: &str) -> Option<Bytes> {
        crate::on_disk::file(&self.around.media, path)
    }
}

impl Disk for Rig {
    fn told(&mut self, ops: Vec<DiskOp>) -> Vec<(usize, Answer)> {
        let first = self.seq + 1;
        for op in ops {
            self.issue(op);
        }
        let number = |seq: u64| seq.checked_sub(first).expect("D1") as usize;
        let told = self.rest().into_iter();
        told.map(|(seq, answer)| (number(seq), answer)).collect()
    }

    fn left(&mut self, path: &str) -> Option<Vec<u8>> {
        let durable = self.around.media.durable_image();
        crate::on_disk::file(&durable, path).map(|bytes| bytes.to_vec())
    }
}
