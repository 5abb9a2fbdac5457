//! Snapshot files of the metadata log: `<20 digits end offset>-<10 digits epoch>.checkpoint`.
//!
//! Frame: a control batch that opens with SNAPSHOT_HEADER (version and voters follow in the same batch), data batches with the
//! snapshot's epoch and offsets counted from 0, and a control batch with SNAPSHOT_FOOTER.
//!
//! Q5: a snapshot without its footer is not believed: what it lacks would be lost without a word.

use bytes::Bytes;
use ottla_machine::{LeaderEpoch, Offset};
use ottla_protocol::messages::{
    snapshot_footer_record::SnapshotFooterRecord, snapshot_header_record::SnapshotHeaderRecord,
};
use ottla_record::{
    self as record, Batches, Builder, BuilderSettings, control_batch, control_kind,
};

use crate::limits;
use crate::voter_set::{VoterSet, bytes};

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
        let mut snapshot = Snapshot::default();
        let mut closed = false;
        let mut at = 0;
        for batch in Batches::new(file) {
            let batch = batch.map_err(|why| format!("is damaged at byte {at} ({why})"))?;
            if !batch.crc_is_right() {
                return Err(format!(
                    "is damaged at byte {at} (its checksum does not match)"
                ));
            }
            closed |= snapshot.take(&batch, at)?;
            at += batch.bytes().len();
        }
        if closed {
            Ok(snapshot)
        } else {
            Err("has no footer: its end is missing".to_owned())
        }
    }

    /// Takes one batch in; says whether it was the footer.
    fn take(&mut self, batch: &record::Batch<'_>, at: usize) -> Result<bool, String> {
        let damaged = |why: &dyn std::fmt::Display| format!("cannot be read at byte {at} ({why})");
        let control = batch.header().is_control();
        let records = batch
            .records(limits::BATCH_UNPACKED)
            .map_err(|why| damaged(&why))?;
        let mut footer = false;
        for one in records.iter() {
            let one = one.map_err(|why| damaged(&why))?;
            let value = one.value.unwrap_or_default();
            if !control {
                self.values.push(Bytes::copy_from_slice(value));
                continue;
            }
            let kind = control_kind(one.key).map_err(|why| damaged(&why))?;
            footer |= kind == record::SNAPSHOT_FOOTER;
            self.voters.read(kind, value).map_err(|why| damaged(&why))?;
        }
        Ok(footer)
    }

    /// The file of this snapshot. `at` stamps its batches, `last` is the last contained record's timestamp; milliseconds.
    pub fn print(&self, epoch: LeaderEpoch, at: i64, last: i64) -> Bytes {
        let header = SnapshotHeaderRecord {
            version: 0,
            last_contained_log_timestamp: last,
        };
        let mut records = vec![(record::SNAPSHOT_HEADER, bytes(|w| header.encode(w, 0)))];
        if !self.voters.voters.is_empty() {
            records.extend(self.voters.records());
        }
        let mut file = Vec::new();
        let mut next = 0;
        let settings = |base_offset| BuilderSettings {
            base_offset,
            leader_epoch: epoch.0,
            ..BuilderSettings::default()
        };
        let control = |records: &[(i16, Vec<u8>)], file: &mut Vec<u8>, next: &mut i64| {
            let borrowed: Vec<_> = records
                .iter()
                .map(|(kind, value)| (*kind, value.as_slice()))
                .collect();
            file.extend_from_slice(&control_batch(settings(*next), at, &borrowed));
            *next += records.len() as i64;
        };
        control(&records, &mut file, &mut next);
        if !self.values.is_empty() {
            let mut builder = Builder::new(settings(next));
            for value in &self.values {
                builder.append(at, None, Some(value), &[]);
            }
            next = builder.next_offset();
            file.extend_from_slice(&builder.finish());
        }
        let footer = SnapshotFooterRecord { version: 0 };
        control(
            &[(record::SNAPSHOT_FOOTER, bytes(|w| footer.encode(w, 0)))],
            &mut file,
            &mut next,
        );
        Bytes::from(file)
    }
}
