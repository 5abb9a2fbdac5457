//! When checkpoints are made: every `log.flush.offset.checkpoint.interval.ms`, when a name has to become free, and at stop. Replicas that
//! moved are asked, a slice per settle; then each directory rewrites the files that changed.

use ottla_log::Rewrite;
use ottla_machine::{DiskOutput, Effects, Emit, Fault, Level, Now, Spend, planted, sometimes};

use crate::checkpoints::Known;
use crate::log_dir::LogDir;
use crate::{Shard, Timer, limits};

/// A checkpoint for which a name waits is tried again so soon when it could not be written.
const RETRY_MS: i64 = 1_000;

impl Shard {
    /// Whether a checkpoint is being made and needs another settle at once.
    pub(crate) fn checkpoint_goes_on(&self) -> bool {
        self.checkpointing && (!self.moved.is_empty() || self.dirs.iter().any(LogDir::can_save))
    }

    /// A slice of a checkpoint that is due: replicas that moved are asked, then each directory that can begins to save.
    pub(crate) fn checkpoint_some(&mut self, now: Now, fx: &mut Effects<Shard>) {
        if !self.checkpointing {
            return;
        }
        for _ in 0..limits::SLICE.of(self.switch) {
            let Some(slot) = self.moved.pop_front() else {
                break;
            };
            fx.spend(Spend::Partitions, 1);
            self.note_offsets(slot, fx);
        }
        if !self.moved.is_empty() {
            return;
        }
        for at in 0..self.dirs.len() {
            if self.dirs[at].can_save() {
                self.save(at, 0, fx);
            }
        }
        self.checkpointing = false;
        self.checkpoint_within(now, i64::MAX);
    }

    /// The next checkpoint is made when it is due, or earlier.
    fn checkpoint_within(&mut self, now: Now, most_ms: i64) {
        if let Some(start) = &self.start {
            let wait = start.checkpoint_interval_ms.min(most_ms);
            self.timers
                .set(Timer::Checkpoint, Some(now.mono.after_ms(wait)));
        }
    }

    /// Puts down what a replica says of itself (H2).
    pub(crate) fn note_offsets(&mut self, slot: u32, fx: &impl Emit) {
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        entry.moved = false;
        let Some(replica) = entry.replica().filter(|_| !entry.leaving) else {
            return;
        };
        let log = replica.log();
        if matches!(entry.phase(), Some(ottla_log::Phase::Opening)) {
            return;
        }
        let known = Known {
            recovery_point: if planted!(fx, "checkpoint-before-sync") {
                log.written()
            } else {
                log.recovery_point()
            },
            high_watermark: replica.high_watermark(),
            log_start: log.start_offset(),
            cleaned: log.cleaned(),
        };
        let (dir, key) = (entry.dir, entry.key());
        self.dirs[dir].checkpoints.put(&key, known);
    }

    fn save(&mut self, at: usize, from: usize, fx: &mut Effects<Shard>) -> bool {
        let number = self.numbers + 1;
        self.numbers += Rewrite::SEQS;
        let dir = &mut self.dirs[at];
        if from == 0 {
            dir.saved_by_stop = self.stage == crate::Stage::Stopping;
        }
        let place = (at, dir.dir);
        dir.checkpoints
            .save(from, place, number, &mut self.names, fx)
    }

    /// One file is replaced: the next, or all are durable.
    fn on_saved(&mut self, now: Now, at: usize, file: usize, fx: &mut Effects<Shard>) {
        if self.save(at, file + 1, fx) {
            return;
        }
        let checkpoints = &mut self.dirs[at].checkpoints;
        checkpoints.saved();
        // What went stale meanwhile needs another save, and somebody may wait for it.
        sometimes!(fx, "a name had to wait for another save of the checkpoints", if checkpoints.has_stale());
        self.checkpointing |= checkpoints.has_stale();
        self.retry_names();
        self.answer_deletions(now, at, fx);
    }

    /// An operation of a checkpoint ended.
    pub(crate) fn on_checkpoint_done(
        &mut self,
        now: Now,
        at: usize,
        seq: u64,
        result: Result<DiskOutput, Fault>,
        fx: &mut Effects<Shard>,
    ) {
        let Some(dir) = self.dirs.get_mut(at).filter(|dir| !dir.offline) else {
            return;
        };
        match dir.checkpoints.on_done(seq, result, fx) {
            None => {}
            Some(Ok(file)) => self.on_saved(now, at, file, fx),
            Some(Err(Fault::Broken)) => {
                self.offline(at, "a checkpoint cannot be written".to_owned(), fx);
            }
            Some(Err(fault)) => {
                sometimes!(fx, "the checkpoints could not be written");
                dir.unsaved = dir.saved_by_stop;
                let text = format!(
                    "the offset checkpoints of a log directory could not be written ({fault:?}): they are tried again; after a crash more has to be recovered"
                );
                fx.note(Level::Warn, text);
                if dir.checkpoints.has_stale() || !self.deleting.is_empty() {
                    self.checkpoint_within(now, RETRY_MS);
                }
            }
        }
    }
}
