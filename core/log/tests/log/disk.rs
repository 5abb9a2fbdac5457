//! A disk for these tests: operations are performed one by one, in any order the contract allows; what no sync covers
//! may be lost in any subset of sectors and names.

use std::collections::BTreeMap;

use bytes::Bytes;
use ottla_machine::{Dir, DirEntry, DiskOp, DiskOutput, Fault, File, Kind, Mode, Name, Rng};

const SECTOR: usize = 512;

/// A file: what a process sees, what is on the platter, and what lies between.
#[derive(Clone, Debug, Default)]
pub struct Content {
    pub seen: Vec<u8>,
    durable: Vec<u8>,
    changes: Vec<Change>,
    pub granted: u64,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Change::Write(at, bytes) => {
                if to.len() < at + bytes.len() {
                    to.resize(at + bytes.len(), 0);
                }
                to[*at..at + bytes.len()].copy_from_slice(bytes);
            }
            Change::Truncate(len) => to.resize(*len, 0),
        }
    }
}

/// A name that went, and one that came for a node.
type Renamed = (Option<String>, Option<(String, usize)>);

#[derive(Clone, Debug, Default)]
struct Folder {
    seen: BTreeMap<String, usize>,
    durable: BTreeMap<String, usize>,
    changes: Vec<Renamed>,
}

impl Folder {
    fn change(&mut self, gone: Option<String>, new: Option<(String, usize)>) {
        apply_names(&mut self.seen, &gone, &new);
        self.changes.push((gone, new));
    }
}

fn apply_names(
    to: &mut BTreeMap<String, usize>,
    gone: &Option<String>,
    new: &Option<(String, usize)>,
) {
    if let Some(gone) = gone {
        to.remove(gone);
    }
    if let Some((name, node)) = new {
        to.insert(name.clone(), *node);
    }
}

#[derive(Clone, Debug)]
enum Node {
    File(Content),
    Folder(Folder),
}

/// The disk. Node 0 is the log directory, which is [`ROOT`].
#[derive(Clone, Debug)]
pub struct Disk {
    nodes: Vec<Node>,
    files: BTreeMap<File, usize>,
    dirs: BTreeMap<Dir, usize>,
    /// Bytes that may be set aside or written in all.
    pub capacity: u64,
    /// Writes this many more times, then fails with what is said once.
    pub fault: Option<(u32, Fault)>,
}

pub const ROOT: Dir = Dir(1);

impl Disk {
    pub fn new() -> Disk {
        Disk {
            nodes: vec![Node::Folder(Folder::default())],
            files: BTreeMap::new(),
            dirs: BTreeMap::from([(ROOT, 0)]),
            capacity: u64::MAX,
            fault: None,
        }
    }

    fn content(&mut self, file: File) -> &mut Content {
        let node = self.files[&file];
        match &mut self.nodes[node] {
            Node::File(content) => content,
            Node::Folder(_) => panic!("{file:?} is a directory"),
        }
    }

    fn folder(&mut self, node: usize) -> &mut Folder {
        match &mut self.nodes[node] {
            Node::Folder(folder) => folder,
            Node::File(_) => panic!("{node} is a file"),
        }
    }

    fn dir(&mut self, dir: Dir) -> &mut Folder {
        let node = *self
            .dirs
            .get(&dir)
            .unwrap_or_else(|| panic!("{dir:?} is unknown"));
        self.folder(node)
    }

    fn used(&self) -> u64 {
        let of = |node: &Node| match node {
            Node::File(content) => content.granted.max(content.seen.len() as u64),
            Node::Folder(_) => 0,
        };
        self.nodes.iter().map(of).sum()
    }

    /// Performs one operation.
    pub fn perform(&mut self, op: &DiskOp) -> Result<DiskOutput, Fault> {
        match op {
            DiskOp::Open {
                dir,
                name,
                file,
                mode,
            } => self.open(*dir, name, *file, *mode),
            DiskOp::Allocate { file, to } => {
                let had = {
                    let content = self.content(*file);
                    content.granted.max(content.seen.len() as u64)
                };
                if self.used() - had + to.max(&had) > self.capacity {
                    return Err(Fault::Full);
                }
                self.content(*file).granted = (*to).max(had);
                Ok(DiskOutput::Done)
            }
            DiskOp::Write { file, at, bytes } => {
                let bytes = bytes.concat();
                let granted = self.content(*file).granted;
                let end = *at + bytes.len() as u64;
                let full = end > granted && self.used() + bytes.len() as u64 > self.capacity;
                let fault = match &mut self.fault {
                    Some((0, fault)) => Some(*fault),
                    Some((more, _)) => {
                        *more -= 1;
                        None
                    }
                    None => full.then_some(Fault::Full),
                };
                if let Some(fault) = fault {
                    self.fault = None;
                    // A failed write leaves any of its sectors: here the first half.
                    let half = Change::Write(*at as usize, bytes[..bytes.len() / 2].to_vec());
                    self.change(*file, half);
                    return Err(fault);
                }
                self.change(*file, Change::Write(*at as usize, bytes));
                Ok(DiskOutput::Done)
            }
            DiskOp::Read { file, at, len } => {
                let seen = &self.content(*file).seen;
                let from = (*at as usize).min(seen.len());
                let to = (from + *len as usize).min(seen.len());
                Ok(DiskOutput::Read(Bytes::copy_from_slice(&seen[from..to])))
            }
            DiskOp::Sync(file) => {
                let content = self.content(*file);
                content.durable = content.seen.clone();
                content.changes.clear();
                Ok(DiskOutput::Done)
            }
            DiskOp::Truncate { file, len } => {
                self.change(*file, Change::Truncate(*len as usize));
                self.content(*file).granted = *len;
                Ok(DiskOutput::Done)
            }
            DiskOp::Close(file) => {
                self.files.remove(file);
                Ok(DiskOutput::Done)
            }
            DiskOp::Rename { from, to } => self.rename(from, to),
            DiskOp::Remove { dir, name } => {
                let folder = self.dir(*dir);
                if folder.seen.contains_key(name.as_str()) {
                    folder.change(Some(name.to_string()), None);
                }
                Ok(DiskOutput::Done)
            }
            DiskOp::MakeDir { dir, name, made } => {
                let known = self.dir(*dir).seen.get(name.as_str()).copied();
                let node = known.unwrap_or(self.nodes.len());
                if known.is_none() {
                    self.nodes.push(Node::Folder(Folder::default()));
                    self.dir(*dir).change(None, Some((name.to_string(), node)));
                }
                self.dirs.insert(*made, node);
                Ok(DiskOutput::Done)
            }
            DiskOp::SyncDir(dir) => {
                let folder = self.dir(*dir);
                folder.durable = folder.seen.clone();
                folder.changes.clear();
                Ok(DiskOutput::Done)
            }
            DiskOp::List { dir, after, most } => self.list(*dir, after.as_ref(), *most),
            DiskOp::Space(_) => Ok(DiskOutput::Space {
                free: self.capacity.saturating_sub(self.used()),
                total: self.capacity,
            }),
        }
    }

    fn change(&mut self, file: File, change: Change) {
        let content = self.content(file);
        change.apply(&mut content.seen);
        content.changes.push(change);
    }

    fn open(&mut self, dir: Dir, name: &Name, file: File, mode: Mode) -> Result<DiskOutput, Fault> {
        let node = self.dirs[&dir];
        let linked = |folder: &Folder| folder.seen.values().any(|linked| *linked == node);
        if node != 0 && !linked(self.folder(0)) {
            return Err(Fault::Gone);
        }
        let known = self.dir(dir).seen.get(name.as_str()).copied();
        let node = match (known, mode) {
            (Some(node), _) => node,
            (None, Mode::Read | Mode::Write) => return Err(Fault::Gone),
            (None, Mode::Create | Mode::Fresh) => {
                if self.used() >= self.capacity {
                    return Err(Fault::Full);
                }
                self.nodes.push(Node::File(Content::default()));
                let node = self.nodes.len() - 1;
                self.dir(dir).change(None, Some((name.to_string(), node)));
                node
            }
        };
        assert!(self.files.insert(file, node).is_none(), "{file:?} twice");
        if mode == Mode::Fresh && !self.content(file).seen.is_empty() {
            self.change(file, Change::Truncate(0));
        }
        let len = self.content(file).seen.len() as u64;
        Ok(DiskOutput::Opened { len })
    }

    fn rename(&mut self, from: &(Dir, Name), to: &(Dir, Name)) -> Result<DiskOutput, Fault> {
        assert_eq!(from.0, to.0, "the log renames within a directory only");
        let folder = self.dir(from.0);
        let node = *folder.seen.get(from.1.as_str()).ok_or(Fault::Gone)?;
        folder.change(Some(from.1.to_string()), Some((to.1.to_string(), node)));
        Ok(DiskOutput::Done)
    }

    fn list(&mut self, dir: Dir, after: Option<&Name>, most: u32) -> Result<DiskOutput, Fault> {
        let names = self.dir(dir).seen.clone();
        let after = after.map_or(String::new(), Name::to_string);
        let listed = names
            .iter()
            .filter(|(name, _)| **name > after)
            .take(most as usize);
        let entries = listed
            .map(|(name, node)| {
                let (kind, len) = match &self.nodes[*node] {
                    Node::File(content) => (Kind::File, content.seen.len() as u64),
                    Node::Folder(_) => (Kind::Dir, 0),
                };
                let name = Name::new(name).expect("a name");
                DirEntry { name, kind, len }
            })
            .collect();
        Ok(DiskOutput::Listed(entries))
    }

    /// The process is gone; the kernel is not.
    pub fn killed(mut self) -> Disk {
        self.fault = None;
        self.files.clear();
        self.dirs = BTreeMap::from([(ROOT, 0)]);
        for node in &mut self.nodes {
            if let Node::File(content) = node {
                content.granted = 0;
            }
        }
        self
    }

    /// The power is gone: of everything not synced any subset is there.
    pub fn cut(self, rng: &mut Rng) -> Disk {
        let mut disk = self.killed();
        // Some cuts lose everything, some nothing, most something.
        let odds = rng.below(5);
        let mut kept = || rng.below(4) < odds;
        for node in &mut disk.nodes {
            match node {
                Node::File(content) => {
                    let mut left = content.durable.clone();
                    for change in content.changes.drain(..) {
                        match &change {
                            Change::Truncate(_) if kept() => change.apply(&mut left),
                            Change::Truncate(_) => {}
                            Change::Write(at, bytes) => {
                                let mut from = 0;
                                while from < bytes.len() {
                                    let to = ((at + from) / SECTOR + 1) * SECTOR - at;
                                    let to = to.min(bytes.len());
                                    if kept() {
                                        let piece = bytes[from..to].to_vec();
                                        Change::Write(at + from, piece).apply(&mut left);
                                    }
                                    from = to;
                                }
                            }
                        }
                    }
                    content.seen = left.clone();
                    content.durable = left;
                }
                Node::Folder(folder) => {
                    let mut left = folder.durable.clone();
                    for (gone, new) in folder.changes.drain(..) {
                        if kept() {
                            apply_names(&mut left, &gone, &new);
                        }
                    }
                    folder.seen = left.clone();
                    folder.durable = left;
                }
            }
        }
        disk
    }

    fn find(&self, path: &str) -> Option<usize> {
        path.split('/')
            .try_fold(0, |node, name| match &self.nodes[node] {
                Node::Folder(folder) => folder.seen.get(name).copied(),
                Node::File(_) => None,
            })
    }

    /// A file's bytes by path below the log directory.
    pub fn bytes(&self, path: &str) -> Option<&[u8]> {
        match &self.nodes[self.find(path)?] {
            Node::File(content) => Some(&content.seen),
            Node::Folder(_) => None,
        }
    }

    /// A file's bytes by identity.
    pub fn of(&mut self, file: File) -> &[u8] {
        &self.content(file).seen
    }

    /// The names in a directory.
    pub fn names(&self, path: &str) -> Vec<String> {
        match self.find(path).map(|node| &self.nodes[node]) {
            Some(Node::Folder(folder)) => folder.seen.keys().cloned().collect(),
            _ => Vec::new(),
        }
    }

    /// Puts a durable file in place.
    pub fn put(&mut self, path: &str, bytes: &[u8]) {
        let (dir, name) = path.split_once('/').expect("directory/name");
        let folder = self.find(dir).unwrap_or_else(|| {
            self.nodes.push(Node::Folder(Folder::default()));
            let node = self.nodes.len() - 1;
            let root = self.folder(0);
            root.seen.insert(dir.to_owned(), node);
            root.durable.insert(dir.to_owned(), node);
            node
        });
        self.nodes.push(Node::File(Content {
            seen: bytes.to_vec(),
            durable: bytes.to_vec(),
            changes: Vec::new(),
            granted: 0,
        }));
        let node = self.nodes.len() - 1;
        let folder = self.folder(folder);
        folder.seen.insert(name.to_owned(), node);
        folder.durable.insert(name.to_owned(), node);
    }

    /// Removes a file durably.
    pub fn drop_file(&mut self, path: &str) {
        let (dir, name) = path.split_once('/').expect("directory/name");
        if let Some(node) = self.find(dir) {
            let folder = self.folder(node);
            folder.seen.remove(name);
            folder.durable.remove(name);
        }
    }
}
