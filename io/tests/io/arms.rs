//! Ways to drive a desk over files: real ones, recorded ones, a pure disk, and a pure disk that uses every freedom a
//! driver has (late, short, interrupted, out of order), as the simulator does.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use ottla_conformance::{Answer, Disk, ROOT};
use ottla_desk::{Call, CallDone, CallId, Desk, Errno, Fd, FileCall, Lane, Outcome};
use ottla_io::{
    Bell, Files, Finished, Memory, MemoryFiles, Range, RealFiles, Recording, RecordingFiles,
    Threads,
};
use ottla_machine::{Dir, DiskOp, Effect, Owner, Rng, Switch};
use ottla_media::Media;
use tempfile::TempDir;

use super::echo::Echo;

/// Where to look for what a power cut would leave.
#[derive(Clone)]
pub enum Rest {
    /// Nobody knows what real files would lose.
    Unknown,
    Recorded(Recording),
    Pure(Memory),
}

/// Files of some kind.
pub struct Kind {
    pub name: &'static str,
    pub files: Box<dyn Files + Send>,
    /// The directory of real files.
    pub dir: Option<TempDir>,
    pub rest: Rest,
}

pub fn real() -> Kind {
    let dir = TempDir::new().expect("a directory");
    let files = RealFiles::open("arm", vec![(ROOT, dir.path().into())]);
    Kind {
        name: "real",
        files: Box::new(files.expect("files")),
        dir: Some(dir),
        rest: Rest::Unknown,
    }
}

pub fn recording() -> Kind {
    recording_in(TempDir::new().expect("a directory"))
}

pub fn recording_in(dir: TempDir) -> Kind {
    let files = RecordingFiles::open("arm", vec![(ROOT, dir.path().into())]);
    let files = files.expect("files");
    Kind {
        name: "recording",
        rest: Rest::Recorded(files.recording()),
        files: Box::new(files),
        dir: Some(dir),
    }
}

pub fn memory(capacity: u64) -> Kind {
    let memory = Memory::new(Media::new(capacity));
    let files = MemoryFiles::open(&memory, vec![(ROOT, String::new())]);
    Kind {
        name: "memory",
        files: Box::new(files.expect("a directory")),
        dir: None,
        rest: Rest::Pure(memory),
    }
}

pub fn late(capacity: u64, seed: u8) -> Kind {
    let inner = memory(capacity);
    let late = Late {
        inner: inner.files,
        rng: Rng::new([seed; 32]),
        lanes: BTreeMap::new(),
        bell: None,
    };
    Kind {
        name: "late",
        files: Box::new(late),
        ..inner
    }
}

/// A desk over some files.
pub struct Arm {
    desk: Desk,
    seq: u64,
    pub kind: Kind,
}

impl Arm {
    pub fn over(kind: Kind) -> Arm {
        Arm {
            desk: Desk::new(kind.files.roots(), Switch::default()),
            seq: 0,
            kind,
        }
    }
}

impl Disk for Arm {
    fn told(&mut self, ops: Vec<DiskOp>) -> Vec<(usize, Answer)> {
        let owner = Owner {
            part: 1,
            slot: 0,
            generation: 0,
        };
        let first = self.seq + 1;
        let count = ops.len();
        for op in ops {
            self.seq += 1;
            let effect: Effect<Echo> = Effect::Disk(owner.op(self.seq), op);
            assert!(self.desk.take(effect).is_none());
        }
        let files = &mut self.kind.files;
        let mut told = Vec::new();
        let mut finished = Vec::new();
        while told.len() < count {
            while let Some((id, call)) = self.desk.next_call() {
                let Call::File(lane, root, call) = call else {
                    panic!("there are no connections");
                };
                if let Some(done) = files.submit(id, lane, root, call) {
                    self.desk.back(id, done);
                }
            }
            while let Some(event) = self.desk.event() {
                let Outcome::Done(op, answer) = event else {
                    panic!("there are no connections");
                };
                let number = op.seq.checked_sub(first).expect("one Done per Op");
                told.push((number as usize, answer));
            }
            files.reap(&mut finished);
            for (id, done) in finished.drain(..) {
                self.desk.back(id, done);
            }
            std::thread::yield_now();
        }
        told
    }

    fn left(&mut self, path: &str) -> Option<Vec<u8>> {
        match &self.kind.rest {
            Rest::Unknown => unreachable!("nobody cuts the power of real files"),
            Rest::Recorded(recording) => {
                let dir = TempDir::new().expect("a directory");
                let cut = recording.power_cut(&[(ROOT, dir.path().into())]);
                cut.expect("a copy");
                std::fs::read(dir.path().join(path)).ok()
            }
            Rest::Pure(memory) => {
                let media = memory.media().durable_image();
                let status = media.status(path).ok()?;
                let bytes = media.read(status.node, 0, status.len as usize);
                Some(bytes.expect("a file").to_vec())
            }
        }
    }
}

type Waiting = (CallId, Lane, Dir, FileCall);

/// Calls wait, and are then made in any order that the lanes leave open, in parts, or not at first.
struct Late {
    inner: Box<dyn Files + Send>,
    rng: Rng,
    lanes: BTreeMap<(u8, u64), VecDeque<Waiting>>,
    /// Who is to look again, if anybody sleeps.
    bell: Option<Arc<Bell>>,
}

impl Late {
    fn ring(&self) {
        if let Some(bell) = &self.bell {
            bell.ring();
        }
    }

    fn make(&mut self, id: CallId, lane: Lane, root: Dir, call: FileCall) -> CallDone {
        let draw = self.rng.below(4);
        match call {
            FileCall::Pwritev { bufs, .. } if draw == 0 => CallDone::Written {
                bufs,
                result: Err(Errno::Interrupted),
            },
            FileCall::Pwritev { file, at, bufs } if draw == 1 => {
                let total: usize = bufs.iter().map(Bytes::len).sum();
                let mut left = self.rng.below(total.max(1) as u64) as usize + 1;
                let mut part = bufs.clone();
                for buf in &mut part {
                    buf.truncate(left);
                    left -= buf.len();
                }
                let call = FileCall::Pwritev {
                    file,
                    at,
                    bufs: part,
                };
                match self.inner.submit(id, lane, root, call) {
                    Some(CallDone::Written { result, .. }) => CallDone::Written { bufs, result },
                    other => panic!("{other:?}"),
                }
            }
            FileCall::Pread { buf, .. } if draw == 0 => CallDone::Read {
                buf,
                result: Err(Errno::Interrupted),
            },
            FileCall::Pread { file, at, len, buf } if draw == 1 => {
                let len = self.rng.below(len.max(1) as u64) as usize + 1;
                let call = FileCall::Pread { file, at, len, buf };
                self.inner.submit(id, lane, root, call).expect("at once")
            }
            FileCall::Fdatasync { .. } | FileCall::Ftruncate { .. } if draw == 0 => {
                CallDone::Plain(Err(Errno::Interrupted))
            }
            call => self.inner.submit(id, lane, root, call).expect("at once"),
        }
    }
}

impl Files for Late {
    fn roots(&self) -> Vec<Dir> {
        self.inner.roots()
    }

    fn wake_by(&mut self, bell: Arc<Bell>) {
        self.bell = Some(bell);
    }

    fn submit(&mut self, id: CallId, lane: Lane, root: Dir, call: FileCall) -> Option<CallDone> {
        let order = match lane {
            Lane::Flush => (1, root.0),
            // A read that need not wait overtakes.
            Lane::Bulk if !matches!(call, FileCall::Pread { .. }) => (2, root.0),
            // Nothing orders these among each other.
            Lane::Inline | Lane::Bulk => (0, self.rng.next_u64()),
        };
        let lane_calls = self.lanes.entry(order).or_default();
        lane_calls.push_back((id, lane, root, call));
        self.ring();
        None
    }

    fn reap(&mut self, into: &mut Vec<Finished>) {
        if self.lanes.is_empty() {
            return;
        }
        let nth = self.rng.below(self.lanes.len() as u64) as usize;
        let order = *self.lanes.keys().nth(nth).expect("a lane");
        let calls = self.lanes.get_mut(&order).expect("a lane");
        let (id, lane, root, call) = calls.pop_front().expect("a call");
        if calls.is_empty() {
            self.lanes.remove(&order);
        }
        let done = self.make(id, lane, root, call);
        into.push((id, done));
        self.ring();
    }

    fn range(&mut self, file: Fd, at: u64, len: u32) -> Result<Range<'_>, Errno> {
        self.inner.range(file, at, len)
    }

    fn close(self: Box<Self>) -> Threads {
        self.inner.close()
    }
}
