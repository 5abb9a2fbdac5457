//! Snapshots taken while it leads: what they say, what goes when they are durable, and what any crash on the way leaves.

use bytes::Bytes;
use ottla_machine::{Fault, LeaderEpoch, Offset};
use ottla_media::Media;
use ottla_quorum::{LogSettings, Snapshot, SnapshotId};
use ottla_testdisk::{Disk, fates};

use crate::world::{DIR, World, durable, formatted, identity, logs, path, rng, value, voters};

/// A segment for every few batches.
const SMALL: LogSettings = LogSettings {
    segment_bytes: 300,
    segment_ms: i64::MAX,
    was_durable: false,
};

fn world(media: Media, seed: u64) -> World {
    World::set(media, identity(), SMALL, seed).up()
}

/// All that was committed, as values; of control batches none.
fn values(world: &World) -> Vec<Bytes> {
    let told = world.snapshot.iter().flat_map(|(_, values)| values.clone());
    let batches = world.committed.iter().filter(|batch| !batch.control);
    let records = batches.flat_map(|batch| batch.records().expect("records"));
    told.chain(records.map(|(_, _, value)| value)).collect()
}

fn append(world: &mut World, count: u64) {
    for n in 0..count {
        let text = format!("{}-{n} {}", world.committed.len(), "x".repeat(60));
        world.append(&[value(&text)], false);
        world.run();
    }
}

fn checkpoints(disk: &Disk) -> Vec<SnapshotId> {
    let names = disk.names(DIR).into_iter();
    names.filter_map(|name| SnapshotId::parse(&name)).collect()
}

fn first_offset(disk: &Disk) -> i64 {
    let first = logs(disk).into_keys().next().expect("a segment");
    first[..20].parse().expect("a number")
}

#[test]
fn a_snapshot_is_read_back_as_it_was_told_and_the_log_goes_behind_it() {
    for seed in 0..30 {
        let mut world = world(formatted(), seed);
        append(&mut world, 20);
        let all = values(&world);
        let first = world.take_snapshot(&all);
        world.run();
        assert_eq!(world.taken, [first], "seed {seed}");
        let file = world.disk.bytes(&path(first)).expect("it is there");
        let snapshot = Snapshot {
            voters: voters(&[1]),
            values: all,
        };
        assert_eq!(Snapshot::parse(&file), Ok(snapshot));
        // There is no other yet: should this one be damaged, all of the log is needed.
        assert_eq!(first_offset(&world.disk), 0);
        assert_eq!(checkpoints(&world.disk), [SnapshotId::BOOTSTRAP, first]);
        append(&mut world, 20);
        let all = values(&world);
        let second = world.take_snapshot(&all);
        world.run();
        assert_eq!(checkpoints(&world.disk), [first, second], "seed {seed}");
        let begins = first_offset(&world.disk);
        assert!(begins > 0 && begins <= first.end.0, "seed {seed}: {begins}");
        append(&mut world, 3);
        let all = values(&world);
        world.stop();
        let next = World::set(world.killed(), identity(), SMALL, seed).up();
        assert_eq!(next.snapshot.as_ref().map(|(id, _)| *id), Some(second));
        assert_eq!(values(&next), all, "seed {seed}");
        assert_eq!(next.leading, Some(LeaderEpoch(2)));
    }
}

#[test]
fn nothing_new_or_not_committed_is_no_snapshot() {
    let mut world = world(formatted(), 0);
    append(&mut world, 2);
    let taken = world.take_snapshot(&values(&world));
    let ask = |world: &mut World, id| world.quorum.begin_snapshot(world.now, id, &mut Nothing);
    let beyond = SnapshotId {
        end: world.quorum.end_offset().plus(1),
        epoch: taken.epoch,
    };
    assert!(!ask(&mut world, taken), "one at a time");
    world.run();
    assert!(!ask(&mut world, taken), "nothing is new");
    assert!(!ask(&mut world, beyond), "not committed");
    world.append(&[value("new")], false);
    let new = SnapshotId {
        end: taken.end.plus(1),
        epoch: taken.epoch,
    };
    assert!(!ask(&mut world, new), "not committed yet");
    world.run();
    world.stop();
    assert!(!ask(&mut world, new), "it leads no more");
}

/// Effects of what must have none.
struct Nothing;

impl ottla_machine::Emit for Nothing {
    fn disk(&mut self, _: ottla_machine::Op, what: ottla_machine::DiskOp) {
        panic!("{what:?}");
    }

    fn note(&mut self, _: ottla_machine::Level, _: String) {}

    fn spend(&mut self, _: ottla_machine::Spend, _: usize) {}
}

/// A life with snapshots in it, every moment kept.
fn life(media: Media, seed: u64) -> World {
    let mut world = World::set(media, identity(), SMALL, seed);
    world.moments = Some(Vec::new());
    let mut world = world.up();
    for n in 0..30 {
        let text = format!("{seed}-{n} {}", "x".repeat(40));
        world.append(&[value(&text)], false);
        for _ in 0..world.rng.below(3) {
            world.turn();
        }
        if n % 9 == 8 {
            world.run();
            let all = values(&world);
            world.take_snapshot(&all);
        }
    }
    world.run();
    if seed.is_multiple_of(2) {
        append(&mut world, 1);
        let all = values(&world);
        world.take_snapshot(&all);
        for _ in 0..seed {
            world.turn();
        }
        world.stop();
        assert!(world.closed, "seed {seed}");
    }
    world
}

#[test]
fn a_crash_at_any_moment_leaves_a_snapshot_that_the_log_joins_on_to() {
    let (mut cuts, mut from_snapshot, mut cut_short) = (0, 0, 0);
    for seed in 0..4 {
        let mut rng = rng(seed);
        let first = life(formatted(), seed);
        let all = values(&first);
        for moment in first.moments.iter().flatten() {
            let told: usize = first.committed[..moment.told]
                .iter()
                .filter(|batch| !batch.control)
                .map(|batch| batch.records().expect("records").len())
                .sum();
            if rng.below(2) == 0 {
                let mut media = moment.media.clone();
                if rng.below(4) == 0 {
                    media.kill();
                } else {
                    media.power_cut(fates(rng.below(5), &mut rng));
                }
                let next = World::set(media, identity(), SMALL, cuts).up();
                let kept = values(&next);
                assert!(
                    kept.len() >= told && kept.iter().zip(&all).all(|(kept, was)| kept == was),
                    "seed {seed}: {told} of {} had been told, {} are left",
                    all.len(),
                    kept.len()
                );
                let id = next.snapshot.as_ref().map(|(id, _)| *id);
                from_snapshot += u32::from(id > Some(SnapshotId::BOOTSTRAP));
                cut_short += u32::from(first_offset(&next.disk) > 0);
                let parts = next.disk.names(DIR);
                assert!(
                    !parts.iter().any(|name| name.ends_with(".part")),
                    "{parts:?}"
                );
                cuts += 1;
            }
        }
    }
    assert!(
        cuts > 300 && from_snapshot > 150 && cut_short > 50,
        "{cuts} crashes, {from_snapshot} {cut_short}"
    );
}

#[test]
fn whatever_fails_while_it_is_taken_it_goes_on_or_offline_and_loses_nothing() {
    let (mut offline, mut given_up) = (0, 0);
    for fault in [Fault::Broken, Fault::Busy, Fault::Full] {
        for at in 0..30 {
            let mut world = world(formatted(), at);
            append(&mut world, 15);
            let all = values(&world);
            world.take_snapshot(&all);
            world.run();
            append(&mut world, 15);
            let all = values(&world);
            world.disk.fails = Some((at, fault));
            world.take_snapshot(&all);
            world.run();
            if world.disk.fails.take().is_some() {
                break;
            }
            offline += u32::from(world.offline.is_some());
            given_up += world.given_up.len();
            if world.offline.is_none() {
                let names = world.disk.names(DIR);
                assert!(
                    !names.iter().any(|name| name.ends_with(".part")),
                    "{names:?}"
                );
                // Another is taken later.
                append(&mut world, 1);
                let all = values(&world);
                let again = world.take_snapshot(&all);
                world.run();
                assert_eq!(world.taken.last(), Some(&again), "{fault:?} at {at}");
                assert_eq!(checkpoints(&world.disk).len(), 2, "{fault:?} at {at}");
            }
            let all = values(&world);
            let next = World::set(durable(&world.disk.media).media, identity(), SMALL, 0).up();
            assert_eq!(values(&next)[..all.len()], all, "{fault:?} at {at}");
        }
    }
    assert!(offline > 4 && given_up > 4, "{offline} {given_up}");
}

/// Two snapshots, and more behind them.
fn twice() -> (World, SnapshotId, SnapshotId) {
    let mut world = world(formatted(), 0);
    let mut take = || {
        append(&mut world, 15);
        let all = values(&world);
        let id = world.take_snapshot(&all);
        world.run();
        id
    };
    let (before, newest) = (take(), take());
    append(&mut world, 3);
    (world, before, newest)
}

#[test]
fn a_damaged_snapshot_is_passed_over_while_the_log_reaches_back_to_an_older_one() {
    let (world, before, newest) = twice();
    let all = values(&world);
    let media = world.killed();
    let whole = Disk::over(media.clone()).bytes(&path(newest)).expect("it");
    for at in (0..whole.len()).step_by(7) {
        for cut in [false, true] {
            let mut bytes = whole.to_vec();
            if cut {
                bytes.truncate(at);
            } else {
                bytes[at] ^= 0x10;
            }
            let mut disk = Disk::over(media.clone());
            disk.put(DIR, &newest.file_name(), &bytes);
            let mut next = world_again(&disk);
            let begun = next.snapshot.as_ref().map(|(id, _)| *id);
            // The epoch in a batch's head is under no checksum.
            if begun == Some(newest) {
                assert!(!cut, "cut at {at}");
            } else {
                assert_eq!(begun, Some(before), "at {at}");
            }
            assert_eq!(values(&next), all, "at {at}");
            // The next one takes the damaged one's place.
            if at % 70 == 0 && begun == Some(before) {
                append(&mut next, 1);
                let all = values(&next);
                let third = next.take_snapshot(&all);
                next.run();
                assert_eq!(checkpoints(&next.disk), [before, third]);
            }
        }
    }
}

fn world_again(disk: &Disk) -> World {
    World::set(disk.media.clone(), identity(), SMALL, 0).up()
}

#[test]
fn without_a_whole_snapshot_that_the_log_reaches_it_is_refused_in_a_sentence() {
    let (world, before, newest) = twice();
    let disk = Disk::over(world.killed());
    let spoil = |disk: &mut Disk, id: SnapshotId| {
        let bytes = disk.bytes(&path(id)).expect("it is there");
        disk.put(DIR, &id.file_name(), &bytes[..bytes.len() - 20]);
    };
    let refused = |disk: &Disk, words: &[&str]| {
        let media = disk.media.clone();
        let why = World::set(media, identity(), SMALL, 0).refused();
        assert!(!why.contains('\n') && !why.ends_with('.'), "{why}");
        for word in words {
            assert!(why.contains(word), "{word}: {why}");
        }
    };
    let mut both = disk.clone();
    spoil(&mut both, newest);
    spoil(&mut both, before);
    refused(&both, &[&newest.file_name(), "damaged at byte", "restore"]);
    let mut none = disk.clone();
    for id in [newest, before] {
        none.media.unlink(&path(id)).expect("it is there");
    }
    refused(&none, &[DIR, "begins at offset", "restore"]);
    // The log lost its end; that the newest snapshot is damaged makes it no better.
    let mut short = disk.clone();
    spoil(&mut short, newest);
    let segments = logs(&short).into_keys();
    for name in segments.skip(1) {
        short
            .media
            .unlink(&format!("{DIR}/{name}"))
            .expect("it is there");
    }
    refused(&short, &[DIR, "segments are missing", "restore"]);
}

#[test]
fn unfinished_snapshots_are_removed_at_the_start() {
    let mut disk = Disk::over(formatted());
    let id = SnapshotId {
        end: Offset(7),
        epoch: LeaderEpoch(1),
    };
    disk.put(DIR, &format!("{}.part", id.file_name()), b"half of it");
    disk.put(DIR, &format!("{}.deleted", id.file_name()), b"Kafka's");
    let mut world = World::over(disk.media, identity()).up();
    world.run();
    assert_eq!(checkpoints(&world.disk), [SnapshotId::BOOTSTRAP]);
    let names = world.disk.names(DIR);
    assert!(
        names.iter().all(|name| !name.contains(".checkpoint.")),
        "{names:?}"
    );
}
