//! The metadata logs and snapshots in the recorded data directories: every record read and written again, and in
//! the version that Kafka itself chose.

use flate2::read::GzDecoder;
use ottla_protocol::messages::{
    KRaftVersionRecord, LeaderChangeMessage, MetadataRecord, SnapshotFooterRecord,
    SnapshotHeaderRecord, VotersRecord,
};
use ottla_protocol::{Reader, Writer};
use std::collections::BTreeMap;
use std::io::Read;

const CLEAN: &[u8] = include_bytes!("../../../../vectors/kafka-4.3.1/datadir-clean.tar.gz");
const CRASHED: &[u8] = include_bytes!("../../../../vectors/kafka-4.3.1/datadir-crashed.tar.gz");

/// A record of a batch.
struct Record {
    control: bool,
    key: Vec<u8>,
    value: Vec<u8>,
}

/// The metadata files of a recorded directory, by name.
fn files(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(GzDecoder::new(archive));
    let mut found = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let log = name.contains("__cluster_metadata-0/") && name.ends_with(".log");
        if log || name.ends_with(".checkpoint") {
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
        let files = files(packed);
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
