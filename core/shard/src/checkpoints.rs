//! A log directory's offset checkpoints: `recovery-point-`, `replication-`, `log-start-` and `cleaner-offset-checkpoint`. Read once at start, rewritten
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
use ottla_machine::{Dir, DiskOutput, Emit, Fault, Name, Names, Offset, Spend};

use crate::{office, own};

/// The files, in the order in which they are read and written.
pub(crate) const FILES: [&str; 4] = [
    "recovery-point-offset-checkpoint",
    "replication-offset-checkpoint",
    "log-start-offset-checkpoint",
    "cleaner-offset-checkpoint",
];
const RECOVERY: usize = 0;
const REPLICATION: usize = 1;
const START: usize = 2;
const CLEANER: usize = 3;

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
    /// What lies below was compacted.
    pub cleaned: Offset,
}

/// The checkpoints of one directory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checkpoints {
    offsets: [Offsets; FILES.len()],
    changed: [bool; FILES.len()],
    /// Entries that were taken out, and how many saves had begun then (Y1).
    stale: BTreeMap<Key, u64>,
    begun: u64,
    /// The newest save that is durable.
    ended: u64,
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
            cleaned: of(CLEANER),
        }
    }

    /// A replica has moved.
    pub fn put(&mut self, key: &Key, known: Known) {
        self.set(RECOVERY, key, Some(known.recovery_point.0));
        self.set(REPLICATION, key, Some(known.high_watermark.0));
        // Kafka lists only those that do not start where they began, and those that were compacted.
        for (file, offset) in [(START, known.log_start), (CLEANER, known.cleaned)] {
            self.set(file, key, Some(offset.0).filter(|offset| *offset > 0));
        }
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

    /// The save after which all that was put down by now is durable. `None`: it is.
    pub fn next_save(&self) -> Option<u64> {
        match (self.has_changed(), self.is_saving()) {
            (true, _) => Some(self.begun + 1),
            (false, true) => Some(self.begun),
            (false, false) => None,
        }
    }

    /// The newest save that is durable.
    pub fn ended(&self) -> u64 {
        self.ended
    }

    /// The last file is replaced.
    pub fn saved(&mut self) {
        let begun = self.begun;
        self.ended = begun;
        self.stale.retain(|_, before| *before >= begun);
    }

    /// Panics when an invariant does not hold.
    pub fn check(&self) {
        for (key, before) in &self.stale {
            assert!(*before <= self.begun, "Y1: {key:?}");
        }
    }
}
