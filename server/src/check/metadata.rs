//! The metadata log, looked at: `quorum-state`, the snapshots, every batch and every record. In: its directory. Out: findings, and what the
//! records add up to, by which the partitions' directories are judged.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use ottla_broker::MetaProperties;
use ottla_log::files::FileName;
use ottla_machine::Offset;
use ottla_metadata::{Fold, Image};
use ottla_quorum::{CommittedBatch, QuorumState, Snapshot, SnapshotId, VoterSet};
use ottla_record::{Batch, control_kind};

use super::findings::Findings;
use crate::segment::{self, End, Found};

/// Its directory.
pub const DIR: &str = "__cluster_metadata-0";

const RESTORE: &str = "restore the directory from a backup";

/// What is known while the log is read.
struct Reading<'a> {
    findings: &'a mut Findings,
    fold: Option<Fold>,
    voters: VoterSet,
    /// Below it the snapshot counts.
    covered: Offset,
    next: i64,
    /// A batch with a wrong checksum: damage when a whole one follows, else the end.
    bad: Option<(String, u64)>,
}

/// Looks at the log. What its records say; `None` when they do not add up.
pub fn look(root: &Path, meta: Option<&MetaProperties>, findings: &mut Findings) -> Option<Image> {
    let dir = root.join(DIR);
    let Ok(names) = super::names(&dir) else {
        let text = format!(
            "it is missing: without it all partitions are nobody's, and Apache Kafka would put them aside; {RESTORE}"
        );
        findings.damage(DIR, None, text);
        return None;
    };
    look_at_state(&dir, findings);
    let (newest, snapshot) = look_at_snapshots(&dir, &names, findings);
    let covered = newest.map_or(Offset(0), |id| id.end);
    let begun = match newest.filter(|id| id.end.0 > 0) {
        Some(id) => Fold::snapshot(&snapshot.values, id.end.plus(-1), id.epoch),
        None => Ok(Fold::new()),
    };
    let mut reading = Reading {
        findings,
        fold: None,
        voters: snapshot.voters,
        covered,
        next: covered.0,
        bad: None,
    };
    match begun {
        Ok(fold) => reading.fold = Some(fold),
        Err(unfit) => reading.findings.damage(
            DIR,
            None,
            format!("of its newest snapshot, {unfit}; {RESTORE}"),
        ),
    }
    reading.read_segments(&dir, &names);
    reading.judge_voters(meta);
    reading.fold.map(|fold| fold.image().clone())
}

fn look_at_state(dir: &Path, findings: &mut Findings) {
    if let Ok(bytes) = fs::read(dir.join("quorum-state"))
        && let Err(why) = QuorumState::parse(&bytes)
    {
        findings.damage(format!("{DIR}/quorum-state"), None, why);
    }
}

/// The newest snapshot that is whole, with what it says.
fn look_at_snapshots(
    dir: &Path,
    names: &[String],
    findings: &mut Findings,
) -> (Option<SnapshotId>, Snapshot) {
    let mut ids: Vec<SnapshotId> = names
        .iter()
        .filter_map(|name| SnapshotId::parse(name))
        .collect();
    ids.sort_unstable();
    let mut found = None;
    for id in ids.into_iter().rev() {
        let name = id.file_name();
        let parsed = fs::read(dir.join(&name))
            .map_err(|error| format!("cannot be read ({error})"))
            .and_then(|bytes| Snapshot::parse(&Bytes::from(bytes)));
        match (parsed, &found) {
            (Ok(snapshot), None) => found = Some((Some(id), snapshot)),
            (Ok(_), Some(_)) => {}
            (Err(why), newer) => {
                let instead = match newer {
                    Some(_) => "a newer one counts",
                    None => {
                        "Apache Kafka does not start with it, or forgets topics; an older one and the log count, if they join"
                    }
                };
                let text = format!("this snapshot {why}: {instead}; remove the file");
                findings.damage(format!("{DIR}/{name}"), None, text);
            }
        }
    }
    found.unwrap_or_default()
}

impl Reading<'_> {
    fn read_segments(&mut self, dir: &Path, names: &[String]) {
        let mut bases: Vec<i64> = names
            .iter()
            .filter_map(|name| match FileName::of(name) {
                FileName::Segment(base) => Some(base),
                _ => None,
            })
            .collect();
        bases.sort_unstable();
        if let Some(first) = bases.first()
            && *first > self.covered.0
        {
            let text = format!(
                "the log begins at offset {first} and its newest whole snapshot ends at {}: what lay between is missing; {RESTORE}",
                self.covered
            );
            self.findings.damage(DIR, None, text);
            self.fold = None;
        }
        for (index, base) in bases.iter().enumerate() {
            self.read_segment(dir, *base, index + 1 == bases.len());
        }
        if let Some((file, at)) = self.bad.take() {
            self.findings.note(file, Some(at), CUT);
        }
    }

    fn read_segment(&mut self, dir: &Path, base: i64, last: bool) {
        let name = format!("{base:020}.log");
        let file = format!("{DIR}/{name}");
        let mut floor = base;
        let ended = segment::read(&dir.join(&name), |found| {
            self.take(&file, floor, &found);
            floor = found.header.next_offset();
        });
        match ended {
            Ok((_, End::Whole)) => {}
            Ok((_, End::Torn { position, .. })) if last => {
                self.bad.get_or_insert((file, position));
            }
            Ok((_, End::Torn { position, why, .. })) => {
                let text = format!("{why}, and segments follow; {RESTORE}");
                self.findings.damage(file, Some(position), text);
            }
            Err(error) => self
                .findings
                .damage(file, None, format!("{error}; {RESTORE}")),
        }
    }

    fn take(&mut self, file: &str, floor: i64, found: &Found) {
        let at = found.position;
        if !found.is_whole() {
            self.bad.get_or_insert((file.to_owned(), at));
            return;
        }
        if let Some((file, at)) = self.bad.take() {
            let text = format!(
                "the checksum of a batch is wrong, and good ones follow: Apache Kafka would cut off all of them; {RESTORE}"
            );
            self.findings.damage(file, Some(at), text);
            self.fold = None;
        }
        if found.header.base_offset < floor {
            let text = format!(
                "offset {} comes after {floor}; {RESTORE}",
                found.header.base_offset
            );
            self.findings.damage(file, Some(at), text);
            self.fold = None;
        }
        self.next = self.next.max(found.header.next_offset());
        if found.header.next_offset() <= self.covered.0 {
            return;
        }
        if let Err(why) = self.apply(found) {
            self.findings
                .damage(file, Some(at), format!("{why}; {RESTORE}"));
            self.fold = None;
        }
    }

    /// Folds a batch in; why it does not fit.
    fn apply(&mut self, found: &Found) -> Result<(), String> {
        let batch = CommittedBatch::new(found.bytes.clone()).map_err(|why| why.to_string())?;
        if batch.control {
            let records = Batch::parse(&found.bytes)
                .and_then(|batch| batch.records(ottla_quorum::limits::BATCH_UNPACKED))
                .map_err(|why| why.to_string())?;
            for record in records.iter() {
                let record = record.map_err(|why| why.to_string())?;
                let kind = control_kind(record.key).map_err(|why| why.to_string())?;
                let value = record.value.unwrap_or_default();
                let read = self.voters.read(kind, value);
                read.map_err(|why| why.to_string())?;
            }
        }
        let Some(fold) = &mut self.fold else {
            return Ok(());
        };
        if batch.control {
            fold.passed(batch.next_offset.plus(-1), batch.epoch);
            return Ok(());
        }
        for (offset, _, value) in batch.records().map_err(|why| why.to_string())? {
            let applied = fold.apply(offset, batch.epoch, &value);
            applied.map_err(|unfit| unfit.to_string())?;
        }
        Ok(())
    }

    fn judge_voters(&mut self, meta: Option<&MetaProperties>) {
        let ([only], Some(meta)) = (self.voters.voters.as_slice(), meta) else {
            return;
        };
        if only.id != meta.node_id || only.directory_id != meta.directory_id {
            let text = format!(
                "the one voter of the metadata is node {} with directory {}, and this is node {} with directory {}: it could never lead; restore the meta.properties that belongs here",
                only.id, only.directory_id, meta.node_id, meta.directory_id
            );
            self.findings.damage("meta.properties", None, text);
        }
    }
}

/// What the next start does with the end of a log that a crash left.
pub const CUT: &str =
    "what lies here is no whole batch: a crash left it, and the next start cuts it off";
