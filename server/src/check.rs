//! `ottla check DIR`: what a data directory is, ours or Apache Kafka's, and every damage that can be seen without serving it. In: its path.
//! Out: lines on standard output, and whether it is sound. Nothing in the directory is changed, not even its lock.
//!
//! Damage is what was durable and is not as it was, and what one of the two brokers would not start with. What a crash may leave, and
//! the next start repairs without losing anything that was durable, is a note.

mod findings;
mod metadata;
mod partition;

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use bytes::Bytes;
use ottla_broker::{MetaProperties, clean_shutdown};
use ottla_log::checkpoint::{Offsets, parse_offsets};
use ottla_metadata::{Image, Resource};
use ottla_protocol::messages::MetadataRecord;
use ottla_quorum::Snapshot;
use ottla_shard::DirectoryName;

use crate::node::Failure;
use findings::Findings;
use partition::Known;

const META: &str = "meta.properties";
const BOOTSTRAP: &str = "bootstrap.checkpoint";
const RECOVERY: &str = "recovery-point-offset-checkpoint";
const LOG_START: &str = "log-start-offset-checkpoint";
/// The offset checkpoints of a log directory, and what an unreadable one means.
const CHECKPOINTS: [(&str, &str); 4] = [
    (RECOVERY, "all segments are read again when it is gone"),
    (
        "replication-offset-checkpoint",
        "one node alone does without it",
    ),
    (
        LOG_START,
        "records that were deleted at the front of a log come back without it; restore it from a backup",
    ),
    (
        "cleaner-offset-checkpoint",
        "compaction begins anew without it",
    ),
];

/// Looks at a directory and says what it is. Whether it is sound; misuse when it is no data directory or one in use.
pub fn check(dir: &Path, out: &mut impl Write) -> Result<bool, Failure> {
    let entries = judge_use(dir).map_err(Failure::Misuse)?;
    match look(dir, &entries, out) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        looked => looked.map_err(|error| Failure::Broken(format!("standard output: {error}"))),
    }
}

/// The directory's entries, if it is a data directory that nobody uses; else a sentence.
fn judge_use(dir: &Path) -> Result<Vec<String>, String> {
    let shown = dir.display();
    let entries = names(dir).map_err(|error| format!("{shown} cannot be read: {error}"))?;
    match ottla_io::held(dir) {
        Ok(None) => {}
        Ok(Some(by)) => {
            let by = ottla_io::LockError::Held(by);
            return Err(format!("{shown} is {by}: stop that one first"));
        }
        Err(error) => return Err(format!("{shown}: its lock cannot be asked: {error}")),
    }
    let has = |name: &str| entries.iter().any(|entry| entry == name);
    if !has(META) && !has(metadata::DIR) {
        return Err(format!(
            "{shown} is no data directory: it has neither {META} nor {}",
            metadata::DIR
        ));
    }
    Ok(entries)
}

fn look(dir: &Path, entries: &[String], out: &mut impl Write) -> io::Result<bool> {
    let mut findings = Findings::default();
    let meta = look_at_meta(dir, &mut findings);
    let marker = fs::read(dir.join(clean_shutdown::FILE)).ok();
    let image = metadata::look(dir, meta.as_ref(), &mut findings);
    look_at_bootstrap(dir, &mut findings);
    writeln!(
        out,
        "{}",
        introduce(dir, &meta, marker.as_deref(), image.as_ref())
    )?;
    let [recovery_points, _, log_starts, _] =
        CHECKPOINTS.map(|(file, without)| look_at_checkpoint(dir, file, without, &mut findings));
    let mut partitions = 0;
    for name in entries {
        if !dir.join(name).is_dir() {
            continue;
        }
        match DirectoryName::of(name) {
            DirectoryName::Metadata | DirectoryName::Deleted => {}
            DirectoryName::Stray => findings.note(name, None, "it was put aside and is not served"),
            DirectoryName::Unknown => findings.damage(
                name,
                None,
                "Apache Kafka does not start beside a directory of such a name; move it away",
            ),
            DirectoryName::Partition(topic, index) => {
                let key = (topic.to_owned(), index as i32);
                let known = Known {
                    clean: marker.is_some(),
                    compact: image.as_ref().is_some_and(|image| is_compact(image, topic)),
                    recovery_point: recovery_points.get(&key).copied().unwrap_or(0),
                    log_start: log_starts.get(&key).copied(),
                };
                let topic_id = image
                    .as_ref()
                    .map(|image| image.topic_named(topic).map(|topic| topic.id.0));
                let line = partition::look(dir, name, known, topic_id, &mut findings);
                writeln!(out, "{line}")?;
                partitions += 1;
            }
        }
    }
    if let (Some(image), Some(meta)) = (&image, &meta) {
        look_for_missing(dir, image, meta, &recovery_points, &mut findings);
    }
    findings.print(out)?;
    match findings.damages() {
        0 => writeln!(out, "{partitions} partitions, sound")?,
        1 => writeln!(out, "{partitions} partitions, 1 damage")?,
        many => writeln!(out, "{partitions} partitions, {many} damages")?,
    }
    out.flush()?;
    Ok(findings.damages() == 0)
}

/// The first line: whose directory it is and how it was left.
fn introduce(
    dir: &Path,
    meta: &Option<MetaProperties>,
    marker: Option<&[u8]>,
    image: Option<&Image>,
) -> String {
    let mut line = format!("{}: ", dir.display());
    match meta {
        Some(meta) => line += &format!("node {} of cluster {}", meta.node_id, meta.cluster_id),
        None => line += "of a node that is not known",
    }
    if let Some(image) = image {
        let level = image.feature("metadata.version");
        line += &format!(", metadata.version {level}");
    }
    line += match marker {
        Some(_) => ", stopped cleanly",
        None => ", not stopped cleanly",
    };
    if let Some(epoch) = marker.and_then(clean_shutdown::parse) {
        line += &format!(" in broker epoch {epoch}");
    }
    line
}

fn look_at_meta(dir: &Path, findings: &mut Findings) -> Option<MetaProperties> {
    let text = match fs::read(dir.join(META)).map(|bytes| MetaProperties::parse(&bytes)) {
        Ok(Ok(meta)) => return Some(meta),
        Ok(Err(why)) => format!("{why}; restore the file from a backup"),
        Err(error) => format!("{error}; restore the file from a backup"),
    };
    findings.damage(META, None, text);
    None
}

/// It is not needed once the metadata log has records, and Apache Kafka does not start with one that it cannot read.
fn look_at_bootstrap(dir: &Path, findings: &mut Findings) {
    let Ok(bytes) = fs::read(dir.join(BOOTSTRAP)) else {
        return;
    };
    let is_version = |value: &Bytes| {
        matches!(
            MetadataRecord::decode(value),
            Ok(MetadataRecord::FeatureLevel(level)) if level.name == "metadata.version"
        )
    };
    let text = match Snapshot::parse(&Bytes::from(bytes)) {
        Ok(snapshot) if snapshot.values.iter().any(is_version) => return,
        Ok(_) => "it names no metadata.version".to_owned(),
        Err(why) => format!("it {why}"),
    };
    let todo =
        "Apache Kafka does not start with it, and it is not needed any more; remove the file";
    findings.damage(BOOTSTRAP, None, format!("{text}: {todo}"));
}

fn look_at_checkpoint(dir: &Path, file: &str, without: &str, findings: &mut Findings) -> Offsets {
    let Ok(bytes) = fs::read(dir.join(file)) else {
        return Offsets::new();
    };
    parse_offsets(&bytes).unwrap_or_else(|why| {
        let text =
            format!("{why}: Apache Kafka does not start with it; remove the file ({without})");
        findings.damage(file, None, text);
        Offsets::new()
    })
}

fn is_compact(image: &Image, topic: &str) -> bool {
    let config = image.config(&Resource::topic(topic));
    let policy = config.and_then(|config| config.get("cleanup.policy"));
    policy.is_some_and(|policy| policy.contains("compact"))
}

/// Partitions that had durable records and have no directory.
fn look_for_missing(
    dir: &Path,
    image: &Image,
    meta: &MetaProperties,
    recovery_points: &Offsets,
    findings: &mut Findings,
) {
    for topic in image.topics() {
        for (index, partition) in topic.partitions.iter().enumerate() {
            let name = format!("{}-{index}", topic.name);
            let point = recovery_points.get(&(topic.name.to_string(), index as i32));
            if partition.replicas.contains(&meta.node_id)
                && point.is_some_and(|point| *point > 0)
                && !dir.join(&name).exists()
            {
                let text = "it is missing, and it had records: either broker makes an empty one in its place; restore it from a backup";
                findings.damage(name, None, text);
            }
        }
    }
}

/// The names in a directory, in order.
fn names(dir: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}
