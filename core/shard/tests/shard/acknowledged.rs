//! What an acknowledgement means. `World` compares each with what the disk would keep at that moment (H1); here are the cases that must
//! make that comparison fail, and the ISR's part in it.

use ottla_protocol::ErrorCode;
use ottla_shard::{Answer, Read};

use crate::world::{Setting, World, list, read_at, watching};

#[test]
fn acks_all_is_answered_after_its_own_sync_in_every_order_of_completions() {
    for seed in 2..80 {
        let mut world = World::new(Setting::seed(seed));
        world.cluster.topic("t", 1, 2);
        world.cluster.config("t", "segment.bytes", "1048576");
        // Many small segments, so that syncs of two files are in flight.
        world.cluster.config("t", "internal.segment.bytes", "300");
        let mut world = world.up();
        let mut tickets = Vec::new();
        for n in 0..30 {
            let acks = if world.rng.below(3) == 0 { 1 } else { -1 };
            tickets.push(world.produce(1, n % 2, acks, &format!("ordered-{seed}-{n:02}")));
            for _ in 0..world.rng.below(3) {
                world.turn();
            }
        }
        world.run();
        for ticket in tickets {
            assert!(
                matches!(world.told_producer(ticket), Some(Ok(_))),
                "seed {seed}"
            );
        }
    }
}

#[test]
#[should_panic(expected = "H1")]
fn an_answer_before_the_sync_would_be_noticed() {
    let mut world = World::new(Setting::default());
    world.cluster.topic("t", 1, 1);
    let mut world = world.up();
    // The disk says synced and is not: to the shard it is the same as answering too early.
    world.disk.lies = true;
    world.produce(1, 0, -1, "gone with the power");
    world.run();
}

#[test]
fn acks_all_does_not_wait_for_a_sync_it_does_not_need() {
    let mut world = World::new(Setting::default());
    world.cluster.topic("t", 1, 1);
    let mut world = world.up();
    world.produce(1, 0, -1, "first");
    world.run();
    let syncs = world.disk.syncs;
    for n in 0..5 {
        world.produce(1, 0, 1, &format!("unflushed-{n}"));
        world.run();
    }
    assert_eq!(world.disk.syncs, syncs);
    let ticket = world.produce(1, 0, -1, "one sync covers all before it");
    world.run();
    assert_eq!(world.told_producer(ticket), Some(Ok(6)));
    assert_eq!(world.disk.syncs, syncs + 1);
}

#[test]
fn below_min_insync_replicas_acks_all_is_refused_and_nothing_becomes_visible() {
    let mut world = World::new(Setting::default());
    world.cluster.topic_on("t", 1, 1, &[1, 2], &[1]);
    world.cluster.config("t", "min.insync.replicas", "2");
    let mut world = world.up();
    let all = world.produce(1, 0, -1, "two copies wanted");
    let one = world.produce(1, 0, 1, "one copy is enough");
    world.run();
    assert_eq!(
        world.told_producer(all),
        Some(Err(ErrorCode::NotEnoughReplicas))
    );
    assert_eq!(world.told_producer(one), Some(Ok(0)));
    let (read, key) = watching(read_at(1, 0, 0), 1);
    let answer = world.answer_read(read).expect("an answer");
    assert!(answer.records.is_empty(), "the high watermark is frozen");
    assert_eq!(answer.high_watermark.0, 0);
    // One replica is demanded of one: the effective minimum is never more than there are replicas.
    world.cluster.topic("single", 2, 1);
    world.cluster.config("single", "min.insync.replicas", "2");
    world.follow();
    let single = world.produce(2, 0, -1, "all there are");
    world.run();
    assert_eq!(world.told_producer(single), Some(Ok(0)));
    assert_eq!(world.ready, []);
    // The minimum is lowered: what is flushed becomes visible.
    world.cluster.config("t", "min.insync.replicas", "1");
    world.follow();
    world.run();
    assert_eq!(world.ready, [key]);
    assert_eq!(world.all(1, 0), [(0, "one copy is enough".to_owned())]);
}

#[test]
fn a_member_of_the_isr_that_has_promised_nothing_holds_the_high_watermark() {
    let mut world = World::new(Setting::default());
    world.cluster.topic_on("t", 1, 1, &[1, 2], &[1, 2]);
    let mut world = world.up();
    let ticket = world.produce(1, 0, -1, "waits for the follower");
    world.run();
    assert_eq!(world.told_producer(ticket), None);
    assert!(
        world
            .answer_read(read_at(1, 0, 0))
            .expect("an answer")
            .records
            .is_empty()
    );
    let Answer::Offset { offset, .. } = world.question(1, 0, list(-1)) else {
        panic!("an offset")
    };
    assert_eq!(offset.0, 0);
    world.cluster.isr(1, 0, &[1]);
    world.follow();
    world.run();
    assert_eq!(
        world.told_producer(ticket),
        Some(Ok(0)),
        "the follower left the ISR"
    );
    // Another leader: whoever waits is sent there.
    world.cluster.isr(1, 0, &[1, 2]);
    world.follow();
    let ticket = world.produce(1, 0, -1, "waits again");
    world.run();
    assert_eq!(world.told_producer(ticket), None);
    world.cluster.elect(1, 0, 2);
    world.follow();
    world.run();
    assert_eq!(
        world.told_producer(ticket),
        Some(Err(ErrorCode::NotLeaderOrFollower))
    );
    let read = Read { ..read_at(1, 0, 0) };
    assert_eq!(
        world.answer_read(read).err(),
        Some(ErrorCode::NotLeaderOrFollower)
    );
}
