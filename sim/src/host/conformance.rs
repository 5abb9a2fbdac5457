//! Both hosts pass the conformance suite, as the arms of `io` do: what CONTRACT.md says is tried there, once for all. The calls of the
//! desk are short and interrupted on every other seed, and its limits are drawn smaller on most, which must change nothing.

use std::ops::Range;

use ottla_conformance::{
    Act, CHECKS, Does, FULL, Network, News, POWER, SMALL, Told, WIRES, everywhere, over_all,
};
use ottla_machine::Endpoint;

use super::rig::Rig;
use crate::net::{ClientTell, Link, NODE, Whose};
use crate::script::{Arm, BreakHow, Chance, SECOND};

const SEEDS: Range<u64> = 0..40;

/// What changes nothing but the number of calls.
const HARMLESS: [Chance; 3] = [Chance::ShortWrite, Chance::ShortRead, Chance::Interrupted];

/// Both hosts for every seed.
fn hosts(seeds: Range<u64>) -> impl Iterator<Item = (u64, Rig)> {
    seeds.flat_map(|seed| {
        let chances = if seed % 2 == 0 { &HARMLESS[..] } else { &[] };
        [Arm::Contract, Arm::Desk].map(|arm| {
            let rig = Rig {
                arm,
                life: seed as u32 + 1,
                ..Rig::failing(seed, 3, chances).drawn(seed)
            };
            (seed, rig)
        })
    })
}

fn name(seed: u64, rig: &Rig) -> String {
    format!("{:?} of seed {seed}", rig.arm)
}

/// Some of them stalled at first.
fn disks(capacity: u64) -> Vec<(String, Rig)> {
    let disks = hosts(SEEDS).map(|(seed, mut rig)| {
        rig.around.media.resize(capacity);
        rig.around.stalled = u64::from(seed % 4 < 2) * SECOND;
        (name(seed, &rig), rig)
    });
    disks.collect()
}

/// A client of the network with one connection.
struct Caller {
    link: Link,
    address: Box<str>,
    /// What it will do when it is connected; `None` when it is.
    waits: Option<Vec<Does>>,
}

/// A host, and the clients that dial it.
struct Wire {
    rig: Rig,
    callers: Vec<Caller>,
    /// What of [`Rig::heard`] was told.
    heard: usize,
}

impl Wire {
    fn new(rig: Rig) -> Wire {
        Wire {
            rig,
            callers: Vec::new(),
            heard: 0,
        }
    }

    /// What a client hears next.
    fn news(&mut self) -> Option<News> {
        while let Some(tell) = self.rig.heard.get(self.heard) {
            self.heard += 1;
            let (ClientTell::Connected(link)
            | ClientTell::HungUp(link)
            | ClientTell::Received(link, _)
            | ClientTell::Gone(link)) = tell;
            let known = self.callers.iter().position(|caller| caller.link == *link);
            let peer = known.expect("a caller's link");
            match tell {
                ClientTell::Received(_, bytes) => return Some(News::Heard(peer, bytes.clone())),
                ClientTell::Gone(_) => return Some(News::Ended(peer)),
                ClientTell::HungUp(_) => {}
                ClientTell::Connected(_) => {
                    for what in self.callers[peer].waits.take().unwrap_or_default() {
                        self.does(peer, what);
                    }
                }
            }
        }
        None
    }
}

/// Each peer is a client of its own.
fn client(peer: usize) -> u32 {
    peer as u32 + 1
}

impl Network for Wire {
    fn act(&mut self, acts: Vec<Act>) {
        for act in acts {
            self.rig.take(act.effect());
        }
    }

    fn dial(&mut self, listener: u16) -> usize {
        let peer = self.callers.len();
        let link = self
            .rig
            .on_net(|net, air| net.connect(client(peer), NODE, listener, air));
        let end = self.rig.around.net.client_end(link);
        self.callers.push(Caller {
            link,
            address: end.expect("it was just made").0,
            waits: Some(Vec::new()),
        });
        peer
    }

    fn does(&mut self, peer: usize, what: Does) {
        if let Some(waits) = &mut self.callers[peer].waits {
            return waits.push(what);
        }
        let (link, client) = (self.callers[peer].link, client(peer));
        let mut out = Vec::new();
        self.rig.on_net(|net, air| match what {
            Does::Says(bytes) => net.client_send(link, bytes, air),
            Does::Finishes => net.client_finish(link, air),
            Does::Leaves => net.client_close(link, air),
            Does::Resets => {
                net.break_links(Whose::Client(client), BreakHow::Reset, air, &mut out);
            }
            Does::Stops => net.reading(client, false, air),
            Does::Listens => net.reading(client, true, air),
        });
        self.rig.told(out);
    }

    fn next(&mut self) -> News {
        loop {
            if let Some(news) = self.news() {
                return news;
            }
            if self.rig.is_ready() {
                self.rig.turn();
                let told: Vec<Told> =
                    std::iter::from_fn(|| self.rig.event().map(Told::of)).collect();
                if !told.is_empty() {
                    return News::Turn(told);
                }
            }
            assert!(
                self.rig.happen() || self.rig.is_ready(),
                "nothing happens any more"
            );
        }
    }

    fn address(&self, peer: usize) -> Box<str> {
        self.callers[peer].address.clone()
    }

    fn unsaid(&self, peer: usize) -> usize {
        let end = self.rig.around.net.client_end(self.callers[peer].link);
        end.map_or(0, |(_, held_back)| held_back)
    }

    fn beyond(&self) -> usize {
        10 * self.rig.around.weather.socket as usize
    }

    fn beyond_unasked(&self) -> usize {
        self.beyond()
    }

    fn nobody(&mut self) -> Endpoint {
        Endpoint {
            host: "elsewhere".into(),
            port: 9093,
        }
    }

    fn itself(&mut self) -> Endpoint {
        unreachable!("there is one node: nobody listens anywhere else")
    }
}

fn wires(seeds: Range<u64>) -> Vec<(String, Wire)> {
    let wires = hosts(seeds).map(|(seed, rig)| (name(seed, &rig), Wire::new(rig)));
    wires.collect()
}

#[test]
fn both_hosts_keep_what_is_said_of_disks() {
    everywhere(CHECKS, || disks(64 << 20));
    everywhere(FULL, || disks(SMALL));
    everywhere(POWER, || disks(64 << 20));
}

#[test]
fn both_hosts_keep_what_is_said_of_connections() {
    over_all(WIRES, || wires(0..24));
}

/// F3 of `desk/files`: what changes nothing excuses nothing.
#[test]
fn calls_are_short_and_interrupted_and_excuse_nothing() {
    let (mut fired, mut on_wires) = (0, 0);
    let harmless = || hosts(0..2).filter(|(seed, rig)| *seed == 0 && rig.arm == Arm::Desk);
    for (_, act) in CHECKS {
        for (_, mut rig) in harmless() {
            act(&mut rig);
            assert!(rig.around.failed.is_empty());
            fired += rig.around.dice.fired().len();
        }
    }
    for play in WIRES {
        for (_, rig) in harmless() {
            let mut wire = Wire::new(rig);
            play.on(&mut wire);
            assert!(wire.rig.around.failed.is_empty());
            on_wires += wire.rig.around.dice.fired().len();
        }
    }
    assert!(fired > 100 && on_wires > 100, "{fired} and {on_wires}");
}
