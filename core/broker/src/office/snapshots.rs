//! When a snapshot of the metadata is taken, and of what: the image that is committed, printed a slice per turn. In: committed batches, the
//! time, and the quorum's word that it wants more. Out: calls to the quorum, which writes.
//!
//! | state | on | becomes |
//! |---|---|---|
//! | Waiting | so many bytes of records, or so long since the last, and something new | Printing |
//! | Printing | all records were given | Writing |
//! | Printing, Writing | the quorum took it | Waiting |
//! | Printing, Writing | the quorum gave it up (no room) | Waiting, for a while whatever happens |
//!
//! S1: what is printed is an image of committed records (F2), at the end of a batch and of every transaction.

use std::time::Duration;

use ottla_machine::{Emit, Now, Time, planted, sometimes};
use ottla_metadata::config::StaticConfig;
use ottla_metadata::{Image, Records};
use ottla_quorum::{CommittedBatch, LogSettings, SnapshotId};

use super::Office;
use crate::limits;

/// The snapshots of one office.
#[derive(Clone, Debug)]
pub(super) struct Snapshots {
    /// `metadata.log.max.record.bytes.between.snapshots`.
    most_bytes: u64,
    /// `metadata.log.max.snapshot.interval.ms`; `None` when time begins none.
    interval: Option<Duration>,
    /// Bytes committed since the last.
    bytes: u64,
    /// When the last began, or this life.
    since: Option<Time>,
    /// One is under way.
    taking: bool,
    /// What it still has to be told.
    records: Option<Records>,
    /// One was given up: not before this.
    again_at: Option<Time>,
    /// That was said.
    warned: bool,
    /// The node is leaving: none is begun.
    over: bool,
}

impl Snapshots {
    pub(super) fn new(statics: &StaticConfig) -> Snapshots {
        let whole = |name| u64::try_from(statics.whole(name)).unwrap_or(0);
        let interval = whole("metadata.log.max.snapshot.interval.ms");
        Snapshots {
            most_bytes: whole("metadata.log.max.record.bytes.between.snapshots"),
            interval: (interval > 0).then(|| Duration::from_millis(interval)),
            bytes: 0,
            since: None,
            taking: false,
            records: None,
            again_at: None,
            warned: false,
            over: false,
        }
    }

    /// Records behind the last snapshot.
    pub(super) fn passed(&mut self, batch: &CommittedBatch) {
        self.bytes += batch.bytes.len() as u64;
    }

    /// No other is begun in this life: not at a stop, as Kafka has it.
    pub(super) fn end(&mut self) {
        self.over = true;
    }

    /// It is durable.
    pub(super) fn on_taken(&mut self) {
        self.taking = false;
        self.records = None;
        self.warned = false;
    }

    /// It will not be finished. One warning for however many in a row.
    pub(super) fn on_given_up(&mut self, now: Now, why: &str) -> Option<String> {
        self.taking = false;
        self.records = None;
        self.again_at = Some(now.mono.after(RETRY));
        self.bytes = self.bytes.max(self.most_bytes);
        let first = !std::mem::replace(&mut self.warned, true);
        first.then(|| {
            format!(
                "a snapshot of the metadata was given up: {why}; it is tried again, and the metadata log grows until then"
            )
        })
    }

    /// When the next is due by what is known now.
    fn due(&self) -> Option<Time> {
        let since = self.since?;
        if self.over || self.taking || self.bytes == 0 {
            return None;
        }
        let by_time = self.interval.map(|interval| since.after(interval));
        let due = if self.bytes >= self.most_bytes {
            Some(since)
        } else {
            by_time
        };
        due.max(self.again_at.filter(|_| due.is_some()))
    }
}

impl Office {
    /// The settings of the metadata log.
    pub(super) fn log_settings(statics: &StaticConfig) -> LogSettings {
        // Kafka's own tests make segments smaller than anybody else may.
        let internal = statics.configured("internal.metadata.log.segment.bytes");
        let name = match internal {
            Some(_) => "internal.metadata.log.segment.bytes",
            None => "metadata.log.segment.bytes",
        };
        LogSettings {
            segment_bytes: u64::try_from(statics.whole(name)).unwrap_or(0),
            segment_ms: statics.whole("metadata.log.segment.ms"),
            was_durable: false,
        }
    }

    /// When there is something to do for a snapshot.
    pub(super) fn snapshot_deadline(&self) -> Option<Time> {
        if self.snapshots.records.is_some() && self.quorum.wants_snapshot_records() {
            return Some(Time::ZERO);
        }
        self.snapshots.due().filter(|_| self.is_whole())
    }

    /// Whether the image stands at the high watermark: it does not within a transaction.
    fn is_whole(&self) -> bool {
        self.runtime.leads()
            && !self.fold.in_transaction()
            && self.fold.image().offset.plus(1) == self.quorum.high_watermark()
    }

    /// Begins a snapshot that is due, or goes on with one.
    pub(super) fn settle_snapshot(&mut self, now: Now, fx: &mut impl Emit) {
        if self.runtime.leads() && self.snapshots.since.is_none() {
            self.snapshots.since = Some(now.mono);
            if self.quorum.passed_over_a_snapshot() {
                // One that is whole takes its place: Apache Kafka would believe the other.
                self.snapshots.bytes = self.snapshots.most_bytes;
            }
        }
        if self.snapshots.due().is_some_and(|due| due <= now.mono) && self.is_whole() {
            self.begin_snapshot(now, fx);
        }
        if !self.quorum.wants_snapshot_records() {
            return;
        }
        if let Some(records) = &mut self.snapshots.records {
            let (most, most_bytes) = (limits::SNAPSHOT_RECORDS, limits::SNAPSHOT_BYTES);
            let switch = fx.switch();
            let slice = records.slice(most.of(switch), most_bytes.of(switch));
            let over = records.is_over();
            sometimes!(fx, "a snapshot was printed in several slices", if !over);
            self.quorum.snapshot_records(&slice, over, fx);
            if over {
                self.snapshots.records = None;
            }
        }
    }

    /// S1.
    fn begin_snapshot(&mut self, now: Now, fx: &mut impl Emit) {
        let image = self.fold.image();
        let id = SnapshotId {
            end: image.offset.plus(1),
            epoch: image.epoch,
        };
        let printed: &Image = if planted!(fx, "snapshot-of-uncommitted-metadata") {
            self.runtime.state().image()
        } else {
            image
        };
        let records = printed.records(fx.switch());
        if !self.quorum.begin_snapshot(now, id, fx) {
            // What was given up is still being removed.
            self.snapshots.again_at = Some(now.mono.after(RETRY));
            return;
        }
        self.snapshots.since = Some(now.mono);
        self.snapshots.bytes = 0;
        self.snapshots.again_at = None;
        self.snapshots.taking = true;
        self.snapshots.records = Some(records);
    }

    pub(super) fn on_snapshot_given_up(&mut self, now: Now, why: &str) {
        if let Some(text) = self.snapshots.on_given_up(now, why) {
            self.tells.push_back(super::OfficeTell::Warning(text));
        }
    }
}

/// After one was given up, no other is begun for so long.
const RETRY: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use ottla_machine::{LeaderEpoch, Offset, WallMs};

    use super::*;

    fn at(seconds: u64) -> Now {
        Now {
            mono: Time::ZERO.after(Duration::from_secs(seconds)),
            wall: WallMs(0),
        }
    }

    fn snapshots(settings: &[(&str, &str)]) -> Snapshots {
        let mut statics = StaticConfig::new();
        for (name, value) in settings {
            statics.set(name, value).expect("a setting of Kafka's");
        }
        let mut snapshots = Snapshots::new(&statics);
        snapshots.since = Some(at(5).mono);
        snapshots
    }

    fn pass(snapshots: &mut Snapshots, bytes: usize) {
        snapshots.passed(&CommittedBatch {
            base_offset: Offset(0),
            next_offset: Offset(1),
            epoch: LeaderEpoch(1),
            timestamp: 0,
            control: false,
            bytes: Bytes::from(vec![0; bytes]),
        });
    }

    #[test]
    fn one_is_due_after_so_many_bytes_or_so_long_when_there_is_anything_new() {
        let mut snapshots = snapshots(&[]);
        assert_eq!(snapshots.due(), None);
        pass(&mut snapshots, 1);
        assert_eq!(snapshots.due(), Some(at(3_605).mono));
        pass(&mut snapshots, 20 << 20);
        assert_eq!(snapshots.due(), Some(at(5).mono));
        snapshots.end();
        assert_eq!(snapshots.due(), None);
        let mut never = self::snapshots(&[("metadata.log.max.snapshot.interval.ms", "0")]);
        pass(&mut never, 1);
        assert_eq!(never.due(), None);
    }

    #[test]
    fn what_was_given_up_is_said_once_and_tried_again_later() {
        let mut snapshots = snapshots(&[]);
        pass(&mut snapshots, 1);
        for time in [100, 200] {
            snapshots.bytes = 0;
            let said = snapshots.on_given_up(at(time), "there is no room for it");
            assert_eq!(said.is_some(), time == 100);
            assert_eq!(snapshots.due(), Some(at(time + 10).mono));
        }
        snapshots.on_taken();
        assert!(snapshots.on_given_up(at(300), "no room").is_some());
    }

    #[test]
    fn segments_are_as_large_as_the_settings_say() {
        let mut statics = StaticConfig::new();
        assert_eq!(Office::log_settings(&statics), LogSettings::default());
        for (name, value, bytes) in [
            ("metadata.log.segment.bytes", "8388608", 8 << 20),
            ("internal.metadata.log.segment.bytes", "1000", 1000),
        ] {
            statics.set(name, value).expect("a setting of Kafka's");
            assert_eq!(Office::log_settings(&statics).segment_bytes, bytes);
        }
    }
}
