//! Whole runs: the same seed twice, a copy of a world that goes on like its original, worlds that hit what they aim at, and a planted bug
//! that is found and shrunk.

use std::sync::Arc;
use std::time::Duration;

use ottla_sim::hunt::{self, Hunt};
use ottla_sim::script::Arm;
use ottla_sim::shrink;
use ottla_sim::swarm::{self, Profile};
use ottla_sim::world::World;

#[test]
fn a_seed_is_the_same_twice_and_another_is_not() {
    let run = |seed| World::new(Arc::new(swarm::script(seed, Profile::Mixed)), false).run();
    for seed in 1..=20 {
        let (one, two) = (run(seed), run(seed));
        assert_eq!(
            (one.hash, one.counts),
            (two.hash, two.counts),
            "seed {seed}"
        );
    }
    assert_ne!(run(1).hash, run(2).hash);
}

#[test]
fn whoever_reads_along_changes_nothing() {
    for seed in 1..=10 {
        let script = Arc::new(swarm::script(seed, Profile::Mixed));
        let silent = World::new(Arc::clone(&script), false).run();
        let read = World::new(script, true).run();
        assert_eq!(silent.hash, read.hash, "seed {seed}");
        assert!(read.lines.len() > 100, "seed {seed}");
    }
}

#[test]
fn a_copy_of_a_world_goes_on_like_the_world() {
    for seed in 1..=10 {
        let world = World::new(Arc::new(swarm::script(seed, Profile::Mixed)), false);
        let (one, two) = (world.clone().run(), world.run());
        assert_eq!(one.hash, two.hash, "seed {seed}");
    }
}

#[test]
fn both_hosts_and_every_profile_are_drawn_and_calm_worlds_are_answered() {
    let scripts: Vec<_> = (1..=60)
        .map(|seed| swarm::script(seed, Profile::Mixed))
        .collect();
    for arm in [Arm::Contract, Arm::Desk] {
        assert!(scripts.iter().filter(|script| script.arm == arm).count() > 15);
    }
    assert!(scripts.iter().any(|script| script.faults.is_empty()));
    assert!(scripts.iter().any(|script| script.faults.len() > 10));
    let calm = Hunt {
        seeds: 1..=60,
        profile: Profile::Calm,
        jobs: 2,
        planted: None,
        first: false,
        time: None,
    };
    let summary = hunt::hunt(&calm, |_| {});
    assert!(summary.failures.is_empty(), "{:?}", summary.failures);
    let (asked, answered) = summary.asked;
    assert!(
        answered * 10 > asked * 8,
        "{answered} of {asked} requests were answered"
    );
}

#[cfg(feature = "planted")]
#[test]
fn a_planted_bug_is_found_and_shrunk() {
    let hunt = Hunt {
        seeds: 1..=500,
        profile: Profile::Crashes,
        jobs: 2,
        planted: Some("ack-before-flush".to_owned()),
        first: true,
        time: None,
    };
    let summary = hunt::hunt(&hunt, |_| {});
    let (seed, report) = summary.failures.first().expect("an oracle fires");
    let before = hunt::script(*seed, Profile::Crashes, Some("ack-before-flush"));
    let shrunk = shrink::shrink(&before, Duration::from_secs(60)).expect("it fails again");
    let oracle = |failure: &ottla_sim::world::Failure| failure.violation.oracle;
    let first = report.failure.as_ref().map(oracle);
    assert_eq!(Some(oracle(&shrunk.failure)), first);
    let ops = |script: &ottla_sim::script::Script| -> usize {
        script.clients.iter().map(|client| client.ops.len()).sum()
    };
    assert!(
        ops(&shrunk.script) * 4 < ops(&before) + 4,
        "{:?}",
        shrunk.script
    );
    assert!(
        shrunk.script.faults.len() <= 3,
        "{:?}",
        shrunk.script.faults
    );
}
