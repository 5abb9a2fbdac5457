//! Worlds in which something is wrong that no script can say: each must end with the finding that it deserves, and without it in peace.

use ottla_broker::{Broker, BrokerAsk};
use ottla_machine::{Conn, Effect, Want};
use ottla_media::Media;

use super::process::Turned;
use super::turns::RESTLESS;
use super::{Phase, Report, World, lives};
use crate::agenda::Agenda;
use crate::oracle::rig::{create, fires, passes, script, write};
use crate::script::{Arm, Nanos, SECOND};

impl World {
    /// Runs until then, and nothing has failed.
    fn run_until(&mut self, there: impl Fn(&World) -> bool) {
        while !there(self) {
            self.happen_next();
            assert_eq!(self.failure, None);
        }
    }

    /// The broker as it is at this time, and its disk, when nothing has failed.
    pub(crate) fn node_at(mut self, at: Nanos) -> (Broker, Media) {
        self.run_until(|world| world.now >= at);
        let process = self.node.process.expect("it lives");
        (process.broker, self.around.media)
    }
}

/// A world that lives in peace: a topic is made, a batch is written.
fn calm(arm: Arm) -> World {
    let mut script = script(vec![create(1), write()]);
    script.arm = arm;
    let mut world = World::new(script.into(), false);
    world.run_until(|world| world.now >= 50 * SECOND);
    world
}

fn verdict(report: Report) -> crate::oracle::Verdict {
    report
        .failure
        .map_or(Ok(()), |failure| Err(failure.violation))
}

/// This oracle fires, with these words.
#[track_caller]
fn ends(world: World, oracle: &str, words: &str) {
    let verdict = verdict(world.run());
    let by = verdict.as_ref().err().map(|violation| violation.oracle);
    assert_eq!(by, Some(oracle), "{verdict:?}");
    fires(verdict, words);
}

#[test]
fn a_calm_world_ends_in_peace() {
    for arm in [Arm::Contract, Arm::Desk] {
        passes(verdict(calm(arm).run()));
    }
}

#[test]
fn a_broker_that_panics_is_a_finding() {
    for arm in [Arm::Contract, Arm::Desk] {
        let mut world = calm(arm);
        let again = lives::start_of(&world.script.settings, world.around.draw, 1);
        let process = world.node.process.as_mut().expect("it lives");
        process.ask(BrokerAsk::Start(Box::new(again)));
        ends(world, "panic", "a broker starts once");
    }
}

#[test]
fn a_host_that_finds_its_contract_broken_is_a_finding() {
    for arm in [Arm::Contract, Arm::Desk] {
        let mut world = calm(arm);
        let process = world.node.process.as_mut().expect("it lives");
        // The broker waits for the only client's next request already.
        let want = Want {
            carry: Default::default(),
            least: 4,
            most: 4,
        };
        process.asks_for(Effect::Receive(Conn(2), want));
        ends(world, "panic", "2: a second Receive of");
    }
}

#[test]
fn a_node_that_does_not_come_to_serve_is_a_finding() {
    let mut world = calm(Arm::Contract);
    world.node.ready = false;
    let words = "the node does not come to rest: the node is starting";
    ends(world, "liveness", words);
}

#[test]
fn a_node_that_hangs_is_a_finding_in_every_phase() {
    for (phase, words) in [
        (Phase::Checking, "fresh calls do not all succeed"),
        (Phase::Stopping, "the node was asked to stop, and does not"),
    ] {
        let mut world = calm(Arm::Contract);
        world.run_until(|world| world.phase == phase);
        world.node.paused = 1_000_000 * SECOND;
        ends(world, "liveness", words);
    }
}

#[test]
fn a_world_in_which_nothing_will_happen_is_a_finding() {
    let mut world = calm(Arm::Contract);
    world.around.agenda = Agenda::new(world.around.draw);
    ends(world, "liveness", "nothing will ever happen again");
}

#[test]
fn a_broker_that_spins_is_a_finding() {
    let turns = |busy_at: u32| {
        let mut world = calm(Arm::Contract);
        for turn in 0..=RESTLESS {
            world.after_turn(Turned {
                idle: turn != busy_at,
                ..Turned::default()
            });
        }
        world
    };
    passes(verdict(turns(RESTLESS / 2).run()));
    ends(turns(RESTLESS + 1), "rest", "turns in a row did nothing");
}
