//! Compaction: of every key the newest record stays, nothing else is changed, and no crash makes it otherwise.

use std::collections::BTreeMap;

use bytes::Bytes;
use ottla_log::{LogConfig, LogEvent, Phase, Start};
use ottla_machine::{Fault, Offset, Rng};
use ottla_record::{
    ABORT, Batch, Builder, BuilderSettings, COMMIT, Compression, RecordHeader, TimestampType,
    control_key, end_transaction_value,
};
use ottla_testdisk::Disk;

use crate::world::{World, empty, now_at, put};

const HOUR: i64 = 3_600_000;

fn config() -> LogConfig {
    LogConfig {
        segment_bytes: 1_500,
        index_interval_bytes: 200,
        compact: true,
        delete: false,
        min_cleanable_dirty_ratio: 0,
        delete_retention_ms: HOUR,
        ..LogConfig::default()
    }
}

/// One record as a reader sees it: offset, timestamp, key, value, headers.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    offset: i64,
    timestamp: i64,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// Every record of the log, read through it; and that its batches reach over all offsets is checked on the way.
fn records(world: &mut World) -> Vec<Seen> {
    let mut out = Vec::new();
    let mut next = world.log.start_offset().0;
    for (_, bytes) in world.contents() {
        let batch = Batch::parse(&bytes).expect("a batch");
        let header = batch.header();
        assert!(header.base_offset >= next && header.last_offset() >= header.base_offset);
        next = header.next_offset();
        if header.is_control() {
            continue;
        }
        for record in &batch.records(1 << 20).expect("records") {
            let record = record.expect("a record");
            let headers = record.headers();
            out.push(Seen {
                offset: header.offset_of(&record),
                timestamp: header.timestamp_of(&record),
                key: record.key.map(<[u8]>::to_vec),
                value: record.value.map(<[u8]>::to_vec),
                headers: headers
                    .map(|h| (h.key.to_vec(), h.value.map(<[u8]>::to_vec)))
                    .collect(),
            });
        }
    }
    assert_eq!(next, world.log.written().0, "the end is the end");
    out
}

/// What was appended, and how often a compaction was meant to be whole.
struct Model {
    world: World,
    appended: Vec<Seen>,
    sequences: [i32; 3],
}

impl Model {
    fn new(config: LogConfig, seed: u64) -> Model {
        Model {
            world: World::over(empty(), config, Start::Absent, seed),
            appended: Vec::new(),
            sequences: [0; 3],
        }
    }

    /// A batch of a few records of a few keys, by one of four producers.
    fn append(&mut self) {
        let world = &mut self.world;
        let rng = &mut world.rng;
        let producer = rng.below(4) as usize;
        let count = 1 + rng.below(4);
        let codec = Compression::ALL[rng.below(8).min(4) as usize];
        let mut settings = BuilderSettings {
            compression: codec,
            ..BuilderSettings::default()
        };
        if let Some(sequence) = self.sequences.get_mut(producer) {
            settings.producer_id = producer as i64;
            settings.producer_epoch = 0;
            settings.base_sequence = *sequence;
            *sequence += count as i32;
        }
        let mut builder = Builder::new(settings);
        let base = world.log.assigned().0;
        for i in 0..count as i64 {
            let key = vec![b'k', rng.below(12) as u8];
            let value =
                (rng.below(5) > 0).then(|| vec![rng.below(256) as u8; rng.below(60) as usize]);
            let timestamp = world.now.wall.0 - rng.below(50) as i64;
            let header = (b"h".to_vec(), value.clone());
            let headers = [RecordHeader {
                key: &header.0,
                value: header.1.as_deref(),
            }];
            builder.append(timestamp, Some(&key), value.as_deref(), &headers);
            self.appended.push(Seen {
                offset: base + i,
                timestamp,
                key: Some(key),
                value,
                headers: vec![header],
            });
        }
        let appended = world.append(builder.finish(), 0).expect("appended");
        assert_eq!(appended.base.0, base);
    }

    fn grow(&mut self, batches: u64) {
        for _ in 0..batches {
            self.append();
            self.world.run();
        }
        let end = self.world.log.written();
        self.world.log.set_high_watermark(end);
    }

    /// What must be there and what may be, of a log of which everything below `upto` was compacted.
    fn check(&mut self, upto: i64, expired: bool) {
        let there = records(&mut self.world);
        let mut newest: BTreeMap<&[u8], i64> = BTreeMap::new();
        for record in self.appended.iter().filter(|record| record.offset < upto) {
            newest.insert(record.key.as_deref().expect("a key"), record.offset);
        }
        let by_offset: BTreeMap<i64, &Seen> =
            there.iter().map(|seen| (seen.offset, seen)).collect();
        for record in &self.appended {
            let key = record.key.as_deref().expect("a key");
            let last = newest.get(key) == Some(&record.offset);
            let stays = record.offset >= upto || last && (record.value.is_some() || !expired);
            match by_offset.get(&record.offset) {
                Some(seen) => assert_eq!(*seen, record, "nothing is changed"),
                None => assert!(!stays, "{record:?} is gone; {upto}"),
            }
            if record.offset < upto && !last {
                assert!(
                    !by_offset.contains_key(&record.offset),
                    "{record:?} is superseded"
                );
            }
        }
        assert!(there.len() <= self.appended.len(), "nothing is invented");
    }
}

/// Compacts all that may be, however many passes it takes.
fn clean(world: &mut World, map_bytes: usize) -> i64 {
    for _ in 0..100 {
        let before = world.log.cleaned();
        let dirty = world.log.cleanable(world.now, &mut world.fx).is_some();
        world.events.clear();
        world.log.clean(world.now, map_bytes, &mut world.fx);
        world.run();
        assert!(world.events.contains(&LogEvent::Cleaned), "it ends");
        if !dirty {
            break;
        }
        assert!(world.log.cleaned() > before, "it gets on");
    }
    world.log.cleaned().0
}

fn recovered(disk: Disk, from: i64, seed: u64) -> World {
    let start = Start::Recover {
        from: Offset(from),
        log_start: Offset(0),
        show: false,
    };
    World::opened(disk, config(), start, seed)
}

#[test]
fn of_every_key_the_newest_record_stays() {
    for seed in 1..40 {
        // A small map takes several passes, which come to the same end.
        let map_bytes = if seed % 2 == 0 { 1 << 20 } else { 300 };
        let mut model = Model::new(config(), seed);
        for round in 0..3 {
            model.grow(30);
            let upto = clean(&mut model.world, map_bytes);
            assert!(upto > round * 20, "something was compacted: {upto}");
            model.check(upto, false);
        }
        // As a restart reads it, from its files alone.
        let (start, seed) = (model.world.log.start_offset(), seed + 100);
        let sequences: Vec<_> = model.world.log.producer_views().collect();
        let before = model.world.contents();
        model.world.stop();
        let disk = model.world.disk.killed();
        let mut again = World::opened(
            disk.clone(),
            config(),
            Start::Clean { log_start: start },
            seed,
        );
        assert_eq!(again.contents(), before);
        assert_eq!(
            again
                .disk
                .names("t-0")
                .iter()
                .filter(|n| n.contains("cleaned") || n.contains("swap"))
                .count(),
            0
        );
        // Sequence numbers survive in what is left of the batches.
        let mut again = recovered(disk, 0, seed);
        assert_eq!(again.contents(), before);
        assert_eq!(again.log.producer_views().collect::<Vec<_>>(), sequences);
    }
}

#[test]
fn a_tombstone_stays_for_its_time_and_no_longer() {
    let mut model = Model::new(config(), 1);
    model.grow(40);
    // What is new makes a log dirty. It has a key of its own, and is as large as a segment.
    let mut later = |ms: i64| {
        let world = &mut model.world;
        world.now = now_at(world.now.wall.0 + ms);
        for _ in 0..2 {
            let mut builder = Builder::new(BuilderSettings::default());
            builder.append(world.now.wall.0, Some(b"other"), Some(&[1; 1_400]), &[]);
            world.append(builder.finish(), 0).expect("appended");
            world.run();
        }
        let end = world.log.written();
        world.log.set_high_watermark(end);
        clean(world, 1 << 20);
        let (tombstones, values): (Vec<Seen>, Vec<Seen>) = records(world)
            .into_iter()
            .filter(|seen| seen.key.as_deref() != Some(b"other"))
            .partition(|seen| seen.value.is_none());
        (tombstones, values)
    };
    let (tombstones, values) = later(0);
    assert!(!tombstones.is_empty() && !values.is_empty());
    assert_eq!(later(HOUR - 1), (tombstones, values.clone()));
    assert_eq!(later(1), (Vec::new(), values));
}

#[test]
fn a_crash_at_any_step_leaves_the_old_segments_or_the_new() {
    for seed in 0..120 {
        let mut rng = Rng::new([7; 32]).child(seed);
        let mut model = Model::new(config(), rng.next_u64() | 2);
        model.grow(50);
        let first = clean(&mut model.world, 1 << 20);
        model.grow(30);
        let world = &mut model.world;
        let point = world.log.recovery_point().0;
        world.log.clean(world.now, 1 << 20, &mut world.fx);
        if rng.below(4) == 0 {
            let writes = rng.below(6);
            world.disk.write_fails = Some((writes, Fault::Full));
        }
        for _ in 0..rng.below(120) {
            world.settle();
            world.perform();
        }
        // The checkpoint may be old: then all of it is judged.
        let from = [0, point][rng.below(2) as usize];
        let crashed = |disk: Disk, rng: &mut Rng| match rng.below(3) {
            0 => disk.killed(),
            _ => disk.cut(rng),
        };
        let disk = std::mem::replace(&mut model.world.disk, empty());
        let disk = crashed(disk, &mut rng);
        // And again, in the middle of the recovery.
        let start = Start::Recover {
            from: Offset(from),
            log_start: Offset(0),
            show: false,
        };
        let mut again = World::over(disk, config(), start, rng.next_u64() | 2);
        for _ in 0..rng.below(40) {
            again.settle();
            again.perform();
        }
        let disk = crashed(again.disk, &mut rng);
        model.world = recovered(disk, from, rng.next_u64() | 2);
        assert_eq!(model.world.log.phase(), Phase::Open);
        model.check_at_least(first);
        // The next compaction finds all in order.
        let end = model.world.log.written();
        model.world.log.set_high_watermark(end);
        let upto = clean(&mut model.world, 1 << 20);
        model.check(upto, false);
        assert_eq!(
            model
                .world
                .log
                .producer_views()
                .map(|v| v.last_sequence)
                .collect::<Vec<_>>(),
            model
                .sequences
                .iter()
                .filter(|s| **s > 0)
                .map(|s| s - 1)
                .collect::<Vec<_>>(),
        );
    }
}

impl Model {
    /// Everything below `first` was compacted, and perhaps more.
    fn check_at_least(&mut self, first: i64) {
        let there = records(&mut self.world);
        let by_offset: BTreeMap<i64, &Seen> =
            there.iter().map(|seen| (seen.offset, seen)).collect();
        let mut newest: BTreeMap<&[u8], i64> = BTreeMap::new();
        for record in &self.appended {
            newest.insert(record.key.as_deref().expect("a key"), record.offset);
        }
        for record in &self.appended {
            let last = newest.get(record.key.as_deref().expect("a key")) == Some(&record.offset);
            match by_offset.get(&record.offset) {
                Some(seen) => assert_eq!(*seen, record),
                None => assert!(!last, "{record:?} is gone"),
            }
        }
        assert!(first > 0 && there.len() <= self.appended.len());
    }
}

#[test]
fn a_full_disk_or_damage_leaves_the_log_as_it_is() {
    for writes in 0..4 {
        let mut model = Model::new(config(), 1);
        model.grow(40);
        let before = records(&mut model.world);
        model.world.disk.write_fails = Some((writes, Fault::Full));
        model
            .world
            .log
            .clean(model.world.now, 1 << 20, &mut model.world.fx);
        model.world.run();
        let failed = model.world.log.cleaned() == Offset(0);
        assert!(failed == (records(&mut model.world) == before) || writes > 0);
        model.check_at_least(1);
        let upto = clean(&mut model.world, 1 << 20);
        model.check(upto, false);
    }
    let mut model = Model::new(config(), 1);
    model.grow(40);
    let end = model.world.log.written().0;
    let sound = recovered(model.world.disk.clone().killed(), 0, 1).contents();
    let path = "t-0/00000000000000000000.log";
    let mut bytes = model.world.disk.bytes(path).expect("there").to_vec();
    bytes[300] ^= 1;
    put(&mut model.world.disk, path, &bytes);
    let notes = model.world.fx.notes.len();
    model
        .world
        .log
        .clean(model.world.now, 1 << 20, &mut model.world.fx);
    model.world.run();
    let (_, note) = &model.world.fx.notes[notes];
    assert!(
        note.contains("segment 0 is damaged") && note.contains("checksum"),
        "{note}"
    );
    assert_eq!(model.world.log.cleaned(), Offset(0));
    assert_eq!(
        model
            .world
            .log
            .cleanable(model.world.now, &mut model.world.fx),
        None
    );
    assert_eq!((model.world.log.written().0, sound.len()), (end, 40));
}

#[test]
fn a_batch_that_lies_about_its_place_supersedes_nothing() {
    // No checksum covers the offset: upwards it would be the newest of its keys, downwards the oldest.
    for (byte, bit) in [(5, 1), (7, 0xff)] {
        let mut model = Model::new(config(), 1);
        model.grow(40);
        let path = "t-0/00000000000000000000.log";
        let mut bytes = model.world.disk.bytes(path).expect("there").to_vec();
        let second = Batch::parse(&bytes).expect("a batch").bytes().len();
        bytes[second + byte] ^= bit;
        put(&mut model.world.disk, path, &bytes);
        let world = &mut model.world;
        let notes = world.fx.notes.len();
        world.log.clean(world.now, 1 << 20, &mut world.fx);
        world.run();
        let (_, note) = &world.fx.notes[notes];
        assert!(note.contains("not of this place"), "{note}");
        assert_eq!(world.log.cleaned(), Offset(0));
    }
}

#[test]
fn what_is_young_unflushed_or_above_the_high_watermark_is_left_alone() {
    let lagging = LogConfig {
        min_compaction_lag_ms: HOUR,
        ..config()
    };
    let mut model = Model::new(lagging, 1);
    model.grow(40);
    let world = &mut model.world;
    assert_eq!(world.log.cleanable(world.now, &mut world.fx), None);
    world.now = now_at(world.now.wall.0 + HOUR + 1);
    assert!(world.log.cleanable(world.now, &mut world.fx).is_some());

    let mut model = Model::new(config(), 1);
    model.grow(40);
    let world = &mut model.world;
    let mut restarted = recovered(world.disk.clone().killed(), 0, 1);
    assert_eq!(
        restarted.log.cleanable(restarted.now, &mut restarted.fx),
        None,
        "no high watermark"
    );
    restarted.log.set_high_watermark(Offset(50));
    let upto = clean(&mut restarted, 1 << 20);
    assert!(upto > 0 && upto <= 50);

    // So little is dirty that it may wait; but not for ever.
    let mut model = Model::new(
        LogConfig {
            min_cleanable_dirty_ratio: 1_000_000,
            max_compaction_lag_ms: HOUR,
            ..config()
        },
        1,
    );
    model.grow(40);
    let world = &mut model.world;
    assert_eq!(world.log.cleanable(world.now, &mut world.fx), None);
    world.now = now_at(world.now.wall.0 + HOUR + 100);
    assert_eq!(
        world.log.cleanable(world.now, &mut world.fx),
        Some(1_000_000)
    );
}

/// A batch of a transaction.
pub fn transactional(id: i64, sequence: i32, base: i64, keys: &[&str]) -> Bytes {
    let mut builder = Builder::new(BuilderSettings {
        base_offset: base,
        leader_epoch: 0,
        producer_id: id,
        producer_epoch: 0,
        base_sequence: sequence,
        transactional: true,
        ..BuilderSettings::default()
    });
    for key in keys {
        builder.append(
            900_000,
            Some(key.as_bytes()),
            Some(&base.to_be_bytes()),
            &[],
        );
    }
    builder.finish()
}

/// How a transaction ends.
pub fn marker(id: i64, base: i64, kind: i16) -> Bytes {
    let mut builder = Builder::new(BuilderSettings {
        base_offset: base,
        leader_epoch: 0,
        producer_id: id,
        producer_epoch: 0,
        transactional: true,
        control: true,
        timestamp_type: TimestampType::CreateTime,
        ..BuilderSettings::default()
    });
    builder.append(
        900_000,
        Some(&control_key(kind)),
        Some(&end_transaction_value(0)),
        &[],
    );
    builder.finish()
}

/// Base offsets of the batches, and which of them are markers.
fn outline(world: &mut World) -> Vec<(i64, bool, i32)> {
    let batches = world.contents().into_iter();
    batches
        .map(|(base, bytes)| {
            let header = *Batch::parse(&bytes).expect("a batch").header();
            (base, header.is_control(), header.records_count)
        })
        .collect()
}

#[test]
fn aborted_records_go_at_once_and_markers_when_nothing_of_theirs_is_left() {
    // Producer 1 commits a, producer 2 aborts a newer a, producer 1 commits b and c, producer 2 writes c for good; an open one at the end.
    let first = [
        transactional(1, 0, 0, &["a"]),
        transactional(2, 0, 1, &["a"]),
        marker(2, 2, ABORT),
        marker(1, 3, COMMIT),
        transactional(1, 1, 4, &["b", "c"]),
        marker(1, 6, COMMIT),
        transactional(2, 1, 7, &["c"]),
        marker(2, 8, COMMIT),
    ]
    .concat();
    let second = [
        transactional(1, 3, 9, &["a"]),
        transactional(3, 0, 10, &["z"]),
    ]
    .concat();
    let mut disk = empty();
    put(
        &mut disk,
        "t-0/partition.metadata",
        b"version: 0\ntopic_id: CQkJCQkJCQkJCQkJCQkJCQ",
    );
    put(&mut disk, "t-0/00000000000000000000.log", &first);
    put(&mut disk, "t-0/00000000000000000009.log", &second);
    put(&mut disk, "t-0/00000000000000000011.log", &[]);
    let mut world = recovered(disk, 0, 1);
    world.log.set_high_watermark(Offset(11));
    assert_eq!(world.log.first_unstable_offset(), Some(Offset(9)));
    assert_eq!(world.log.aborted(Offset(0), Offset(9)), vec![(2, 1)]);
    assert_eq!(
        clean(&mut world, 1 << 20),
        9,
        "an open transaction is not compacted"
    );
    // a of producer 1 stays, although an aborted one came later. Data of both were met, so their markers stay; the first c is gone.
    let expected = vec![
        (0, false, 1),
        (2, true, 1),
        (3, true, 1),
        (4, false, 1),
        (6, true, 1),
        (7, false, 1),
        (8, true, 1),
        (9, false, 1),
        (10, false, 1),
    ];
    assert_eq!(outline(&mut world), expected);
    assert_eq!(
        world.log.aborted(Offset(0), Offset(9)),
        vec![],
        "nobody has to skip anything any more"
    );
    // The next pass meets no data of the aborted one: its marker gets a horizon; the one after that drops it.
    let again = |world: World| {
        let mut disk = world.disk.killed();
        put(&mut disk, "t-0/00000000000000000009.txnindex", &[]);
        let mut world = recovered(disk, 0, 1);
        world.log.set_high_watermark(Offset(9));
        world
    };
    let mut world = again(world);
    clean(&mut world, 1 << 20);
    assert_eq!(outline(&mut world), expected);
    let (_, bytes) = world.contents().swap_remove(1);
    let header = *Batch::parse(&bytes).expect("a marker").header();
    assert!(header.has_delete_horizon() && header.base_timestamp == world.now.wall.0 + HOUR);
    let mut world = again(world);
    world.now = now_at(world.now.wall.0 + HOUR + 1);
    clean(&mut world, 1 << 20);
    let mut less = expected;
    less.remove(1);
    assert_eq!(outline(&mut world), less);
}
