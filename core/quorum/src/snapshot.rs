//! Snapshot files of the metadata log: `<20 digits end offset>-<10 digits epoch>.checkpoint`.
//!
//! Frame: a control batch that opens with SNAPSHOT_HEADER (version and voters follow in the same batch), data batches with the
//! snapshot's epoch and offsets counted from 0, and a control batch with SNAPSHOT_FOOTER.
//!
//! Q5: a snapshot is believed when it is whole, from its header to its footer: what it lacks would be lost without a word.

use bytes::Bytes;
use ottla_machine::{LeaderEpoch, Offset};
use ottla_protocol::messages::{
    snapshot_footer_record::SnapshotFooterRecord, snapshot_header_record::SnapshotHeaderRecord,
};
use ottla_record::{self as record, Batch, Builder, BuilderSettings, control_batch, control_kind};

use crate::limits;
use crate::voter_set::{VoterSet, bytes};

/// What the names of unfinished snapshots end with.
pub(crate) const PART: &str = ".part";
/// And of those that Kafka was about to remove.
pub(crate) const DELETED: &str = ".deleted";

/// Which snapshot: everything below `end` is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnapshotId {
    /// The first offset that is not in it.
    pub end: Offset,
    /// The epoch of the last record in it.
    pub epoch: LeaderEpoch,
}

impl SnapshotId {
    /// The snapshot that `format` writes: no records, but the voters.
    pub const BOOTSTRAP: SnapshotId = SnapshotId {
        end: Offset(0),
        epoch: LeaderEpoch(0),
    };

    /// The name under which it is written; it gets its own when it is durable.
    pub(crate) fn part_name(self) -> String {
        format!("{}{PART}", self.file_name())
    }

    /// The file's name.
    pub fn file_name(self) -> String {
        format!("{:020}-{:010}.checkpoint", self.end.0, self.epoch.0)
    }

    /// Reads a file's name; `None` when it is not a snapshot's.
    pub fn parse(name: &str) -> Option<SnapshotId> {
        let (end, epoch) = name.strip_suffix(".checkpoint")?.split_once('-')?;
        let digits =
            |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(end, 20) || !digits(epoch, 10) {
            return None;
        }
        Some(SnapshotId {
            end: Offset(end.parse().ok()?),
            epoch: LeaderEpoch(epoch.parse().ok()?),
        })
    }
}

/// What a snapshot holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The voters, when they are dynamic.
    pub voters: VoterSet,
    /// The values of its data records, in order.
    pub values: Vec<Bytes>,
}

impl Snapshot {
    /// Reads a whole file; a sentence fragment when it is not one.
    pub fn parse(file: &Bytes) -> Result<Snapshot, String> {
        let mut reading = Reading::new(file.clone());
        while !reading.slice(usize::MAX)? {}
        Ok(reading.snapshot)
    }

    /// The file of this snapshot. `at` stamps its batches, `last` is the last contained record's timestamp; milliseconds.
    pub fn print(&self, epoch: LeaderEpoch, at: i64, last: i64) -> Bytes {
        let mut frame = Frame::new(epoch, at);
        let mut file = frame.header(&self.voters, last).to_vec();
        file.extend_from_slice(&frame.data(&self.values));
        file.extend_from_slice(&frame.footer());
        Bytes::from(file)
    }
}

/// A file on its way to a [`Snapshot`].
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    file: Bytes,
    at: usize,
    /// The offset that the next batch must have.
    next: i64,
    closed: bool,
    pub(crate) snapshot: Snapshot,
}

impl Reading {
    /// All of a file.
    pub(crate) fn new(file: Bytes) -> Reading {
        Reading {
            file,
            at: 0,
            next: 0,
            closed: false,
            snapshot: Snapshot::default(),
        }
    }

    /// So much of the file was read.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Reads on, for `most` bytes and what is left of a batch. Whether that was all; Q5.
    pub(crate) fn slice(&mut self, most: usize) -> Result<bool, String> {
        let from = self.at;
        while self.at < self.file.len() {
            if self.at - from >= most {
                return Ok(false);
            }
            self.batch()?;
        }
        if self.closed {
            Ok(true)
        } else {
            Err("has no footer: its end is missing".to_owned())
        }
    }

    fn batch(&mut self) -> Result<(), String> {
        let at = self.at;
        let rest = self.file.slice(at..);
        let batch =
            Batch::parse(&rest).map_err(|why| format!("is damaged at byte {at} ({why})"))?;
        if !batch.crc_is_right() {
            return Err(format!(
                "is damaged at byte {at} (its checksum does not match)"
            ));
        }
        if self.closed || batch.header().base_offset != self.next {
            return Err(format!(
                "is damaged at byte {at} (what stands there belongs elsewhere)"
            ));
        }
        self.next = batch.header().next_offset();
        self.at += batch.bytes().len();
        self.take(&batch, at)
    }

    fn take(&mut self, batch: &Batch<'_>, at: usize) -> Result<(), String> {
        let damaged = |why: &dyn std::fmt::Display| format!("cannot be read at byte {at} ({why})");
        let control = batch.header().is_control();
        let records = batch
            .records(limits::BATCH_UNPACKED)
            .map_err(|why| damaged(&why))?;
        let mut first = at == 0;
        for one in records.iter() {
            let one = one.map_err(|why| damaged(&why))?;
            let value = one.value.unwrap_or_default();
            let kind = if control {
                control_kind(one.key).map_err(|why| damaged(&why))?
            } else {
                DATA
            };
            if std::mem::take(&mut first) && kind != record::SNAPSHOT_HEADER {
                return Err("has no header: it is no snapshot".to_owned());
            }
            if control {
                self.closed |= kind == record::SNAPSHOT_FOOTER;
                let voters = &mut self.snapshot.voters;
                voters.read(kind, value).map_err(|why| damaged(&why))?;
            } else {
                self.snapshot.values.push(Bytes::copy_from_slice(value));
            }
        }
        Ok(())
    }
}

/// What no control record is.
const DATA: i16 = -1;

/// The batches of a snapshot's file, one behind the other.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    epoch: LeaderEpoch,
    /// Stamps the batches, milliseconds.
    at: i64,
    next: i64,
}

impl Frame {
    /// Of a snapshot of this epoch.
    pub(crate) fn new(epoch: LeaderEpoch, at: i64) -> Frame {
        Frame { epoch, at, next: 0 }
    }

    /// The first batch; `last` is the last contained record's timestamp.
    pub(crate) fn header(&mut self, voters: &VoterSet, last: i64) -> Bytes {
        let header = SnapshotHeaderRecord {
            version: 0,
            last_contained_log_timestamp: last,
        };
        let mut records = vec![(record::SNAPSHOT_HEADER, bytes(|w| header.encode(w, 0)))];
        if !voters.voters.is_empty() {
            records.extend(voters.records());
        }
        self.control(&records)
    }

    /// A batch with these values; nothing for none.
    pub(crate) fn data(&mut self, values: &[Bytes]) -> Bytes {
        if values.is_empty() {
            return Bytes::new();
        }
        let mut builder = Builder::new(self.settings());
        for value in values {
            // One time for all: Kafka refuses a batch in which two records differ.
            builder.append(self.at, None, Some(value), &[]);
        }
        self.next = builder.next_offset();
        builder.finish()
    }

    /// The last batch.
    pub(crate) fn footer(&mut self) -> Bytes {
        let footer = SnapshotFooterRecord { version: 0 };
        self.control(&[(record::SNAPSHOT_FOOTER, bytes(|w| footer.encode(w, 0)))])
    }

    fn control(&mut self, records: &[(i16, Vec<u8>)]) -> Bytes {
        let borrowed: Vec<_> = records
            .iter()
            .map(|(kind, value)| (*kind, value.as_slice()))
            .collect();
        let batch = control_batch(self.settings(), self.at, &borrowed);
        self.next += records.len() as i64;
        batch
    }

    fn settings(&self) -> BuilderSettings {
        BuilderSettings {
            base_offset: self.next,
            leader_epoch: self.epoch.0,
            ..BuilderSettings::default()
        }
    }
}
