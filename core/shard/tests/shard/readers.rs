//! Readers at the end: watches, and the flush they ask for.

use ottla_machine::{DiskOp, LeaderEpoch};
use ottla_shard::{Answer, Read, ShardAsk};

use crate::world::{Setting, World, list, partition, read_at, watching};

fn one_topic(setting: Setting) -> World {
    let mut world = World::new(setting);
    world.cluster.topic("t", 1, 1);
    world.up()
}

#[test]
fn a_watch_is_told_once_and_armed_by_the_next_read() {
    for seed in 1..20 {
        let mut world = one_topic(Setting::seed(seed));
        let (read, key) = watching(read_at(1, 0, 0), 4);
        assert!(
            world
                .answer_read(read)
                .expect("an answer")
                .records
                .is_empty()
        );
        assert_eq!(world.ready, []);
        for n in 0..3 {
            world.produce(1, 0, -1, &format!("watched-{n}"));
            world.turn();
        }
        world.run();
        assert_eq!(world.ready, [key], "seed {seed}");
        world.produce(1, 0, 1, "nobody watches");
        world.run();
        assert_eq!(world.ready, [key], "W2");
        let answer = world
            .answer_read(Read {
                from: ottla_machine::Offset(4),
                ..read
            })
            .expect("an answer");
        assert!(answer.records.is_empty());
        world.produce(
            1,
            0,
            1,
            "acks=1 wakes it too, for a watch asks for the flush",
        );
        world.run();
        assert_eq!(world.ready, [key, key], "seed {seed}");
    }
}

#[test]
fn a_watch_given_up_is_silent_and_one_on_a_lost_partition_is_not() {
    let mut world = one_topic(Setting::default());
    let (first, key) = watching(read_at(1, 0, 0), 1);
    let (second, other) = watching(read_at(1, 0, 0), 2);
    world.answer_read(first).expect("an answer");
    world.answer_read(second).expect("an answer");
    world.ask(ShardAsk::Unwatch(key, partition(1, 0)));
    world.cluster.elect(1, 0, 1);
    world.follow();
    world.run();
    assert_eq!(world.ready, [other], "another epoch");
    world.answer_read(first).expect("an answer");
    world.cluster.remove(1);
    world.follow();
    world.run();
    assert_eq!(world.ready, [other, key], "the topic is gone");
}

#[test]
fn whoever_asks_for_the_end_is_answered_after_the_flush() {
    for seed in 1..20 {
        let mut world = one_topic(Setting::seed(seed));
        let ticket = world.produce(1, 0, 1, "told acks=1");
        world.run();
        assert_eq!(world.told_producer(ticket), Some(Ok(0)));
        let syncs = world.disk.syncs;
        let Ok(answer) = world.answer_read(read_at(1, 0, 0)) else {
            panic!("seed {seed}")
        };
        assert!(
            !answer.records.is_empty(),
            "its own record is not hidden from whoever was told of it"
        );
        assert_eq!(answer.high_watermark.0, 1);
        assert_eq!(world.disk.syncs, syncs + 1);
        world.produce(1, 0, 1, "another");
        world.run();
        let Answer::Offset { offset, .. } = world.question(1, 0, list(-1)) else {
            panic!("an offset")
        };
        assert_eq!(offset.0, 2);
        // Nobody asks: nothing is synced.
        let syncs = world.disk.syncs;
        world.produce(1, 0, 1, "nobody asks");
        world.run();
        assert_eq!(world.disk.syncs, syncs);
    }
}

#[test]
fn nothing_is_seen_before_it_is_flushed() {
    for seed in 2..40 {
        let mut world = one_topic(Setting::seed(seed));
        world.produce(1, 0, -1, "first");
        world.run();
        for n in 0..20 {
            world.produce(
                1,
                0,
                if n % 2 == 0 { -1 } else { 1 },
                &format!("seen-{n:02}"),
            );
            let ticket = world.read(read_at(1, 0, 0));
            for _ in 0..world.rng.below(4) {
                world.turn();
            }
            if let Some(Answer::Read(answer)) = world.answers.get(&ticket).cloned() {
                let seen = world.bytes(&answer.records);
                let durable = world.disk.media.durable_image();
                let disk = crate::disk::Disk::over(durable);
                let there = disk
                    .bytes("t-0/00000000000000000000.log")
                    .unwrap_or_default();
                assert!(
                    there.starts_with(&seen),
                    "seed {seed}: a power cut takes what was shown"
                );
            }
        }
        world.run();
    }
}

#[test]
fn with_the_page_caches_promise_nothing_is_synced_for_producers_or_readers() {
    let setting = Setting {
        flush_on_ack: false,
        ..Setting::default()
    };
    let mut world = one_topic(setting);
    let ticket = world.produce(1, 0, -1, "Kafka's promise");
    world.run();
    let syncs = world.disk.syncs;
    assert_eq!(world.told_producer(ticket), Some(Ok(0)));
    for n in 0..10 {
        world.produce(1, 0, -1, &format!("more-{n}"));
        world.run();
    }
    assert_eq!(world.all(1, 0).len(), 11);
    assert_eq!(world.disk.syncs, syncs);
}

#[test]
fn flush_messages_and_flush_ms_hold_all_the_same() {
    let setting = Setting {
        flush_on_ack: false,
        ..Setting::default()
    };
    let mut world = World::new(setting);
    world.cluster.topic("many", 1, 1);
    world.cluster.config("many", "flush.messages", "5");
    world.cluster.topic("slow", 2, 1);
    world.cluster.config("slow", "flush.ms", "1000");
    let mut world = world.up();
    for id in [1, 2] {
        world.produce(id, 0, 1, "the directory is made");
    }
    world.run();
    let syncs = world.disk.syncs;
    for n in 0..3 {
        world.produce(1, 0, 1, &format!("few-{n}"));
        world.run();
    }
    assert_eq!(world.disk.syncs, syncs);
    world.produce(1, 0, 1, "the fifth");
    world.run();
    assert_eq!(world.disk.syncs, syncs + 1, "flush.messages");
    world.pass(999);
    assert_eq!(world.disk.syncs, syncs + 1);
    world.pass(2);
    assert_eq!(world.disk.syncs, syncs + 2, "flush.ms");
}

#[test]
fn a_forgotten_question_is_not_answered() {
    let mut world = one_topic(Setting::default());
    world.produce(1, 0, 1, "unflushed");
    world.run();
    let ticket = world.read(read_at(1, 0, 0));
    world.settle();
    assert!(
        world.issued().any(|op| matches!(op, DiskOp::Sync(_))),
        "it waits for a flush"
    );
    world.ask(ShardAsk::Forget(ticket));
    world.run();
    assert!(!world.answers.contains_key(&ticket));
    let epoch = Read {
        current_leader_epoch: LeaderEpoch(0),
        ..read_at(1, 0, 0)
    };
    assert!(world.answer_read(epoch).is_ok());
}
