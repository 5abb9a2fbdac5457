//! The snapshot that a life begins with: the newest that is whole. In: the listing of the directory. Out: its records, a slice at a time;
//! then the log behind it is opened.
//!
//! Q5: one that is not whole is passed over, and the next older one taken: whether the log reaches back to that is judged when it is open.

use std::collections::{BTreeSet, VecDeque};

use bytes::Bytes;
use ottla_log::Loading;
use ottla_machine::{DiskOp, DiskOutput, Emit, Fault, Level, Name, Now, Offset, Spend, sometimes};

use crate::open::{DIR, Stage, name};
use crate::snapshot::{DELETED, PART, Reading};
use crate::{Quorum, QuorumEvent, SnapshotId, limits};

/// The snapshots of the directory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshots {
    /// The one that the log joins on to: it was read whole in this life, or made in it.
    pub(crate) newest: Option<SnapshotId>,
    /// The others. Nobody counts on them, but on the one that was the newest before.
    pub(crate) others: BTreeSet<SnapshotId>,
    /// What any of them claims to hold.
    pub(crate) claimed: Offset,
    /// Why one that was newer is not the newest.
    pub(crate) damaged: Option<String>,
}

impl Quorum {
    pub(crate) fn list(&mut self, after: Option<Name>, fx: &mut impl Emit) {
        self.disk(
            fx,
            DiskOp::List {
                dir: self.dir,
                after,
                most: limits::LIST.of(fx.switch()) as u32,
            },
        );
        self.stage = Stage::Listing;
    }

    pub(crate) fn on_listed(
        &mut self,
        now: Now,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<QuorumEvent>,
    ) {
        let entries = match result {
            Ok(DiskOutput::Listed(entries)) => entries,
            other => return self.offline(format!("{DIR} cannot be listed ({other:?})"), out),
        };
        for entry in &entries {
            let text = entry.name.as_str();
            self.snapshots.others.extend(SnapshotId::parse(text));
            let unwanted = [PART, DELETED].iter().any(|suffix| {
                let of = text.strip_suffix(suffix).and_then(SnapshotId::parse);
                of.is_some()
            });
            if unwanted {
                sometimes!(fx, "a start removed a snapshot that nobody wants");
                self.remove(entry.name.clone(), fx);
            }
        }
        match entries.last() {
            Some(last) if entries.len() == limits::LIST.of(fx.switch()) => {
                self.list(Some(last.name.clone()), fx);
            }
            _ => {
                let claimed = self.snapshots.others.last().map(|id| id.end);
                self.snapshots.claimed = claimed.unwrap_or(Offset(0));
                let candidates = self.snapshots.others.iter().copied().collect();
                self.next_snapshot(now, candidates, fx);
            }
        }
    }

    /// The newest of those that were not looked at yet.
    fn next_snapshot(
        &mut self,
        now: Now,
        mut candidates: VecDeque<SnapshotId>,
        fx: &mut impl Emit,
    ) {
        match candidates.pop_back() {
            Some(id) => {
                let load = self.load(&id.file_name(), limits::SNAPSHOT_BYTES, fx);
                self.stage = Stage::Snapshot(load, id, candidates);
            }
            None => self.open_log(now, fx),
        }
    }

    pub(crate) fn on_snapshot(
        &mut self,
        now: Now,
        id: SnapshotId,
        candidates: VecDeque<SnapshotId>,
        loaded: Loading,
        fx: &mut impl Emit,
    ) {
        match loaded {
            Loading::Done(bytes) => {
                self.stage = Stage::Checking(Box::new(Reading::new(bytes)), id, candidates);
            }
            other => {
                let why = format!("cannot be read ({other:?})");
                self.pass_over(now, id, candidates, &why, fx);
            }
        }
    }

    /// Q5.
    fn pass_over(
        &mut self,
        now: Now,
        id: SnapshotId,
        candidates: VecDeque<SnapshotId>,
        why: &str,
        fx: &mut impl Emit,
    ) {
        let text = format!("the snapshot {DIR}/{} {why}", id.file_name());
        sometimes!(
            fx,
            "a snapshot was not whole and an older one was looked for"
        );
        fx.note(Level::Warn, format!("{text}; an older one is looked for"));
        self.snapshots.damaged.get_or_insert(text);
        self.next_snapshot(now, candidates, fx);
    }

    /// Whether a snapshot is being read or told: `settle` does a slice.
    pub(crate) fn is_reading(&self) -> bool {
        matches!(self.stage, Stage::Checking(..) | Stage::Telling(..))
    }

    /// A slice of reading a snapshot, or of telling it.
    pub(crate) fn settle_reading(
        &mut self,
        now: Now,
        fx: &mut impl Emit,
        out: &mut Vec<QuorumEvent>,
    ) {
        if !self.is_reading() {
            return;
        }
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Checking(mut reading, id, candidates) => {
                let from = reading.position();
                let read = reading.slice(limits::SLICE_BYTES.of(fx.switch()));
                fx.spend(Spend::Bytes, reading.position() - from);
                match read {
                    Ok(false) => self.stage = Stage::Checking(reading, id, candidates),
                    Ok(true) => {
                        self.voters = reading.snapshot.voters;
                        self.stage = Stage::Telling(reading.snapshot.values.into(), id);
                    }
                    Err(why) => self.pass_over(now, id, candidates, &why, fx),
                }
            }
            Stage::Telling(values, id) => self.tell_snapshot(now, values, id, fx, out),
            other => self.stage = other,
        }
    }

    fn tell_snapshot(
        &mut self,
        now: Now,
        mut values: VecDeque<Bytes>,
        id: SnapshotId,
        fx: &mut impl Emit,
        out: &mut Vec<QuorumEvent>,
    ) {
        let most = limits::SLICE_RECORDS.of(fx.switch()).min(values.len());
        let slice: Vec<Bytes> = values.drain(..most).collect();
        fx.spend(Spend::Records, slice.len());
        if !slice.is_empty() {
            out.push(QuorumEvent::SnapshotRecords(slice));
        }
        if !values.is_empty() {
            self.stage = Stage::Telling(values, id);
            return;
        }
        sometimes!(fx, "metadata began with a snapshot", if id.end > Offset(0));
        self.high_watermark = id.end;
        self.state.epoch = self.state.epoch.max(id.epoch);
        self.snapshots.others.remove(&id);
        self.snapshots.newest = Some(id);
        out.push(QuorumEvent::Snapshot(id));
        self.open_log(now, fx);
    }

    /// Removes a file that nobody counts on. Whether it works is of no importance.
    pub(crate) fn remove(&mut self, name: Name, fx: &mut impl Emit) {
        let dir = self.dir;
        let seq = self.disk(fx, DiskOp::Remove { dir, name });
        self.aside.insert(seq);
    }

    /// Of something that nobody waits for.
    pub(crate) fn on_aside(
        &mut self,
        result: Result<DiskOutput, Fault>,
        out: &mut Vec<QuorumEvent>,
    ) {
        if let Err(fault @ Fault::Broken) = result {
            self.offline(
                format!("{DIR} cannot be tidied ({fault:?}): check the disk"),
                out,
            );
        }
    }

    /// The file of a snapshot, as a name.
    pub(crate) fn file_of(id: SnapshotId) -> Name {
        name(&id.file_name())
    }
}
