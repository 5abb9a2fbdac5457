//! Removing a file, or a directory with all that is in it, without holding up a flush.
//!
//! R1: a file's name goes first, its bytes afterwards, by slices, through a descriptor: whatever a crash
//! interrupts, a file that still has its name still has its bytes.
//! R2: a file that somebody has open keeps its bytes; whoever closes it last shortens it.
//! R3: it is cut at multiples of a slice only. A kernel fills with zeros what is behind the cut in the page it goes through, and a
//! connection may still have that page to send: pages end at these multiples, however large they are.
//!
//! | state | asks for | then |
//! |---|---|---|
//! | look | `Lookup` | name (file), open (large file), list (directory), done (nothing there) |
//! | open | `Openat` | name |
//! | name | `Unlinkat` | cut when opened, else next |
//! | cut | `Ftruncate` by slices | close |
//! | close | `CloseFile` | next |
//! | list | `ListDir` | next entry, or leave when empty |
//! | leave | `Rmdir` | next |

use std::collections::VecDeque;

use ottla_machine::{DirEntry, Fault, Kind, Mode, Op, Switch};

use crate::call::{CallDone, Errno, Fd, FileCall, Path};
use crate::limits::{REMOVE_ENTRIES, remove_slice};

#[derive(Clone, Debug)]
struct Level {
    path: Path,
    entries: VecDeque<DirEntry>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Look,
    Open,
    Name,
    Cut,
    Close,
    List,
    Leave,
}

/// R3: the length of a file longer than a slice when its last one is cut off.
pub(crate) fn shorter(len: u64, slice: u64) -> u64 {
    (len - 1) / slice * slice
}

/// What a removal needs to be known of open files: it tells which node's name is going.
pub(crate) trait OpenNodes {
    /// Whether a node is open; if so its closer is told to shorten it.
    fn adopt(&mut self, node: u64) -> bool;
    /// A free place for a descriptor.
    fn place(&mut self) -> Fd;
    /// The place is free again.
    fn release(&mut self, file: Fd);
}

/// What comes next.
#[derive(Debug)]
pub(crate) enum Step {
    Call(FileCall),
    Done(Result<(), Fault>),
}

#[derive(Clone, Debug)]
pub(crate) struct Removal {
    pub(crate) op: Op,
    switch: Switch,
    /// The entry in hand.
    path: Path,
    levels: Vec<Level>,
    stage: Stage,
    /// The place of the descriptor through which a large file is cut.
    file: Option<Fd>,
    len: u64,
    fault: Option<Fault>,
}

impl Removal {
    pub(crate) fn new(op: Op, path: Path, switch: Switch) -> (Removal, FileCall) {
        let call = FileCall::Lookup { path: path.clone() };
        let removal = Removal {
            op,
            switch,
            path,
            levels: Vec::new(),
            stage: Stage::Look,
            file: None,
            len: 0,
            fault: None,
        };
        (removal, call)
    }

    /// A call was answered.
    pub(crate) fn back(&mut self, done: CallDone, nodes: &mut impl OpenNodes) -> Step {
        match (self.stage, done) {
            (Stage::Look, CallDone::Looked(Ok(looked))) => match looked.kind {
                Kind::Dir => self.list(self.path.clone()),
                _ if looked.len <= self.slice() || looked.links > 1 => self.unlink(),
                _ if nodes.adopt(looked.node) => self.unlink(),
                _ => {
                    self.len = looked.len;
                    let file = nodes.place();
                    self.file = Some(file);
                    self.open(file)
                }
            },
            (Stage::Open, CallDone::Opened(Ok(_))) => self.unlink(),
            (Stage::Open, CallDone::Opened(Err(Errno::Interrupted))) => {
                let file = self.file.expect("R1: a place was taken");
                self.open(file)
            }
            // Then it is not shortened, that is all.
            (Stage::Open, CallDone::Opened(Err(_))) => {
                if let Some(file) = self.file.take() {
                    nodes.release(file);
                }
                self.unlink()
            }
            (Stage::Name, CallDone::Plain(Ok(()))) => self.cut(),
            (Stage::Name, CallDone::Plain(Err(Errno::NotFound))) => self.cut(),
            (Stage::Cut, CallDone::Plain(Err(Errno::Interrupted))) => {
                self.len += self.slice();
                self.cut()
            }
            (Stage::Cut, CallDone::Plain(Ok(()))) => self.cut(),
            (Stage::Cut, CallDone::Plain(Err(_))) => {
                self.len = 0;
                self.cut()
            }
            (Stage::Close, CallDone::Plain(_)) => {
                if let Some(file) = self.file.take() {
                    nodes.release(file);
                }
                self.entry()
            }
            (Stage::List, CallDone::Listed(Ok(entries))) => {
                let path = self.path.clone();
                if entries.is_empty() {
                    self.stage = Stage::Leave;
                    return Step::Call(FileCall::Rmdir { path });
                }
                let entries = entries.into();
                self.levels.push(Level { path, entries });
                self.entry()
            }
            (Stage::Leave, CallDone::Plain(Ok(()))) => self.entry(),
            (stage, done) => self.failed(stage, &done),
        }
    }

    fn failed(&mut self, stage: Stage, done: &CallDone) -> Step {
        let errno = match done {
            CallDone::Looked(Err(errno))
            | CallDone::Plain(Err(errno))
            | CallDone::Listed(Err(errno)) => *errno,
            other => panic!("R1: {other:?} is no answer at {stage:?}"),
        };
        let path = self.path.clone();
        match (stage, errno) {
            (_, Errno::NotFound) => self.entry(),
            (Stage::Look, Errno::Interrupted) => Step::Call(FileCall::Lookup { path }),
            (Stage::Name, Errno::Interrupted) => Step::Call(FileCall::Unlinkat { path }),
            (Stage::List, Errno::Interrupted) => self.list(path),
            (Stage::Leave, Errno::Interrupted) => Step::Call(FileCall::Rmdir { path }),
            (_, errno) => {
                self.fault = Some(errno.fault());
                self.len = 0;
                self.cut()
            }
        }
    }

    fn slice(&self) -> u64 {
        remove_slice(self.switch)
    }

    fn list(&mut self, path: Path) -> Step {
        self.stage = Stage::List;
        self.path = path.clone();
        Step::Call(FileCall::ListDir {
            path,
            after: None,
            most: REMOVE_ENTRIES.of(self.switch) as u32,
        })
    }

    fn open(&mut self, file: Fd) -> Step {
        self.stage = Stage::Open;
        Step::Call(FileCall::Openat {
            file,
            path: self.path.clone(),
            mode: Mode::Write,
        })
    }

    fn unlink(&mut self) -> Step {
        self.stage = Stage::Name;
        Step::Call(FileCall::Unlinkat {
            path: self.path.clone(),
        })
    }

    fn cut(&mut self) -> Step {
        let Some(file) = self.file else {
            return self.entry();
        };
        if self.len > self.slice() {
            self.stage = Stage::Cut;
            self.len = shorter(self.len, self.slice());
            let len = self.len;
            return Step::Call(FileCall::Ftruncate { file, len });
        }
        self.stage = Stage::Close;
        Step::Call(FileCall::CloseFile { file })
    }

    /// The entry in hand is gone: the next one.
    fn entry(&mut self) -> Step {
        self.len = 0;
        if let Some(fault) = self.fault {
            return Step::Done(Err(fault));
        }
        let Some(level) = self.levels.last_mut() else {
            return Step::Done(Ok(()));
        };
        let Some(entry) = level.entries.pop_front() else {
            // More may be there than was listed.
            let path = level.path.clone();
            self.levels.pop();
            return self.list(path);
        };
        self.path = level.path.join(entry.name.as_str());
        match entry.kind {
            Kind::Dir => self.list(self.path.clone()),
            _ if entry.len <= self.slice() => self.unlink(),
            _ => {
                self.stage = Stage::Look;
                Step::Call(FileCall::Lookup {
                    path: self.path.clone(),
                })
            }
        }
    }
}
