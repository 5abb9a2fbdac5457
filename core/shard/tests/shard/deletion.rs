//! DeleteRecords: what was answered is durable, whatever happens next.

use ottla_machine::Fault;
use ottla_protocol::ErrorCode;
use ottla_shard::{Answer, Question, ShardAsk};

use crate::world::{Setting, World, list, partition};

fn delete(before: i64) -> Question {
    Question::DeleteRecords { before }
}

fn filled(seed: u64) -> World {
    let mut world = World::new(Setting::seed(seed));
    world.cluster.topic("t", 1, 1);
    world.cluster.config("t", "internal.segment.bytes", "300");
    let mut world = world.up();
    for n in 0..10 {
        world.produce(1, 0, -1, &format!("value-{n}"));
        world.run();
    }
    world
}

fn low_watermark(answer: &Answer) -> Option<i64> {
    match answer {
        Answer::Deleted { low_watermark } => Some(low_watermark.0),
        _ => None,
    }
}

fn earliest(world: &mut World) -> i64 {
    match world.question(1, 0, list(-2)) {
        Answer::Offset { offset, .. } => offset.0,
        other => panic!("{other:?}"),
    }
}

#[test]
fn everything_below_is_gone_and_segments_follow() {
    let mut world = filled(1);
    for (before, start) in [(4, 4), (2, 4), (4, 4), (-1, 10)] {
        let answer = world.question(1, 0, delete(before));
        assert_eq!(low_watermark(&answer), Some(start), "{before}: {answer:?}");
        assert_eq!(earliest(&mut world), start);
        assert_eq!(world.all(1, 0).len() as i64, 10 - start);
    }
    for before in [11, -2] {
        let answer = world.question(1, 0, delete(before));
        let out_of_range = |answer: &Answer| matches!(answer, Answer::Refused(refused) if refused.error == ErrorCode::OffsetOutOfRange);
        assert!(out_of_range(&answer), "{before}: {answer:?}");
    }
    world.pass(300_000);
    world.run();
    world.pass(300_000);
    world.run();
    world.produce(1, 0, -1, "more");
    world.run();
    let segments = world
        .disk
        .media
        .list("t-0", None, 100)
        .expect("a directory");
    let logs = segments.iter().filter(|(name, _)| name.ends_with(".log"));
    assert_eq!(logs.count(), 1, "{segments:?}");
}

#[test]
fn a_topic_that_is_only_compacted_keeps_its_records() {
    let mut world = World::new(Setting::default());
    world.cluster.topic("t", 1, 1);
    world.cluster.config("t", "cleanup.policy", "compact");
    let mut world = world.up();
    match world.question(1, 0, delete(-1)) {
        Answer::Refused(refused) => assert_eq!(refused.error, ErrorCode::PolicyViolation),
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_crash_brings_back_what_was_answered() {
    let mut answered = 0;
    for seed in 1..120 {
        let mut world = filled(seed);
        let mut promised = 0;
        for before in [3, 5] {
            if world.rng.below(3) == 0 {
                // The first try finds no room; whoever waits is answered by another.
                world.disk.write_fails = Some((0, Fault::Full));
            }
            let ticket = world.ticket();
            world.ask(ShardAsk::Question(ticket, partition(1, 0), delete(before)));
            for _ in 0..world.rng.below(40) {
                world.turn();
            }
            if let Some(answer) = world.answers.get(&ticket) {
                promised = low_watermark(answer).expect("deleted");
                assert!(promised >= before);
                answered += 1;
            }
        }
        let power = world.rng.below(2) == 0;
        let (media, cluster) = if power { world.cut() } else { world.killed() };
        let mut world = World::over(media, cluster, Setting::seed(seed)).up();
        let start = earliest(&mut world);
        assert!(
            start >= promised,
            "seed {seed}: {promised} was promised, {start} is the start"
        );
        let first = world.all(1, 0).first().map(|(offset, _)| *offset);
        assert!(
            start <= 5 && first == Some(start),
            "seed {seed}: {start} {first:?}"
        );
    }
    assert!(answered > 40, "{answered} were answered before the crash");
}

#[test]
fn who_asks_while_the_checkpoints_are_saved_is_answered_as_well() {
    for seed in 1..60 {
        let mut world = filled(seed);
        let mut tickets = Vec::new();
        for before in [3, 5, 5] {
            let ticket = world.ticket();
            world.ask(ShardAsk::Question(ticket, partition(1, 0), delete(before)));
            for _ in 0..world.rng.below(25) {
                world.turn();
            }
            tickets.push((ticket, before));
        }
        world.run();
        for (ticket, before) in tickets {
            let answer = world.answers.get(&ticket);
            let answer = answer.unwrap_or_else(|| panic!("seed {seed}: {before} was not answered"));
            assert!(
                low_watermark(answer) >= Some(before),
                "seed {seed}: {answer:?}"
            );
        }
    }
}
