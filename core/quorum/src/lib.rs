//! KRaft: who leads the metadata log, and how far it is committed. Inputs come from the broker that owns it (completions of its disk
//! operations, appends of the controller); what is committed, and whether this node leads, goes back as [`QuorumEvent`]s. Which bytes lie in
//! which file, and what a crash leaves of them, is in `FORMAT.md` beside this crate.
//!
//! | stage | on | becomes |
//! |---|---|---|
//! | Idle | `start` | Entering (the directory) |
//! | Entering | directory there | State (`quorum-state` is read) |
//! | State | read, or absent | Listing (snapshots) |
//! | Listing | listed | Snapshot (the newest is read), or Log when there is none |
//! | Snapshot | read | Checking |
//! | Checking | whole | Telling (its records, a slice at a time) |
//! | Snapshot, Checking | not whole | Snapshot (the next older), or Log when there is none |
//! | Telling | told | Log (recovered from its first byte, always) |
//! | Log | opened, and empty | Looking (for partitions, which there cannot be then) |
//! | Log, Looking | opened, or none there, and this node is the only voter | Voting (epoch + 1, its own vote) |
//! | Voting | vote and epoch are durable | Leading (which is written down meanwhile) |
//! | Leading | `stop` | Closing, then Closed |
//! | any | a fault of the directory | Offline |
//!
//! Q1: an epoch or vote leaves this node only after it was written and synced here (`quorum_state`).
//! Q2: a leader opens its epoch with a LEADER_CHANGE record.
//! Q3: the high watermark never goes back, never passes what is flushed, and moves in an epoch only past that epoch's first record.
//! Q4: what is handed out as committed lies below the high watermark, each offset once and in order.
//! Q5: a snapshot is believed when it is whole, from its header to its footer (`snapshot`, `finding`).
//! Q6: Offline is for good: nothing is told, appended or synced after it. A sync that succeeds after one that failed proves nothing.
//! Q7: a snapshot has its name only when all of it is durable (`taking`).
//! Q8: the log begins at or below the end of a snapshot that is durable and whole (`taking`).
#![forbid(unsafe_code)]

mod committed;
mod finding;
mod leader;
pub mod limits;
mod open;
mod quorum_state;
mod snapshot;
mod taking;
mod voter_set;

use std::collections::{BTreeSet, VecDeque};

use ottla_log::{Dirty, Log, LogEvent, Rewrite};
use ottla_machine::{
    Dir, DiskOp, DiskOutput, Emit, Fault, LeaderEpoch, Names, NodeId, Now, Offset, Op, Owner, Time,
    sometimes,
};
use ottla_protocol::Uuid;

pub use committed::CommittedBatch;
pub use leader::{AppendError, Replica, View};
pub use quorum_state::QuorumState;
pub use snapshot::{Snapshot, SnapshotId};
pub use voter_set::{KRAFT_VERSION, Voter, VoterEndpoint, VoterSet};

use finding::Snapshots;
use open::Stage;
use taking::Taking;

/// Who this node is in the quorum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The node.
    pub node: NodeId,
    /// Its metadata directory's id.
    pub directory_id: Uuid,
    /// Where its controller listens.
    pub endpoint: VoterEndpoint,
}

/// Where the quorum keeps its files and by which names it is known to the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The log directory that holds `__cluster_metadata-0`.
    pub root: Dir,
    /// The part of the machine that gets the completions of the quorum's own files.
    pub part: u16,
    /// The part that gets those of its log.
    pub log_part: u16,
}

/// The settings of its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// `metadata.log.segment.bytes`.
    pub segment_bytes: u64,
    /// `metadata.log.segment.ms`.
    pub segment_ms: i64,
    /// No setting: whether the node's last stop was clean. Then all of the log was durable.
    pub was_durable: bool,
}

impl Default for LogSettings {
    /// Kafka's defaults.
    fn default() -> LogSettings {
        LogSettings {
            segment_bytes: 1 << 30,
            segment_ms: 7 * 24 * 3600 * 1000,
            was_durable: false,
        }
    }
}

/// What the quorum tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuorumEvent {
    /// The state begins with these record values, and those of the next such events, instead of with nothing.
    SnapshotRecords(Vec<bytes::Bytes>),
    /// Those were all of this snapshot; everything below `SnapshotId::end` is in them.
    Snapshot(SnapshotId),
    /// A snapshot that was begun here is durable.
    SnapshotTaken(SnapshotId),
    /// A snapshot that was begun here will not be finished, and why. Another may be begun.
    SnapshotGivenUp(String),
    /// These records are committed.
    Committed(CommittedBatch),
    /// This node leads: everything that earlier epochs left has been told as committed before.
    Leading(LeaderEpoch),
    /// The log is closed and everything in it is durable.
    Closed,
    /// The quorum can go on no more, and why, in a sentence.
    Offline(String),
}

/// A voter of the quorum.
#[derive(Clone, Debug)]
pub struct Quorum {
    identity: Identity,
    place: Place,
    names: Names,
    dir: Dir,
    settings: LogSettings,
    next_seq: u64,
    stage: Stage,
    snapshots: Snapshots,
    taking: Option<Taking>,
    /// Operations that nobody waits for.
    aside: BTreeSet<u64>,
    /// The time of the newest batch that was told as committed, milliseconds.
    last_ms: i64,
    /// Writing down who leads.
    claim: Option<Rewrite>,
    state: QuorumState,
    voters: VoterSet,
    log: Option<Log>,
    /// Recovered or appended, not yet told as committed.
    pending: VecDeque<CommittedBatch>,
    high_watermark: Offset,
    /// The first offset of the epoch that this node leads.
    epoch_start: Option<Offset>,
    /// What was written and is not covered by a sync in flight.
    dirty: Option<Dirty>,
    /// The sync in flight: its number and what it covers.
    syncing: Option<(u64, Offset)>,
}

impl Quorum {
    /// A quorum that has not read its directory yet.
    pub fn new(identity: Identity, place: Place, settings: LogSettings) -> Quorum {
        let mut names = Names::new(place.part);
        let dir = names.dir();
        Quorum {
            identity,
            place,
            names,
            dir,
            settings,
            next_seq: 0,
            stage: Stage::Idle,
            snapshots: Snapshots::default(),
            taking: None,
            aside: BTreeSet::new(),
            last_ms: 0,
            claim: None,
            state: QuorumState::default(),
            voters: VoterSet::default(),
            log: None,
            pending: VecDeque::new(),
            high_watermark: Offset(0),
            epoch_start: None,
            dirty: None,
            syncing: None,
        }
    }

    /// Takes a completion in: of the quorum's own files, or of its log.
    pub fn on_done(
        &mut self,
        now: Now,
        op: Op,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<QuorumEvent>,
    ) {
        if op.owner.part == self.place.log_part {
            self.on_log_done(now, op.seq, result, fx, out);
        } else if self.syncing.is_some_and(|(seq, _)| seq == op.seq) {
            self.on_synced(now, result, fx, out);
        } else if self
            .taking
            .as_ref()
            .is_some_and(|taking| taking.owns(op.seq))
        {
            self.on_taking(now, result, fx, out);
        } else if self.aside.remove(&op.seq) {
            self.on_aside(result, out);
        } else {
            self.on_file_done(now, op.seq, result, fx, out);
        }
        self.check();
    }

    /// Ends a turn: the log writes what was collected, and all of it is made durable.
    pub fn settle(&mut self, now: Now, fx: &mut impl Emit, out: &mut Vec<QuorumEvent>) {
        self.settle_reading(now, fx, out);
        if let Some(log) = &mut self.log {
            let mut events = Vec::new();
            if let Some(dirty) = log.settle(now, fx, &mut events) {
                self.dirty = Some(dirty);
            }
            self.on_log_events(now, events, fx, out);
        }
        self.sync(fx);
        self.check();
    }

    /// When `settle` is due next.
    pub fn deadline(&self) -> Option<Time> {
        if self.is_reading() {
            return Some(Time::ZERO);
        }
        self.log.as_ref().and_then(Log::deadline)
    }

    /// Closes the log; `Closed` is told when everything in it is durable.
    pub fn stop(&mut self, now: Now, fx: &mut impl Emit, out: &mut Vec<QuorumEvent>) {
        match &mut self.log {
            Some(log) if matches!(self.stage, Stage::Leading) => {
                log.stop(now, fx);
                self.stage = Stage::Closing;
                self.abandon_snapshot(fx);
            }
            _ => {
                sometimes!(fx, "the quorum was stopped before it led");
                self.stage = Stage::Closed;
                out.push(QuorumEvent::Closed);
            }
        }
    }

    /// Panics when an invariant does not hold.
    pub fn check(&self) {
        if let Some(log) = &self.log {
            log.check();
            let flushed = log.flushed();
            let ahead = matches!(self.stage, Stage::Leading) && self.high_watermark > flushed;
            assert!(!ahead, "Q3: {} > {flushed}", self.high_watermark);
        }
        let first = self.pending.front().map(|batch| batch.base_offset);
        assert!(
            first.is_none_or(|first| first >= self.high_watermark),
            "Q4: {first:?} was not told"
        );
        self.check_snapshots();
    }

    fn owner(&self) -> Owner {
        Owner {
            part: self.place.part,
            slot: 0,
            generation: 0,
        }
    }

    /// Numbers for the next operations of a small file's reading or writing.
    fn seqs(&mut self) -> u64 {
        self.next_seq += SEQS;
        self.next_seq
    }

    fn disk(&mut self, fx: &mut impl Emit, what: DiskOp) -> u64 {
        let seq = self.seqs();
        fx.disk(self.owner().op(seq), what);
        seq
    }

    fn offline(&mut self, why: String, out: &mut Vec<QuorumEvent>) {
        if !matches!(self.stage, Stage::Offline) {
            self.stage = Stage::Offline;
            out.push(QuorumEvent::Offline(why));
        }
    }

    fn on_log_done(
        &mut self,
        now: Now,
        seq: u64,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<QuorumEvent>,
    ) {
        let Some(log) = &mut self.log else { return };
        let mut events = Vec::new();
        log.on_done(now, seq, result, fx, &mut events);
        self.on_log_events(now, events, fx, out);
    }

    fn on_log_events(
        &mut self,
        now: Now,
        events: Vec<LogEvent>,
        fx: &mut impl Emit,
        out: &mut Vec<QuorumEvent>,
    ) {
        for event in events {
            if matches!(self.stage, Stage::Offline | Stage::Closed) {
                return;
            }
            match event {
                LogEvent::Batch(bytes) => self.on_recovered(bytes, out),
                LogEvent::Opened => self.on_log_opened(now, fx, out),
                LogEvent::Written(_)
                | LogEvent::Started(_)
                | LogEvent::Warm(_)
                | LogEvent::Cleaned => {}
                // Nobody is answered with ranges of the metadata log.
                LogEvent::LetGo(file) => {
                    if let Some(log) = &mut self.log {
                        log.close(file, fx);
                    }
                }
                LogEvent::Undone { .. } => {
                    sometimes!(fx, "the metadata log had no room");
                    // The controller's state has been replayed to the tail; there is no way back from an append that did not happen.
                    self.offline("the metadata log has no room to grow: free space in the log directory and start again".to_owned(), out);
                }
                LogEvent::Damaged(why) | LogEvent::Offline(_, why) => self.offline(why, out),
                LogEvent::Closed => {
                    self.stage = Stage::Closed;
                    out.push(QuorumEvent::Closed);
                }
            }
        }
    }

    /// Group commit: at most one sync in flight; the next covers everything written meanwhile. Q6: none after one that failed.
    fn sync(&mut self, fx: &mut impl Emit) {
        let waits = self.syncing.is_some() && self.dirty.is_some();
        sometimes!(fx, "metadata was written while its log was synced", if waits);
        if self.syncing.is_none()
            && !matches!(self.stage, Stage::Offline)
            && let Some(dirty) = self.dirty.take()
        {
            let seq = self.disk(fx, DiskOp::Sync(dirty.file));
            self.syncing = Some((seq, dirty.to));
        }
    }

    fn on_synced(
        &mut self,
        now: Now,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<QuorumEvent>,
    ) {
        let covered = self.syncing.take();
        if matches!(self.stage, Stage::Offline) {
            return;
        }
        match (result, covered, &mut self.log) {
            (Ok(_), Some((_, to)), Some(log)) => {
                log.on_durable(to);
                self.advance(now, fx, out);
                self.retain(now, fx, out);
            }
            (Err(fault), ..) => self.offline(format!("a sync of the metadata log failed ({fault:?}): what it covered may be lost; check the disk"), out),
            _ => {}
        }
    }
}

/// A small file takes fewer operations than this.
const SEQS: u64 = 16;
