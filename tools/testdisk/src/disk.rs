//! Operations performed on `ottla-media`: the table from identities to paths and nodes, and faults to order.

use std::collections::BTreeMap;

use bytes::Bytes;
use ottla_machine::{Dir, DirEntry, DiskOp, DiskOutput, Fault, File, Kind, Mode, Name, Rng};
use ottla_media::{Covered, Failed, Media, MediaError, Node, Opening};

use crate::fates::{fates, torn};

/// The log directory.
pub const ROOT: Dir = Dir(1);

/// The disk, and the names by which one process knows what is on it.
#[derive(Clone)]
pub struct Disk {
    /// What is on it.
    pub media: Media,
    dirs: BTreeMap<Dir, String>,
    files: BTreeMap<File, Node>,
    /// A disk that says synced and has not.
    pub lies: bool,
    /// How many more operations that change the disk succeed before one fails, and how. A write that fails leaves any of its sectors.
    pub fails: Option<(u64, Fault)>,
    /// The same, but only writes are counted and fail.
    pub write_fails: Option<(u64, Fault)>,
    /// The same of syncs of files. One that fails may leave the cache as it is or as the media has it; later ones succeed.
    pub sync_fails: Option<(u64, Fault)>,
    /// The name in its directory under which each file was opened last.
    pub opened: BTreeMap<File, String>,
    /// Syncs performed.
    pub syncs: u64,
    /// Writes performed to segments.
    pub writes: u64,
    /// Draws what faults leave.
    rng: Rng,
}

fn fault(error: MediaError) -> Fault {
    match error {
        MediaError::NotFound => Fault::Gone,
        MediaError::NoSpace => Fault::Full,
        other => panic!("the machine asked for something impossible: {other:?}"),
    }
}

fn join(dir: &str, name: &Name) -> String {
    if dir.is_empty() {
        name.to_string()
    } else {
        format!("{dir}/{name}")
    }
}

impl Disk {
    /// A process that knows nothing yet, over a disk.
    pub fn over(media: Media) -> Disk {
        Disk {
            media,
            dirs: BTreeMap::from([(ROOT, String::new())]),
            files: BTreeMap::new(),
            lies: false,
            fails: None,
            write_fails: None,
            sync_fails: None,
            opened: BTreeMap::new(),
            syncs: 0,
            writes: 0,
            rng: Rng::new([0x7d; 32]),
        }
    }

    /// The process is gone; the kernel is not.
    pub fn killed(self) -> Disk {
        let mut media = self.media;
        media.kill();
        Disk::over(media)
    }

    /// The power is gone: of everything not synced any subset is there.
    pub fn cut(self, rng: &mut Rng) -> Disk {
        let mut media = self.media;
        media.power_cut(fates(rng.below(6), rng));
        Disk::over(media)
    }

    /// How many files are open.
    pub fn open_files(&self) -> usize {
        self.files.len()
    }

    fn path(&self, dir: Dir, name: &Name) -> String {
        join(self.dir(dir), name)
    }

    fn dir(&self, dir: Dir) -> &str {
        self.dirs
            .get(&dir)
            .unwrap_or_else(|| panic!("{dir:?} is unknown"))
    }

    fn node(&self, file: File) -> Node {
        *self
            .files
            .get(&file)
            .unwrap_or_else(|| panic!("{file:?} is not open"))
    }

    /// A sync begins; everything performed before is covered.
    pub fn sync_begins(&mut self, file: File) -> (Node, Covered) {
        let node = self.node(file);
        (node, self.media.sync_begins(node).expect("an open file"))
    }

    /// A sync ends: what it covered is durable, unless faults say otherwise.
    pub fn sync_ends(&mut self, node: Node, covered: Covered) -> Result<DiskOutput, Fault> {
        self.syncs += 1;
        if let Some(fault) = due(&mut self.fails).or_else(|| due(&mut self.sync_fails)) {
            let how = [Failed::Keeps, Failed::Reverts][self.rng.below(2) as usize];
            let _ = self.media.sync_fails(node, how);
            return Err(fault);
        }
        if !self.lies {
            self.media.sync_ends(node, covered).map_err(fault)?;
        }
        Ok(DiskOutput::Done)
    }

    /// Performs anything but a sync.
    pub fn perform(&mut self, op: DiskOp) -> Result<DiskOutput, Fault> {
        let writes = matches!(op, DiskOp::Write { .. });
        let fails = changes(&op).then(|| due(&mut self.fails)).flatten();
        let fails = fails.or_else(|| writes.then(|| due(&mut self.write_fails)).flatten());
        if let Some(fault) = fails {
            if let DiskOp::Write { file, at, bytes } = op {
                self.tear(file, at, &bytes.concat());
            }
            return Err(fault);
        }
        match op {
            DiskOp::Allocate { file, to } => done(self.media.allocate(self.node(file), to)),
            DiskOp::Write { file, at, bytes } => {
                self.writes += 1;
                let bytes = bytes.concat();
                let result = self.media.write(self.node(file), at, &bytes);
                if result == Err(MediaError::NoSpace) {
                    // As a kernel does: some of it may have fitted.
                    self.tear(file, at, &bytes[..bytes.len() / 2]);
                }
                done(result)
            }
            DiskOp::Read { file, at, len } => {
                let read = self.media.read(self.node(file), at, len as usize);
                Ok(DiskOutput::Read(read.map_err(fault)?))
            }
            DiskOp::Truncate { file, len } => done(self.media.truncate(self.node(file), len)),
            DiskOp::Close(file) => {
                let node = self.node(file);
                self.files.remove(&file);
                self.media.close(node);
                Ok(DiskOutput::Done)
            }
            DiskOp::Sync(_) | DiskOp::SyncAside(_) => unreachable!("a sync begins and ends"),
            names => self.perform_names(names),
        }
    }

    /// Performs what concerns names.
    fn perform_names(&mut self, op: DiskOp) -> Result<DiskOutput, Fault> {
        match op {
            DiskOp::Open {
                dir,
                name,
                file,
                mode,
            } => {
                let how = Opening {
                    create: matches!(mode, Mode::Create | Mode::Fresh),
                    truncate: mode == Mode::Fresh,
                };
                let path = self.path(dir, &name);
                if how.create && self.media.status(&path).is_err() && self.media.space().0 == 0 {
                    return Err(Fault::Full);
                }
                self.opened.insert(file, name.to_string());
                let status = self.media.open(&path, how).map_err(fault)?;
                assert!(
                    self.files.insert(file, status.node).is_none(),
                    "I1: {file:?}"
                );
                Ok(DiskOutput::Opened { len: status.len })
            }
            DiskOp::Rename { from, to } => {
                let (from, to) = (self.path(from.0, &from.1), self.path(to.0, &to.1));
                self.media.rename(&from, &to).map_err(fault)?;
                for path in self.dirs.values_mut().filter(|path| **path == from) {
                    *path = to.clone();
                }
                Ok(DiskOutput::Done)
            }
            DiskOp::Remove { dir, name } => self.remove(&self.path(dir, &name)),
            DiskOp::MakeDir { dir, name, made } => {
                let path = self.path(dir, &name);
                match self.media.make_dir(&path) {
                    Ok(()) | Err(MediaError::Exists) => {}
                    Err(error) => return Err(fault(error)),
                }
                assert!(self.dirs.insert(made, path).is_none(), "I1: {made:?}");
                Ok(DiskOutput::Done)
            }
            DiskOp::SyncDir(dir) => {
                let path = self.dir(dir).to_owned();
                done(self.media.sync_dir(&path))
            }
            DiskOp::List { dir, after, most } => {
                let path = self.dir(dir).to_owned();
                let after = after.map(|name| name.to_string());
                Ok(DiskOutput::Listed(self.list(
                    &path,
                    after.as_deref(),
                    most as usize,
                )))
            }
            DiskOp::Space(_) => {
                let (free, total) = self.media.space();
                Ok(DiskOutput::Space { free, total })
            }
            of_a_file => unreachable!("{of_a_file:?} concerns a file"),
        }
    }

    /// A write that failed leaves any of its sectors, old, new, or torn.
    fn tear(&mut self, file: File, at: u64, bytes: &[u8]) {
        let node = self.node(file);
        let rng = &mut self.rng;
        let _ = self.media.write_some(node, at, bytes, |_| torn(rng));
    }

    fn remove(&mut self, path: &str) -> Result<DiskOutput, Fault> {
        match self.media.status(path) {
            Err(_) => Ok(DiskOutput::Done),
            Ok(status) if status.is_dir => {
                for entry in self.list(path, None, usize::MAX) {
                    self.remove(&join(path, &entry.name))?;
                }
                done(self.media.remove_dir(path))
            }
            Ok(_) => done(self.media.unlink(path)),
        }
    }

    /// At most `most` entries of a directory.
    pub fn list(&self, path: &str, after: Option<&str>, most: usize) -> Vec<DirEntry> {
        let listed = self.media.list(path, after, most).expect("a directory");
        let entry = |(name, status): (String, ottla_media::Status)| DirEntry {
            name: Name::new(&name).expect("a name"),
            kind: if status.is_dir { Kind::Dir } else { Kind::File },
            len: status.len,
        };
        listed.into_iter().map(entry).collect()
    }

    /// The names in a directory; none when it is not there.
    pub fn names(&self, path: &str) -> Vec<String> {
        if self.media.status(path).is_err() {
            return Vec::new();
        }
        let entries = self.list(path, None, usize::MAX);
        entries
            .into_iter()
            .map(|entry| entry.name.to_string())
            .collect()
    }

    /// A file's bytes.
    pub fn bytes(&self, path: &str) -> Option<Bytes> {
        let status = self.media.status(path).ok()?;
        self.media.read(status.node, 0, status.len as usize).ok()
    }

    /// Puts a file in place, durably.
    pub fn put(&mut self, dir: &str, name: &str, bytes: &[u8]) {
        if !dir.is_empty() {
            let _ = self.media.make_dir(dir);
            self.media.sync_dir("").expect("the root");
        }
        let path = if dir.is_empty() {
            name.to_owned()
        } else {
            format!("{dir}/{name}")
        };
        let how = Opening {
            create: true,
            truncate: true,
        };
        let node = self.media.open(&path, how).expect("room").node;
        self.media.write(node, 0, bytes).expect("room");
        self.media.sync(node).expect("room");
        self.media.close(node);
        self.media.sync_dir(dir).expect("a directory");
    }

    /// A range of an open file, as an answer sends it.
    pub fn range(&self, file: File, at: u64, len: usize) -> Bytes {
        self.media.read(self.node(file), at, len).expect("a range")
    }
}

/// The fault whose turn it is.
fn due(fails: &mut Option<(u64, Fault)>) -> Option<Fault> {
    let (more, fault) = fails.as_mut()?;
    if *more > 0 {
        *more -= 1;
        return None;
    }
    let fault = *fault;
    *fails = None;
    Some(fault)
}

fn done(result: Result<(), MediaError>) -> Result<DiskOutput, Fault> {
    result.map(|()| DiskOutput::Done).map_err(fault)
}

fn changes(op: &DiskOp) -> bool {
    match op {
        DiskOp::Open { mode, .. } => matches!(mode, Mode::Create | Mode::Fresh),
        DiskOp::Read { .. } | DiskOp::Close(_) | DiskOp::List { .. } | DiskOp::Space(_) => false,
        _ => true,
    }
}

/// The file that an operation is ordered by.
pub fn file_of(op: &DiskOp) -> Option<File> {
    match op {
        DiskOp::Allocate { file, .. }
        | DiskOp::Write { file, .. }
        | DiskOp::Read { file, .. }
        | DiskOp::Sync(file)
        | DiskOp::SyncAside(file)
        | DiskOp::Truncate { file, .. }
        | DiskOp::Close(file) => Some(*file),
        _ => None,
    }
}
