//! The directories that Apache Kafka 4.3.1 left, after a clean stop and after a kill, served: offsets and records are those that Kafka's own tools
//! printed of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use bytes::Bytes;
use ottla_io::{Host, RealFiles};
use ottla_record::{ABORT, Batch, Header, control_kind};
use ottla_testdisk::{EXPECTED, expected, recorded};
use tempfile::TempDir;

use crate::client::{Client, Place, Record, records};
use crate::embedded::{Embedded, ROOT};

/// Nothing that was recorded is forgotten for its age, and its ACLs protect nothing.
pub const SETTINGS: [(&str, &str); 4] = [
    ("authorizer.class.name", ""),
    ("log.retention.ms", "-1"),
    ("offsets.retention.minutes", "2147483647"),
    ("producer.id.expiration.ms", "2147483647"),
];

const TOPICS: [&str; 5] = ["codecs", "compacted", "rolled", "trimmed", "txn"];

/// One of the directories, unpacked.
pub fn unpacked(which: &str) -> TempDir {
    let dir = TempDir::new().expect("a directory");
    for (path, bytes) in recorded(which) {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().expect("below the directory")).expect("made");
        fs::write(path, bytes).expect("written");
    }
    dir
}

fn serve(host: &Host, dir: &Path, life: u8) -> Embedded {
    let files = RealFiles::open("golden", vec![(ROOT, dir.into())]).expect("a directory");
    Embedded::start(host, Box::new(files), &SETTINGS, life)
}

/// `topic:partition:offset` lines.
fn offsets(which: &str, file: &str) -> BTreeMap<Place, i64> {
    let text = expected(which, file);
    let line = |line: &str| {
        let mut words = line.rsplitn(3, ':');
        let offset = words.next()?.parse().ok()?;
        let index = words.next()?.parse().ok()?;
        Some(((words.next()?.to_owned(), index), offset))
    };
    text.lines().filter_map(line).collect()
}

/// What the console consumer printed of a partition: offset, time, key and value, as far as it can print them.
fn printed(which: &str, topic: &str, isolation: &str) -> BTreeMap<Place, Vec<Record>> {
    let mut partitions: BTreeMap<Place, Vec<Record>> = BTreeMap::new();
    for line in expected(which, &format!("{topic}.{isolation}.txt")).lines() {
        let words: Vec<&str> = line.split('\t').collect();
        let [time, partition, offset, _, key, value] = words[..] else {
            panic!("{line:?}")
        };
        let number = |word: &str| {
            let (_, number) = word.split_once(':').expect("name:number");
            number.parse::<i64>().expect("a number")
        };
        let own = |text: &str| (text != "<null>").then(|| Bytes::copy_from_slice(text.as_bytes()));
        let record = Record {
            offset: number(offset),
            timestamp: number(time),
            key: own(key),
            value: own(value),
        };
        let place = (topic.to_owned(), number(partition) as i32);
        partitions.entry(place).or_default().push(record);
    }
    for records in partitions.values_mut() {
        records.sort_by_key(|record| record.offset);
    }
    partitions
}

/// As a consumer leaves out what belongs to aborted transactions.
fn committed(batches: &[Bytes], aborted: &[(i64, i64)]) -> Vec<Bytes> {
    let mut open = BTreeSet::new();
    let mut kept = Vec::new();
    for bytes in batches {
        let header = Header::parse(bytes).expect("a batch");
        let mine =
            |(id, first): &&(i64, i64)| *id == header.producer_id && *first == header.base_offset;
        open.extend(aborted.iter().filter(mine).map(|(id, _)| *id));
        if header.is_control() && is_abort(bytes) {
            open.remove(&header.producer_id);
        }
        if !header.is_transactional() || header.is_control() || !open.contains(&header.producer_id)
        {
            kept.push(bytes.clone());
        }
    }
    kept
}

fn is_abort(bytes: &[u8]) -> bool {
    let batch = Batch::parse(bytes).expect("a batch");
    let records = batch.records(1 << 20).expect("records");
    let first = records.iter().next().expect("a marker").expect("a marker");
    control_kind(first.key) == Ok(ABORT)
}

fn judge_offsets(client: &mut Client, which: &str, life: u8) {
    for (timestamp, file) in [(-2, "earliest.txt"), (-1, "latest.txt")] {
        let offsets = offsets(which, file);
        assert!(offsets.len() > 10, "{which} {file}");
        for (place, offset) in offsets {
            assert_eq!(
                client.list_offset(&place, timestamp),
                Ok(offset),
                "{which} life {life}: {place:?} {file}"
            );
        }
    }
}

fn judge_records(client: &mut Client, which: &str, life: u8) {
    let mut seen = 0;
    for topic in TOPICS {
        for isolation in ["read_uncommitted", "read_committed"] {
            for (place, expected) in printed(which, topic, isolation) {
                let start = client.list_offset(&place, -2).expect("it is served");
                let only_committed = isolation == "read_committed";
                let (batches, aborted) = client.read_all(&place, start, only_committed);
                let mut found = if only_committed {
                    records(&committed(&batches, &aborted))
                } else {
                    records(&batches)
                };
                // A batch may begin before what was asked for.
                found.retain(|record| record.offset >= start);
                assert_eq!(
                    found, expected,
                    "{which} life {life}: {place:?} {isolation}"
                );
                seen += found.len();
            }
        }
    }
    assert!(seen > 1_000, "{which}: {seen} records");
}

#[test]
fn kafkas_directories_are_served_as_kafka_printed_them_in_this_life_and_the_next() {
    let host = Host::start("golden").expect("a thread");
    for which in EXPECTED {
        let dir = unpacked(which);
        for life in 1..=2 {
            let broker = serve(&host, dir.path(), life);
            let mut client = Client::connect(broker.address);
            let topics: BTreeSet<String> = client.topics().into_keys().collect();
            let latest = offsets(which, "latest.txt");
            assert_eq!(topics, latest.into_keys().map(|(topic, _)| topic).collect());
            judge_offsets(&mut client, which, life);
            judge_records(&mut client, which, life);
            assert!(broker.stop(), "{which} life {life}: clean");
        }
    }
}
