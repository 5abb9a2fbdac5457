//! Files of the file system: short calls where the machine runs, the rest on two lanes per log directory.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use ottla_desk::{CallDone, CallId, Errno, Fd, FileCall, Lane};
use ottla_machine::Dir;
use rustix::fs::{self, OFlags};

use crate::bell::Bell;
use crate::files::{Files, Finished, Range, Threads};
use crate::lanes::{LaneThread, Made, Order, Tray};
use crate::perform::{Place, perform, read_now};

/// A read up to this size is made at once if it is in memory: it costs less than waking the lane.
const SHORT_READ: usize = 64 << 10;

#[derive(Debug)]
struct Root {
    descriptor: Arc<OwnedFd>,
    flush: LaneThread,
    bulk: LaneThread,
}

/// Files below paths.
#[derive(Debug)]
pub struct RealFiles {
    roots: BTreeMap<Dir, Root>,
    places: Vec<Option<Arc<OwnedFd>>>,
    tray: Arc<Tray>,
    made: Vec<Made>,
}

impl RealFiles {
    /// Opens the log directories, which must exist. Threads are named `<name>-flush<n>` and `<name>-bulk<n>`,
    /// `n` being the directory's number.
    pub fn open(name: &str, dirs: Vec<(Dir, PathBuf)>) -> io::Result<RealFiles> {
        let tray = Arc::new(Tray::default());
        let mut roots = BTreeMap::new();
        for (dir, path) in dirs {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let descriptor = fs::open(&path, flags, fs::Mode::empty()).map_err(|os| {
                io::Error::new(
                    io::Error::from(os).kind(),
                    format!("{}: {os}", path.display()),
                )
            })?;
            let descriptor = Arc::new(descriptor);
            let lane = |kind| {
                let name = format!("{name}-{kind}{}", dir.0);
                LaneThread::new(name, descriptor.clone(), tray.clone())
            };
            let root = Root {
                descriptor: descriptor.clone(),
                flush: lane("flush"),
                bulk: lane("bulk"),
            };
            roots.insert(dir, root);
        }
        Ok(RealFiles {
            roots,
            places: Vec::new(),
            tray,
            made: Vec::new(),
        })
    }

    fn put(&mut self, file: Fd, descriptor: OwnedFd) {
        let place = file.0 as usize;
        if self.places.len() <= place {
            self.places.resize(place + 1, None);
        }
        self.places[place] = Some(Arc::new(descriptor));
    }

    /// The descriptor a call needs; a closing call takes it out of its place.
    fn file_of(&mut self, call: &FileCall) -> Option<Arc<OwnedFd>> {
        match call {
            FileCall::Pwritev { file, .. }
            | FileCall::Pread { file, .. }
            | FileCall::Fdatasync { file }
            | FileCall::Fallocate { file, .. }
            | FileCall::Ftruncate { file, .. }
            | FileCall::Warm { file, .. } => self.places.get(file.0 as usize)?.clone(),
            FileCall::CloseFile { file } => self.places.get_mut(file.0 as usize)?.take(),
            _ => None,
        }
    }
}

impl Files for RealFiles {
    fn roots(&self) -> Vec<Dir> {
        self.roots.keys().copied().collect()
    }

    fn wake_by(&mut self, bell: Arc<Bell>) {
        self.tray.wake_by(bell);
    }

    fn submit(&mut self, id: CallId, lane: Lane, root: Dir, call: FileCall) -> Option<CallDone> {
        let file = self.file_of(&call);
        if lane == Lane::Inline {
            let other = match &call {
                FileCall::Renameat { to, .. } => to.root,
                _ => root,
            };
            let place = Place {
                file: file.as_deref(),
                root: &self.roots[&root].descriptor,
                other: &self.roots[&other].descriptor,
            };
            let (done, opened) = perform(call, place);
            if let Some((file, descriptor)) = opened {
                self.put(file, descriptor);
            }
            return Some(done);
        }
        let mut call = call;
        if let (FileCall::Pread { at, len, buf, .. }, Some(file)) = (&mut call, &file)
            && *len <= SHORT_READ
            && let Some(done) = read_now(file, *at, *len, buf)
        {
            return Some(done);
        }
        let root = self.roots.get_mut(&root).expect("the desk knows its roots");
        let order = Order { id, call, file };
        match lane {
            Lane::Bulk => root.bulk.hand(order),
            _ => root.flush.hand(order),
        }
    }

    fn reap(&mut self, into: &mut Vec<Finished>) {
        let mut made = std::mem::take(&mut self.made);
        self.tray.take(&mut made);
        for Made { id, done, opened } in made.drain(..) {
            if let Some((file, descriptor)) = opened {
                self.put(file, descriptor);
            }
            into.push((id, done));
        }
        self.made = made;
    }

    fn range(&mut self, file: Fd, _at: u64, _len: u32) -> Result<Range<'_>, Errno> {
        match self.places.get(file.0 as usize) {
            Some(Some(descriptor)) => Ok(Range::Descriptor(descriptor.as_fd())),
            _ => Err(Errno::NotFound),
        }
    }

    fn close(self: Box<Self>) -> Threads {
        let mut threads = Threads::default();
        for root in self.roots.into_values() {
            root.flush.close(&mut threads);
            root.bulk.close(&mut threads);
        }
        threads
    }
}
