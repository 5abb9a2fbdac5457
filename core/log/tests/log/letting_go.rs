//! What is given up while it is under way: no file stays open, and nothing comes late.

use ottla_log::{LogConfig, LogEvent, Phase, Start};
use ottla_machine::{DiskOp, Fault, Offset};
use ottla_record::{ABORT, COMMIT};
use ottla_testdisk::Disk;

use crate::compacting::{marker, transactional};
use crate::world::{World, drop_file, empty, now_at, plain, put};

fn config() -> LogConfig {
    LogConfig {
        segment_bytes: plain(1, 100, 0).len() as u64 * 3,
        ..LogConfig::default()
    }
}

const CLEAN: Start = Start::Clean {
    log_start: Offset(0),
};

const RECOVER: Start = Start::Recover {
    from: Offset(4),
    log_start: Offset(0),
    show: false,
};

/// Segments 0, 3, 6 and 9, stopped cleanly.
fn stopped() -> Disk {
    let mut world = World::new(config());
    for i in 0..10 {
        let batch = plain(1, 100, 990_000 + i);
        world.append(batch, 0).expect("appended");
    }
    world.run();
    world.stop();
    world.disk.killed()
}

/// Closes what was let go, as an owner does when no reader is left.
fn close(world: &mut World) {
    for event in std::mem::take(&mut world.events) {
        if let LogEvent::LetGo(file) = event {
            world.disk.perform(DiskOp::Close(file)).expect("closed");
        }
    }
}

/// A little happens, the log is removed, and all is over.
fn removed(mut world: World, steps: u64) -> usize {
    for _ in 0..steps {
        world.settle();
        world.perform();
    }
    world.log.remove(&mut world.fx);
    world.run();
    assert_eq!(world.log.phase(), Phase::Closed);
    assert_eq!(world.events.last(), Some(&LogEvent::Closed));
    close(&mut world);
    world.disk.open_files()
}

#[test]
fn a_log_that_is_removed_while_it_opens_leaves_no_file_open() {
    for disk in [stopped(), {
        let mut disk = stopped();
        drop_file(&mut disk, "t-0/00000000000000000009.index");
        disk
    }] {
        for (steps, start) in (0..80).flat_map(|steps| [(steps, CLEAN), (steps, RECOVER)]) {
            let world = World::over(disk.clone(), config(), start, steps + 1);
            let left = removed(world, steps);
            assert_eq!(left, 0, "after {steps} steps of {start:?}");
        }
    }
}

#[test]
fn a_log_that_is_removed_while_segments_are_warmed_leaves_no_file_open() {
    let mut without_index = stopped();
    drop_file(&mut without_index, "t-0/00000000000000000003.index");
    for disk in [stopped(), without_index] {
        for steps in 0..40 {
            let mut world = World::opened(disk.clone(), config(), CLEAN, steps + 1);
            for base in [0, 3, 6] {
                world.log.warm(Offset(base), &mut world.fx);
            }
            // One that is open and whose index does not fit.
            world.log.warm(Offset(9), &mut world.fx);
            assert_eq!(removed(world, steps), 0, "after {steps} steps");
        }
    }
}

#[test]
fn a_log_that_is_removed_while_it_rolls_or_is_compacted_leaves_no_file_open() {
    for steps in 0..120 {
        let config = LogConfig {
            compact: true,
            ..config()
        };
        let mut world = World::opened(stopped(), config, CLEAN, steps + 1);
        world.log.set_high_watermark(Offset(10));
        world.log.clean(world.now, 1 << 20, &mut world.fx);
        for i in 0..3 {
            let batch = plain(1, 100, 991_000 + i);
            world.append(batch, 0).expect("appended");
        }
        assert_eq!(removed(world, steps), 0, "after {steps} steps");
    }
}

/// A crash left a torn batch, a segment behind a hole, and what a compaction had begun.
fn crashed() -> Disk {
    let mut disk = stopped();
    let path = "t-0/00000000000000000006.log";
    let mut bytes = disk.bytes(path).expect("there").to_vec();
    bytes.truncate(bytes.len() - 3);
    put(&mut disk, path, &bytes);
    put(&mut disk, "t-0/00000000000000000003.log.cleaned", b"begun");
    disk
}

#[test]
fn an_opening_that_finds_no_room_ends_whole_and_can_be_tried_again() {
    let wanted = World::opened(crashed(), config(), RECOVER, 1).contents();
    assert_eq!(wanted.len(), 8);
    let (mut full, mut at) = (0, 0);
    loop {
        at += 1;
        let mut world = World::over(crashed(), config(), RECOVER, at + 1);
        let fault = [Fault::Full, Fault::Busy][at as usize % 2];
        world.disk.fails = Some((at - 1, fault));
        world.run();
        if world.disk.fails.is_some() {
            break;
        }
        if world.log.phase() == Phase::Open {
            continue;
        }
        full += 1;
        assert_eq!(world.log.phase(), Phase::Offline(fault), "at {at}");
        let told = world.events.last();
        assert!(matches!(told, Some(LogEvent::Offline(told, _)) if *told == fault));
        close(&mut world);
        assert_eq!(world.disk.open_files(), 0, "at {at}");
        assert!(!world.perform(), "nothing is under way");
        let mut again = World::opened(world.disk.killed(), config(), RECOVER, at + 1);
        assert_eq!(again.contents(), wanted, "at {at}");
    }
    assert!(full > 5, "{full}");
}

#[test]
fn aborted_transactions_that_found_no_room_are_written_later() {
    let sealed = [
        transactional(1, 0, 0, &["a"]),
        transactional(2, 0, 1, &["a"]),
        marker(2, 2, ABORT),
        marker(1, 3, COMMIT),
    ];
    let index = "t-0/00000000000000000000.txnindex";
    let (mut refused, mut at) = (0, 0);
    loop {
        let mut disk = empty();
        put(
            &mut disk,
            "t-0/partition.metadata",
            b"version: 0\ntopic_id: CQkJCQkJCQkJCQkJCQkJCQ",
        );
        put(&mut disk, "t-0/00000000000000000000.log", &sealed.concat());
        let active = transactional(1, 1, 4, &["b"]);
        put(&mut disk, "t-0/00000000000000000004.log", &active);
        let start = Start::Recover {
            from: Offset(0),
            log_start: Offset(0),
            show: false,
        };
        let mut world = World::over(disk, LogConfig::default(), start, 1);
        world.disk.fails = Some((at, Fault::Full));
        world.run();
        at += 1;
        if world.disk.fails.is_some() {
            break;
        }
        if world.log.phase() != Phase::Open {
            continue;
        }
        if world.disk.bytes(index).is_none() {
            refused += 1;
            let point = world.log.recovery_point();
            assert_eq!(point, Offset(0), "a restart would not look at the segment");
        }
        world.now = now_at(world.now.wall.0 + 1_000);
        world.run();
        assert_eq!(world.disk.bytes(index).map(|bytes| bytes.len()), Some(34));
        assert_eq!(world.log.recovery_point(), Offset(5));
    }
    assert!(refused > 1, "{refused}");
}

#[test]
fn a_removal_that_finds_no_room_is_tried_again() {
    for at in 0..3 {
        let mut world = World::opened(stopped(), config(), CLEAN, 1);
        world.log.remove(&mut world.fx);
        world.disk.fails = Some((at, Fault::Full));
        world.run();
        assert!(world.disk.fails.is_none());
        assert_eq!(world.log.phase(), Phase::Closing);
        world.now = now_at(world.now.wall.0 + 1_000);
        world.run();
        assert_eq!(world.log.phase(), Phase::Closed);
        assert_eq!(world.disk.names(""), Vec::<String>::new());
    }
}
