//! Kafka's small text files: offset checkpoints of a log directory, a log's leader epochs, `partition.metadata`.
//! Bytes in, values out, and back; reading and replacing the files is [`crate::Load`]'s and [`crate::Rewrite`]'s.
//!
//! Invariants
//! - C1: what is printed parses to the same value.
//! - C2: no input makes a parser allocate more than a multiple of its length.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use ottla_machine::{LeaderEpoch, Offset};

/// Why bytes are not the checkpoint they should be, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadCheckpoint(pub String);

impl fmt::Display for BadCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadCheckpoint {}

fn bad(what: impl Into<String>) -> BadCheckpoint {
    BadCheckpoint(what.into())
}

/// Offsets by topic name and partition index.
pub type Offsets = BTreeMap<(String, i32), i64>;

/// Reads `recovery-point-offset-checkpoint`, `replication-offset-checkpoint`, `log-start-offset-checkpoint` or
/// `cleaner-offset-checkpoint`.
pub fn parse_offsets(bytes: &[u8]) -> Result<Offsets, BadCheckpoint> {
    let mut offsets = Offsets::new();
    for line in entries(bytes)? {
        let mut words = line.rsplitn(3, ' ');
        let offset = number(words.next())?;
        let index = number(words.next())?;
        let topic = words
            .next()
            .ok_or_else(|| bad(format!("the line {line:?} has no three words")))?;
        offsets.insert((topic.to_owned(), index), offset);
    }
    Ok(offsets)
}

/// Writes an offset checkpoint.
pub fn print_offsets(offsets: &Offsets) -> Vec<u8> {
    let mut out = format!("0\n{}\n", offsets.len());
    for ((topic, index), offset) in offsets {
        writeln!(out, "{topic} {index} {offset}").expect("a String takes everything");
    }
    out.into_bytes()
}

/// Reads `leader-epoch-checkpoint`: epochs with their start offsets, as they stand there.
pub fn parse_epochs(bytes: &[u8]) -> Result<Vec<(LeaderEpoch, Offset)>, BadCheckpoint> {
    let mut epochs = Vec::new();
    for line in entries(bytes)? {
        let (epoch, start) = line
            .split_once(' ')
            .ok_or_else(|| bad(format!("the line {line:?} has no two words")))?;
        epochs.push((
            LeaderEpoch(number(Some(epoch))?),
            Offset(number(Some(start))?),
        ));
    }
    Ok(epochs)
}

/// Writes `leader-epoch-checkpoint`.
pub fn print_epochs(epochs: &[(LeaderEpoch, Offset)]) -> Vec<u8> {
    let mut out = format!("0\n{}\n", epochs.len());
    for (epoch, start) in epochs {
        writeln!(out, "{epoch} {start}").expect("a String takes everything");
    }
    out.into_bytes()
}

/// The lines after version and count, as many as the count says. No bytes are no lines: Kafka makes its checkpoints empty when it
/// starts, and may be killed before it has something to write.
fn entries(bytes: &[u8]) -> Result<Vec<&str>, BadCheckpoint> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let text = std::str::from_utf8(bytes).map_err(|_| bad("it is not text"))?;
    let mut lines = text.lines();
    match lines.next() {
        Some("0") => {}
        other => return Err(bad(format!("its version is {other:?} and not 0"))),
    }
    let count: usize = number(lines.next())?;
    let entries: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    if entries.len() == count {
        Ok(entries)
    } else {
        Err(bad(format!(
            "it announces {count} entries and has {}",
            entries.len()
        )))
    }
}

fn number<N: std::str::FromStr>(word: Option<&str>) -> Result<N, BadCheckpoint> {
    word.and_then(|word| word.trim().parse().ok())
        .ok_or_else(|| bad(format!("{word:?} is not a number that fits")))
}

/// Reads the topic id out of `partition.metadata`.
pub fn parse_partition_metadata(bytes: &[u8]) -> Result<[u8; 16], BadCheckpoint> {
    let text = std::str::from_utf8(bytes).map_err(|_| bad("it is not text"))?;
    let mut version = None;
    let mut topic_id = None;
    for line in text.lines() {
        match line.split_once(':') {
            Some(("version", value)) => version = Some(value.trim()),
            Some(("topic_id", value)) => topic_id = Some(value.trim()),
            _ => return Err(bad(format!("the line {line:?} means nothing"))),
        }
    }
    if version != Some("0") {
        return Err(bad(format!("its version is {version:?} and not 0")));
    }
    topic_id
        .and_then(parse_id)
        .ok_or_else(|| bad(format!("{topic_id:?} is not a topic id")))
}

/// Writes `partition.metadata`.
pub fn print_partition_metadata(topic_id: &[u8; 16]) -> Vec<u8> {
    format!("version: 0\ntopic_id: {}", print_id(topic_id)).into_bytes()
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// An id as Kafka prints it: 22 characters of the URL-safe base 64, without padding.
fn print_id(id: &[u8; 16]) -> String {
    let number = u128::from_be_bytes(*id);
    // 132 bits make 22 digits; the lowest four of them are zero.
    (0..22)
        .map(|i| {
            let shift = 128 - 6 * (i + 1);
            let digit = if shift >= 0 {
                number >> shift
            } else {
                number << -shift
            };
            char::from(DIGITS[(digit & 63) as usize])
        })
        .collect()
}

fn parse_id(text: &str) -> Option<[u8; 16]> {
    let mut number: u128 = 0;
    if text.len() != 22 {
        return None;
    }
    for (i, byte) in text.bytes().enumerate() {
        let digit = DIGITS.iter().position(|&d| d == byte)? as u128;
        if i < 21 {
            number = number << 6 | digit;
        } else {
            number = number << 2 | digit >> 4;
        }
    }
    Some(number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_are_printed_as_kafka_prints_them() {
        let mut metadata_topic = [0; 16];
        metadata_topic[15] = 1;
        assert_eq!(print_id(&metadata_topic), "AAAAAAAAAAAAAAAAAAAAAQ");
        assert_eq!(parse_id("AAAAAAAAAAAAAAAAAAAAAQ"), Some(metadata_topic));
        assert_eq!(parse_id("AAAAAAAAAAAAAAAAAAAAA"), None);
        assert_eq!(parse_id("AAAAAAAAAAAAAAAAAAAAA+"), None);
    }

    #[test]
    fn junk_is_refused_and_an_empty_file_is_like_none() {
        for junk in ["1\n0\n", "0\n2\na 0 1\n", "0\n1\na b c\n", "0\nx\n", "0"] {
            assert!(parse_offsets(junk.as_bytes()).is_err(), "{junk:?}");
        }
        assert_eq!(parse_epochs(b""), Ok(Vec::new()));
        assert_eq!(parse_offsets(b""), Ok(Offsets::new()));
        assert!(parse_epochs(b"0\n1\n5\n").is_err());
        assert!(parse_partition_metadata(b"").is_err());
        assert!(parse_partition_metadata(b"version: 1\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ").is_err());
    }

    proptest! {
        #[test]
        fn offsets_come_back(offsets: BTreeMap<(u8, i32), i64>) {
            let offsets: Offsets = offsets.into_iter().map(|((t, i), o)| ((format!("t-{t}"), i), o)).collect();
            prop_assert_eq!(parse_offsets(&print_offsets(&offsets)), Ok(offsets));
        }

        #[test]
        fn epochs_come_back(epochs: Vec<(i32, i64)>) {
            let epochs: Vec<_> = epochs.into_iter().map(|(e, o)| (LeaderEpoch(e), Offset(o))).collect();
            prop_assert_eq!(parse_epochs(&print_epochs(&epochs)), Ok(epochs));
        }

        #[test]
        fn topic_ids_come_back(id: [u8; 16]) {
            prop_assert_eq!(parse_partition_metadata(&print_partition_metadata(&id)), Ok(id));
        }

        #[test]
        fn nothing_panics(bytes: Vec<u8>) {
            let _ = parse_offsets(&bytes);
            let _ = parse_epochs(&bytes);
            let _ = parse_partition_metadata(&bytes);
        }
    }
}
