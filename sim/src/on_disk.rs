//! What lies on the disk, read by nothing that the broker reads it with but the batch format itself: each partition's batches from its first
//! segment on, in a row, until the first that is not whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use ottla_media::Media;
use ottla_protocol::Uuid;
use ottla_record::{Batch, HEADER_LEN};

use crate::draw::mix;
use crate::history::{Partition, Producer};

/// One whole batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchOnDisk {
    /// The first record's offset.
    pub base: i64,
    /// The offset after the last record.
    pub next: i64,
    /// The leader epoch.
    pub epoch: i32,
    /// Its producer, if it is idempotent.
    pub producer: Option<Producer>,
    /// How many records.
    pub records: i32,
    /// The hash of all of its bytes.
    pub hash: u64,
}

/// One partition's log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogOnDisk {
    /// The directory's name.
    pub dir: String,
    /// Where the first segment begins.
    pub first: i64,
    /// The batches, in a row.
    pub batches: Vec<BatchOnDisk>,
    /// The offset after the last whole batch.
    pub end: i64,
    /// How many bytes the batches take.
    pub bytes: u64,
    /// Why it ends there: nothing more, or what follows is not whole.
    pub torn: bool,
}

impl LogOnDisk {
    /// Whether a batch begins there.
    pub fn has_batch_at(&self, base: i64) -> bool {
        let found = self.batches.binary_search_by_key(&base, |batch| batch.base);
        found.is_ok()
    }
}

/// All of a file.
pub fn file(media: &Media, path: &str) -> Option<Bytes> {
    let status = media.status(path).ok()?;
    media.read(status.node, 0, status.len as usize).ok()
}

/// The names in a directory.
pub fn names(media: &Media, dir: &str) -> Vec<String> {
    let listed = media.list(dir, None, usize::MAX).unwrap_or_default();
    listed.into_iter().map(|(name, _)| name).collect()
}

/// The logs of all topics, by the identity in their `partition.metadata`.
pub fn logs(media: &Media, compacted: &BTreeSet<Arc<str>>) -> BTreeMap<Partition, LogOnDisk> {
    let mut logs = BTreeMap::new();
    for dir in names(media, "") {
        let Some((name, index)) = dir.rsplit_once('-') else {
            continue;
        };
        let (Ok(index), Some(topic)) = (index.parse(), topic_id(media, &dir)) else {
            continue;
        };
        let log = log(media, &dir, compacted.contains(name));
        logs.insert(Partition { topic, index }, log);
    }
    logs
}

/// The topic id in the `partition.metadata` of a directory.
pub fn topic_id(media: &Media, dir: &str) -> Option<[u8; 16]> {
    let text = file(media, &format!("{dir}/partition.metadata"))?;
    let text = std::str::from_utf8(&text).ok()?;
    let id = text
        .lines()
        .find_map(|line| line.strip_prefix("topic_id: "))?;
    id.parse::<Uuid>().ok().map(|id| id.0)
}

/// What one of the offset checkpoints says, by the partition's directory.
pub fn checkpoint(media: &Media, name: &str) -> BTreeMap<String, i64> {
    let bytes = file(media, name).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let entry = |line: &str| {
        let mut words = line.split(' ');
        let (topic, index) = (words.next()?, words.next()?);
        let offset = words.next()?.parse().ok()?;
        Some((format!("{topic}-{index}"), offset))
    };
    text.lines().filter_map(entry).collect()
}

/// One directory's log: below its start nothing is missed. `compacted`: it may have holes, and a segment that is being put in place counts when those that it replaces have
/// begun to go.
pub fn log(media: &Media, dir: &str, compacted: bool) -> LogOnDisk {
    let mut log = LogOnDisk {
        dir: dir.to_owned(),
        ..LogOnDisk::default()
    };
    let starts = checkpoint(media, "log-start-offset-checkpoint");
    let start = starts.get(dir).copied().unwrap_or(0);
    for (at, (base, name)) in segments(media, dir).into_iter().enumerate() {
        if at == 0 {
            (log.first, log.end) = (base, base);
        }
        if (log.end..=start).contains(&base) {
            log.end = base;
        }
        if compacted && base < log.end {
            continue;
        }
        if base != log.end && !compacted {
            log.torn = true;
            break;
        }
        let bytes = file(media, &format!("{dir}/{name}")).unwrap_or_default();
        if !batches(&bytes, compacted, &mut log) {
            log.torn = true;
            break;
        }
    }
    log
}

/// Whether a segment's bytes are whole batches, one behind the other, and nothing else.
pub fn has_whole_batches_only(segment: &[u8]) -> bool {
    batches(segment, true, &mut LogOnDisk::default())
}

/// The segments' files by their base offsets.
pub fn segments(media: &Media, dir: &str) -> BTreeMap<i64, String> {
    let mut segments = BTreeMap::new();
    for name in names(media, dir) {
        let swapped = name.strip_suffix(".log.swap");
        let base = swapped.or(name.strip_suffix(".log"));
        let Some(base) = base.and_then(|base| base.parse().ok()) else {
            continue;
        };
        if swapped.is_none() || !segments.contains_key(&base) {
            segments.insert(base, name);
        }
    }
    segments
}

/// Takes the whole batches at the front in; whether there was nothing else.
fn batches(bytes: &[u8], compacted: bool, log: &mut LogOnDisk) -> bool {
    let mut at = 0;
    while at < bytes.len() {
        if bytes.len() - at < HEADER_LEN {
            return false;
        }
        let Ok(batch) = Batch::parse(&bytes[at..]) else {
            return false;
        };
        let header = batch.header();
        let follows = match compacted {
            true => header.base_offset >= log.end,
            false => header.base_offset == log.end,
        };
        if !follows || !batch.crc_is_right() {
            return false;
        }
        log.batches.push(BatchOnDisk {
            base: header.base_offset,
            next: header.next_offset(),
            epoch: header.partition_leader_epoch,
            producer: header.has_producer_id().then_some(Producer {
                id: header.producer_id,
                epoch: header.producer_epoch,
                sequence: header.base_sequence,
            }),
            records: header.records_count,
            hash: hash(batch.bytes()),
        });
        log.end = header.next_offset();
        log.bytes += header.size() as u64;
        at += header.size();
    }
    true
}

/// The hash of a batch's bytes.
pub fn hash(bytes: &[u8]) -> u64 {
    let words = bytes.chunks_exact(8);
    let rest = words.remainder().iter();
    let rest = rest.fold(bytes.len() as u64, |sum, byte| sum << 8 ^ u64::from(*byte));
    words.fold(mix(rest), |hash, word| {
        let word = u64::from_le_bytes(word.try_into().expect("eight bytes"));
        (hash.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    })
}

/// What tests put on a disk.
#[cfg(test)]
pub(crate) mod made {
    use ottla_media::{Media, Opening};
    use ottla_record::{Builder, BuilderSettings};

    /// A file that no power cut takes.
    pub(crate) fn put(media: &mut Media, path: &str, bytes: &[u8]) {
        let how = Opening {
            create: true,
            truncate: true,
        };
        let node = media.open(path, how).expect("room").node;
        media.write(node, 0, bytes).expect("room");
        media.sync(node).expect("there");
        media.close(node);
    }

    /// Ten batches of three records each.
    pub(crate) fn segment(base: i64) -> Vec<u8> {
        let batch = |nth: i64| {
            let mut builder = Builder::new(BuilderSettings {
                base_offset: base + 3 * nth,
                ..BuilderSettings::default()
            });
            for record in 0..3 {
                let value = vec![(base + nth) as u8; 100 + record];
                builder.append(1, None, Some(&value), &[]);
            }
            builder.finish()
        };
        (0..10).map(batch).collect::<Vec<_>>().concat()
    }
}
