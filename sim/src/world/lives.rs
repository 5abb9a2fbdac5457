//! How lives of the process begin and end, and what their end leaves on the disk.

use std::collections::BTreeMap;
use std::sync::Arc;

use ottla_broker::config::ListenerAddress;
use ottla_broker::{BrokerAsk, StartBroker};
use ottla_metadata::config::StaticConfig;

use super::process::{Crash, Process, ROOT};
use super::{Node, Phase, World, add};
use crate::agenda::Happening;
use crate::atlas::{Atlas, Entry};
use crate::draw::{Domain, Draw};
use crate::history::{Death, Seen};
use crate::liveness;
use crate::net::NODE;
use crate::script::{Arm, MS, Nanos, SECOND, Script};
use crate::trace::Lane;

/// The listeners for clients.
const LISTENERS: [&str; 2] = ["PLAINTEXT", "OTHER"];

impl Node {
    pub(super) fn new(atlas: Atlas) -> Node {
        Node {
            process: None,
            atlas,
            life: 0,
            paused: 0,
            restless: 0,
            ready: false,
            loops: 0,
            stop_opening: None,
            crash: Crash::Kill,
        }
    }
}

/// What a life of the broker begins with: another seed in each.
pub(super) fn start_of(settings: &BTreeMap<String, String>, draw: Draw, life: u32) -> StartBroker {
    let mut statics = StaticConfig::new();
    statics
        .set("node.id", "1")
        .expect("a number is a node's id");
    for (name, value) in settings {
        statics
            .set(name, value)
            .unwrap_or_else(|why| panic!("{name}={value} in the script: {why:?}"));
    }
    let at = |name: &str, port| ListenerAddress {
        name: name.to_owned(),
        host: "localhost".to_owned(),
        port,
    };
    let mut seed = [0; 32];
    for (n, bytes) in seed.chunks_exact_mut(8).enumerate() {
        let drawn = draw.at(Domain::NodeSeed, life.into(), n as u64);
        bytes.copy_from_slice(&drawn.to_le_bytes());
    }
    StartBroker {
        settings: Arc::new(statics),
        listeners: LISTENERS
            .iter()
            .zip(9092..)
            .map(|(name, port)| at(name, port))
            .collect(),
        controller: at("CONTROLLER", 9090),
        dirs: vec![ROOT],
        cluster_id: None,
        seed,
    }
}

/// A process that was told to start.
pub(super) fn process(script: &Script, arm: Arm, draw: Draw, life: u32) -> Process {
    let origin = SECOND + draw.below(Domain::NodeSeed, life.into(), 9, 1_000_000 * SECOND);
    let mut process = Process::new(arm, origin, script);
    let start = start_of(&script.settings, draw, life);
    process.ask(BrokerAsk::Start(Box::new(start)));
    process
}

impl World {
    /// The process starts.
    pub(super) fn start(&mut self) {
        if self.node.process.is_some() || self.phase == Phase::Over {
            return;
        }
        self.node.life += 1;
        self.counts.lives += 1;
        let life = self.node.life;
        let mut process = process(&self.script, self.script.arm, self.around.draw, life);
        if self.node.loops > 0 {
            self.node.loops -= 1;
            let after = self.around.draw.below(Domain::Restart, life.into(), 1, 200);
            process.crash_after = Some(after as u32);
        }
        process.stop_opening = self.node.stop_opening.take();
        self.node.process = Some(process);
        self.around.net.listening(NODE, true);
        self.tell(Lane::Node, &Seen::Started { life });
    }

    /// The process has ended, in whatever way.
    pub(super) fn die(&mut self, how: Death) {
        let Some(mut process) = self.node.process.take() else {
            return;
        };
        add(&mut self.sites, process.take_sites());
        drop(process);
        let life = self.node.life;
        match how {
            Death::PowerCut => self.cut_power(),
            _ => self.around.media.kill(),
        }
        self.node.ready = false;
        self.node.restless = 0;
        self.node.paused = 0;
        let (net, mut air) = self.air();
        net.process_died(NODE, &mut air);
        let entry = Entry::Died {
            life,
            how: how.clone(),
        };
        self.node.atlas.note(self.now, entry);
        self.tell(Lane::Node, &Seen::Died { life, how: &how });
        if self.phase == Phase::Stopping {
            return self.stopped(&how);
        }
        if let Err(violation) = liveness::may_end(&how, &self.node.atlas) {
            self.fail(violation);
        }
        if self.around.draw.one_in(Domain::Fork, life.into(), 0, 3) {
            self.rehearse();
        }
        let pause = self
            .around
            .draw
            .below(Domain::Restart, life.into(), 0, 2_000)
            * MS;
        self.around
            .agenda
            .at(self.now + MS + pause, Happening::Start);
    }

    /// The power goes: what was not synced survives in any subset.
    fn cut_power(&mut self) {
        let (draw, cut) = (self.around.draw, u64::from(self.node.life));
        // How likely it is that something survives is drawn once per cut: all, none, and anything between.
        let keep = draw.below(Domain::CutSector, cut, 0, 5);
        let mut n = 0;
        self.around.media.power_cut(|unsynced| {
            n += 1;
            crate::cut::fate(draw, cut, n, keep, unsynced)
        });
    }

    /// The last stop has come.
    fn stopped(&mut self, how: &Death) {
        if let Err(violation) = liveness::may_stop(how, &self.node.atlas) {
            return self.fail(violation);
        }
        self.rehearse();
        self.sweep();
        self.phase = Phase::Over;
    }

    /// The process dies now, or after so many effects of the next turn that has any.
    pub(super) fn crash(&mut self, crash: Crash, effects: Option<u32>) {
        self.node.crash = crash;
        match (effects, &mut self.node.process) {
            (_, None) => {}
            (Some(effects), Some(process)) => process.crash_after = Some(effects),
            (None, Some(_)) => self.die(match crash {
                Crash::Kill => Death::Kill,
                Crash::PowerCut => Death::PowerCut,
            }),
        }
    }

    /// How long until `at`, at least a moment.
    pub(super) fn until(&self, lasts: Nanos) -> Nanos {
        self.now + lasts.max(1)
    }
}
