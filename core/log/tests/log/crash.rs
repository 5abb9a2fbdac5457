//! Crashes: at every operation, with everything un-synced lost in any subset, the log comes back with all that was
//! flushed, in order, and nothing that was never appended.

use std::collections::BTreeMap;

use ottla_log::{LogConfig, LogEvent, Phase, Start};
use ottla_machine::{Fault, LeaderEpoch, Offset, Rng};
use ottla_record::{Batch, Batches};
use ottla_testdisk::Disk;

use crate::world::{World, drop_file, empty, idempotent, plain, put};

fn config() -> LogConfig {
    LogConfig {
        segment_bytes: 1_500,
        index_interval_bytes: 200,
        ..LogConfig::default()
    }
}

/// Every third log is compacted: then holes between segments are allowed, and none may come of a crash.
fn config_of(seed: u64) -> LogConfig {
    LogConfig {
        compact: seed.is_multiple_of(3),
        ..config()
    }
}

/// One life of a log: random appends until `ops` operations were performed. Answers what was appended, by offset.
struct Life {
    world: World,
    /// Every batch ever appended at an offset: an undone or lost one may be followed by another.
    appended: BTreeMap<i64, Vec<Vec<u8>>>,
    /// What the log holds.
    there: BTreeMap<i64, Vec<u8>>,
    sequences: [i32; 3],
    /// The sequences before each append, to go back to when it is undone.
    before: Vec<(Offset, [i32; 3])>,
    recovery_point: Offset,
}

impl Life {
    /// `false`: the disk is not believed any more, and the life ends.
    fn turn(&mut self) -> bool {
        let world = &mut self.world;
        if world.rng.below(12) == 0 {
            let writes = world.rng.below(4);
            world.disk.write_fails = Some((writes, Fault::Full));
        }
        if world.rng.below(60) == 0 {
            let syncs = world.rng.below(4);
            world.disk.sync_fails = Some((syncs, Fault::Broken));
        }
        for _ in 0..world.rng.below(4) {
            self.before.push((world.log.assigned(), self.sequences));
            let producer = world.rng.below(4) as usize;
            let count = 1 + world.rng.below(3) as usize;
            let len = world.rng.below(400) as usize;
            let batch = match self.sequences.get_mut(producer) {
                Some(sequence) => {
                    let batch = idempotent(producer as i64, 0, *sequence, count);
                    *sequence += count as i32;
                    batch
                }
                None => plain(count, len, 999_000),
            };
            let epoch = world.log.latest_epoch().0.max(0) + i32::from(world.rng.below(9) == 0);
            let appended = world.append(batch.clone(), epoch).expect("appended");
            let mut bytes = batch.to_vec();
            bytes[..8].copy_from_slice(&appended.base.0.to_be_bytes());
            bytes[12..16].copy_from_slice(&epoch.to_be_bytes());
            self.there.insert(appended.base.0, bytes.clone());
            self.appended
                .entry(appended.base.0)
                .or_default()
                .push(bytes);
        }
        world.settle();
        for _ in 0..world.rng.below(5) {
            if world.broken.is_some() {
                // Its owner would have taken it offline.
                break;
            }
            world.perform();
        }
        for event in world.events.drain(..) {
            if let LogEvent::Undone { from } = event {
                self.there.split_off(&from.0);
                while let Some((at, sequences)) = self.before.pop_if(|(at, _)| *at >= from) {
                    assert!(at >= from);
                    self.sequences = sequences;
                }
            }
        }
        if world.rng.below(10) == 0 {
            self.recovery_point = world.log.recovery_point();
        }
        world.broken.is_none()
    }

    fn flushed(&self) -> Vec<(i64, Vec<u8>)> {
        let end = self.world.broken.unwrap_or(self.world.log.flushed()).0;
        let below = self.there.range(..end);
        below.map(|(base, bytes)| (*base, bytes.clone())).collect()
    }
}

/// What must hold of a recovered log, given what was flushed before.
fn check_recovered(
    world: &mut World,
    appended: &BTreeMap<i64, Vec<Vec<u8>>>,
    flushed: &[(i64, Vec<u8>)],
) {
    let contents = world.contents();
    assert!(
        contents.len() >= flushed.len() && contents[..flushed.len()] == *flushed,
        "flushed records are gone: {} of {} batches",
        contents.len(),
        flushed.len()
    );
    let mut next = 0;
    let mut last = BTreeMap::new();
    let mut epochs: Vec<(i32, i64)> = Vec::new();
    for (base, bytes) in &contents {
        assert_eq!(*base, next, "no holes");
        assert!(
            appended[base].contains(bytes),
            "a batch nobody appended at {base}"
        );
        let header = *Batch::parse(bytes).expect("a batch").header();
        next = header.next_offset();
        if header.has_producer_id() {
            last.insert(
                header.producer_id,
                (header.base_sequence, header.records_count, *base),
            );
        }
        if epochs
            .last()
            .is_none_or(|(epoch, _)| *epoch < header.partition_leader_epoch)
        {
            epochs.push((header.partition_leader_epoch, *base));
        }
    }
    assert_eq!(world.log.assigned(), Offset(next));
    // The last batch of each producer is known: it is answered, not appended again.
    for (id, (sequence, count, base)) in last {
        let twin = idempotent(id, 0, sequence, count as usize);
        let answer = world.append(twin, 99).expect("known");
        assert!(
            answer.duplicate && answer.base == Offset(base),
            "{answer:?}"
        );
    }
    for (epoch, start) in &epochs {
        assert_eq!(world.log.epoch_at(Offset(*start)).0, *epoch);
    }
    assert_eq!(
        world.log.latest_epoch().0,
        epochs.last().map_or(-1, |(epoch, _)| *epoch)
    );
}

/// The process dies, or the power goes.
fn ended(disk: Disk, rng: &mut Rng) -> Disk {
    if rng.below(4) == 0 {
        disk.killed()
    } else {
        disk.cut(rng)
    }
}

fn crashed(seed: u64, lives: u32) {
    let mut rng = Rng::new([seed as u8 ^ 0x5a; 32]).child(seed);
    let mut start = Start::Absent;
    let mut disk = empty();
    let mut appended = BTreeMap::new();
    let mut sequences = [0; 3];
    let mut recovery_point = Offset(0);
    for life in 0..lives {
        let mut world = World::over(disk, config_of(seed), start, rng.next_u64() | 2);
        if start != Start::Absent {
            world.run();
            assert_eq!(world.log.phase(), Phase::Open, "{:?}", world.events);
        }
        world.flushing = rng.below(4) > 0;
        let there = world.contents().into_iter().collect();
        let mut life_of = Life {
            world,
            appended,
            there,
            sequences,
            before: Vec::new(),
            recovery_point,
        };
        let turns = rng.below(60);
        let _ = (0..turns).all(|_| life_of.turn());
        let flushed = life_of.flushed();
        let Life {
            world,
            appended: had,
            recovery_point: point,
            ..
        } = life_of;
        appended = had;
        recovery_point = point;
        let begun = world.disk.names("").len() + world.disk.names("t-0").len();
        disk = ended(world.disk, &mut rng);
        // A crash during the recovery of the crash changes nothing.
        start = Start::Recover {
            from: recovery_point,
            log_start: Offset(0),
            show: rng.below(2) == 0,
        };
        let mut again = World::over(disk, config_of(seed), start, rng.next_u64() | 2);
        for _ in 0..rng.below(60) {
            again.settle();
            again.perform();
        }
        disk = ended(again.disk, &mut rng);
        let mut world = World::opened(disk, config_of(seed), start, rng.next_u64() | 2);
        if let Start::Recover { show: true, .. } = start {
            let shown: Vec<_> = world
                .events
                .iter()
                .filter_map(|event| match event {
                    LogEvent::Batch(bytes) => Some(bytes.to_vec()),
                    _ => None,
                })
                .collect();
            let contents = world.contents().into_iter().map(|(_, bytes)| bytes);
            assert_eq!(shown, contents.collect::<Vec<_>>());
        }
        check_recovered(&mut world, &appended, &flushed);
        assert!(begun > 0 || life == 0 || flushed.is_empty());
        world.run();
        assert_eq!(world.log.flushed(), world.log.written());
        recovery_point = world.log.recovery_point();
        // Producers go on where the log does.
        sequences = [0; 3];
        for (_, bytes) in world.contents() {
            let header = *Batch::parse(&bytes).expect("a batch").header();
            if header.has_producer_id() {
                sequences[header.producer_id as usize] =
                    header.base_sequence + header.records_count;
            }
        }
        if rng.below(3) == 0 {
            let contents = world.contents();
            world.stop();
            disk = world.disk.cut(&mut rng);
            start = Start::Clean {
                log_start: Offset(0),
            };
            let mut world = World::opened(disk, config_of(seed), start, 5);
            assert_eq!(
                world.contents(),
                contents,
                "a clean stop loses nothing to a power cut"
            );
            disk = world.disk.cut(&mut rng);
            start = Start::Recover {
                from: recovery_point,
                log_start: Offset(0),
                show: false,
            };
        } else {
            disk = ended(world.disk, &mut rng);
        }
    }
}

#[test]
fn what_was_flushed_survives_every_crash() {
    for seed in 0..150 {
        crashed(seed, 5);
    }
}

#[test]
fn a_torn_last_batch_is_cut_off_at_every_byte() {
    let mut world = World::new(config());
    for i in 0..3 {
        world
            .append(plain(1, 60, 999_000 + i), 0)
            .expect("appended");
    }
    world.run();
    let contents = world.contents();
    let disk = world.disk.killed();
    let path = "t-0/00000000000000000000.log";
    let whole = disk.bytes(path).expect("there").to_vec();
    let third = whole.len() - contents[2].1.len();
    let start = Start::Recover {
        from: Offset(1),
        log_start: Offset(0),
        show: false,
    };
    for cut in third..whole.len() {
        for tail in [
            &whole[..cut],
            &[&whole[..cut], &vec![0; whole.len() - cut + 9]].concat(),
        ] {
            let mut disk = disk.clone();
            put(&mut disk, path, tail);
            let mut world = World::opened(disk, config(), start, 1);
            // Zeros in place of zeros make it whole.
            let found = world.contents();
            assert!(
                found == contents[..2] || tail.starts_with(&whole),
                "cut at {cut}"
            );
            let appended = world.append(plain(1, 5, 999_000), 1).expect("goes on");
            assert_eq!(appended.base, Offset(found.len() as i64));
            world.run();
            assert_eq!(world.contents().len(), found.len() + 1);
        }
    }
}

#[test]
fn what_recovery_cut_off_does_not_come_back_behind_what_was_flushed_since() {
    let config = || LogConfig {
        segment_bytes: plain(1, 60, 0).len() as u64 * 2,
        ..config()
    };
    let mut world = World::new(config());
    world.append(plain(1, 60, 999_000), 0).expect("appended");
    world.append(plain(1, 60, 999_000), 0).expect("appended");
    world.run();
    let path = "t-0/00000000000000000000.log";
    let mut disk = world.disk.killed();
    let torn = [&disk.bytes(path).expect("there")[..], &[0; 77]].concat();
    put(&mut disk, path, &torn);
    let recover = |from: i64| Start::Recover {
        from: Offset(from),
        log_start: Offset(0),
        show: true,
    };
    for seed in 0..20 {
        let mut rng = Rng::new([6; 32]).child(seed);
        let mut world = World::opened(disk.clone(), config(), recover(2), seed + 2);
        // The next batch begins a segment: the one that was cut is not written to again.
        world.append(plain(1, 60, 999_000), 0).expect("appended");
        world.run();
        assert_eq!(world.log.recovery_point(), Offset(3));
        let left = world.disk.cut(&mut rng);
        let mut world = World::opened(left, config(), recover(3), seed + 2);
        assert_eq!(world.contents().len(), 3);
    }
}

#[test]
fn a_bad_batch_ends_the_log_and_removes_later_segments() {
    let mut world = World::new(config());
    for i in 0..30 {
        world
            .append(plain(1, 300, 999_000 + i), 0)
            .expect("appended");
    }
    world.run();
    let contents = world.contents();
    let mut disk = world.disk.killed();
    let name = disk
        .names("t-0")
        .into_iter()
        .filter(|name| name.ends_with(".log"))
        .nth(3)
        .expect("four segments");
    let base: i64 = name[..20].parse().expect("digits");
    let path = format!("t-0/{name}");
    let mut bytes = disk.bytes(&path).expect("there").to_vec();
    let second = contents[base as usize].1.len();
    bytes[second + 100] ^= 1;
    put(&mut disk, &path, &bytes);
    let recover = |from: i64| Start::Recover {
        from: Offset(from),
        log_start: Offset(0),
        show: false,
    };
    let mut world = World::opened(disk.clone(), config(), recover(2), 1);
    assert_eq!(world.contents(), contents[..base as usize + 1]);
    let logs = world.disk.names("t-0");
    assert!(
        logs.iter()
            .all(|name| !name.ends_with(".log") || name.as_str() <= &path[4..])
    );
    // What lies below the recovery point was durable: it is not cut off in silence.
    let mut world = World::over(disk.clone(), config(), recover(base + 2), 1);
    world.run();
    assert_eq!(world.log.phase(), Phase::Damaged);
    // A bad batch in a segment that is not read is not met.
    let after: i64 = base + contents.len() as i64 / 3;
    let world = World::opened(disk, config(), recover(after), 1);
    assert_eq!(world.log.assigned(), Offset(30));
}

/// What recovery writes again may be refused although the Sync behind it is done: that Sync made nothing of it durable.
#[test]
fn a_log_does_not_open_before_what_it_wrote_again_is_written() {
    let mut opened_before = 0;
    for seed in 1..200 {
        let mut world = World::new(config());
        for i in 0..9 {
            world
                .append(plain(1, 60, 999_000 + i), 0)
                .expect("appended");
        }
        world.run();
        let mut disk = world.disk.killed();
        disk.write_fails = Some((0, Fault::Busy));
        let recover = Start::Recover {
            from: Offset(0),
            log_start: Offset(0),
            show: false,
        };
        let mut world = World::over(disk, config(), recover, seed);
        world.shuffled = true;
        let mut done = 0;
        for _ in 0..1_000 {
            world.settle();
            world.perform();
            done = world.disk.syncs.max(done);
            assert_ne!(world.log.phase(), Phase::Open, "seed {seed}");
            if let Phase::Offline(fault) = world.log.phase() {
                assert_eq!(fault, Fault::Busy);
                break;
            }
        }
        opened_before += u64::from(done > 0);
        assert_eq!(world.log.phase(), Phase::Offline(Fault::Busy));
    }
    assert!(
        opened_before > 0,
        "no Sync was done before the write's end came"
    );
}

#[test]
fn damage_after_a_clean_stop_is_refused_and_not_written_behind() {
    let mut world = World::new(LogConfig::default());
    for i in 0..3 {
        world
            .append(plain(1, 60, 999_000 + i), 0)
            .expect("appended");
    }
    world.run();
    world.stop();
    let mut disk = world.disk.killed();
    let path = "t-0/00000000000000000000.log";
    let mut bytes = disk.bytes(path).expect("there").to_vec();
    bytes.truncate(bytes.len() - 3);
    put(&mut disk, path, &bytes);
    let clean = Start::Clean {
        log_start: Offset(0),
    };
    let mut world = World::over(disk.clone(), LogConfig::default(), clean, 1);
    world.run();
    assert_eq!(world.log.phase(), Phase::Damaged);
    assert!(matches!(world.events.last(), Some(LogEvent::Damaged(_))));
    assert_eq!(
        world.disk.bytes(path).as_deref(),
        Some(&bytes[..]),
        "left as it is"
    );
    // But for its removal.
    world.log.remove(&mut world.fx);
    world.run();
    assert_eq!(world.log.phase(), Phase::Closed);
    assert!(world.disk.names("t-0").is_empty());
    let recover = Start::Recover {
        from: Offset(0),
        log_start: Offset(0),
        show: false,
    };
    let world = World::opened(disk, LogConfig::default(), recover, 1);
    assert_eq!(world.log.assigned(), Offset(2));
}

/// Changes bytes of a file, and perhaps cuts it.
fn scramble(disk: &mut Disk, path: &str, rng: &mut Rng) {
    let mut bytes = disk.bytes(path).expect("there").to_vec();
    for _ in 0..rng.below(4) {
        if !bytes.is_empty() {
            let at = rng.below(bytes.len() as u64) as usize;
            bytes[at] = rng.next_u64() as u8;
        }
    }
    if rng.below(3) == 0 {
        bytes.truncate(rng.below(bytes.len() as u64 + 1) as usize);
    }
    put(disk, path, &bytes);
}

#[test]
fn after_a_clean_stop_wrong_files_beside_the_segments_lose_nothing() {
    for seed in 0..300u64 {
        let mut rng = Rng::new([4; 32]).child(seed);
        let mut world = World::new(config());
        for i in 0..rng.below(30) {
            let time = 999_000 + rng.below(50) as i64;
            world
                .append(plain(2, 90, time), i as i32 / 9)
                .expect("appended");
        }
        world.run();
        let contents = world.contents();
        world.stop();
        let mut disk = world.disk.killed();
        let names = disk.names("t-0");
        for name in names.iter().filter(|name| !name.ends_with(".log")) {
            match rng.below(4) {
                0 => drop_file(&mut disk, &format!("t-0/{name}")),
                1 => scramble(&mut disk, &format!("t-0/{name}"), &mut rng),
                _ => {}
            }
        }
        let clean = Start::Clean {
            log_start: Offset(0),
        };
        let mut world = World::opened(disk.clone(), config(), clean, seed + 2);
        assert_eq!(world.contents(), contents, "seed {seed}");
        world.append(plain(1, 5, 999_000), 77).expect("goes on");
        let mut world = world.restarted();
        assert_eq!(world.contents().len(), contents.len() + 1);
        // With a damaged segment it opens without it being met, or refuses; it does not fall over.
        for name in names.iter().filter(|name| name.ends_with(".log")) {
            scramble(&mut disk, &format!("t-0/{name}"), &mut rng);
        }
        let mut world = World::over(disk, config(), clean, seed + 2);
        world.run();
        assert!(matches!(world.log.phase(), Phase::Open | Phase::Damaged));
    }
}

#[test]
fn recovery_from_arbitrary_bytes_ends_with_a_log() {
    for seed in 0..300u64 {
        let mut rng = Rng::new([3; 32]).child(seed);
        let mut world = World::new(config());
        for i in 0..rng.below(12) {
            world
                .append(plain(2, 90, 999_000 + i as i64), 0)
                .expect("appended");
        }
        world.run();
        let mut disk = world.disk.killed();
        for name in disk.names("t-0") {
            if rng.below(2) == 0 {
                scramble(&mut disk, &format!("t-0/{name}"), &mut rng);
            }
        }
        let start = Start::Recover {
            from: Offset(0),
            log_start: Offset(0),
            show: false,
        };
        let mut world = World::opened(disk, config(), start, seed + 2);
        let found = world.contents();
        world.append(plain(1, 5, 999_000), 7).expect("goes on");
        world.run();
        assert_eq!(world.contents().len(), found.len() + 1);
        let mut world = world.restarted();
        assert_eq!(world.contents().len(), found.len() + 1);
    }
}

#[test]
fn a_batch_below_the_start_of_a_compacted_log_does_not_cost_the_epochs_behind_it() {
    let config = LogConfig {
        compact: true,
        ..LogConfig::default()
    };
    let mut world = World::new(config.clone());
    for epoch in [6, 6, 18, 18] {
        world.log.start_epoch(LeaderEpoch(epoch), &mut world.fx);
        let batch = plain(1, 60, 999_000);
        world.append(batch, epoch).expect("appended");
    }
    world.run();
    world.log.set_high_watermark(Offset(4));
    let mut disk = world.disk.killed();
    // Retention has passed the first two, and forgotten their epoch; a compaction would leave out the third.
    let path = "t-0/00000000000000000000.log";
    let bytes = disk.bytes(path).expect("there");
    let batches: Vec<_> = Batches::new(&bytes)
        .map(|batch| batch.expect("whole").bytes().to_vec())
        .collect();
    put(&mut disk, path, &[&batches[0][..], &batches[3]].concat());
    put(&mut disk, "t-0/leader-epoch-checkpoint", b"0\n1\n18 2\n");
    for from in [0, 2, 4] {
        let start = Start::Recover {
            from: Offset(from),
            log_start: Offset(2),
            show: false,
        };
        let world = World::opened(disk.clone(), config.clone(), start, 1);
        assert_eq!(
            world.log.epoch_at(Offset(2)),
            LeaderEpoch(18),
            "from {from}"
        );
        assert_eq!(
            world.log.epoch_end(LeaderEpoch(17)),
            (LeaderEpoch(17), Offset(2))
        );
    }
}

#[test]
fn a_missing_end_after_a_clean_stop_is_refused() {
    for lost in [true, false] {
        let mut world = World::new(config());
        for i in 0..30 {
            let batch = idempotent(1, 0, i, 1);
            world.append(batch, 0).expect("appended");
        }
        world.run();
        world.stop();
        let mut disk = world.disk.killed();
        let names = disk.names("t-0");
        let last = names.iter().rfind(|name| name.ends_with(".log"));
        let last = format!("t-0/{}", last.expect("segments"));
        if lost {
            drop_file(&mut disk, &last);
        } else {
            put(&mut disk, &last, b"");
        }
        let data = |disk: &Disk| -> Vec<String> {
            let names = disk.names("t-0").into_iter();
            names.filter(|name| !name.contains("index")).collect()
        };
        let names = data(&disk);
        let clean = Start::Clean {
            log_start: Offset(0),
        };
        let mut world = World::over(disk.clone(), config(), clean, 1);
        world.run();
        assert_eq!(world.log.phase(), Phase::Damaged);
        let told = world.events.last();
        assert!(matches!(told, Some(LogEvent::Damaged(why)) if why.contains("30.snapshot")));
        assert_eq!(data(&world.disk), names, "left as it is");
        // Who says that it may be cut has what is left.
        let recover = Start::Recover {
            from: Offset(0),
            log_start: Offset(0),
            show: false,
        };
        let mut world = World::opened(disk, config(), recover, 1);
        assert!(!world.contents().is_empty() && world.contents().len() < 30);
    }
}
