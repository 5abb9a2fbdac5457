//! Data directories that Apache Kafka 4.3.1 left, after a clean stop and after a kill: what we find in them is what
//! Kafka's own tools printed, and what we write is what Kafka had written.

use std::collections::{BTreeMap, BTreeSet};

use ottla_log::{LogConfig, LogJob, LogProduct, Start, checkpoint};
use ottla_machine::{Job, Offset};
use ottla_record::{Batch, RecordsIter};
use ottla_testdisk::{Disk, Files, expected, recorded};

use crate::world::{World, empty, put};

/// `topic:partition:offset` lines.
fn offsets(which: &str, file: &str) -> BTreeMap<String, i64> {
    let lines = expected(which, file);
    let line = |line: &str| {
        let (partition, offset) = line.rsplit_once(':').expect("three words");
        let (topic, index) = partition.rsplit_once(':').expect("three words");
        (
            format!("{topic}-{index}"),
            offset.parse().expect("an offset"),
        )
    };
    lines.lines().map(line).collect()
}

fn partitions(files: &Files) -> BTreeSet<String> {
    let dirs = files.keys().filter_map(|path| path.split_once('/'));
    dirs.map(|(dir, _)| dir.to_owned()).collect()
}

fn disk_of(files: &Files, dir: &str) -> Disk {
    let mut disk = empty();
    for (path, bytes) in files {
        if path.starts_with(&format!("{dir}/")) {
            put(&mut disk, path, bytes);
        }
    }
    disk
}

fn config(dir: &str) -> LogConfig {
    LogConfig {
        // The broker's setting was 256, the topic `rolled` has its own, the metadata log the default.
        index_interval_bytes: match dir {
            "__cluster_metadata-0" => 4096,
            "rolled-0" => 128,
            _ => 256,
        },
        compact: dir.starts_with("__") || dir.starts_with("compacted"),
        ..LogConfig::default()
    }
}

fn start(files: &Files, which: &str, dir: &str) -> Start {
    let checkpoint = |name: &str| {
        let all = checkpoint::parse_offsets(&files[name]).expect("a checkpoint");
        let (topic, index) = dir.rsplit_once('-').expect("topic-index");
        let key = (topic.to_owned(), index.parse().expect("an index"));
        Offset(all.get(&key).copied().unwrap_or(0))
    };
    let log_start = checkpoint("log-start-offset-checkpoint");
    match which {
        "clean" if dir != "__cluster_metadata-0" => Start::Clean { log_start },
        _ => Start::Recover {
            from: checkpoint("recovery-point-offset-checkpoint"),
            log_start,
            show: dir == "__cluster_metadata-0",
        },
    }
}

fn open(files: &Files, which: &str, dir: &str) -> World {
    let start = start(files, which, dir);
    let mut world = World::named(disk_of(files, dir), config(dir), start, 1, dir);
    world.run();
    assert_eq!(
        world.log.phase(),
        ottla_log::Phase::Open,
        "{dir}: {:?}",
        world.events.last()
    );
    world
}

/// The offsets of records that are no control records, without those of aborted transactions when `committed`.
fn record_offsets(world: &mut World, committed: bool) -> Vec<i64> {
    let (start, end) = (world.log.start_offset(), world.log.written());
    let aborted = world.log.aborted(start, end);
    let mut open = BTreeSet::new();
    let mut offsets = Vec::new();
    for (_, bytes) in world.contents() {
        let batch = Batch::parse(&bytes).expect("a batch");
        let header = *batch.header();
        let records = match LogJob::unpack(bytes.clone().into()).run() {
            LogProduct::Unpacked(records) => records.expect("unpacks"),
            other => panic!("{other:?}"),
        };
        if header.is_control() {
            open.remove(&header.producer_id);
            continue;
        }
        if header.is_transactional()
            && aborted
                .iter()
                .any(|(id, first)| *id == header.producer_id && *first == header.base_offset)
        {
            open.insert(header.producer_id);
        }
        if committed && header.is_transactional() && open.contains(&header.producer_id) {
            continue;
        }
        for record in RecordsIter::over(&records, header.records_count) {
            let offset = header.offset_of(&record.expect("a record"));
            if offset >= start.0 {
                offsets.push(offset);
            }
        }
    }
    offsets
}

/// Offsets by partition, of a file that a console consumer printed.
fn printed(which: &str, topic: &str, isolation: &str) -> BTreeMap<String, Vec<i64>> {
    let mut offsets: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for line in expected(which, &format!("{topic}.{isolation}.txt")).lines() {
        let field = |name: &str| {
            let words = line.split('\t').find_map(|word| word.strip_prefix(name));
            words.and_then(|word| word.parse().ok())
        };
        if let (Some(index), Some(offset)) = (field("Partition:"), field("Offset:")) {
            let partition: i64 = index;
            offsets
                .entry(format!("{topic}-{partition}"))
                .or_default()
                .push(offset);
        }
    }
    offsets.values_mut().for_each(|list| list.sort_unstable());
    offsets
}

#[test]
fn ends_and_starts_are_those_kafka_printed() {
    for which in ["clean", "crashed"] {
        let files = recorded(which);
        let (latest, earliest) = (offsets(which, "latest.txt"), offsets(which, "earliest.txt"));
        for dir in partitions(&files) {
            let world = open(&files, which, &dir);
            if dir == "__cluster_metadata-0" {
                assert!(world.log.written() > Offset(0));
                continue;
            }
            assert_eq!(world.log.written().0, latest[&dir], "{which} {dir}");
            assert_eq!(world.log.start_offset().0, earliest[&dir], "{which} {dir}");
            assert!(
                world.fx.notes.is_empty(),
                "{which} {dir}: {:?}",
                world.fx.notes
            );
        }
    }
}

#[test]
fn records_are_those_kafka_printed_under_both_isolation_levels() {
    for which in ["clean", "crashed"] {
        let files = recorded(which);
        let mut seen = 0;
        for topic in ["codecs", "compacted", "rolled", "trimmed", "txn"] {
            let all = printed(which, topic, "read_uncommitted");
            let committed = printed(which, topic, "read_committed");
            for (dir, offsets) in &all {
                let mut world = open(&files, which, dir);
                assert_eq!(&record_offsets(&mut world, false), offsets, "{which} {dir}");
                let found = record_offsets(&mut world, true);
                assert_eq!(Some(&found), committed.get(dir), "{which} {dir} committed");
                seen += offsets.len();
            }
        }
        assert!(seen > 500, "{seen} records");
    }
}

#[test]
fn times_find_the_records_that_kafka_printed() {
    let files = recorded("crashed");
    let text = expected("crashed", "rolled.read_uncommitted.txt");
    let mut world = open(&files, "crashed", "rolled-0");
    let mut records: Vec<(i64, i64)> = Vec::new();
    for line in text.lines() {
        let mut words = line.split('\t');
        let time = words
            .next()
            .and_then(|word| word.strip_prefix("CreateTime:"));
        let offset = words.nth(1).and_then(|word| word.strip_prefix("Offset:"));
        if let (Some(time), Some(offset)) = (time, offset) {
            records.push((
                offset.parse().expect("an offset"),
                time.parse().expect("a time"),
            ));
        }
    }
    records.sort_unstable();
    let end = world.log.written();
    let newest = records
        .iter()
        .map(|(_, time)| *time)
        .max()
        .expect("records");
    for (_, time) in records.iter().step_by(7) {
        for ts in [*time, time - 1, time + 1] {
            let naive = records.iter().find(|(_, time)| *time >= ts);
            let found = world
                .ask(|log, blocks| log.offset_for_timestamp(blocks, ts, end))
                .expect("an answer");
            let found = found.map(|(offset, time, _)| (offset.0, time));
            assert_eq!(found, naive.copied(), "at {ts}");
        }
    }
    let found = world.ask(|log, blocks| log.max_timestamp(blocks, end));
    let found = found.expect("an answer").expect("a record");
    let naive = records
        .iter()
        .find(|(_, time)| *time == newest)
        .expect("one");
    assert_eq!((found.0.0, found.1), *naive);
}

/// Kafka's files of one kind, and ours of the same directory after a recovery from nothing but segments and a stop.
fn compare(suffix: &str) -> usize {
    let files = recorded("clean");
    let mut compared = 0;
    for dir in partitions(&files) {
        let bare: Files = files
            .iter()
            .filter(|(path, _)| path.ends_with(".log") || path.ends_with("partition.metadata"))
            .map(|(path, bytes)| (path.clone(), bytes.clone()))
            .collect();
        let start = Start::Recover {
            from: Offset(0),
            log_start: Offset(0),
            show: false,
        };
        let mut world = World::named(disk_of(&bare, &dir), config(&dir), start, 1, &dir);
        world.run();
        world.stop();
        for (path, bytes) in &files {
            if path.starts_with(&format!("{dir}/")) && path.ends_with(suffix) {
                assert_eq!(
                    world.disk.bytes(path).as_deref(),
                    Some(&bytes[..]),
                    "{path}"
                );
                compared += 1;
            }
        }
    }
    compared
}

#[test]
fn rebuilt_indexes_are_kafkas_byte_for_byte() {
    assert!(compare(".index") > 10);
    assert!(compare(".timeindex") > 10);
    assert!(compare(".txnindex") > 0);
}

#[test]
fn producers_found_in_the_segments_are_those_of_kafkas_snapshots() {
    let entries = |bytes: &[u8]| -> BTreeSet<Vec<u8>> {
        bytes[10..].chunks(46).map(<[u8]>::to_vec).collect()
    };
    let mut compared = 0;
    let files = recorded("clean");
    for dir in partitions(&files) {
        let bare: Files = files
            .iter()
            .filter(|(path, _)| path.ends_with(".log"))
            .map(|(path, bytes)| (path.clone(), bytes.clone()))
            .collect();
        let start = Start::Recover {
            from: Offset(0),
            log_start: Offset(0),
            show: false,
        };
        let mut world = World::named(disk_of(&bare, &dir), config(&dir), start, 1, &dir);
        world.run();
        let path = format!("{dir}/{:020}.snapshot", world.log.written().0);
        world.stop();
        let (Some(theirs), Some(ours)) = (files.get(&path), world.disk.bytes(&path)) else {
            continue;
        };
        assert_eq!(entries(&ours), entries(theirs), "{path}");
        compared += entries(&ours).len();
    }
    assert!(compared > 5, "{compared} producers");
}
