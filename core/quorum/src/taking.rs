//! Taking a snapshot: the owner says what holds at a committed offset, a slice at a time; it is written beside the log, and when it is
//! durable, what lies below the snapshot before it goes.
//!
//! | stage | on | becomes |
//! |---|---|---|
//! | Opening | `.checkpoint.part` is there | Writing (the header) |
//! | Writing | written | Ready |
//! | Ready | records | Writing |
//! | Writing (records and footer) | written | Syncing |
//! | Syncing | synced | Closing |
//! | Closing | closed | Renaming (to `.checkpoint`) |
//! | Renaming | renamed | Settling (the directory is synced) |
//! | Settling | synced | over: told as taken |
//! | any but Syncing | no room | Dropping (the file is closed), Removing, then over: told as given up |
//!
//! Q7: a snapshot has its name only when all of it is durable.
//! Q8: the log begins at or below the end of a snapshot that is durable and whole; so does the one before it, should that be damaged.

use bytes::Bytes;
use ottla_machine::{
    DiskOp, DiskOutput, Emit, Fault, File, Mode, Now, Offset, Spend, planted, sometimes,
};

use crate::open::{DIR, Stage, name};
use crate::snapshot::Frame;
use crate::{Quorum, QuorumEvent, SnapshotId, limits};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Opening,
    Writing,
    Ready,
    Syncing,
    Closing,
    Renaming,
    Settling,
    Dropping,
    Removing,
}

/// A snapshot on its way to the disk.
#[derive(Clone, Debug)]
pub(crate) struct Taking {
    id: SnapshotId,
    file: File,
    frame: Frame,
    step: Step,
    /// The operation that is outstanding.
    seq: u64,
    /// Where the next batch goes.
    at: u64,
    /// The footer is written, or being written.
    sealed: bool,
}

impl Taking {
    pub(crate) fn owns(&self, seq: u64) -> bool {
        self.step != Step::Ready && self.seq == seq
    }

    fn has_file(&self) -> bool {
        matches!(self.step, Step::Writing | Step::Ready | Step::Syncing)
    }
}

impl Quorum {
    /// Begins a snapshot of everything below `id.end`. `false`: nothing of it is new, it is not committed, another is under way, or this
    /// node does not lead.
    pub fn begin_snapshot(&mut self, now: Now, id: SnapshotId, fx: &mut impl Emit) -> bool {
        let news = self
            .snapshots
            .newest
            .is_none_or(|newest| newest.end < id.end);
        let committed = id.end <= self.high_watermark && self.leading().is_some();
        if self.taking.is_some() || !news || !committed {
            return false;
        }
        let file = self.names.file();
        let op = DiskOp::Open {
            dir: self.dir,
            name: name(&id.part_name()),
            file,
            mode: Mode::Fresh,
        };
        let seq = self.disk(fx, op);
        self.taking = Some(Taking {
            id,
            file,
            frame: Frame::new(id.epoch, now.wall.0),
            step: Step::Opening,
            seq,
            at: 0,
            sealed: false,
        });
        if planted!(fx, "log-removed-before-its-snapshot-is-durable") {
            self.forget_log(now, id.end, fx, &mut Vec::new());
        }
        true
    }

    /// Whether the snapshot under way waits for its next records.
    pub fn wants_snapshot_records(&self) -> bool {
        let taking = self.taking.as_ref();
        taking.is_some_and(|taking| taking.step == Step::Ready) && self.leading().is_some()
    }

    /// The next records of the snapshot, in one batch; `over`: these were the last. To be called when they are wanted.
    pub fn snapshot_records(&mut self, values: &[Bytes], over: bool, fx: &mut impl Emit) {
        let Some(taking) = self.taking.as_mut().filter(|t| t.step == Step::Ready) else {
            return;
        };
        let mut bytes = vec![taking.frame.data(values)];
        if over {
            taking.sealed = true;
            bytes.push(taking.frame.footer());
        }
        bytes.retain(|bytes| !bytes.is_empty());
        fx.spend(Spend::Records, values.len());
        self.write_snapshot(bytes, fx);
    }

    fn write_snapshot(&mut self, bytes: Vec<Bytes>, fx: &mut impl Emit) {
        let Some(taking) = &mut self.taking else {
            return;
        };
        let (file, at) = (taking.file, taking.at);
        taking.at += bytes.iter().map(|bytes| bytes.len() as u64).sum::<u64>();
        self.step_snapshot(Step::Writing, DiskOp::Write { file, at, bytes }, fx);
    }

    fn step_snapshot(&mut self, step: Step, op: DiskOp, fx: &mut impl Emit) {
        let seq = self.disk(fx, op);
        if let Some(taking) = &mut self.taking {
            (taking.step, taking.seq) = (step, seq);
        }
    }

    /// The end of the operation that was outstanding.
    pub(crate) fn on_taking(
        &mut self,
        now: Now,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<QuorumEvent>,
    ) {
        let Some(taking) = &self.taking else { return };
        let (id, file, step) = (taking.id, taking.file, taking.step);
        if !matches!(self.stage, Stage::Leading) {
            return self.let_snapshot_go(result, fx, out);
        }
        match (step, result) {
            (Step::Removing, Ok(_) | Err(Fault::Full | Fault::Busy | Fault::Gone)) => {
                self.taking = None;
            }
            (Step::Dropping, _) => self.remove_part(id, fx),
            (step, Err(Fault::Full | Fault::Busy)) if step != Step::Syncing => {
                self.give_up_snapshot("there is no room for it", fx, out);
            }
            (step, Err(fault)) => self.offline(
                format!("a snapshot of the metadata cannot be made ({step:?}: {fault:?}): check the disk"),
                out,
            ),
            (Step::Opening, Ok(_)) => {
                let last = self.last_ms;
                let voters = &self.voters;
                let taking = self.taking.as_mut().expect("it is under way");
                let header = taking.frame.header(voters, last);
                self.write_snapshot(vec![header], fx);
            }
            (Step::Writing, Ok(_)) => self.on_snapshot_written(fx, out),
            (Step::Syncing, Ok(_)) => self.step_snapshot(Step::Closing, DiskOp::Close(file), fx),
            (Step::Closing, Ok(_)) => {
                let rename = DiskOp::Rename {
                    from: (self.dir, name(&id.part_name())),
                    to: (self.dir, Quorum::file_of(id)),
                };
                self.step_snapshot(Step::Renaming, rename, fx);
            }
            (Step::Renaming, Ok(_)) => {
                self.step_snapshot(Step::Settling, DiskOp::SyncDir(self.dir), fx);
            }
            (Step::Settling, Ok(_)) => self.on_placed(now, id, fx, out),
            (Step::Ready, Ok(_)) => {}
        }
    }

    fn on_snapshot_written(&mut self, fx: &mut impl Emit, out: &mut Vec<QuorumEvent>) {
        let Some(taking) = &mut self.taking else {
            return;
        };
        let file = taking.file;
        if taking.at > u64::from(limits::SNAPSHOT_BYTES) {
            self.give_up_snapshot("it would be longer than can be read again", fx, out);
        } else if !taking.sealed {
            taking.step = Step::Ready;
        } else if planted!(fx, "snapshot-not-synced") {
            self.step_snapshot(Step::Closing, DiskOp::Close(file), fx);
        } else {
            self.step_snapshot(Step::Syncing, DiskOp::Sync(file), fx);
        }
    }

    fn give_up_snapshot(&mut self, why: &str, fx: &mut impl Emit, out: &mut Vec<QuorumEvent>) {
        let Some(taking) = &self.taking else { return };
        let (id, file, step) = (taking.id, taking.file, taking.step);
        sometimes!(fx, "a snapshot was given up");
        out.push(QuorumEvent::SnapshotGivenUp(why.to_owned()));
        if taking.has_file() {
            self.step_snapshot(Step::Dropping, DiskOp::Close(file), fx);
        } else if step == Step::Settling {
            // It is whole and has its name, but a crash may take that.
            self.snapshots.others.insert(id);
            self.taking = None;
        } else {
            self.remove_part(id, fx);
        }
    }

    fn remove_part(&mut self, id: SnapshotId, fx: &mut impl Emit) {
        let op = DiskOp::Remove {
            dir: self.dir,
            name: name(&id.part_name()),
        };
        self.step_snapshot(Step::Removing, op, fx);
    }

    /// Q8: it is durable, and so is the one before it. What lies below that one goes.
    fn on_placed(
        &mut self,
        now: Now,
        id: SnapshotId,
        fx: &mut impl Emit,
        out: &mut Vec<QuorumEvent>,
    ) {
        self.taking = None;
        self.snapshots.others.remove(&id);
        for old in std::mem::take(&mut self.snapshots.others) {
            self.remove(Quorum::file_of(old), fx);
        }
        if let Some(before) = self.snapshots.newest.replace(id) {
            self.snapshots.others.insert(before);
            self.forget_log(now, before.end, fx, out);
        }
        out.push(QuorumEvent::SnapshotTaken(id));
    }

    /// The log needs not hold what lies below `to`: its segments that lie wholly there go.
    fn forget_log(&mut self, now: Now, to: Offset, fx: &mut impl Emit, out: &mut Vec<QuorumEvent>) {
        let Some(log) = &mut self.log else { return };
        log.advance_start(to);
        self.retain(now, fx, out);
    }

    /// What a segment that may go had to wait for may be over.
    pub(crate) fn retain(&mut self, now: Now, fx: &mut impl Emit, out: &mut Vec<QuorumEvent>) {
        let Some(log) = &mut self.log else { return };
        let mut events = Vec::new();
        log.retain(now, fx, &mut events);
        self.on_log_events(now, events, fx, out);
    }

    /// A stop: what there is of it stays for the next start to remove.
    pub(crate) fn abandon_snapshot(&mut self, fx: &mut impl Emit) {
        sometimes!(fx, "a stop gave a snapshot up", if self.taking.is_some());
        if let Some(taking) = self.taking.take_if(|taking| taking.step == Step::Ready) {
            self.close_aside(taking.file, fx);
        }
    }

    /// The operation that was outstanding when the quorum stopped or went offline is over.
    fn let_snapshot_go(
        &mut self,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<QuorumEvent>,
    ) {
        let Some(taking) = self.taking.take() else {
            return;
        };
        if taking.has_file() || taking.step == Step::Opening && result.is_ok() {
            self.close_aside(taking.file, fx);
        }
        self.on_aside(result, out);
    }

    fn close_aside(&mut self, file: File, fx: &mut impl Emit) {
        let seq = self.disk(fx, DiskOp::Close(file));
        self.aside.insert(seq);
    }

    /// Q8.
    pub(crate) fn check_snapshots(&self) {
        if let (Stage::Leading, Some(log)) = (&self.stage, &self.log) {
            let end = self.snapshots.newest.map_or(Offset(0), |newest| newest.end);
            let start = log.start_offset();
            assert!(
                start <= end,
                "Q8: the log begins at {start} and the newest snapshot ends at {end} in {DIR}"
            );
        }
    }
}
