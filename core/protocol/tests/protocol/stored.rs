//! The recorded data directories: every record of the metadata log, of its snapshots and of the coordinators, every
//! producer snapshot and aborted transaction read and written again, metadata in the version that Kafka itself chose.

use crate::recode::{Recoded, recode};
use flate2::read::GzDecoder;
use ottla_protocol::messages::{
    GroupRecord, KRaftVersionRecord, LeaderChangeMessage, MetadataRecord, ShareRecord,
    SnapshotFooterRecord, SnapshotHeaderRecord, TransactionRecord, VotersRecord,
};
use ottla_protocol::{Reader, Writer};
use std::collections::BTreeMap;
use std::io::Read;

const CLEAN: &[u8] = include_bytes!("../../../../vectors/kafka-4.3.1/datadir-clean.tar.gz");
const CRASHED: &[u8] = include_bytes!("../../../../vectors/kafka-4.3.1/datadir-crashed.tar.gz");

/// An entry of a transaction index: a version and four numbers.
const ABORTED_TXN: usize = 2 + 4 * 8;

/// A record of a batch.
struct Record {
    control: bool,
    key: Vec<u8>,
    value: Vec<u8>,
}

/// The logs and snapshots of a recorded directory that `wanted` takes, by name.
fn files(archive: &[u8], wanted: fn(&str) -> bool) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(GzDecoder::new(archive));
    let mut found = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        if wanted(&name) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            found.push((name, bytes));
        }
    }
    found
}

fn varint(r: &mut Reader<'_>) -> i32 {
    let raw = r.uvarint().unwrap();
    (raw >> 1) as i32 ^ -((raw & 1) as i32)
}

/// The records of batches that are not compressed and whose timestamps do not differ, as metadata batches are.
fn records(bytes: &[u8]) -> Vec<Record> {
    let mut found = Vec::new();
    let mut r = Reader::new(bytes);
    while r.left() > 0 {
        r.i64().unwrap();
        let length = r.i32().unwrap() as usize;
        let mut batch = Reader::new(r.take(length).unwrap());
        batch.take(4 + 1 + 4).unwrap();
        let attributes = batch.i16().unwrap();
        assert_eq!(attributes & 7, 0, "compressed");
        batch.take(4 + 8 + 8 + 8 + 2 + 4).unwrap();
        for _ in 0..batch.i32().unwrap() {
            let length = varint(&mut batch) as usize;
            let mut record = Reader::new(batch.take(length).unwrap());
            record.take(2).unwrap();
            varint(&mut record);
            let mut part =
                || usize::try_from(varint(&mut record)).map(|n| record.take(n).unwrap().to_vec());
            let (key, value) = (part().unwrap_or_default(), part().unwrap_or_default());
            found.push(Record {
                control: attributes & 0x20 != 0,
                key,
                value,
            });
        }
        batch.end().unwrap();
    }
    found
}

/// Reads a control record and writes it again; says which it was.
fn control(record: &Record) -> (&'static str, Vec<u8>) {
    let mut key = Reader::new(&record.key);
    key.i16().unwrap();
    let mut r = Reader::new(&record.value);
    let mut w = Writer::new();
    macro_rules! again {
        ($message:ident) => {{
            $message::decode(&mut r, 0)
                .unwrap()
                .encode(&mut w, 0)
                .unwrap();
            stringify!($message)
        }};
    }
    let name = match key.i16().unwrap() {
        2 => again!(LeaderChangeMessage),
        3 => again!(SnapshotHeaderRecord),
        4 => again!(SnapshotFooterRecord),
        5 => again!(KRaftVersionRecord),
        6 => again!(VotersRecord),
        other => panic!("control record {other}"),
    };
    r.end().unwrap();
    (name, w.finish().0.to_vec())
}

#[test]
fn every_stored_metadata_record_there_and_back() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (archive, packed) in [("clean", CLEAN), ("crashed", CRASHED)] {
        let files = files(packed, |name| {
            name.contains("__cluster_metadata-0/") && name.ends_with(".log")
                || name.ends_with(".checkpoint")
        });
        assert!(
            files.iter().any(|(name, _)| name.ends_with(".log")),
            "{archive} has a metadata log"
        );
        for (file, bytes) in files {
            for record in records(&bytes) {
                let name = if record.control {
                    let (name, again) = control(&record);
                    assert_eq!(again, record.value, "{archive} {file} {name}");
                    name.to_owned()
                } else {
                    let read = MetadataRecord::decode(&record.value).unwrap();
                    let (_, version, _) =
                        ottla_protocol::record_frame::decode(&record.value).unwrap();
                    assert_eq!(read.write_version(), version, "{archive} {file} {read:?}");
                    assert_eq!(
                        read.encode(version).unwrap(),
                        record.value,
                        "{archive} {file} {read:?}"
                    );
                    format!("{read:?}")
                        .split('(')
                        .next()
                        .unwrap_or_default()
                        .to_owned()
                };
                *seen.entry(name).or_default() += 1;
            }
        }
    }
    println!("stored records: {seen:?}");
    for name in [
        "LeaderChangeMessage",
        "VotersRecord",
        "SnapshotHeaderRecord",
        "Partition",
        "PartitionChange",
    ] {
        assert!(seen.contains_key(name), "no {name} was stored");
    }
}

/// Reads a coordinator's record and writes it again, its value in the version that it has. Its name, and whether it has a value.
fn coordinator_record(file: &str, record: &Record) -> (String, bool) {
    let key = record.key.as_slice();
    let value = Some(record.value.as_slice()).filter(|value| !value.is_empty());
    let version = value.map_or(0, |value| i16::from_be_bytes([value[0], value[1]]));
    macro_rules! again {
        ($of:ident) => {{
            let read = $of::decode(key, value).unwrap();
            assert!(!matches!(read, $of::Unknown(..)), "{file}: {key:02x?}");
            let (again_key, again_value) = read.encode(version).unwrap();
            assert_eq!((&again_key[..], again_value.as_deref()), (key, value));
            format!("{read:?}")
        }};
    }
    let text = match file {
        file if file.contains("__consumer_offsets") => again!(GroupRecord),
        file if file.contains("__transaction_state") => again!(TransactionRecord),
        file if file.contains("__share_group_state") => again!(ShareRecord),
        other => panic!("{other} is no coordinator's"),
    };
    let name = text.split('(').next().unwrap_or_default();
    (name.to_owned(), value.is_some())
}

/// Reads what stands behind a version and writes it again.
fn same_again(name: &str, bytes: &[u8]) {
    let mut r = Reader::new(bytes);
    let version = r.i16().unwrap();
    let body = r.rest();
    match recode(name, version, body) {
        Recoded::Written(read, Ok(again)) if read == body.len() => {
            assert_eq!(again, body, "{name}")
        }
        other => panic!("{name}: {other:?} of {bytes:02x?}"),
    }
}

#[test]
fn every_record_of_the_coordinators_there_and_back() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for packed in [CLEAN, CRASHED] {
        let files = files(packed, |name| {
            name.contains("/__") && !name.contains("__cluster_metadata") && name.ends_with(".log")
        });
        for (file, bytes) in files {
            for record in records(&bytes) {
                let name = if record.control {
                    let kind = Reader::new(&record.key[2..]).i16().unwrap();
                    assert!(kind < 2, "{file}: control record {kind}");
                    same_again("EndTxnMarker", &record.value);
                    "EndTxnMarker".to_owned()
                } else {
                    match coordinator_record(&file, &record) {
                        (name, true) => name,
                        (name, false) => format!("{name}, gone"),
                    }
                };
                *seen.entry(name).or_default() += 1;
            }
        }
    }
    println!("stored records of coordinators: {seen:?}");
    for name in [
        "OffsetCommit",
        "GroupMetadata",
        "ConsumerGroupMemberMetadata",
        "ShareGroupMetadata",
        "ShareSnapshot",
        "TransactionLog",
        "EndTxnMarker",
    ] {
        assert!(seen.contains_key(name), "no {name} was stored");
    }
}

#[test]
fn the_files_beside_a_log_there_and_back() {
    let (mut snapshots, mut aborted) = (0, 0);
    for packed in [CLEAN, CRASHED] {
        let beside = |name: &str| name.ends_with(".snapshot") || name.ends_with(".txnindex");
        for (file, bytes) in files(packed, beside) {
            if file.ends_with(".snapshot") {
                same_again("ProducerSnapshot", &bytes);
                snapshots += 1;
                continue;
            }
            for entry in bytes.chunks(ABORTED_TXN) {
                same_again("AbortedTxn", entry);
                aborted += 1;
            }
        }
    }
    println!("{snapshots} producer snapshots, {aborted} aborted transactions");
    assert!(snapshots > 0 && aborted > 0);
}

#[test]
fn a_value_that_is_not_used_up_is_refused() {
    let mut value = MetadataRecord::decode(&[1, 20, 0, 0])
        .unwrap()
        .encode(0)
        .unwrap()
        .to_vec();
    assert_eq!(value, [1, 20, 0, 0]);
    value.push(0);
    for bad in [
        &value[..],
        &value[..3],
        &[2, 20, 0, 0],
        &[1, 29, 0, 0],
        &[1, 20, 1, 0],
        &[],
    ] {
        assert!(MetadataRecord::decode(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_coordinators_record_of_no_known_type_is_kept() {
    for (key, value) in [
        (&[0, 99, 1, 2, 3][..], Some(&[7, 7, 7][..])),
        (&[0x80, 0], None),
        (&[0, 9], Some(&[])),
    ] {
        let read = GroupRecord::decode(key, value).unwrap();
        assert_eq!(read, GroupRecord::Unknown(key, value));
        let (again, value_again) = read.encode(0).unwrap();
        assert_eq!((&again[..], value_again.as_deref()), (key, value));
    }
    // A type that is known must hold what it says, and its value have a version there is.
    let key = [&[0, 2, 0, 1][..], b"g"].concat();
    assert!(GroupRecord::decode(&key, None).is_ok());
    assert!(GroupRecord::decode(&key[..4], None).is_err());
    assert!(GroupRecord::decode(&key, Some(&[0])).is_err());
    assert!(GroupRecord::decode(&key, Some(&[0, 9, 0, 0])).is_err());
    assert!(GroupRecord::decode(&[0], None).is_err());
}
