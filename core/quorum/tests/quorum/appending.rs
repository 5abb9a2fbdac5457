//! What a leader appends, and when it is told as committed.

use bytes::Bytes;
use ottla_machine::Offset;
use ottla_quorum::{AppendError, limits};
use ottla_record::Header;

use crate::world::{World, formatted, identity, value};

#[test]
fn appends_of_a_turn_share_a_sync_and_are_told_in_order() {
    for seed in 0..50 {
        let mut world = World::drawn(formatted(), identity(), seed).up();
        let mut sent = Vec::new();
        for n in 0..30 {
            for more in 0..world.rng.below(4) {
                let text = value(&format!("{n}-{more}"));
                let at = world.append(std::slice::from_ref(&text), more % 2 == 0);
                sent.push((at, text));
            }
            world.turn();
        }
        world.run();
        let told: Vec<(Offset, Bytes)> = world.committed[1..]
            .iter()
            .flat_map(|batch| batch.records().expect("records"))
            .map(|(offset, _, value)| (offset, value))
            .collect();
        assert_eq!(told, sent, "seed {seed}");
        assert_eq!(world.quorum.high_watermark(), world.quorum.end_offset());
    }
}

#[test]
fn nothing_is_told_before_its_sync_has_ended() {
    let mut world = World::over(formatted(), identity()).up();
    let before = world.committed.len();
    world.append(&[value("a")], false);
    let mut turns = 0;
    while world.committed.len() == before {
        assert_eq!(world.quorum.high_watermark(), Offset(3), "turn {turns}");
        world.turn();
        turns += 1;
        assert!(turns < 100, "it is told in the end");
    }
    assert!(turns > 4, "room, a write, a sync: {turns} turns");
    assert_eq!(world.quorum.high_watermark(), Offset(4));
}

#[test]
fn only_a_leader_appends() {
    let mut world = World::over(formatted(), identity());
    let refused = world.quorum.append(world.now, &[value("a")], false);
    assert_eq!(refused, Err(AppendError::NotLeader));
    let mut world = world.up();
    world.stop();
    let refused = world.quorum.append(world.now, &[value("a")], false);
    assert_eq!(refused, Err(AppendError::NotLeader));
}

#[test]
fn what_is_too_large_for_a_batch_is_refused_whole_or_split() {
    let mut world = World::over(formatted(), identity()).up();
    let third = Bytes::from(vec![b'x'; limits::BATCH_BYTES / 3]);
    let three = [third.clone(), third.clone(), third];
    let end = world.quorum.end_offset();
    let mut refused = |values: &[Bytes], atomic| {
        assert_eq!(
            world.quorum.append(world.now, values, atomic),
            Err(AppendError::TooLarge)
        );
        assert_eq!(world.quorum.end_offset(), end, "all or nothing");
    };
    refused(&three, true);
    let huge = Bytes::from(vec![b'x'; limits::BATCH_BYTES]);
    refused(&[value("small"), huge], false);
    assert_eq!(world.append(&[], false), end);
    assert_eq!(world.append(&three, false), end);
    world.run();
    let batches = &world.committed[1..];
    assert_eq!(batches.len(), 2);
    let sizes = |bytes: &Bytes| Header::parse(bytes).expect("a batch").size();
    assert!(
        batches
            .iter()
            .all(|batch| sizes(&batch.bytes) <= limits::BATCH_BYTES)
    );
    assert_eq!(batches[1].next_offset, end.plus(3));
}
