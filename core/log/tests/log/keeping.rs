//! Retention, deletion of records, stopping, removing.

use ottla_log::{LogConfig, LogEvent, Phase, Start};
use ottla_machine::{Fault, LeaderEpoch, Offset, Rng};

use crate::world::{World, empty, idempotent, now_at, plain, put};

const CLEAN: Start = Start::Clean {
    log_start: Offset(0),
};

/// Ten batches of one record, three to a segment, each a second newer; all below the high watermark.
fn filled(config: LogConfig) -> World {
    filled_with(10, config)
}

fn filled_with(count: i64, config: LogConfig) -> World {
    let config = LogConfig {
        segment_bytes: plain(1, 100, 0).len() as u64 * 3,
        ..config
    };
    let mut world = World::new(config);
    for i in 0..count {
        world
            .append(plain(1, 100, 990_000 + i * 1000), 0)
            .expect("appended");
    }
    world.run();
    let end = world.log.written();
    world.log.set_high_watermark(end);
    world
}

fn segments(world: &World) -> Vec<String> {
    let names = world.disk.names("t-0").into_iter();
    names.filter(|name| name.ends_with(".log")).collect()
}

fn retained(world: &mut World) {
    world
        .log
        .retain(world.now, &mut world.fx, &mut world.events);
    world.run();
    world.log.check();
}

#[test]
fn segments_go_when_all_their_records_are_too_old() {
    let mut world = filled(LogConfig {
        retention_ms: 5_000,
        ..LogConfig::default()
    });
    // The first segment's newest record is of 992,000.
    world.now = now_at(997_000);
    retained(&mut world);
    assert_eq!(segments(&world).len(), 4);
    world.now = now_at(997_001);
    retained(&mut world);
    assert_eq!(segments(&world).len(), 3);
    assert_eq!(world.log.start_offset(), Offset(3));
    assert!(world.events.contains(&LogEvent::Started(Offset(3))));
    let names = world.disk.names("t-0");
    assert!(
        !names
            .iter()
            .any(|name| name.starts_with("00000000000000000000.")),
        "{names:?}"
    );
    // Everything is too old: the last segment is rolled and goes too.
    world.now = now_at(2_000_000);
    retained(&mut world);
    retained(&mut world);
    assert_eq!(segments(&world), ["00000000000000000010.log"]);
    assert_eq!(world.log.start_offset(), Offset(10));
    let appended = world.append(plain(1, 10, 2_000_000), 1).expect("appended");
    assert_eq!(appended.base, Offset(10));
    world.run();
    let mut world = world.restarted();
    assert_eq!(
        (world.log.start_offset(), world.contents().len()),
        (Offset(10), 1)
    );
}

/// The recovery point that was written last may be old: then a hole that retention left would look like one of the crash. And a
/// segment that is there again has the epoch that it had.
#[test]
fn a_crash_among_removals_does_not_cost_what_is_kept() {
    for seed in 0..300u64 {
        let mut world = filled(LogConfig {
            retention_ms: 5_000,
            ..LogConfig::default()
        });
        assert_eq!(world.log.flushed(), Offset(10));
        let mut rng = Rng::new([seed as u8; 32]).child(seed);
        world.shuffled = true;
        world.rng = rng.child(1);
        world.now = now_at(1_003_900);
        world
            .log
            .retain(world.now, &mut world.fx, &mut world.events);
        assert_eq!(world.log.start_offset(), Offset(9));
        for _ in 0..rng.below(30) {
            world.settle();
            world.perform();
        }
        let config = LogConfig::clone(&world.config);
        let disk = world.disk.cut(&mut rng);
        let start = Start::Recover {
            from: Offset([0, 9][seed as usize % 2]),
            log_start: Offset(0),
            show: false,
        };
        let mut world = World::opened(disk, config, start, seed);
        let begins = world.log.start_offset();
        assert_eq!(world.log.epoch_at(begins).0, 0, "seed {seed}: {begins}");
        let last = world.contents().pop().expect("one is kept");
        assert_eq!(last.0, 9, "seed {seed}");
    }
}

/// Whose batches lay in what retention took is known after a crash, too, even if there was no room for a snapshot when it was due.
#[test]
fn a_producer_whose_batches_went_is_remembered_after_a_crash() {
    let mut waited = 0;
    for nth in 0..40u64 {
        let config = LogConfig {
            segment_bytes: idempotent(7, 0, 0, 1).len() as u64 * 3,
            retention_bytes: 1,
            ..LogConfig::default()
        };
        let mut world = World::new(config.clone());
        world.disk.write_fails = Some((nth, Fault::Full));
        // What was undone for want of room is sent again.
        let mut send = |id: i64, count: i32| {
            let from = world.log.assigned().0;
            for _ in 0..20 {
                let next = world.log.assigned().0 - from;
                if next < count.into() {
                    let batch = idempotent(id, 0, next as i32, 1);
                    world.append(batch, 0).expect("appended");
                    world.run();
                }
            }
        };
        send(7, 6);
        send(8, 1);
        let end = world.log.flushed();
        world.log.set_high_watermark(end);
        let before = segments(&world).len();
        retained(&mut world);
        waited += usize::from(segments(&world).len() == before);
        let disk = world.disk.cut(&mut Rng::new([nth as u8; 32]));
        let start = Start::Recover {
            from: Offset(0),
            log_start: Offset(0),
            show: false,
        };
        let mut world = World::opened(disk, config, start, nth);
        let again = world.append(idempotent(7, 0, 5, 1), 0).expect("known");
        assert!(again.duplicate, "{nth}: {again:?}");
    }
    assert!(waited > 0, "no snapshot was without room");
}

/// Where everything goes, the name of the new segment says which offsets had been given.
#[test]
fn a_crash_while_all_goes_gives_no_offset_twice() {
    for seed in 0..2000u64 {
        let config = LogConfig {
            retention_ms: 5_000,
            ..LogConfig::default()
        };
        let mut world = filled_with(3, config);
        let mut rng = Rng::new([seed as u8; 32]).child(seed);
        world.shuffled = true;
        world.rng = rng.child(1);
        world.now = now_at(2_000_000);
        for step in 0..rng.below(40) {
            if step % 2 == 0 {
                world
                    .log
                    .retain(world.now, &mut world.fx, &mut world.events);
            }
            world.settle();
            world.perform();
        }
        let config = LogConfig::clone(&world.config);
        let disk = world.disk.cut(&mut rng);
        let start = Start::Recover {
            from: Offset(0),
            log_start: Offset(0),
            show: false,
        };
        let world = World::opened(disk, config, start, seed);
        assert_eq!(world.log.written(), Offset(3), "seed {seed}");
    }
}

#[test]
fn a_time_index_alone_does_not_delete_a_segment() {
    let config = || LogConfig {
        retention_ms: 50_000,
        ..LogConfig::default()
    };
    let mut world = filled(config());
    world.stop();
    let mut disk = world.disk.killed();
    // The newest timestamp of the second segment becomes one of 1970.
    let path = "t-0/00000000000000000003.timeindex";
    let mut bytes = disk.bytes(path).expect("there").to_vec();
    let last = bytes.len() - 12;
    bytes[last..last + 8].copy_from_slice(&7i64.to_be_bytes());
    put(&mut disk, path, &bytes[last..]);
    let config = LogConfig::clone(&world.config);
    let mut world = World::opened(disk, config, CLEAN, 1);
    let end = world.log.written();
    world.log.set_high_watermark(end);
    // At 1,042,500 the first segment (newest: 992,000) is too old, the second (995,000) is not.
    world.now = now_at(1_042_500);
    for _ in 0..3 {
        retained(&mut world);
        assert_eq!(world.log.start_offset(), Offset(3));
    }
    // One pass is enough for all that are too old.
    world.now = now_at(1_048_001);
    retained(&mut world);
    assert_eq!(world.log.start_offset(), Offset(9));
    assert_eq!(world.contents().len(), 1);
}

#[test]
fn segments_go_when_the_log_is_too_large_but_not_above_the_high_watermark() {
    let mut world = filled(LogConfig {
        retention_ms: -1,
        retention_bytes: plain(1, 100, 0).len() as i64 * 3,
        ..LogConfig::default()
    });
    world.log.set_high_watermark(Offset(5));
    retained(&mut world);
    assert_eq!(segments(&world).len(), 3);
    world.log.set_high_watermark(Offset(10));
    retained(&mut world);
    // What is left is at least as large as what is kept.
    assert_eq!(segments(&world).len(), 2);
    assert_eq!(world.log.start_offset(), Offset(6));
}

#[test]
fn what_is_only_compacted_is_never_deleted() {
    let mut world = filled(LogConfig {
        retention_ms: 1,
        retention_bytes: 1,
        delete: false,
        compact: true,
        ..LogConfig::default()
    });
    world.now = now_at(9_000_000);
    retained(&mut world);
    assert_eq!(segments(&world).len(), 4);
}

#[test]
fn deleted_records_are_out_of_range_and_their_segments_go() {
    let mut world = filled(LogConfig {
        retention_ms: -1,
        ..LogConfig::default()
    });
    world.log.advance_start(Offset(99));
    assert_eq!(world.log.start_offset(), Offset(10));
    let mut world = filled(LogConfig {
        retention_ms: -1,
        ..LogConfig::default()
    });
    world.log.advance_start(Offset(4));
    assert!(world.read(3, 10, 100).is_err());
    assert!(world.read(4, 10, 100).is_ok());
    retained(&mut world);
    assert_eq!(segments(&world).len(), 3);
    assert_eq!(world.log.start_offset(), Offset(4));
    // The checkpoint says 4, the first segment begins at 3.
    world.stop();
    let config = LogConfig::clone(&world.config);
    let start = Start::Clean {
        log_start: Offset(4),
    };
    let world = World::opened(world.disk.killed(), config, start, 1);
    assert_eq!(world.log.start_offset(), Offset(4));
    assert_eq!(world.log.epoch_at(Offset(4)).0, 0);
}

#[test]
fn a_deletion_that_no_checkpoint_tells_of_costs_no_epoch() {
    let mut world = filled(LogConfig {
        retention_ms: -1,
        ..LogConfig::default()
    });
    let epoch = world.log.epoch_at(Offset(3));
    world.log.advance_start(Offset(4));
    retained(&mut world);
    assert_eq!(segments(&world).len(), 3);
    // It dies before log-start-offset-checkpoint is written: the log begins with its first segment.
    let config = LogConfig::clone(&world.config);
    let end = world.log.written();
    let start = Start::Recover {
        from: end,
        log_start: Offset(0),
        show: false,
    };
    let world = World::opened(world.disk.killed(), config, start, 1);
    assert_eq!(world.log.start_offset(), Offset(3));
    assert_eq!(world.log.epoch_at(Offset(3)), epoch);
}

#[test]
fn a_start_beyond_the_end_gives_no_offset_twice() {
    let mut world = filled(LogConfig::default());
    world.stop();
    let config = LogConfig::clone(&world.config);
    let start = Start::Clean {
        log_start: Offset(25),
    };
    let mut world = World::opened(world.disk.killed(), config, start, 1);
    assert_eq!(
        (world.log.start_offset(), world.log.assigned()),
        (Offset(25), Offset(25))
    );
    let appended = world.append(plain(1, 10, 999_000), 1).expect("appended");
    assert_eq!(appended.base, Offset(25));
    world.run();
    world.log.set_high_watermark(Offset(26));
    retained(&mut world);
    assert_eq!(segments(&world), ["00000000000000000025.log"]);
    let mut world = world.restarted();
    assert_eq!(world.contents().len(), 1);
}

#[test]
fn silent_producers_are_forgotten() {
    let mut world = World::new(LogConfig {
        producer_id_expiration_ms: 10_000,
        ..LogConfig::default()
    });
    world.append(idempotent(1, 0, 0, 1), 0).expect("appended");
    world.run();
    world.now = now_at(1_008_999);
    retained(&mut world);
    assert_eq!(world.log.producers(), 1);
    world.now = now_at(1_009_000);
    retained(&mut world);
    assert_eq!(world.log.producers(), 0);
}

#[test]
fn an_untouched_log_costs_nothing_at_a_clean_stop() {
    let mut world = filled(LogConfig::default()).restarted();
    let names = world.disk.names("t-0");
    let before = world.writes.len();
    let performed = world.performed;
    world.stop();
    assert_eq!(world.writes.len(), before);
    assert_eq!(
        world.performed,
        performed + 1,
        "only the active segment is closed"
    );
    assert_eq!(world.disk.names("t-0"), names);
    // One that was never written to has not even a directory.
    let mut world = World::new(LogConfig::default());
    world.stop();
    assert!(world.disk.names("t-0").is_empty());
}

#[test]
fn a_clean_stop_takes_in_what_was_appended_before() {
    for seed in 1..30 {
        let mut world = World::over(empty(), LogConfig::default(), Start::Absent, seed);
        for i in 0..5 {
            world
                .append(plain(1, 100, 990_000 + i), 0)
                .expect("appended");
        }
        world.stop();
        assert_eq!(world.log.flushed(), Offset(5));
        let disk = world.disk.cut(&mut world.rng);
        let mut world = World::opened(disk, LogConfig::default(), CLEAN, seed);
        assert_eq!(world.contents().len(), 5);
        assert_eq!(world.log.flushed(), Offset(5));
    }
}

#[test]
fn a_stop_without_room_for_its_files_is_no_clean_stop() {
    let mut world = filled(LogConfig::default());
    world.disk.media.resize(0);
    world.log.stop(world.now, &mut world.fx);
    world.run();
    assert!(matches!(world.log.phase(), Phase::Offline(_)));
    assert!(!world.events.contains(&LogEvent::Closed));
}

#[test]
fn a_removed_log_leaves_nothing_at_any_time_of_its_life() {
    for steps in 0..60 {
        let mut world = World::over(
            empty(),
            LogConfig {
                segment_bytes: 300,
                ..LogConfig::default()
            },
            Start::Absent,
            steps + 2,
        );
        for i in 0..6 {
            world
                .append(plain(1, 100, 990_000 + i), 0)
                .expect("appended");
        }
        for _ in 0..steps {
            world.settle();
            world.perform();
        }
        world.log.remove(&mut world.fx);
        world.run();
        assert_eq!(world.log.phase(), Phase::Closed);
        assert_eq!(world.events.last(), Some(&LogEvent::Closed));
        assert!(world.disk.names("t-0").is_empty(), "after {steps} steps");
        assert!(world.append(plain(1, 1, 0), 0).is_err());
    }
}

#[test]
fn a_log_that_is_being_opened_can_be_stopped_and_removed() {
    let mut world = filled(LogConfig::default());
    world.stop();
    let disk = world.disk.killed();
    for steps in 0..20 {
        for removed in [false, true] {
            let config = LogConfig::clone(&world.config);
            let mut world = World::over(disk.clone(), config, CLEAN, 1);
            for _ in 0..steps {
                world.settle();
                world.perform();
            }
            if removed {
                world.log.remove(&mut world.fx);
            } else {
                world.log.stop(world.now, &mut world.fx);
            }
            world.run();
            assert_eq!(world.log.phase(), Phase::Closed, "after {steps}");
            assert_eq!(world.disk.names("t-0").is_empty(), removed);
        }
    }
}

#[test]
fn an_epoch_is_written_down_with_its_first_record() {
    let mut world = filled(LogConfig::default());
    world.stop();
    let disk = world.disk.killed();
    let path = "t-0/leader-epoch-checkpoint";
    let before = disk.bytes(path).expect("there");
    let mut world = World::opened(disk, LogConfig::default(), CLEAN, 1);
    let performed = world.performed;
    world.log.start_epoch(LeaderEpoch(7), &mut world.fx);
    world.run();
    assert_eq!(world.performed, performed, "a start writes nothing");
    let point = world.log.recovery_point();
    assert_eq!(point, world.log.flushed(), "and nothing is held up by it");
    world.append(plain(1, 10, 999_000), 7).expect("appended");
    world.run();
    let after = world.disk.bytes(path).expect("there");
    let line = format!("\n7 {point}\n");
    assert!(before != after && after.ends_with(line.as_bytes()));
    assert_eq!(world.log.recovery_point(), world.log.assigned());
}
