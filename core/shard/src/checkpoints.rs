//! A log directory's offset checkpoints: `recovery-point-`, `replication-` and `log-start-offset-checkpoint`. Read once at start, rewritten
//! (`.tmp`, sync, rename) when due and something moved, and at stop.
//!
//! | state | on | becomes |
//! |---|---|---|
//! | resting | due, and something moved | saving the first file that changed |
//! | saving | replaced and durable | saving the next, or resting |
//! | saving | a fault that may pass | resting, still changed: tried again when due |
//!
//! H2: a recovery point is written only after the Sync of everything below it is done: it is what the log says of itself.
//! Y1: an entry of a topic that is gone counts as on the disk until a save that began later is durable; until then no partition of the
//! same name is opened, which would take it for its own.

use std::collections::BTreeMap;

use bytes::Bytes;
use ottla_log::checkpoint::{Offsets, print_offsets};
use ottla_log::{Progress, Rewrite};
use ottla_machine::{
    Dir, DiskOutput, Effects, Emit, Fault, Level, Name, Names, Now, Offset, Spend,
};

use crate::log_dir::LogDir;
use crate::{Shard, Timer, limits, office, own};

/// The files, in the order in which they are read and written.
pub(crate) const FILES: [&str; 3] = [
    "recovery-point-offset-checkpoint",
    "replication-offset-checkpoint",
    "log-start-offset-checkpoint",
];
const RECOVERY: usize = 0;
const REPLICATION: usize = 1;
const START: usize = 2;

/// The key of a partition in a checkpoint: topic and index.
pub(crate) type Key = (String, i32);

/// What a checkpoint says of one partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// Everything below is durable.
    pub recovery_point: Offset,
    /// Everything below was promised by all.
    pub high_watermark: Offset,
    /// What lies below was deleted.
    pub log_start: Offset,
}

/// The three checkpoints of one directory.
#[derive(Debug, Default)]
pub(crate) struct Checkpoints {
    offsets: [Offsets; 3],
    changed: [bool; 3],
    /// Entries that were taken out, and how many saves had begun then (Y1).
    stale: BTreeMap<Key, u64>,
    begun: u64,
    saving: Option<(usize, Rewrite)>,
}

impl Checkpoints {
    /// Takes what one of the files said.
    pub fn load(&mut self, file: usize, offsets: Offsets) {
        self.offsets[file] = offsets;
    }

    /// What is said of a partition.
    pub fn known(&self, key: &Key) -> Known {
        let of = |file: usize| Offset(self.offsets[file].get(key).copied().unwrap_or(0).max(0));
        Known {
            recovery_point: of(RECOVERY),
            high_watermark: of(REPLICATION),
            log_start: of(START),
        }
    }

    /// A replica has moved.
    pub fn put(&mut self, key: &Key, known: Known) {
        self.set(RECOVERY, key, Some(known.recovery_point.0));
        self.set(REPLICATION, key, Some(known.high_watermark.0));
        // Kafka lists only those that do not start where they began.
        self.set(
            START,
            key,
            Some(known.log_start.0).filter(|start| *start > 0),
        );
    }

    /// The partition is gone. Y1 holds from now on.
    pub fn forget(&mut self, key: &Key) {
        if self.offsets.iter().any(|offsets| offsets.contains_key(key)) {
            self.stale.insert(key.clone(), self.begun);
        }
        for file in 0..FILES.len() {
            self.set(file, key, None);
        }
    }

    fn set(&mut self, file: usize, key: &Key, to: Option<i64>) {
        let offsets = &mut self.offsets[file];
        if offsets.get(key).copied() != to {
            self.changed[file] = true;
            match to {
                Some(to) => offsets.insert(key.clone(), to),
                None => offsets.remove(key),
            };
        }
    }

    /// Whether the disk still says something of a namesake (Y1).
    pub fn is_stale(&self, key: &Key) -> bool {
        self.stale.contains_key(key)
    }

    /// Whether anything is stale: the next save should not wait.
    pub fn has_stale(&self) -> bool {
        !self.stale.is_empty()
    }

    /// Whether a file is being replaced.
    pub fn is_saving(&self) -> bool {
        self.saving.is_some()
    }

    /// Whether there is something to save.
    pub fn has_changed(&self) -> bool {
        self.changed.contains(&true)
    }

    /// Begins to replace what changed, from file `from` on. `number` is the first of six for its operations.
    pub fn save(
        &mut self,
        from: usize,
        at: (usize, Dir),
        number: u64,
        names: &mut Names,
        fx: &mut impl Emit,
    ) -> bool {
        assert!(self.saving.is_none(), "one save at a time");
        let Some(file) = (from..FILES.len()).find(|file| self.changed[*file]) else {
            return false;
        };
        if from == 0 {
            self.begun += 1;
        }
        self.changed[file] = false;
        let bytes = print_offsets(&self.offsets[file]);
        fx.spend(Spend::Bytes, bytes.len());
        let owner = own(office::CHECKPOINTS, at.0);
        let name = Name::new(FILES[file]).expect("a constant name is a name");
        let rewrite = Rewrite::begin(owner, number, at.1, name, Bytes::from(bytes), names, fx);
        self.saving = Some((file, rewrite));
        true
    }

    /// Takes the end of an operation in: the file that is replaced now, or why it could not be.
    pub fn on_done(
        &mut self,
        seq: u64,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
    ) -> Option<Result<usize, Fault>> {
        let (file, rewrite) = self.saving.as_mut()?;
        if !rewrite.owns(seq) {
            return None; // the Close of one that failed
        }
        let file = *file;
        match rewrite.on_done(seq, result, fx) {
            Progress::Going => None,
            Progress::Done => {
                self.saving = None;
                Some(Ok(file))
            }
            Progress::Failed(fault) => {
                self.saving = None;
                self.changed[file] = true;
                Some(Err(fault))
            }
        }
    }

    /// The last file is replaced.
    pub fn saved(&mut self) {
        let begun = self.begun;
        self.stale.retain(|_, before| *before >= begun);
    }

    /// Panics when an invariant does not hold.
    pub fn check(&self) {
        for (key, before) in &self.stale {
            assert!(*before <= self.begun, "Y1: {key:?}");
        }
    }
}

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
        for _ in 0..limits::SLICE {
            let Some(slot) = self.moved.pop_front() else {
                break;
            };
            fx.spend(Spend::Partitions, 1);
            self.note_offsets(slot);
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
        if let Some(start) = &self.start {
            let interval = start.checkpoint_interval_ms;
            self.timers
                .set(Timer::Checkpoint, Some(now.mono.after_ms(interval)));
        }
    }

    /// Puts down what a replica says of itself (H2).
    pub(crate) fn note_offsets(&mut self, slot: u32) {
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
            recovery_point: log.recovery_point(),
            high_watermark: replica.high_watermark(),
            log_start: log.start_offset(),
        };
        let (dir, key) = (entry.dir, entry.key());
        self.dirs[dir].checkpoints.put(&key, known);
    }

    fn save(&mut self, at: usize, from: usize, fx: &mut Effects<Shard>) -> bool {
        let number = self.numbers + 1;
        self.numbers += Rewrite::SEQS;
        let dir = &mut self.dirs[at];
        let place = (at, dir.dir);
        dir.checkpoints
            .save(from, place, number, &mut self.names, fx)
    }

    /// One file is replaced: the next, or all are durable.
    fn on_saved(&mut self, at: usize, file: usize, fx: &mut Effects<Shard>) {
        if self.save(at, file + 1, fx) {
            return;
        }
        let checkpoints = &mut self.dirs[at].checkpoints;
        checkpoints.saved();
        // What went stale meanwhile needs another save, and somebody may wait for it.
        self.checkpointing |= checkpoints.has_stale();
        self.retry_names();
    }

    /// An operation of a checkpoint ended.
    pub(crate) fn on_checkpoint_done(
        &mut self,
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
            Some(Ok(file)) => self.on_saved(at, file, fx),
            Some(Err(Fault::Broken)) => {
                self.offline(at, "a checkpoint cannot be written".to_owned(), fx);
            }
            Some(Err(fault)) => {
                dir.unsaved = self.stage == crate::Stage::Stopping;
                let text = format!(
                    "the offset checkpoints of a log directory could not be written ({fault:?}): they are tried again; after a crash more has to be recovered"
                );
                fx.note(Level::Warn, text);
            }
        }
    }
}
