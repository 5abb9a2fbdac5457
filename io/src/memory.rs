//! Files of a pure disk: every call is done at once. Whoever keeps the [`Memory`] keeps the bytes when the machine goes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use ottla_desk::{CallDone, CallId, Errno, Fd, FileCall, Lane, Looked, Opened, Path};
use ottla_machine::{Dir, DirEntry, Kind, Mode, Name};
use ottla_media::{Media, MediaError, Node, Opening, Status};

use crate::bell::{Bell, locked};
use crate::files::{Files, Finished, Range, Threads};

/// A pure disk that several may hold.
#[derive(Clone, Debug)]
pub struct Memory {
    media: Arc<Mutex<Media>>,
}

impl Memory {
    /// Shares this disk.
    pub fn new(media: Media) -> Memory {
        Memory {
            media: Arc::new(Mutex::new(media)),
        }
    }

    /// The disk itself, for as long as the guard lives.
    pub fn media(&self) -> MutexGuard<'_, Media> {
        locked(&self.media)
    }
}

/// What is behind a descriptor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    node: Node,
    writable: bool,
}

/// Files on a [`Memory`].
#[derive(Debug)]
pub struct MemoryFiles {
    memory: Memory,
    /// Each log directory's path on the disk.
    roots: BTreeMap<Dir, String>,
    places: Vec<Option<Held>>,
}

impl MemoryFiles {
    /// The log directories, each a path on the disk (`""` is its root), made when absent.
    pub fn open(memory: &Memory, dirs: Vec<(Dir, String)>) -> Result<MemoryFiles, MediaError> {
        let mut media = memory.media();
        for (_, path) in &dirs {
            if !path.is_empty() && media.status(path).is_err() {
                media.make_dir(path)?;
            }
        }
        drop(media);
        Ok(MemoryFiles {
            memory: memory.clone(),
            roots: dirs.into_iter().collect(),
            places: Vec::new(),
        })
    }

    fn perform(&mut self, call: FileCall) -> CallDone {
        let mut media = self.memory.media();
        let mut surface = Surface {
            media: &mut media,
            roots: &self.roots,
            places: &mut self.places,
        };
        surface.perform(call)
    }
}

impl Files for MemoryFiles {
    fn roots(&self) -> Vec<Dir> {
        self.roots.keys().copied().collect()
    }

    fn wake_by(&mut self, _bell: Arc<Bell>) {}

    fn submit(&mut self, _id: CallId, _lane: Lane, _root: Dir, call: FileCall) -> Option<CallDone> {
        Some(self.perform(call))
    }

    fn reap(&mut self, _into: &mut Vec<Finished>) {}

    fn range(&mut self, file: Fd, at: u64, len: u32) -> Result<Range<'_>, Errno> {
        let place = self.places.get(file.0 as usize).copied().flatten();
        let held = place.ok_or(Errno::NotFound)?;
        let bytes = self.memory.media().read(held.node, at, len as usize);
        bytes.map(Range::Bytes).map_err(errno)
    }

    fn close(mut self: Box<Self>) -> Threads {
        self.give_back();
        Threads::default()
    }
}

impl MemoryFiles {
    fn give_back(&mut self) {
        let mut media = self.memory.media();
        for held in self.places.drain(..).flatten() {
            media.close(held.node);
        }
    }
}

impl Drop for MemoryFiles {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// A disk with a table of descriptors: what a call is made on.
pub(crate) struct Surface<'a> {
    pub(crate) media: &'a mut Media,
    pub(crate) roots: &'a BTreeMap<Dir, String>,
    pub(crate) places: &'a mut Vec<Option<Held>>,
}

impl Surface<'_> {
    pub(crate) fn path(&self, path: &Path) -> String {
        let root = &self.roots[&path.root];
        match (root.is_empty(), path.rest.is_empty()) {
            (true, _) => path.rest.to_string(),
            (_, true) => root.clone(),
            _ => format!("{root}/{}", path.rest),
        }
    }

    fn held(&self, file: Fd) -> Held {
        let place = self.places.get(file.0 as usize).copied().flatten();
        place.expect("the desk's file is open")
    }

    pub(crate) fn node(&self, file: Fd) -> Node {
        self.held(file).node
    }

    /// The node of a file that was opened to be written.
    fn to_change(&self, file: Fd) -> Result<Node, Errno> {
        let Held { node, writable } = self.held(file);
        if writable {
            Ok(node)
        } else {
            Err(Errno::Other(libc::EBADF))
        }
    }

    pub(crate) fn perform(&mut self, call: FileCall) -> CallDone {
        match call {
            FileCall::Openat { file, path, mode } => {
                CallDone::Opened(self.open(file, &path, mode).map_err(errno))
            }
            FileCall::Pwritev { file, at, bufs } => {
                let result = self.write(file, at, &bufs);
                CallDone::Written { bufs, result }
            }
            FileCall::Pread {
                file,
                at,
                len,
                mut buf,
            } => {
                let result = self.media.read(self.node(file), at, len);
                let result = result.map_err(errno).map(|bytes| {
                    buf.extend_from_slice(&bytes);
                    bytes.len()
                });
                CallDone::Read { buf, result }
            }
            FileCall::Fdatasync { file } => plain(self.media.sync(self.node(file))),
            FileCall::Fallocate { file, at, len } => {
                let allocated = self
                    .to_change(file)
                    .and_then(|node| self.media.allocate(node, at + len).map_err(errno));
                CallDone::Plain(allocated)
            }
            FileCall::Ftruncate { file, len } => {
                let truncated = self
                    .to_change(file)
                    .and_then(|node| self.media.truncate(node, len).map_err(errno));
                CallDone::Plain(truncated)
            }
            FileCall::Warm { .. } => CallDone::Plain(Ok(())),
            FileCall::CloseFile { file } => {
                if let Some(held) = self.places.get_mut(file.0 as usize).and_then(Option::take) {
                    self.media.close(held.node);
                }
                CallDone::Plain(Ok(()))
            }
            FileCall::Renameat { from, to } => {
                let (from, to) = (self.path(&from), self.path(&to));
                plain(self.media.rename(&from, &to))
            }
            FileCall::Unlinkat { path } => plain(self.media.unlink(&self.path(&path))),
            FileCall::Rmdir { path } => plain(self.media.remove_dir(&self.path(&path))),
            FileCall::Mkdirat { path } => plain(self.media.make_dir(&self.path(&path))),
            FileCall::FsyncDir { path } => plain(self.media.sync_dir(&self.path(&path))),
            FileCall::ListDir { path, after, most } => {
                CallDone::Listed(self.list(&path, after.as_ref(), most).map_err(errno))
            }
            FileCall::Lookup { path } => {
                let status = self.media.status(&self.path(&path));
                CallDone::Looked(status.map(looked).map_err(errno))
            }
            FileCall::StatFs { .. } => CallDone::Space(Ok(self.media.space())),
        }
    }

    fn open(&mut self, file: Fd, path: &Path, mode: Mode) -> Result<Opened, MediaError> {
        let how = Opening {
            create: matches!(mode, Mode::Create | Mode::Fresh),
            truncate: mode == Mode::Fresh,
        };
        let path = self.path(path);
        let status = self.media.open(&path, how)?;
        let place = file.0 as usize;
        if self.places.len() <= place {
            self.places.resize(place + 1, None);
        }
        self.places[place] = Some(Held {
            node: status.node,
            writable: mode != Mode::Read,
        });
        Ok(Opened {
            len: status.len,
            node: status.node.0,
        })
    }

    fn write(&mut self, file: Fd, at: u64, bufs: &[bytes::Bytes]) -> Result<usize, Errno> {
        let node = self.to_change(file)?;
        let mut done = 0;
        for buf in bufs {
            match self.media.write(node, at + done as u64, buf) {
                Ok(()) => done += buf.len(),
                // As a kernel does: what fits is written, the next call says why no more.
                Err(_) if done > 0 => break,
                Err(error) => return Err(errno(error)),
            }
        }
        Ok(done)
    }

    fn list(
        &self,
        path: &Path,
        after: Option<&Name>,
        most: u32,
    ) -> Result<Vec<DirEntry>, MediaError> {
        let path = self.path(path);
        let entries = self
            .media
            .list(&path, after.map(Name::as_str), most as usize)?;
        let entries = entries.into_iter().map(|(name, status)| DirEntry {
            name: Name::new(&name).expect("names come from names"),
            kind: kind(status),
            len: status.len,
        });
        Ok(entries.collect())
    }
}

fn kind(status: Status) -> Kind {
    if status.is_dir { Kind::Dir } else { Kind::File }
}

fn looked(status: Status) -> Looked {
    Looked {
        kind: kind(status),
        len: status.len,
        node: status.node.0,
        links: status.links,
    }
}

fn plain(result: Result<(), MediaError>) -> CallDone {
    CallDone::Plain(result.map_err(errno))
}

fn errno(error: MediaError) -> Errno {
    match error {
        MediaError::NotFound => Errno::NotFound,
        MediaError::Exists => Errno::Exists,
        MediaError::NotEmpty => Errno::NotEmpty,
        MediaError::NoSpace => Errno::NoSpace,
        MediaError::WrongKind => Errno::Other(libc::ENOTDIR),
    }
}
