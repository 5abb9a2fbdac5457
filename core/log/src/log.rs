//! One partition's log.

use std::sync::Arc;

use bytes::Bytes;
use ottla_machine::{DiskOutput, Emit, Fault, LeaderEpoch, Now, Offset, Time};

use crate::{
    Absent, Appended, Blocks, Dirty, Found, LogConfig, LogEvent, Origin, Phase, Place, Prepared,
    Ready, Refusal, RefusalKind, Slice, Start,
};

/// One partition's log.
#[derive(Clone, Debug)]
pub struct Log {
    place: Place,
    config: Arc<LogConfig>,
    phase: Phase,
}

#[allow(unused_variables, reason = "signatures first; the bodies follow")]
impl Log {
    /// Opens a log, or names one that is made at its first append. Goes on in `on_done` and `settle` until
    /// [`LogEvent::Opened`] or [`LogEvent::Offline`].
    pub fn open(
        place: Place,
        config: Arc<LogConfig>,
        start: Start,
        now: Now,
        fx: &mut impl Emit,
    ) -> Log {
        Log {
            place,
            config,
            phase: Phase::Opening,
        }
    }

    /// Where it is in its life.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Takes the end of an operation in. Unknown numbers are dropped.
    pub fn on_done(
        &mut self,
        now: Now,
        seq: u64,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<LogEvent>,
    ) {
    }

    /// Judges what a client wants to append, here or in a job. `pins`: the size of the buffer `records` keeps alive.
    pub fn prepare(
        &self,
        now: Now,
        records: Bytes,
        pins: usize,
        origin: Origin,
    ) -> Result<Prepared, Refusal> {
        Err(Refusal::new(RefusalKind::Storage, "the log is not open"))
    }

    /// Appends what was judged.
    pub fn append_ready(
        &mut self,
        now: Now,
        ready: Ready,
        epoch: LeaderEpoch,
    ) -> Result<Appended, Refusal> {
        Err(Refusal::new(RefusalKind::Storage, "the log is not open"))
    }

    /// Judges at once, however long it takes, and appends. Nothing is emitted before `settle`.
    pub fn append(
        &mut self,
        now: Now,
        records: Bytes,
        epoch: LeaderEpoch,
        origin: Origin,
    ) -> Result<Appended, Refusal> {
        Err(Refusal::new(RefusalKind::Storage, "the log is not open"))
    }

    /// Ends a turn: one write of what was appended, a roll, room set aside, or one slice of opening. To be called
    /// after every turn in which the log was touched, and when [`Log::deadline`] is due. What it returns is to be
    /// synced and answered by [`Log::on_durable`]; the bytes it names are written already.
    pub fn settle(
        &mut self,
        now: Now,
        fx: &mut impl Emit,
        out: &mut Vec<LogEvent>,
    ) -> Option<Dirty> {
        None
    }

    /// The flusher's answer to a [`Dirty`].
    pub fn on_durable(&mut self, to: Offset) {}

    /// The next offset to be given.
    pub fn assigned(&self) -> Offset {
        Offset(0)
    }

    /// Everything below is written.
    pub fn written(&self) -> Offset {
        Offset(0)
    }

    /// Everything below is durable.
    pub fn flushed(&self) -> Offset {
        Offset(0)
    }

    /// What `recovery-point-offset-checkpoint` may say: everything below is durable, indexes included.
    pub fn recovery_point(&self) -> Offset {
        Offset(0)
    }

    /// The first offset that may be read.
    pub fn start_offset(&self) -> Offset {
        Offset(0)
    }

    /// As the owner set it.
    pub fn high_watermark(&self) -> Offset {
        Offset(0)
    }

    /// Sets it, at most to what is written.
    pub fn set_high_watermark(&mut self, to: Offset) {}

    /// Moves the start up (DeleteRecords), at most to the high watermark. The owner makes its checkpoint durable.
    pub fn advance_start(&mut self, to: Offset) {}

    /// The first offset of the oldest open transaction.
    pub fn first_unstable_offset(&self) -> Option<Offset> {
        None
    }

    /// A tenure begins: the epoch starts at `assigned`, and `leader-epoch-checkpoint` will say so.
    pub fn start_epoch(&mut self, epoch: LeaderEpoch, fx: &mut impl Emit) {}

    /// The newest epoch; `NONE` when there is none.
    pub fn latest_epoch(&self) -> LeaderEpoch {
        LeaderEpoch::NONE
    }

    /// The largest known epoch at or below `epoch`, and where it ends. `(NONE, -1)` when there is none.
    pub fn epoch_end(&self, epoch: LeaderEpoch) -> (LeaderEpoch, Offset) {
        (LeaderEpoch::NONE, Offset(-1))
    }

    /// The epoch of the record at `offset`.
    pub fn epoch_at(&self, offset: Offset) -> LeaderEpoch {
        LeaderEpoch::NONE
    }

    /// Batches from the one that holds `from`, all of it below `upto`: at most `max_bytes`, but the first batch in
    /// any case when `at_least_one`.
    pub fn read(
        &self,
        blocks: &Blocks,
        from: Offset,
        upto: Offset,
        max_bytes: usize,
        at_least_one: bool,
    ) -> Result<Slice, Absent> {
        Err(Absent::Closed)
    }

    /// The first record at or after `ts`, below `upto`.
    pub fn offset_for_timestamp(
        &self,
        blocks: &Blocks,
        ts: i64,
        upto: Offset,
    ) -> Result<Option<Found>, Absent> {
        Err(Absent::Closed)
    }

    /// The record with the newest timestamp, below `upto`.
    pub fn max_timestamp(&self, blocks: &Blocks, upto: Offset) -> Result<Option<Found>, Absent> {
        Err(Absent::Closed)
    }

    /// Producer ids and first offsets of the aborted transactions that reach into `from..upto`.
    pub fn aborted(&self, from: Offset, upto: Offset) -> Vec<(i64, i64)> {
        Vec::new()
    }

    /// Opens a sealed segment for readers and reads its index. `base` is what [`Absent::Cold`] said.
    pub fn warm(&mut self, base: Offset, fx: &mut impl Emit) {}

    /// The topic's configuration is another one.
    pub fn update(&mut self, config: Arc<LogConfig>) {
        self.config = config;
    }

    /// Drops what retention, the start offset and the expiry of producers allow to drop.
    pub fn retain(&mut self, now: Now, fx: &mut impl Emit, out: &mut Vec<LogEvent>) {}

    /// When `settle` is due; [`Time::ZERO`] means unfinished work.
    pub fn deadline(&self) -> Option<Time> {
        None
    }

    /// Bytes on disk, segments only.
    pub fn size(&self) -> u64 {
        0
    }

    /// Bytes of recent batches held in memory.
    pub fn cached_bytes(&self) -> usize {
        0
    }

    /// Drops the oldest recent batches until at most `to_bytes` are held.
    pub fn trim_cache(&mut self, to_bytes: usize) {}

    /// Stops cleanly: what was appended is written, indexes and a producer snapshot too, all is synced, then
    /// [`LogEvent::Closed`]. Keep calling `settle` until then.
    pub fn stop(&mut self, now: Now, fx: &mut impl Emit) {}

    /// The topic is deleted: the directory is renamed, removed, then [`LogEvent::Closed`].
    pub fn remove(&mut self, fx: &mut impl Emit) {}

    /// Asserts the invariants.
    pub fn check(&self) {}
}
