//! `ottla log dump FILE..`: what lies in the files of a data directory, ours or Apache Kafka's. In: paths; a file is what its name says.
//! Out: lines on standard output, for people or for programs, and whether all of it was whole. Nothing is written.

mod batches;
mod decoded;
mod fields;
mod show;

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use ottla_log::checkpoint::{parse_epochs, parse_offsets, parse_partition_metadata};
use ottla_log::files::{FileName, offset_index, producer_snapshot, time_index, transaction_index};
use ottla_protocol::Uuid;
use ottla_quorum::{QuorumState, SnapshotId};
use ottla_shard::DirectoryName;

use crate::node::Failure;
use decoded::Own;
use show::Show;

/// Shows files one after the other. Whether all of them were whole; misuse when one is nothing that Kafka has.
pub fn dump(files: &[impl AsRef<Path>], json: bool, out: &mut impl Write) -> Result<bool, Failure> {
    for file in files {
        let file = file.as_ref();
        if !file.is_file() {
            return Err(Failure::Misuse(format!("{} is no file", file.display())));
        }
        if Kind::of(file).is_none() {
            return Err(Failure::Misuse(format!(
                "{} is none of Kafka's files by its name: .log, .index, .timeindex, .txnindex, .snapshot, .checkpoint, .. are known",
                file.display()
            )));
        }
    }
    let mut show = Show::new(out, json);
    for file in files {
        let file = file.as_ref();
        let kind = Kind::of(file).expect("it has just been judged");
        let shown = show
            .begin(file.display().to_string())
            .and_then(|()| show_file(file, kind, &mut show))
            .and_then(|()| show.end());
        match shown {
            Ok(()) => {}
            // Whoever reads has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            Err(error) => return Err(Failure::Broken(format!("{}: {error}", file.display()))),
        }
    }
    Ok(!show.is_damaged())
}

/// What a file is.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Segment,
    OffsetIndex(i64),
    TimeIndex(i64),
    TransactionIndex,
    Producers,
    MetadataSnapshot,
    Offsets,
    Epochs,
    PartitionMetadata,
    QuorumState,
    Text,
}

impl Kind {
    fn of(path: &Path) -> Option<Kind> {
        let name = path.file_name()?.to_str()?;
        Some(match FileName::of(name) {
            FileName::Segment(_) | FileName::SwappedSegment(_) | FileName::CleanedSegment(_) => {
                Kind::Segment
            }
            FileName::OffsetIndex(base) => Kind::OffsetIndex(base),
            FileName::TimeIndex(base) => Kind::TimeIndex(base),
            FileName::TransactionIndex(_) | FileName::SwappedTransactionIndex(_) => {
                Kind::TransactionIndex
            }
            FileName::Snapshot(_) => Kind::Producers,
            FileName::Epochs => Kind::Epochs,
            FileName::PartitionMetadata => Kind::PartitionMetadata,
            FileName::Leftover | FileName::Unknown => match name {
                "quorum-state" => Kind::QuorumState,
                "meta.properties" | ".kafka_cleanshutdown" => Kind::Text,
                "bootstrap.checkpoint" => Kind::MetadataSnapshot,
                _ if SnapshotId::parse(name).is_some() => Kind::MetadataSnapshot,
                _ if name.ends_with("-offset-checkpoint") => Kind::Offsets,
                _ => return None,
            },
        })
    }
}

fn show_file<W: Write>(path: &Path, kind: Kind, show: &mut Show<'_, W>) -> io::Result<()> {
    match kind {
        Kind::Segment => batches::show(path, topic_of(path), show),
        Kind::MetadataSnapshot => batches::show(path, Some(Own::Metadata), show),
        Kind::OffsetIndex(base) => show_offset_index(path, base, show),
        Kind::TimeIndex(base) => show_time_index(path, base, show),
        Kind::TransactionIndex => show_transaction_index(&fs::read(path)?, show),
        Kind::Producers => show_producers(&fs::read(path)?, show),
        Kind::Offsets => show_offsets(&fs::read(path)?, show),
        Kind::Epochs => show_epochs(&fs::read(path)?, show),
        Kind::PartitionMetadata => match parse_partition_metadata(&fs::read(path)?) {
            Ok(id) => {
                let id = Uuid(id).to_string();
                show.line(
                    "partition",
                    || format!("topic id {id}"),
                    || vec![("topicId", id.as_str().into())],
                )
            }
            Err(why) => show.damage(None, &why.to_string()),
        },
        Kind::QuorumState => match QuorumState::parse(&fs::read(path)?) {
            Ok(state) => {
                let said = format!("{state:?}");
                show.line(
                    "quorum",
                    || said.clone(),
                    || vec![("record", fields::fields(&said))],
                )
            }
            Err(why) => show.damage(None, &why),
        },
        Kind::Text => {
            let bytes = fs::read(path)?;
            let text = String::from_utf8_lossy(&bytes);
            text.lines().try_for_each(|line| {
                show.line("text", || line.to_owned(), || vec![("text", line.into())])
            })
        }
    }
}

/// Whose segment it is, by the directory it lies in.
fn topic_of(path: &Path) -> Option<Own> {
    let whole = std::path::absolute(path).ok()?;
    let dir = whole.parent()?.file_name()?.to_str()?;
    match DirectoryName::of(dir) {
        DirectoryName::Metadata => Some(Own::Metadata),
        DirectoryName::Partition(topic, _) => Own::of(topic),
        _ => None,
    }
}

fn show_offset_index<W: Write>(path: &Path, base: i64, show: &mut Show<'_, W>) -> io::Result<()> {
    // Its entries are judged by the segment's length, where that is beside it.
    let segment = fs::metadata(path.with_extension("log"));
    let size = segment.map_or(u64::MAX, |segment| segment.len());
    let Some(entries) = offset_index(&fs::read(path)?, size) else {
        return show.damage(None, "its entries do not rise, or point beyond the segment");
    };
    entries.iter().try_for_each(|entry| {
        let (offset, position) = (base + i64::from(entry.relative), entry.position);
        show.line(
            "entry",
            || format!("the batch that ends with offset {offset} begins at byte {position}"),
            || vec![("offset", offset.into()), ("position", position.into())],
        )
    })
}

fn show_time_index<W: Write>(path: &Path, base: i64, show: &mut Show<'_, W>) -> io::Result<()> {
    let Some(entries) = time_index(&fs::read(path)?) else {
        return show.damage(None, "its entries do not rise");
    };
    entries.iter().try_for_each(|entry| {
        let (offset, timestamp) = (base + i64::from(entry.relative), entry.timestamp);
        show.line(
            "entry",
            || format!("newest until offset {offset}: {timestamp}"),
            || vec![("offset", offset.into()), ("timestamp", timestamp.into())],
        )
    })
}

fn show_transaction_index<W: Write>(bytes: &[u8], show: &mut Show<'_, W>) -> io::Result<()> {
    let (entries, whole) = transaction_index(bytes);
    for entry in entries {
        show.line(
            "aborted",
            || {
                format!(
                    "producer {} aborted offsets {} to {}, last stable {}",
                    entry.producer_id, entry.first, entry.last, entry.last_stable
                )
            },
            || {
                vec![
                    ("producerId", entry.producer_id.into()),
                    ("firstOffset", entry.first.into()),
                    ("lastOffset", entry.last.into()),
                    ("lastStableOffset", entry.last_stable.into()),
                ]
            },
        )?;
    }
    match whole {
        true => Ok(()),
        false => show.damage(None, "what follows is no entry"),
    }
}

fn show_producers<W: Write>(bytes: &[u8], show: &mut Show<'_, W>) -> io::Result<()> {
    let Some(producers) = producer_snapshot(bytes) else {
        return show.damage(None, "it is torn, or its checksum is wrong");
    };
    producers.iter().try_for_each(|one| {
        show.line(
            "producer",
            || {
                let open = one.transaction.map_or(String::new(), |first| {
                    format!(", a transaction open from {first}")
                });
                format!(
                    "producer {} epoch {}: sequence {} at offset {}, last heard of {}{open}",
                    one.id, one.epoch, one.last_sequence, one.last_offset, one.last_timestamp
                )
            },
            || {
                vec![
                    ("producerId", one.id.into()),
                    ("producerEpoch", one.epoch.into()),
                    ("lastSequence", one.last_sequence.into()),
                    ("lastOffset", one.last_offset.into()),
                    ("offsetDelta", one.offset_delta.into()),
                    ("lastTimestamp", one.last_timestamp.into()),
                    ("coordinatorEpoch", one.coordinator_epoch.into()),
                    ("openFrom", one.transaction.into()),
                ]
            },
        )
    })
}

fn show_offsets<W: Write>(bytes: &[u8], show: &mut Show<'_, W>) -> io::Result<()> {
    let offsets = match parse_offsets(bytes) {
        Ok(offsets) => offsets,
        Err(why) => return show.damage(None, &why.to_string()),
    };
    offsets.iter().try_for_each(|((topic, index), offset)| {
        show.line(
            "offset",
            || format!("{topic}-{index}: {offset}"),
            || {
                vec![
                    ("topic", topic.as_str().into()),
                    ("partition", (*index).into()),
                    ("offset", (*offset).into()),
                ]
            },
        )
    })
}

fn show_epochs<W: Write>(bytes: &[u8], show: &mut Show<'_, W>) -> io::Result<()> {
    let epochs = match parse_epochs(bytes) {
        Ok(epochs) => epochs,
        Err(why) => return show.damage(None, &why.to_string()),
    };
    epochs.iter().try_for_each(|(epoch, start)| {
        show.line(
            "epoch",
            || format!("epoch {epoch} from offset {start}"),
            || vec![("epoch", epoch.0.into()), ("startOffset", start.0.into())],
        )
    })
}
