//! One pure disk: files and directories in memory, with a page cache apart from the media. Inputs are calls that look like system
//! calls; nothing is emitted and nothing is drawn. It is the disk of in-memory brokers, of the conformance suite, and of the simulator.
//!
//! A process may be killed without a word to the disk: what it wrote stays. In a power cut ([`Media::power_cut`]) the caller decides
//! the [`Fate`] of everything that no sync covered:
//!
//! | what | may be |
//! |---|---|
//! | a sector that was changed | as it was durable; as it is; as it was before it was written over again (write-back comes when it likes); torn between the first two |
//! | what of it lies beyond the least length since | also zeros or stale bytes: a file system may write the length down before the data |
//! | a length that was changed | any between the least and the most that the file had since what is durable |
//! | a change of names | there, whole, or not |
//!
//! File systems write down the length that a file had when one of its pages went out, or the end of a block (ext4's `i_disksize`, XFS's
//! size at the end of an I/O), and a truncation as one: every length at which some append or truncation ended, and block ends between
//! them. Any byte between the least and the most is more than that, and simpler. Content and length are decided apart, as the contract has
//! it; so are names and files.
//!
//! Damage from outside ([`Media::rot`], [`Media::stray`], [`Media::misdirect`]) is in the cache and on the media alike, as if the page had
//! been evicted and read again. Reads that fail are the caller's business: nothing here changes by them.
//!
//! Invariants
//! - M1: what a sync covered, no power cut takes. A sync that was under way while another of its file failed covers nothing: Linux tells
//!   a descriptor of an error once, and the other sync may be the one that is told.
//! - M2: a file lives while a name leads to it (in the cache or on the media) or it is open.
//! - M3: room in use never passes the capacity.
//! - M4: a rename survives whole or not at all.
#![forbid(unsafe_code)]

mod chunks;
mod content;
mod fate;
mod names;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use content::Content;
pub use content::Covered;
pub use fate::{Fate, SECTOR, Unsynced};
use names::Names;

/// Which changes of names a sync of a directory covers, from when it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoveredNames(u64);

/// What the disk calls a file or directory, whatever its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node(pub u64);

/// Why a call failed. Nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaError {
    /// No such name.
    NotFound,
    /// The name is taken by something of another kind.
    Exists,
    /// The directory is not empty.
    NotEmpty,
    /// The capacity is used up.
    NoSpace,
    /// A directory where a file is wanted, or the other way round.
    WrongKind,
}

/// What is behind a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The node.
    pub node: Node,
    /// Whether it is a directory.
    pub is_dir: bool,
    /// A file's length in bytes.
    pub len: u64,
    /// How many names lead to it.
    pub links: u64,
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// Make it when it is not there.
    pub create: bool,
    /// Cut it to nothing.
    pub truncate: bool,
}

/// What the cache shows after a sync that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// What was written, as if nothing had happened (ext4, XFS): pages are clean and the media never got them.
    Keeps,
    /// What the media has, bytes and length (Btrfs).
    Reverts,
}

#[derive(Clone, Debug)]
struct FileNode {
    /// Copies of a disk share it until one of them changes it.
    content: Arc<Content>,
    opens: u32,
}

/// The disk.
#[derive(Clone, Debug)]
pub struct Media {
    capacity: u64,
    /// Whether a power cut is possible: then old bytes are kept until a sync covers the new ones.
    keeps_old: bool,
    used: u64,
    next_node: u64,
    files: BTreeMap<Node, FileNode>,
    names: Names,
}

impl Media {
    /// An empty disk of `capacity` bytes that can lose its power.
    pub fn new(capacity: u64) -> Media {
        Media {
            capacity,
            keeps_old: true,
            used: 0,
            next_node: 1,
            files: BTreeMap::new(),
            names: Names::default(),
        }
    }

    /// An empty disk that dies with its process and therefore keeps nothing twice.
    pub fn volatile(capacity: u64) -> Media {
        Media {
            keeps_old: false,
            ..Media::new(capacity)
        }
    }

    /// Opens a file. It must be closed as often as it was opened.
    pub fn open(&mut self, path: &str, how: Opening) -> Result<Status, MediaError> {
        let node = match self.names.find(path) {
            Some(node) if self.names.is_dir(node) => return Err(MediaError::WrongKind),
            Some(node) => node,
            None if how.create => self.create(path)?,
            None => return Err(MediaError::NotFound),
        };
        let file = self
            .files
            .get_mut(&node)
            .expect("M2: a named file is there");
        file.opens += 1;
        if how.truncate && file.content.len() > 0 {
            self.truncate(node, 0)?;
        }
        self.status_of(node)
    }

    /// Gives an open file back.
    pub fn close(&mut self, node: Node) {
        let file = self
            .files
            .get_mut(&node)
            .expect("M2: an open file is there");
        file.opens -= 1;
        self.sweep(node);
    }

    /// Writes all of `bytes` at `at`, or nothing.
    pub fn write(&mut self, node: Node, at: u64, bytes: &[u8]) -> Result<(), MediaError> {
        self.change(
            node,
            |content| content.write(at, bytes),
            |content| content.room_with(at + bytes.len() as u64),
        )
    }

    /// A write that fails or is cut midway: asked for each sector, only what is new by its fate gets in ([`Fate::New`], [`Fate::Torn`],
    /// [`Fate::TornFrom`]; all else is old). The file ends where the last of it ends.
    pub fn write_some(
        &mut self,
        node: Node,
        at: u64,
        bytes: &[u8],
        fate: impl FnMut(u64) -> Fate,
    ) -> Result<(), MediaError> {
        self.change(
            node,
            |content| content.write_some(at, bytes, fate),
            |content| content.room_with(at + bytes.len() as u64),
        )
    }

    /// Reads at most `len` bytes; fewer only at the end of the file.
    pub fn read(&self, node: Node, at: u64, len: usize) -> Result<Bytes, MediaError> {
        Ok(self.file(node)?.content.read(at, len))
    }

    /// Sets room aside up to `to`; the length stays.
    pub fn allocate(&mut self, node: Node, to: u64) -> Result<(), MediaError> {
        self.change(
            node,
            |content| content.allocate(to),
            |content| content.room_with(to),
        )
    }

    /// Sets the length and gives back room beyond it.
    pub fn truncate(&mut self, node: Node, len: u64) -> Result<(), MediaError> {
        self.change(
            node,
            |content| content.truncate(len),
            |content| content.room_with(len),
        )
    }

    /// Makes a file's bytes and length durable.
    pub fn sync(&mut self, node: Node) -> Result<(), MediaError> {
        self.content(node)?.sync();
        Ok(())
    }

    /// What a sync of this file covers that begins now. Others may write until it ends.
    pub fn sync_begins(&mut self, node: Node) -> Result<Covered, MediaError> {
        Ok(self.content(node)?.covered())
    }

    /// That sync ends: what it covered is durable, and nothing else.
    pub fn sync_ends(&mut self, node: Node, covered: Covered) -> Result<(), MediaError> {
        self.content(node)?.sync_to(covered);
        Ok(())
    }

    /// A sync fails. What it should have covered, and any other sync of the file that is under way, is not on the media; later syncs
    /// succeed and do not bring it there. [`Failed::Keeps`]: it reads well until the power goes.
    pub fn sync_fails(&mut self, node: Node, how: Failed) -> Result<(), MediaError> {
        let make = match how {
            Failed::Keeps => Content::lose,
            Failed::Reverts => Content::revert,
        };
        self.change(node, make, Content::room)
    }

    /// What a sync of a directory covers that begins now.
    pub fn dir_sync_begins(&self) -> CoveredNames {
        CoveredNames(self.names.changes())
    }

    /// That sync of the directory ends; `""` is the root.
    pub fn dir_sync_ends(&mut self, path: &str, covered: CoveredNames) -> Result<(), MediaError> {
        let dir = self.names.find_dir(path)?;
        self.names.sync(dir, covered.0);
        self.sweep_all();
        Ok(())
    }

    /// Makes a directory's entries durable; `""` is the root.
    pub fn sync_dir(&mut self, path: &str) -> Result<(), MediaError> {
        self.dir_sync_ends(path, self.dir_sync_begins())
    }

    /// The process dies without a word: what it had open is closed, all else stays.
    pub fn kill(&mut self) {
        let open: Vec<Node> = self
            .files
            .iter_mut()
            .filter(|(_, file)| file.opens > 0)
            .map(|(node, file)| {
                file.opens = 0;
                *node
            })
            .collect();
        for node in open {
            self.sweep(node);
        }
    }

    /// Makes a directory.
    pub fn make_dir(&mut self, path: &str) -> Result<(), MediaError> {
        if self.names.find(path).is_some() {
            return Err(MediaError::Exists);
        }
        let node = self.new_node();
        self.names.make_dir(path, node)?;
        self.names_changed();
        Ok(())
    }

    /// Renames a file or directory, replacing a file or an empty directory.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), MediaError> {
        self.names.rename(from, to)?;
        self.names_changed();
        Ok(())
    }

    /// Takes a file's name away. Open files stay readable.
    pub fn unlink(&mut self, path: &str) -> Result<(), MediaError> {
        match self.names.find(path) {
            None => return Err(MediaError::NotFound),
            Some(node) if self.names.is_dir(node) => return Err(MediaError::WrongKind),
            Some(_) => self.names.remove(path)?,
        }
        self.names_changed();
        Ok(())
    }

    /// Takes an empty directory away.
    pub fn remove_dir(&mut self, path: &str) -> Result<(), MediaError> {
        let dir = self.names.find_dir(path)?;
        if self.names.entries(dir).next().is_some() {
            return Err(MediaError::NotEmpty);
        }
        self.names.remove(path)?;
        self.names_changed();
        Ok(())
    }

    /// What a name leads to.
    pub fn status(&self, path: &str) -> Result<Status, MediaError> {
        self.status_of(self.names.find(path).ok_or(MediaError::NotFound)?)
    }

    /// At most `most` entries of a directory after the name `after`, in byte order.
    pub fn list(
        &self,
        path: &str,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<(String, Status)>, MediaError> {
        let dir = self.names.find_dir(path)?;
        self.names
            .entries(dir)
            .filter(|(name, _)| after.is_none_or(|after| *name > after))
            .take(most)
            .map(|(name, node)| Ok((name.to_owned(), self.status_of(node)?)))
            .collect()
    }

    /// Free and total bytes.
    pub fn space(&self) -> (u64, u64) {
        (self.capacity - self.used, self.capacity)
    }

    /// Makes the disk larger or smaller; never smaller than what is in use.
    pub fn resize(&mut self, capacity: u64) {
        self.capacity = capacity.max(self.used);
    }

    /// The power goes: every open file is gone, and of what no sync covered that is left which `fate` says. What a failed sync left
    /// behind is gone without a question.
    pub fn power_cut(&mut self, mut fate: impl FnMut(Unsynced) -> Fate) {
        self.names
            .power_cut(|nth| fate(Unsynced::Names(nth)) == Fate::New);
        for (node, file) in &mut self.files {
            file.opens = 0;
            if file.content.is_settled() {
                continue;
            }
            let (least, most) = file.content.lengths();
            let (node, before) = (*node, file.content.room());
            Arc::make_mut(&mut file.content).power_cut(|sector| {
                fate(match sector {
                    Some(sector) => Unsynced::Sector(node, sector),
                    None => Unsynced::Length { node, least, most },
                })
            });
            self.used = self.used - before + file.content.room();
        }
        self.sweep_all();
        self.capacity = self.capacity.max(self.used);
        self.check();
    }

    /// What is durable for sure, as a disk of its own: what a power cut leaves that takes all it can.
    pub fn durable_image(&self) -> Media {
        let mut image = self.clone();
        image.power_cut(|_| Fate::Old);
        image
    }

    /// Whether a power cut leaves these bytes of the file as they are now, whatever becomes of its names.
    pub fn durable(&self, node: Node, from: u64, to: u64) -> Result<bool, MediaError> {
        Ok(self.file(node)?.content.durable(from, to))
    }

    /// Everything that has a name, by its path.
    pub fn paths(&self) -> BTreeMap<String, Status> {
        let mut paths = BTreeMap::new();
        self.names.walk(|path, node| {
            let status = self.status_of(node);
            paths.insert(path, status.expect("M2: a named file is there"));
        });
        paths
    }

    /// Bits of a file flip between these two: those of the mask that is asked for each byte.
    pub fn rot(
        &mut self,
        node: Node,
        from: u64,
        to: u64,
        mask: impl FnMut(u64) -> u8,
    ) -> Result<(), MediaError> {
        let content = self.content(node)?;
        let masks: Vec<u8> = (from..to).map(mask).collect();
        content.damage(from, &masks, |held, mask| held ^ mask);
        Ok(())
    }

    /// Bytes that were meant for somewhere else land here. What of them is beyond the end is not seen.
    pub fn stray(&mut self, node: Node, at: u64, bytes: &[u8]) -> Result<(), MediaError> {
        self.content(node)?.damage(at, bytes, |_, stray| stray);
        Ok(())
    }

    /// A write whose bytes land in another place. The one that was meant keeps its old bytes and has the length as if they were there.
    pub fn misdirect(
        &mut self,
        meant: (Node, u64),
        bytes: &[u8],
        lands: (Node, u64),
    ) -> Result<(), MediaError> {
        let (node, at) = meant;
        let end = at + bytes.len() as u64;
        self.file(lands.0)?;
        self.change(
            node,
            |content| content.grow(end),
            |content| content.room_with(end),
        )?;
        self.stray(lands.0, lands.1, bytes)
    }

    /// Asserts the invariants.
    pub fn check(&self) {
        let mut used = 0;
        for file in self.files.values() {
            file.content.check();
            used += file.content.room();
        }
        assert_eq!(used, self.used, "M3: room is counted");
        assert!(
            used <= self.capacity,
            "M3: {used} of {} bytes",
            self.capacity
        );
    }

    fn create(&mut self, path: &str) -> Result<Node, MediaError> {
        let node = self.new_node();
        self.names.link(path, node)?;
        self.files.insert(
            node,
            FileNode {
                content: Arc::default(),
                opens: 0,
            },
        );
        self.names_changed();
        Ok(node)
    }

    fn new_node(&mut self) -> Node {
        self.next_node += 1;
        Node(self.next_node)
    }

    fn file(&self, node: Node) -> Result<&FileNode, MediaError> {
        self.files.get(&node).ok_or(MediaError::NotFound)
    }

    fn content(&mut self, node: Node) -> Result<&mut Content, MediaError> {
        let file = self.files.get_mut(&node).ok_or(MediaError::NotFound)?;
        Ok(Arc::make_mut(&mut file.content))
    }

    /// M3: a change is judged by the room that the file will take, then made.
    fn change(
        &mut self,
        node: Node,
        make: impl FnOnce(&mut Content),
        room: impl FnOnce(&Content) -> u64,
    ) -> Result<(), MediaError> {
        let file = self.files.get_mut(&node).ok_or(MediaError::NotFound)?;
        let before = file.content.room();
        let wanted = room(&file.content);
        if wanted > before && wanted - before > self.capacity - self.used {
            return Err(MediaError::NoSpace);
        }
        let content = Arc::make_mut(&mut file.content);
        make(content);
        if !self.keeps_old {
            content.settled();
        }
        self.used = self.used - before + content.room();
        Ok(())
    }

    fn status_of(&self, node: Node) -> Result<Status, MediaError> {
        let is_dir = self.names.is_dir(node);
        let len = if is_dir {
            0
        } else {
            self.file(node)?.content.len()
        };
        Ok(Status {
            node,
            is_dir,
            len,
            links: self.names.links(node),
        })
    }

    /// A disk that cannot lose its power has no names that a power cut would bring back.
    fn names_changed(&mut self) {
        if !self.keeps_old {
            self.names.sync_all();
        }
        self.sweep_all();
    }

    fn sweep(&mut self, node: Node) {
        let gone =
            self.files.get(&node).is_some_and(|file| file.opens == 0) && !self.names.leads_to(node);
        if gone && let Some(file) = self.files.remove(&node) {
            self.used -= file.content.room();
        }
    }

    /// M2: drops the files whose last name has just gone.
    fn sweep_all(&mut self) {
        for node in self.names.take_orphans() {
            self.sweep(node);
        }
    }
}
