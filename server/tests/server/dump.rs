//! `ottla log dump` on the files that Apache Kafka left: what it shows of records is what Kafka's own consumer printed, what it shows of the
//! files beside them fits the segments; and what is not whole is said.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ottla_server::dump::dump;
use ottla_testdisk::{EXPECTED, expected};
use serde_json::Value;

use crate::golden::unpacked;
use crate::process::run;

/// The lines of JSON of these files; all must be whole.
fn lines(files: &[PathBuf]) -> Vec<Value> {
    let mut out = Vec::new();
    assert!(dump(files, true, &mut out).expect("Kafka's files"), "whole");
    let text = String::from_utf8(out).expect("text");
    let line = |line: &str| serde_json::from_str(line).expect("a line of JSON");
    text.lines().map(line).collect()
}

/// The files of a partition with this suffix, in order.
fn files(dir: &Path, partition: &str, suffix: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir.join(partition))
        .expect("a partition")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|found| found == suffix))
        // What Kafka set aside for an index and never used.
        .filter(|path| fs::metadata(path).expect("a file").len() < 1 << 20)
        .collect();
    files.sort();
    files
}

fn of<'a>(lines: &'a [Value], what: &'a str) -> impl Iterator<Item = &'a Value> {
    lines.iter().filter(move |line| line["what"] == what)
}

/// A record as the console consumer prints it.
fn printed(record: &Value, partition: u32) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("<null>").to_owned();
    let headers = record["headers"].as_array().expect("a list").iter();
    let headers: Vec<String> = headers
        .map(|pair| format!("{}:{}", text(&pair[0]), text(&pair[1])))
        .collect();
    let headers = if headers.is_empty() {
        "NO_HEADERS".to_owned()
    } else {
        headers.join(",")
    };
    format!(
        "CreateTime:{}\tPartition:{partition}\tOffset:{}\t{headers}\t{}\t{}",
        record["timestamp"],
        record["offset"],
        text(&record["key"]),
        text(&record["value"])
    )
}

#[test]
fn records_are_those_that_kafka_printed() {
    let mut seen = 0;
    for which in EXPECTED {
        let dir = unpacked(which);
        for (topic, partitions, start) in [
            ("codecs", 2, 0),
            ("compacted", 1, 0),
            ("rolled", 1, 0),
            ("trimmed", 1, 40),
            ("txn", 1, 0),
        ] {
            let mut shown = BTreeSet::new();
            for partition in 0..partitions {
                let lines = lines(&files(dir.path(), &format!("{topic}-{partition}"), "log"));
                let records = of(&lines, "record").filter(|line| line["record"].is_null());
                let records = records.filter(|line| line["offset"].as_i64() >= Some(start));
                shown.extend(records.map(|record| printed(record, partition)));
            }
            let known = expected(which, &format!("{topic}.read_uncommitted.txt"));
            let known: BTreeSet<String> = known.lines().map(str::to_owned).collect();
            assert_eq!(shown, known, "{which} {topic}");
            seen += known.len();
        }
    }
    assert!(seen > 1_000, "{seen} records");
}

#[test]
fn indexes_name_batches_that_are_there() {
    let mut entries = 0;
    for which in EXPECTED {
        let dir = unpacked(which);
        for partition in [
            "rolled-0",
            "compacted-0",
            "codecs-1",
            "txn-0",
            "__consumer_offsets-0",
        ] {
            let segments = lines(&files(dir.path(), partition, "log"));
            let batches: BTreeSet<(i64, i64)> = of(&segments, "batch")
                .map(|batch| {
                    (
                        batch["lastOffset"].as_i64().unwrap(),
                        batch["position"].as_i64().unwrap(),
                    )
                })
                .collect();
            for entry in of(&lines(&files(dir.path(), partition, "index")), "entry") {
                let named = (
                    entry["offset"].as_i64().unwrap(),
                    entry["position"].as_i64().unwrap(),
                );
                assert!(batches.contains(&named), "{which} {partition} {named:?}");
                entries += 1;
            }
            let newest: BTreeMap<i64, i64> = of(&segments, "batch")
                .map(|batch| {
                    (
                        batch["lastOffset"].as_i64().unwrap(),
                        batch["maxTimestamp"].as_i64().unwrap(),
                    )
                })
                .collect();
            for entry in of(&lines(&files(dir.path(), partition, "timeindex")), "entry") {
                let offset = entry["offset"].as_i64().unwrap();
                assert_eq!(
                    newest.get(&offset),
                    entry["timestamp"].as_i64().as_ref(),
                    "{which} {partition} {offset}"
                );
                entries += 1;
            }
        }
    }
    assert!(entries > 200, "{entries} entries");
}

#[test]
fn aborted_transactions_and_producers_are_those_of_the_segment() {
    let dir = unpacked("clean");
    let segment = lines(&files(dir.path(), "txn-0", "log"));
    let aborts: Vec<&Value> = of(&segment, "record")
        .filter(|record| record["record"]["type"] == "Abort")
        .map(|record| &record["offset"])
        .collect();
    let index = lines(&files(dir.path(), "txn-0", "txnindex"));
    let known: Vec<&Value> = of(&index, "aborted")
        .map(|entry| &entry["lastOffset"])
        .collect();
    assert!(aborts.len() == 2 && known == aborts, "{known:?} {aborts:?}");
    let last = files(dir.path(), "rolled-0", "snapshot")
        .pop()
        .expect("snapshots");
    let producers = lines(&[last]);
    let offsets: Vec<i64> = producers
        .iter()
        .map(|one| one["lastOffset"].as_i64().unwrap())
        .collect();
    assert_eq!(offsets, [149, 299, 449]);
}

#[test]
fn kafkas_own_records_are_decoded() {
    let dir = unpacked("clean");
    let said = |partition: &str| -> Vec<Value> {
        let lines = lines(&files(dir.path(), partition, "log"));
        let said = of(&lines, "record").map(|line| line["record"].clone());
        said.inspect(|said| assert!(said["type"].is_string(), "{said}"))
            .collect()
    };
    let has = |records: &[Value], wanted: &[(&str, Value)]| {
        let fits = |one: &Value| wanted.iter().all(|(name, value)| one[*name] == *value);
        assert!(records.iter().any(fits), "{wanted:?}");
    };
    let metadata = said("__cluster_metadata-0");
    for line in expected("clean", "topics.txt")
        .lines()
        .filter(|line| line.starts_with("Topic:"))
    {
        let words: Vec<&str> = line.split_whitespace().collect();
        let topic = [
            ("type", "TopicRecord".into()),
            ("name", words[1].into()),
            ("topic_id", words[3].into()),
        ];
        has(&metadata, &topic);
    }
    for kind in [
        "LeaderChangeMessage",
        "VotersRecord",
        "AccessControlEntryRecord",
        "UserScramCredentialRecord",
        "ClientQuotaRecord",
        "NoOpRecord",
    ] {
        has(&metadata, &[("type", kind.into())]);
    }
    let mut groups = said("__consumer_offsets-0");
    groups.extend(said("__consumer_offsets-1"));
    let keys: Vec<Value> = groups.iter().map(|one| one["values"][0].clone()).collect();
    for group in ["classic-group", "consumer-group", "copier"] {
        let commit = [("type", "OffsetCommitKey".into()), ("group", group.into())];
        has(&keys, &commit);
    }
    let transactions = said("__transaction_state-0");
    let keys: Vec<Value> = transactions
        .iter()
        .map(|one| one["values"][0].clone())
        .collect();
    has(&keys, &[("transactional_id", "perf-tx".into())]);
    has(
        &said("__share_group_state-0"),
        &[("type", "ShareSnapshot".into())],
    );
    let snapshots = [dir.path().join("bootstrap.checkpoint")].into_iter();
    let lines = lines(
        &snapshots
            .chain(files(dir.path(), "__cluster_metadata-0", "checkpoint"))
            .collect::<Vec<_>>(),
    );
    let shown: Vec<Value> = of(&lines, "record")
        .map(|line| line["record"].clone())
        .collect();
    let level = [
        ("name", "metadata.version".into()),
        ("feature_level", 30.into()),
    ];
    has(&shown, &level);
    let last = shown.last().expect("records");
    assert_eq!(last["type"], "SnapshotFooterRecord");
}

#[test]
fn exit_codes_say_whole_damaged_or_misused() {
    let dir = unpacked("clean");
    let log = format!("rolled-0/{:020}.log", 0);
    let small = [
        "recovery-point-offset-checkpoint",
        "rolled-0/leader-epoch-checkpoint",
        "rolled-0/partition.metadata",
    ];
    let (code, out, errors) = run(dir.path(), &[&["log", "dump", &log][..], &small].concat());
    assert_eq!((code, errors.as_str()), (0, ""), "{out}");
    for needle in [
        "batch at byte 0: offsets 0 to 6",
        "rolled-0: 450",
        "epoch 0 from offset 0",
        "topic id _r8girVQQzCuPhjZliGVkw",
    ] {
        assert!(out.contains(needle), "{needle}");
    }
    let mut bytes = fs::read(dir.path().join(&log)).expect("bytes");
    bytes[300] ^= 1;
    bytes.truncate(bytes.len() - 3);
    fs::write(dir.path().join(&log), bytes).expect("written");
    let (code, out, errors) = run(dir.path(), &["log", "dump", &log]);
    assert_eq!((code, errors.as_str()), (1, ""));
    assert!(out.contains("damage at byte 0: the checksum"), "{out}");
    assert!(
        out.trim_end().ends_with("the bytes end inside the batch"),
        "{out}"
    );
    for arguments in [
        &["log", "dump"][..],
        &["log", "dump", "none.log"],
        &["log", "dump", ".lock"],
        &["log"],
    ] {
        fs::write(dir.path().join(".lock"), "").expect("written");
        let (code, out, errors) = run(dir.path(), arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?} {errors}");
    }
}
