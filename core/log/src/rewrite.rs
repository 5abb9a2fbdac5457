//! Replaces a small file in one step: `<name>.tmp` is written and synced, renamed over the old one, and the directory
//! synced. Used for every file that is read as a whole and must never be seen half written.
//!
//! ```text
//! Opening -> Writing -> Syncing -> Closing -> Renaming -> Settling -> (Done)
//!    any of them, on a fault -> (Failed); the old file is still there, or the new one is
//! ```
//!
//! Invariants
//! - T1: the old name keeps the old bytes, or has the new bytes and those are durable; never anything between.
//! - T2: one operation is outstanding at a time; its number is `first_seq` plus the stage.

use bytes::Bytes;
use ottla_machine::{
    Dir, DiskOp, DiskOutput, Emit, Fault, File, Mode, Name, Names, Owner, planted, sometimes,
};

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Not finished.
    Going,
    /// The new file is in place and durable.
    Done,
    /// It could not be done; the old file is as it was, unless the fault came from the last step.
    Failed(Fault),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Opening,
    Writing,
    Syncing,
    Closing,
    Renaming,
    Settling,
    Ended,
}

/// The replacement of one file.
#[derive(Clone, Debug)]
pub struct Rewrite {
    owner: Owner,
    first_seq: u64,
    stage: Stage,
    dir: Dir,
    name: Name,
    tmp: Name,
    file: File,
    bytes: Bytes,
}

impl Rewrite {
    /// How many operation numbers from `first_seq` on it uses.
    pub const SEQS: u64 = 6;

    /// Begins. `<name>.tmp` must be a name, so `name` has at most 251 bytes.
    pub fn begin(
        owner: Owner,
        first_seq: u64,
        dir: Dir,
        name: Name,
        bytes: Bytes,
        names: &mut Names,
        fx: &mut impl Emit,
    ) -> Rewrite {
        let tmp = Name::new(&format!("{name}.tmp")).expect("a short name with a suffix is a name");
        let rewrite = Rewrite {
            owner,
            first_seq,
            stage: Stage::Opening,
            dir,
            name,
            tmp,
            file: names.file(),
            bytes,
        };
        rewrite.emit(fx);
        rewrite
    }

    /// Whether this operation is one of ours.
    pub fn owns(&self, seq: u64) -> bool {
        (self.first_seq..self.first_seq + Rewrite::SEQS).contains(&seq)
    }

    /// Gives it up: nobody may call `on_done` again. `<name>.tmp` stays. The operation that opens it, if that is still under way: the
    /// file is to be closed when it ends well.
    #[must_use]
    pub fn abandon(self, fx: &mut impl Emit) -> Option<(u64, File)> {
        sometimes!(fx, "a file was being replaced when its directory went");
        if matches!(self.stage, Stage::Writing | Stage::Syncing) {
            fx.disk(
                self.owner.op(self.first_seq + Stage::Closing as u64),
                DiskOp::Close(self.file),
            );
        }
        matches!(self.stage, Stage::Opening).then_some((self.first_seq, self.file))
    }

    /// Takes the end of an operation in.
    pub fn on_done(
        &mut self,
        seq: u64,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
    ) -> Progress {
        assert_eq!(
            seq,
            self.first_seq + self.stage as u64,
            "T2: the stage that is outstanding"
        );
        if let Err(fault) = result {
            sometimes!(fx, "a file could not be replaced");
            if matches!(self.stage, Stage::Writing | Stage::Syncing) {
                // Nobody waits for it: its owner has dropped us by then and drops unknown completions.
                fx.disk(
                    self.owner.op(self.first_seq + Stage::Closing as u64),
                    DiskOp::Close(self.file),
                );
            }
            self.stage = Stage::Ended;
            return Progress::Failed(fault);
        }
        self.stage = match self.stage {
            Stage::Opening => Stage::Writing,
            Stage::Writing if self.is_believed_unsynced(fx) => Stage::Closing,
            Stage::Writing => Stage::Syncing,
            Stage::Syncing => Stage::Closing,
            Stage::Closing => Stage::Renaming,
            Stage::Renaming => Stage::Settling,
            Stage::Settling | Stage::Ended => Stage::Ended,
        };
        if self.stage == Stage::Ended {
            return Progress::Done;
        }
        self.emit(fx);
        Progress::Going
    }

    /// It never is; a simulator plants it.
    fn is_believed_unsynced(&self, fx: &impl Emit) -> bool {
        match self.name.as_str() {
            "leader-epoch-checkpoint" => planted!(fx, "leader-epoch-checkpoint-not-synced"),
            "quorum-state" => planted!(fx, "vote-not-synced"),
            _ => false,
        }
    }

    fn emit(&self, fx: &mut impl Emit) {
        let op = match self.stage {
            Stage::Opening => DiskOp::Open {
                dir: self.dir,
                name: self.tmp.clone(),
                file: self.file,
                mode: Mode::Fresh,
            },
            Stage::Writing => DiskOp::Write {
                file: self.file,
                at: 0,
                bytes: vec![self.bytes.clone()],
            },
            Stage::Syncing => DiskOp::Sync(self.file),
            Stage::Closing => DiskOp::Close(self.file),
            Stage::Renaming => DiskOp::Rename {
                from: (self.dir, self.tmp.clone()),
                to: (self.dir, self.name.clone()),
            },
            Stage::Settling => DiskOp::SyncDir(self.dir),
            Stage::Ended => return,
        };
        fx.disk(self.owner.op(self.first_seq + self.stage as u64), op);
    }
}
