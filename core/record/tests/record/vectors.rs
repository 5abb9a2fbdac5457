//! What Apache Kafka 4.3.1 and its clients left: two data directories, what its tools printed of them, recorded exchanges.

use std::io::Read;

use flate2::bufread::GzDecoder;
use ottla_record::{Batch, HEADER_LEN};

/// A data directory and the listings that belong to it.
pub struct Directory {
    pub name: &'static str,
    files: Vec<(String, Vec<u8>)>,
    /// Topic, and every record of it as the console consumer prints it.
    pub listings: [(&'static str, &'static str); 5],
}

macro_rules! directory {
    ($name:literal) => {
        Directory {
            name: $name,
            files: untar(include_bytes!(concat!(
                "../../../../vectors/kafka-4.3.1/datadir-",
                $name,
                ".tar.gz"
            ))),
            listings: [
                ("codecs", listing!($name, "codecs")),
                ("compacted", listing!($name, "compacted")),
                ("rolled", listing!($name, "rolled")),
                ("trimmed", listing!($name, "trimmed")),
                ("txn", listing!($name, "txn")),
            ],
        }
    };
}

macro_rules! listing {
    ($name:literal, $topic:literal) => {
        include_str!(concat!(
            "../../../../vectors/kafka-4.3.1/expected-",
            $name,
            "/",
            $topic,
            ".read_uncommitted.txt"
        ))
    };
}

pub fn directories() -> [Directory; 2] {
    [directory!("clean"), directory!("crashed")]
}

fn untar(packed: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(GzDecoder::new(packed));
    let entries = archive.entries().expect("a tar archive");
    entries
        .map(|entry| {
            let mut entry = entry.expect("an entry");
            let path = entry.path().expect("a path").to_string_lossy().into_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).expect("its bytes");
            (path, bytes)
        })
        .collect()
}

impl Directory {
    /// Every file that is a run of batches: segments and metadata snapshots.
    pub fn runs(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let holds_batches = |path: &str| path.ends_with(".log") || path.ends_with(".checkpoint");
        self.files
            .iter()
            .filter(move |(path, _)| holds_batches(path))
            .map(|(path, bytes)| (path.as_str(), &bytes[..]))
    }

    /// The segments of a partition in order.
    pub fn segments(&self, topic: &str, partition: u32) -> Vec<&[u8]> {
        let within = format!("data/{topic}-{partition}/");
        let mut segments: Vec<_> = self
            .runs()
            .filter(|(path, _)| path.starts_with(&within))
            .collect();
        segments.sort();
        segments.into_iter().map(|(_, bytes)| bytes).collect()
    }

    /// Where the partition begins, if not at its first segment.
    pub fn log_start_offset(&self, topic: &str, partition: u32) -> i64 {
        let (_, text) = self
            .files
            .iter()
            .find(|(path, _)| path == "data/log-start-offset-checkpoint")
            .expect("the checkpoint");
        let text = std::str::from_utf8(text).expect("text");
        let line = format!("{topic} {partition} ");
        text.lines()
            .find_map(|found| found.strip_prefix(&line))
            .map_or(0, |offset| offset.parse().expect("an offset"))
    }
}

/// Every batch within the recorded requests and responses: wherever a header stands whose checksum fits.
pub fn exchanged() -> Vec<Vec<u8>> {
    let lines = include_str!("../../../../vectors/kafka-4.3.1/exchanges.jsonl").lines();
    let mut batches = Vec::new();
    for frame in lines.flat_map(|line| ["request", "response"].map(|name| frame(line, name))) {
        for at in 0..frame.len().saturating_sub(HEADER_LEN) {
            if let Ok(batch) = Batch::parse(&frame[at..])
                && batch.crc_is_right()
            {
                batches.push(batch.bytes().to_vec());
            }
        }
    }
    batches
}

fn frame(line: &str, name: &str) -> Vec<u8> {
    let (_, value) = line.split_once(&format!("\"{name}\":")).expect("the field");
    let hex = value
        .trim_start()
        .trim_start_matches('"')
        .split('"')
        .next()
        .expect("its value");
    let digit = |digit: u8| (digit as char).to_digit(16).expect("a hex digit") as u8;
    hex.as_bytes()
        .chunks_exact(2)
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}
