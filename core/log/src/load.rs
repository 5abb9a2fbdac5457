//! Reads a small file whole: open, read, close.
//!
//! ```text
//! Opening -> Reading -> Closing -> (Done)
//! Opening on a fault -> (Failed);  Reading on a fault -> Closing -> (Failed)
//! ```
//!
//! Invariants
//! - O1: never more than `limit` bytes are asked for; a longer file is `TooLong`.
//! - O2: a file that was opened is closed.

use bytes::Bytes;
use ottla_machine::{Dir, DiskOp, DiskOutput, Emit, Fault, File, Mode, Name, Names, Owner};

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loading {
    /// Not finished.
    Going,
    /// All of the file.
    Done(Bytes),
    /// It is longer than the limit.
    TooLong(u64),
    /// It could not be read; `Gone`: there is none.
    Failed(Fault),
}

#[derive(Clone, Debug)]
enum Stage {
    Opening,
    Reading,
    Closing(Loading),
    Ended,
}

/// The reading of one file.
#[derive(Clone, Debug)]
pub struct Load {
    owner: Owner,
    first_seq: u64,
    file: File,
    limit: u32,
    stage: Stage,
}

impl Load {
    /// How many operation numbers from `first_seq` on it uses.
    pub const SEQS: u64 = 3;

    /// Begins.
    pub fn begin(
        owner: Owner,
        first_seq: u64,
        dir: Dir,
        name: Name,
        limit: u32,
        names: &mut Names,
        fx: &mut impl Emit,
    ) -> Load {
        let file = names.file();
        fx.disk(
            owner.op(first_seq),
            DiskOp::Open {
                dir,
                name,
                file,
                mode: Mode::Read,
            },
        );
        Load {
            owner,
            first_seq,
            file,
            limit,
            stage: Stage::Opening,
        }
    }

    /// Whether this operation is one of ours.
    pub fn owns(&self, seq: u64) -> bool {
        (self.first_seq..self.first_seq + Load::SEQS).contains(&seq)
    }

    /// Takes the end of an operation in.
    pub fn on_done(&mut self, result: Result<DiskOutput, Fault>, fx: &mut impl Emit) -> Loading {
        match (std::mem::replace(&mut self.stage, Stage::Ended), result) {
            (Stage::Opening, Ok(DiskOutput::Opened { len })) => match u32::try_from(len) {
                Ok(len) if len <= self.limit => {
                    fx.disk(
                        self.owner.op(self.first_seq + 1),
                        DiskOp::Read {
                            file: self.file,
                            at: 0,
                            len,
                        },
                    );
                    self.stage = Stage::Reading;
                    Loading::Going
                }
                _ => self.close(Loading::TooLong(len), fx),
            },
            (Stage::Opening, Err(fault)) => Loading::Failed(fault),
            (Stage::Reading, Ok(DiskOutput::Read(bytes))) => self.close(Loading::Done(bytes), fx),
            (Stage::Reading, Err(fault)) => self.close(Loading::Failed(fault), fx),
            (Stage::Closing(end), _) => end,
            // An answer of another kind than what was asked is the driver's bug, which a fault reports well enough.
            (Stage::Opening | Stage::Reading | Stage::Ended, _) => Loading::Failed(Fault::Broken),
        }
    }

    /// Gives it up: nobody may call `on_done` again. The operation that opens the file, if that is still under way: the file is to be
    /// closed when it ends well.
    #[must_use]
    pub fn abandon(self, fx: &mut impl Emit) -> Option<(u64, File)> {
        if matches!(self.stage, Stage::Reading) {
            fx.disk(self.owner.op(self.first_seq + 2), DiskOp::Close(self.file));
        }
        matches!(self.stage, Stage::Opening).then_some((self.first_seq, self.file))
    }

    fn close(&mut self, end: Loading, fx: &mut impl Emit) -> Loading {
        fx.disk(self.owner.op(self.first_seq + 2), DiskOp::Close(self.file));
        self.stage = Stage::Closing(end);
        Loading::Going
    }
}
