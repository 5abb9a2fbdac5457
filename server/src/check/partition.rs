//! One partition's directory, looked at: every batch of every segment, and whether the files beside them say what the batches say. In: its
//! path, what the checkpoints and the metadata know of it. Out: findings, and a line that says what it is.
//!
//! P1: what lies at or above the recovery point of a node that was not stopped cleanly is rebuilt at the next start: it is never damage.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ottla_log::checkpoint::{parse_epochs, parse_partition_metadata};
use ottla_log::files::{
    self, AbortedEntry, FileName, offset_index, producer_snapshot, time_index, transaction_index,
};
use ottla_protocol::Uuid;
use ottla_record::{ABORT, Batch, control_kind};

use super::findings::Findings;
use super::metadata::CUT;
use super::names;
use crate::segment::{self, End, Found};

/// What is known of it from elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The node was stopped cleanly.
    pub clean: bool,
    /// Its topic is compacted: offsets may be missing.
    pub compact: bool,
    /// Everything below it was durable.
    pub recovery_point: i64,
    /// Its first offset, where that is not the first segment's.
    pub log_start: Option<i64>,
}

/// A batch, as far as the files beside it speak of it.
struct Seen {
    position: u64,
    last_offset: i64,
    max_timestamp: i64,
}

struct Looking<'a> {
    path: PathBuf,
    name: &'a str,
    known: Known,
    findings: &'a mut Findings,
    /// The offset after everything that was read.
    end: i64,
    /// It was cut short: what follows a bad batch in a log that will be recovered.
    cut: bool,
    /// A segment ends in what is no batch: what is said of its end elsewhere cannot fit.
    torn: bool,
    /// First offsets of open transactions by producer.
    open: BTreeMap<i64, i64>,
    /// The last batch of each producer.
    producers: BTreeMap<i64, i64>,
}

/// Looks at a partition. `topic_id`: what the metadata says of its topic, when there is metadata and the topic is in it.
pub fn look(
    root: &Path,
    name: &str,
    known: Known,
    topic_id: Option<Option<[u8; 16]>>,
    findings: &mut Findings,
) -> String {
    let path = root.join(name);
    let entries = match names(&path) {
        Ok(entries) => entries,
        Err(error) => {
            findings.damage(name, None, format!("{error}; check its permissions"));
            return format!("{name}: cannot be read");
        }
    };
    let mut looking = Looking {
        path,
        name,
        known,
        findings,
        end: 0,
        cut: false,
        torn: false,
        open: BTreeMap::new(),
        producers: BTreeMap::new(),
    };
    looking.judge_identity(&entries, topic_id);
    looking.judge_names(&entries);
    looking.judge_epochs();
    let bases = looking.read_segments(&entries);
    looking.judge_ends(&bases);
    looking.judge_snapshots(&entries, !bases.is_empty());
    let first = bases.first().copied().unwrap_or(0);
    let start = known.log_start.unwrap_or(first).max(first);
    let (segments, end) = (bases.len(), looking.end);
    let word = if segments == 1 { "segment" } else { "segments" };
    let mut line = format!("{name}: {segments} {word}, offsets {start} to {end}");
    if let Some(first) = looking.open.values().min() {
        line += &format!(", a transaction open from {first}");
    }
    line
}

impl Looking<'_> {
    fn file(&self, file: impl std::fmt::Display) -> String {
        format!("{}/{file}", self.name)
    }

    fn read(&self, file: &str) -> Option<Vec<u8>> {
        fs::read(self.path.join(file)).ok()
    }

    /// Whether a start believes what lies at this offset (P1).
    fn is_believed(&self, offset: i64) -> bool {
        self.known.clean || offset < self.known.recovery_point
    }

    fn judge_identity(&mut self, entries: &[String], topic_id: Option<Option<[u8; 16]>>) {
        const FILE: &str = "partition.metadata";
        let has_batches = entries.iter().any(|entry| entry.ends_with(".log"));
        let id = match self
            .read(FILE)
            .map(|bytes| parse_partition_metadata(&bytes))
        {
            Some(Ok(id)) => id,
            Some(Err(why)) => {
                let text = format!("{why}: Apache Kafka does not start with it; write it anew");
                return self.findings.damage(self.file(FILE), None, text);
            }
            None if has_batches => {
                let text = "it is missing: Apache Kafka puts the directory aside and begins an empty one; write it anew";
                return self.findings.damage(self.file(FILE), None, text);
            }
            None => return,
        };
        match topic_id {
            Some(Some(known)) if known != id => self.findings.note(
                self.file(FILE),
                None,
                format!(
                    "it belongs to topic {}, an earlier one of this name: it is put aside at the next start",
                    Uuid(id)
                ),
            ),
            Some(None) => self.findings.note(
                self.name,
                None,
                "no topic claims it: it is not served; move it away if it is not wanted",
            ),
            _ => {}
        }
    }

    /// Names that Apache Kafka takes for a segment's and cannot read.
    fn judge_names(&mut self, entries: &[String]) {
        for entry in entries {
            let like = [".log", ".index", ".timeindex", ".txnindex", ".snapshot"];
            if FileName::of(entry) == FileName::Unknown
                && like.iter().any(|suffix| entry.ends_with(suffix))
            {
                let text = "the name begins with no offset: Apache Kafka does not start with it; move it away";
                self.findings.damage(self.file(entry), None, text);
            }
        }
    }

    fn judge_epochs(&mut self) {
        const FILE: &str = "leader-epoch-checkpoint";
        if let Some(bytes) = self.read(FILE)
            && let Err(why) = parse_epochs(&bytes)
        {
            let text = format!(
                "{why}: Apache Kafka does not start with it; remove the file, its contents are found again in the batches"
            );
            self.findings.damage(self.file(FILE), None, text);
        }
    }

    /// Reads all segments in order; their bases.
    fn read_segments(&mut self, entries: &[String]) -> Vec<i64> {
        let mut bases: Vec<i64> = entries
            .iter()
            .filter_map(|entry| match FileName::of(entry) {
                FileName::Segment(base) => Some(base),
                _ => None,
            })
            .collect();
        bases.sort_unstable();
        self.end = bases.first().copied().unwrap_or(0);
        for (index, base) in bases.iter().enumerate() {
            self.judge_gap(*base, index > 0);
            let is_last = index + 1 == bases.len();
            if !self.cut {
                self.read_segment(*base, is_last);
            }
        }
        bases
    }

    fn judge_gap(&mut self, base: i64, follows: bool) {
        let file = self.file(format!("{base:020}.log"));
        if self.cut {
            let text = "it follows a place where the log is cut off: the next start removes it";
            return self.findings.note(file, None, text);
        }
        if !follows || base <= self.end || self.known.compact {
            return;
        }
        let end = self.end;
        if self.is_believed(base) {
            let text = format!(
                "the offsets {end} to {base} are missing before it; restore the segment that held them from a backup"
            );
            self.findings.damage(file, None, text);
        } else {
            self.cut = true;
            let text = format!(
                "the offsets {end} to {base} are missing before it: they were not durable, and the next start ends the log there"
            );
            self.findings.note(file, None, text);
        }
    }

    fn read_segment(&mut self, base: i64, is_last: bool) {
        let log = format!("{base:020}.log");
        let path = self.path.join(&log);
        let (mut seen, mut aborts) = (Vec::new(), Vec::new());
        let ended = segment::read(&path, |found| {
            if !self.cut {
                self.take(&log, base, &found, &mut seen, &mut aborts);
            }
        });
        let size = match ended {
            Ok((_, _)) if self.cut => return,
            Ok((size, End::Whole)) => size,
            Ok((
                _,
                End::Torn {
                    position,
                    why,
                    zeros,
                },
            )) => {
                let what = if zeros {
                    "only zeros follow".to_owned()
                } else {
                    why.to_string()
                };
                self.torn = true;
                return self.bad(&log, position, &what);
            }
            Err(error) => {
                let text = format!("{error}; restore the file from a backup");
                return self.findings.damage(self.file(&log), None, text);
            }
        };
        // The active segment's are rebuilt unless it was left cleanly (P1).
        if self.known.clean || (!is_last && self.is_believed(self.end - 1)) {
            self.judge_offset_index(base, size, &seen);
            self.judge_time_index(base, &seen);
            self.judge_transaction_index(base, &aborts);
        }
    }

    fn take(
        &mut self,
        log: &str,
        base: i64,
        found: &Found,
        seen: &mut Vec<Seen>,
        aborts: &mut Vec<i64>,
    ) {
        let header = &found.header;
        if header.base_offset < self.end.max(base) {
            let what = format!(
                "offset {} where {} is the least",
                header.base_offset,
                self.end.max(base)
            );
            return self.bad(log, found.position, &what);
        }
        if !found.is_whole() {
            let what = format!(
                "the checksum of the batch at offset {} is wrong",
                header.base_offset
            );
            self.bad(log, found.position, &what);
            if self.cut {
                return;
            }
        }
        self.end = header.next_offset();
        seen.push(Seen {
            position: found.position,
            last_offset: header.last_offset(),
            max_timestamp: header.max_timestamp,
        });
        if header.has_producer_id() {
            self.producers
                .insert(header.producer_id, header.last_offset());
        }
        if header.is_control() {
            let ended = self.open.remove(&header.producer_id);
            if ended.is_some() && is_abort(found) {
                aborts.push(header.base_offset);
            }
        } else if header.is_transactional() {
            self.open
                .entry(header.producer_id)
                .or_insert(header.base_offset);
        }
    }

    /// A batch that is none: damage where a start believes it, else the log's end.
    fn bad(&mut self, log: &str, at: u64, what: &str) {
        let file = self.file(log);
        let nothing_lost = self.known.clean && self.torn && self.end == self.known.recovery_point;
        if nothing_lost {
            let text = format!(
                "{what}, though all that was durable is there: Apache Kafka does not start with it, or loses what it appends; remove .kafka_cleanshutdown, and the next start cuts it off"
            );
            self.findings.damage(file, Some(at), text);
        } else if self.is_believed(self.end) {
            let text = format!(
                "{what}, and what lies here was durable; restore the file from a backup, or cut it here and remove later segments, .kafka_cleanshutdown and recovery-point-offset-checkpoint, which loses all from offset {} on",
                self.end
            );
            self.findings.damage(file, Some(at), text);
        } else {
            self.cut = true;
            self.findings.note(file, Some(at), format!("{what}: {CUT}"));
        }
    }

    fn judge_offset_index(&mut self, base: i64, size: u64, seen: &[Seen]) {
        let name = format!("{base:020}.index");
        let Some(bytes) = self.read(&name) else {
            return;
        };
        let Some(entries) = offset_index(&bytes, size) else {
            return self.rebuilt(
                &name,
                "its entries do not rise, or point beyond the segment",
            );
        };
        let wrong = entries.iter().find(|entry| {
            let at = seen.binary_search_by_key(&u64::from(entry.position), |seen| seen.position);
            !at.is_ok_and(|at| seen[at].last_offset == base + i64::from(entry.relative))
        });
        if let Some(entry) = wrong {
            let what = format!(
                "it says that a batch at byte {} ends with offset {}, and none does",
                entry.position,
                base + i64::from(entry.relative)
            );
            self.rebuilt(&name, &what);
        }
    }

    fn judge_time_index(&mut self, base: i64, seen: &[Seen]) {
        let name = format!("{base:020}.timeindex");
        let Some(bytes) = self.read(&name) else {
            return;
        };
        let Some(entries) = time_index(&bytes) else {
            return self.rebuilt(&name, "its entries do not rise");
        };
        let wrong = entries.iter().find(|entry| {
            let offset = base + i64::from(entry.relative);
            let at = seen.partition_point(|seen| seen.last_offset < offset);
            seen.get(at)
                .is_none_or(|seen| seen.max_timestamp != entry.timestamp)
        });
        if let Some(entry) = wrong {
            let what = format!(
                "it says that timestamp {} is that of offset {}, and it is not",
                entry.timestamp,
                base + i64::from(entry.relative)
            );
            self.rebuilt(&name, &what);
        }
    }

    fn judge_transaction_index(&mut self, base: i64, aborts: &[i64]) {
        let name = format!("{base:020}.txnindex");
        let (entries, whole): (Vec<AbortedEntry>, bool) =
            transaction_index(&self.read(&name).unwrap_or_default());
        let missing = aborts
            .iter()
            .find(|abort| entries.iter().all(|entry| entry.last != **abort));
        let what = match missing {
            _ if !whole => "it is torn".to_owned(),
            Some(abort) => {
                format!("the transaction that was aborted at offset {abort} is not in it")
            }
            None => return,
        };
        let text = format!(
            "{what}: readers of committed records would see aborted ones; remove it, .kafka_cleanshutdown and recovery-point-offset-checkpoint, and it is made anew"
        );
        self.findings.damage(self.file(name), None, text);
    }

    fn rebuilt(&mut self, name: &str, what: &str) {
        let text =
            format!("{what}: Apache Kafka would believe it; remove the file, it is made anew");
        self.findings.damage(self.file(name), None, text);
    }

    fn judge_ends(&mut self, bases: &[i64]) {
        let (end, point) = (self.end, self.known.recovery_point);
        if !bases.is_empty() && point > end && !self.torn {
            let text = format!(
                "the log ends at offset {end}, and all below {point} was durable; restore the directory from a backup"
            );
            self.findings.damage(self.name, None, text);
        }
        if let Some(start) = self.known.log_start.filter(|start| *start > end) {
            let text = format!(
                "the log ends at offset {end}, and log-start-offset-checkpoint lets it begin at {start}: Apache Kafka would delete all of it; take the line out of that file"
            );
            self.findings.damage(self.name, None, text);
        }
    }

    fn judge_snapshots(&mut self, entries: &[String], has_segments: bool) {
        let mut any = false;
        for entry in entries {
            let FileName::Snapshot(offset) = FileName::of(entry) else {
                continue;
            };
            any = true;
            let parsed = self.read(entry).as_deref().and_then(producer_snapshot);
            let what = match parsed {
                Some(producers) => match producers.iter().find(|one| is_ahead(one, offset)) {
                    Some(ahead) => format!(
                        "producer {} stands in it with offset {}, which is not below its own",
                        ahead.id, ahead.last_offset
                    ),
                    None => continue,
                },
                None => "it is torn, or its checksum is wrong".to_owned(),
            };
            let text =
                format!("{what}; remove the file, its contents are found again in the batches");
            match self.is_believed(offset) {
                true => self.findings.damage(self.file(entry), None, text),
                false => self.findings.note(self.file(entry), None, text),
            }
        }
        if self.known.clean && has_segments && !any && !self.producers.is_empty() {
            let text = "no producer snapshot is there: Apache Kafka would forget whose batches it has and take some twice; remove .kafka_cleanshutdown, and it is made anew";
            self.findings.damage(self.name, None, text);
        }
    }
}

fn is_ahead(producer: &files::ProducerEntry, offset: i64) -> bool {
    producer.last_offset >= offset || producer.transaction.is_some_and(|first| first >= offset)
}

fn is_abort(found: &Found) -> bool {
    let records = Batch::parse(&found.bytes).and_then(|batch| batch.records(1 << 20));
    let Ok(records) = records else {
        return false;
    };
    let first = records.iter().next();
    first.is_some_and(|first| first.is_ok_and(|first| control_kind(first.key) == Ok(ABORT)))
}
