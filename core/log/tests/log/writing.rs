//! Appending, writing, flushing; rolls; full disks.

use ottla_log::{LogConfig, LogEvent, Phase, RefusalKind};
use ottla_machine::{DiskOp, Fault, LeaderEpoch, Offset};

use crate::world::{World, idempotent, plain};

#[test]
fn room_that_comes_late_is_not_the_next_segments() {
    let batch = plain(1, 10 << 10, 999_000);
    let mut world = World::new(LogConfig {
        segment_bytes: 12 << 10,
        ..LogConfig::default()
    });
    world.append(batch.clone(), 0).expect("appended");
    // Until the first write is out, and room for the next ones is asked for beside it.
    let ahead = loop {
        world.settle();
        let allocates = |(_, op): &_| matches!(op, DiskOp::Allocate { .. });
        let writes =
            |(_, op): &_| matches!(op, DiskOp::Write { at: 0, bytes, .. } if bytes.len() > 1);
        if world.fx.ops.iter().any(writes) {
            let at = world.fx.ops.iter().position(allocates);
            break world.fx.ops.remove(at.expect("room is asked for ahead"));
        }
        world.perform();
    };
    world.append(batch, 0).expect("appended");
    world.run();
    assert_eq!(world.log.written(), Offset(1), "it waits for room");
    let result = world.disk.perform(ahead.1);
    let (now, fx, events) = (world.now, &mut world.fx, &mut world.events);
    world.log.on_done(now, ahead.0.seq, result, fx, events);
    world.settle();
    let granted = world.fx.ops.iter().map(|(_, op)| op);
    let granted = granted.filter(|op| matches!(op, DiskOp::Allocate { .. }));
    assert_eq!(granted.count(), 1, "A2: its own room: {:?}", world.fx.ops);
    world.run();
    assert_eq!(world.log.written(), Offset(2));
}

#[test]
fn a_turn_of_appends_is_one_write_behind_a_durable_directory() {
    let mut world = World::new(LogConfig::default());
    world.settle();
    assert_eq!(world.events, vec![LogEvent::Opened]);
    assert!(
        world.fx.ops.is_empty(),
        "nothing is touched before it is needed"
    );
    for i in 0..3 {
        let appended = world.append(plain(2, 10, 999_000), 5).expect("appended");
        assert_eq!(
            (appended.base, appended.next),
            (Offset(i * 2), Offset(i * 2 + 2))
        );
        assert_eq!(appended.append_time_ms, -1);
    }
    assert_eq!(
        (world.log.assigned(), world.log.written()),
        (Offset(6), Offset(0))
    );
    world.run();
    assert_eq!(world.log.flushed(), Offset(6));
    let lens = plain(2, 10, 999_000).len() * 3;
    let written: Vec<_> = world.writes.iter().filter(|w| w.2 == lens).collect();
    assert_eq!(written.len(), 1, "{:?}", world.writes);
    assert!(world.events.contains(&LogEvent::Written(Offset(6))));
    assert_eq!(
        world.disk.names("t-0"),
        [
            "00000000000000000000.log",
            "leader-epoch-checkpoint",
            "partition.metadata"
        ]
    );
    assert_eq!(
        world.disk.bytes("t-0/leader-epoch-checkpoint").as_deref(),
        Some(&b"0\n1\n5 0\n"[..])
    );
    assert_eq!(
        world.disk.bytes("t-0/partition.metadata").as_deref(),
        Some(&b"version: 0\ntopic_id: CQkJCQkJCQkJCQkJCQkJCQ"[..])
    );
}

#[test]
fn tiny_segments_roll_and_are_indexed_as_kafka_does() {
    let batch = plain(1, 100, 999_000).len() as u64;
    let config = LogConfig {
        segment_bytes: batch * 3,
        index_interval_bytes: batch as u32 - 1,
        ..LogConfig::default()
    };
    let mut world = World::new(config);
    for i in 0..7 {
        world
            .append(plain(1, 100, 999_000 + i), 0)
            .expect("appended");
        world.run();
    }
    let names = world.disk.names("t-0");
    let logs: Vec<_> = names.iter().filter(|name| name.ends_with(".log")).collect();
    assert_eq!(logs.len(), 3, "{names:?}");
    // The first batch has no entry; the last offset of each other, and where it starts.
    let mut index = Vec::new();
    let mut times = Vec::new();
    for (offset, position) in [(1u32, batch), (2, batch * 2)] {
        index.extend_from_slice(&offset.to_be_bytes());
        index.extend_from_slice(&(position as u32).to_be_bytes());
        times.extend_from_slice(&(999_000i64 + i64::from(offset)).to_be_bytes());
        times.extend_from_slice(&offset.to_be_bytes());
    }
    assert_eq!(
        world
            .disk
            .bytes("t-0/00000000000000000000.index")
            .as_deref(),
        Some(&index[..])
    );
    assert_eq!(
        world
            .disk
            .bytes("t-0/00000000000000000000.timeindex")
            .as_deref(),
        Some(&times[..])
    );
    assert!(names.contains(&"00000000000000000003.snapshot".to_owned()));
    assert!(!names.contains(&"00000000000000000006.index".to_owned()));
    let contents = world.contents();
    assert_eq!(contents.len(), 7);
}

#[test]
fn time_rolls_a_segment_at_the_next_append() {
    let config = LogConfig {
        segment_ms: 1000,
        segment_jitter_ms: 100,
        ..LogConfig::default()
    };
    let mut world = World::new(config);
    for ts in [0, 900, 901] {
        world
            .append(plain(1, 10, 990_000 + ts), 0)
            .expect("appended");
    }
    world.run();
    let names = world.disk.names("t-0");
    assert!(
        names.contains(&"00000000000000000002.log".to_owned()),
        "{names:?}"
    );
}

#[test]
fn a_full_disk_undoes_exactly_what_was_not_written_and_heals() {
    for seed in 1..60 {
        let mut world = World::over(
            crate::world::empty(),
            LogConfig {
                segment_bytes: 5_000,
                ..LogConfig::default()
            },
            ottla_log::Start::Absent,
            seed,
        );
        world.disk.media.resize((3 + seed % 8) * 4096);
        let (mut next, mut undone) = (0, 0);
        for turn in 0..40 {
            let epoch = turn / 7;
            if epoch > world.log.latest_epoch().0 {
                world.log.start_epoch(LeaderEpoch(epoch), &mut world.fx);
            }
            for _ in 0..world.rng.below(4) {
                match world.append(idempotent(4, 0, next, 9), epoch) {
                    Ok(appended) => {
                        assert!(!appended.duplicate);
                        next += 9;
                    }
                    Err(refusal) => panic!("{refusal:?}"),
                }
            }
            world.events.clear();
            world.run();
            for event in &world.events {
                assert!(
                    matches!(
                        event,
                        LogEvent::Written(_) | LogEvent::Undone { .. } | LogEvent::Opened
                    ),
                    "{event:?}"
                );
                if let LogEvent::Undone { from } = event {
                    undone += 1;
                    // What the producer sent is forgotten: the same sequence is new again.
                    next = from.0 as i32;
                    assert_eq!(world.log.assigned(), *from);
                }
            }
            assert_eq!(world.log.assigned(), world.log.flushed());
            assert_eq!(world.log.phase(), Phase::Open);
        }
        assert!(undone > 0, "seed {seed} never met the full disk");
        world.disk.media.resize(1 << 40);
        let from = world.log.assigned();
        world
            .append(idempotent(4, 0, next, 3), 9)
            .expect("room again");
        world.run();
        assert_eq!(world.log.flushed(), from.plus(3));
        let contents = world.contents();
        let mut at = 0;
        for (base, bytes) in &contents {
            assert_eq!(*base, at);
            at += if bytes.len() == contents[0].1.len() {
                9
            } else {
                3
            };
        }
        // And the same is found after a clean stop.
        let mut world = world.restarted();
        assert_eq!(world.contents(), contents);
    }
}

#[test]
fn a_write_that_finds_the_disk_full_leaves_nothing_behind() {
    let mut world = World::new(LogConfig::default());
    world.append(plain(1, 10, 999_000), 0).expect("appended");
    world.run();
    world.disk.write_fails = Some((0, Fault::Full));
    world.append(plain(3, 900, 999_000), 0).expect("appended");
    world.run();
    assert!(world.events.contains(&LogEvent::Undone { from: Offset(1) }));
    let bytes = world.disk.bytes("t-0/00000000000000000000.log");
    assert_eq!(bytes.map(|bytes| bytes.len()), Some(plain(1, 10, 0).len()));
    world.append(plain(1, 20, 999_000), 0).expect("appended");
    world.run();
    assert_eq!(world.contents().len(), 2);
}

#[test]
fn a_broken_disk_takes_the_log_offline() {
    let mut world = World::new(LogConfig::default());
    world.append(plain(1, 10, 999_000), 0).expect("appended");
    world.run();
    world.disk.write_fails = Some((0, Fault::Broken));
    world.append(plain(1, 10, 999_000), 0).expect("appended");
    world.run();
    assert_eq!(world.log.phase(), Phase::Offline(Fault::Broken));
    assert!(matches!(
        world.events.last(),
        Some(LogEvent::Offline(Fault::Broken, _))
    ));
    let refused = world.append(plain(1, 10, 999_000), 0).expect_err("offline");
    assert_eq!(refused.kind, RefusalKind::Storage);
    assert_eq!(world.log.deadline(), None);
}

#[test]
fn room_is_set_aside_in_steps_and_given_back_at_a_clean_stop() {
    let mut world = World::new(LogConfig::default());
    world.append(plain(1, 10, 999_000), 0).expect("appended");
    let mut granted = Vec::new();
    for _ in 0..200 {
        world.settle();
        for (_, op) in &world.fx.ops {
            if let DiskOp::Allocate { to, .. } = op {
                granted.push(*to);
            }
        }
        world.perform();
    }
    granted.dedup();
    assert_eq!(granted.first(), Some(&(16 << 10)));
    assert!(granted.len() <= 2, "{granted:?}");
    world.stop();
}

#[test]
fn a_duplicate_is_answered_with_the_offsets_it_had() {
    let mut world = World::new(LogConfig::default());
    let first = world.append(idempotent(1, 0, 0, 3), 0).expect("new");
    let twin = world.append(idempotent(1, 0, 0, 3), 0).expect("known");
    assert_eq!(
        (twin.base, twin.next, twin.duplicate),
        (first.base, first.next, true)
    );
    assert_eq!(twin.append_time_ms, 999_002);
    world.run();
    assert_eq!(world.log.written(), Offset(3));
    let mut world = world.restarted();
    let twin = world.append(idempotent(1, 0, 0, 3), 0).expect("known");
    assert!(twin.duplicate);
    let gap = world.append(idempotent(1, 0, 4, 3), 0).expect_err("a gap");
    assert_eq!(gap.kind, RefusalKind::OutOfOrderSequence);
}
