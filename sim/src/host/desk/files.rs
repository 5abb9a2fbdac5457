//! System calls about files, made on the simulated disk as a kernel would: short, interrupted, refused, or failing half done.
//!
//! F1: what is drawn for a call depends on its path, on the life, and on how many calls were made there before.
//! F2: a write is refused for want of room only beyond the file's length and what was set aside for it.
//! F3: what failed on purpose is in `outside.failed`; short and interrupted calls excuse nothing and are not.

use std::collections::BTreeMap;

use bytes::Bytes;
use ottla_desk::{CallDone, Errno, Fd, FileCall, Looked, Opened, Path};
use ottla_machine::{Dir, DirEntry, Kind, Mode, Name};
use ottla_media::{Covered, CoveredNames, Failed, MediaError, Node, Opening, Status};

use crate::draw::{Domain, entity};
use crate::host::Outside;
use crate::host::place::Place;
use crate::script::Chance;

/// What a kernel says of a disk that fails.
const EIO: Errno = Errno::Other(5);
/// A directory where a file is wanted, or the other way round.
const ENOTDIR: Errno = Errno::Other(20);

/// A change of a file that was opened to be read.
const EBADF: Errno = Errno::Other(9);

/// An open file.
#[derive(Clone, Debug)]
struct Open {
    node: Node,
    path: Box<str>,
    entity: u64,
    /// How many calls drew here, counted from the open's own number.
    calls: u64,
    /// It is known to have room up to here.
    room: u64,
    writable: bool,
}

/// The descriptors of one life.
#[derive(Clone, Debug)]
pub(super) struct Files {
    root: Dir,
    places: Vec<Option<Open>>,
    /// How many calls were made by each path.
    made: BTreeMap<u64, u64>,
}

impl Files {
    pub(super) fn new(root: Dir) -> Files {
        Files {
            root,
            places: Vec::new(),
            made: BTreeMap::new(),
        }
    }

    fn at(&mut self, file: Fd) -> &mut Open {
        let place = self.places.get_mut(file.0 as usize);
        let open = place.and_then(Option::as_mut);
        open.expect("the desk's file is open")
    }

    /// F1: where this call draws.
    pub(super) fn place(&mut self, call: &FileCall, outside: &Outside<'_>) -> Place {
        let path = match call {
            FileCall::Openat { path, .. }
            | FileCall::Unlinkat { path }
            | FileCall::Rmdir { path }
            | FileCall::Mkdirat { path }
            | FileCall::FsyncDir { path }
            | FileCall::ListDir { path, .. }
            | FileCall::Lookup { path }
            | FileCall::StatFs { path }
            | FileCall::Renameat { to: path, .. } => path,
            FileCall::Pwritev { file, .. }
            | FileCall::Pread { file, .. }
            | FileCall::Fdatasync { file }
            | FileCall::Fallocate { file, .. }
            | FileCall::Ftruncate { file, .. }
            | FileCall::Warm { file, .. }
            | FileCall::CloseFile { file } => return self.next_of(*file, outside),
        };
        let entity = entity(&path.rest);
        let made = self.made.entry(entity).or_default();
        *made += 1;
        let n = u64::from(outside.life) << 44 | *made << 22;
        Place::new(entity, n, outside.draw)
    }

    fn next_of(&mut self, file: Fd, outside: &Outside<'_>) -> Place {
        let open = self.at(file);
        open.calls += 1;
        Place::new(open.entity, open.calls, outside.draw)
    }

    /// The path on the disk, whose root is the log directory.
    fn path<'a>(&self, path: &'a Path) -> &'a str {
        assert_eq!(path.root, self.root, "there is one log directory");
        &path.rest
    }

    /// Makes the call.
    pub(super) fn perform(
        &mut self,
        call: FileCall,
        place: Place,
        outside: &mut Outside<'_>,
    ) -> CallDone {
        match call {
            FileCall::Pwritev { file, at, bufs } => {
                let result = self.write(file, at, &bufs, place, outside);
                CallDone::Written { bufs, result }
            }
            FileCall::Pread {
                file,
                at,
                len,
                mut buf,
            } => {
                let result = self.read(file, at, len, place, outside).map(|bytes| {
                    buf.extend_from_slice(&bytes);
                    bytes.len()
                });
                CallDone::Read { buf, result }
            }
            FileCall::Openat { file, path, mode } => {
                CallDone::Opened(self.open(file, &path, mode, place, outside))
            }
            FileCall::Fallocate { file, at, len } => {
                CallDone::Plain(self.allocate(file, at + len, place, outside))
            }
            FileCall::Ftruncate { file, len } => {
                CallDone::Plain(self.truncate(file, len, place, outside))
            }
            FileCall::Warm { .. } => CallDone::Plain(Ok(())),
            FileCall::CloseFile { file } => {
                let open = self.places.get_mut(file.0 as usize).and_then(Option::take);
                if let Some(open) = open {
                    outside.media.close(open.node);
                }
                CallDone::Plain(Ok(()))
            }
            FileCall::Fdatasync { file } => match self.sync_begins(file, outside) {
                Ok(covered) => self.sync_ends(file, covered, place, outside),
                Err(errno) => CallDone::Plain(Err(errno)),
            },
            FileCall::FsyncDir { path } => {
                let covered = outside.media.dir_sync_begins();
                self.dir_sync_ends(&path, covered, place, outside)
            }
            FileCall::ListDir { path, after, most } => {
                CallDone::Listed(self.list(&path, after.as_ref(), most, place, outside))
            }
            FileCall::Lookup { path } => {
                let path = self.path(&path);
                let looked = named(place, path, Errno::NoMemory, outside);
                let status = looked.and_then(|()| outside.media.status(path).map_err(errno));
                CallDone::Looked(status.map(looked_at))
            }
            FileCall::StatFs { path } => {
                let space = named(place, self.path(&path), Errno::NoMemory, outside);
                let (free, total) = outside.media.space();
                let free = if outside.full { 0 } else { free };
                CallDone::Space(space.map(|()| (free, total)))
            }
            call => CallDone::Plain(self.change_names(&call, place, outside)),
        }
    }

    fn open(
        &mut self,
        file: Fd,
        path: &Path,
        mode: Mode,
        place: Place,
        outside: &mut Outside<'_>,
    ) -> Result<Opened, Errno> {
        let path = self.path(path);
        let how = Opening {
            create: matches!(mode, Mode::Create | Mode::Fresh),
            truncate: mode == Mode::Fresh,
        };
        let failed = named(place, path, Errno::NoDescriptors, outside);
        if failed == Err(EIO)
            && how.create
            && place.bits(20, 1) == 0
            && let Ok(status) = outside.media.open(path, how)
        {
            // The file may be there nevertheless.
            outside.media.close(status.node);
        }
        failed?;
        if how.create && outside.media.status(path).is_err() {
            room_for_names(place, path, outside)?;
        }
        let status = outside.media.open(path, how).map_err(errno)?;
        let index = file.0 as usize;
        if self.places.len() <= index {
            self.places.resize(index + 1, None);
        }
        self.places[index] = Some(Open {
            node: status.node,
            path: path.into(),
            entity: place.entity,
            calls: place.n,
            room: status.len,
            writable: mode != Mode::Read,
        });
        Ok(Opened {
            len: status.len,
            node: status.node.0,
        })
    }

    fn write(
        &mut self,
        file: Fd,
        at: u64,
        bufs: &[Bytes],
        place: Place,
        outside: &mut Outside<'_>,
    ) -> Result<usize, Errno> {
        let open = self.at(file);
        if !open.writable {
            return Err(EBADF);
        }
        if interrupted(place, outside) {
            return Err(Errno::Interrupted);
        }
        if place.fails(Chance::Busy, &open.path, outside) {
            return Err(Errno::NoMemory);
        }
        let mut most: usize = bufs.iter().map(Bytes::len).sum();
        if most > 1
            && outside
                .dice
                .fires(Chance::ShortWrite, place.entity, place.n)
        {
            most = short(most, place, outside);
        }
        let beyond = at + most as u64 > open.room;
        if beyond && (outside.full || place.fails(Chance::Full, &open.path, outside)) {
            // F2: what fits is written, the next call says why no more.
            most = open.room.saturating_sub(at) as usize;
            if most == 0 {
                return Err(Errno::NoSpace);
            }
        }
        let fails = place.fails(Chance::WriteFails, &open.path, outside);
        let span = (at, at + most as u64);
        let (mut done, draw) = (0, outside.draw);
        for buf in bufs {
            let part = &buf[..buf.len().min(most - done)];
            let from = at + done as u64;
            let written = if fails {
                let fate = place.some_sectors(draw, span);
                outside.media.write_some(open.node, from, part, fate)
            } else {
                outside.media.write(open.node, from, part)
            };
            match written {
                Ok(()) => done += part.len(),
                Err(_) if done > 0 => break,
                Err(error) => return Err(errno(error)),
            }
            if done == most {
                break;
            }
        }
        if fails {
            return Err(EIO);
        }
        open.room = open.room.max(at + done as u64);
        Ok(done)
    }

    fn read(
        &mut self,
        file: Fd,
        at: u64,
        mut len: usize,
        place: Place,
        outside: &mut Outside<'_>,
    ) -> Result<Bytes, Errno> {
        let open = self.at(file);
        if interrupted(place, outside) {
            return Err(Errno::Interrupted);
        }
        if place.fails(Chance::Busy, &open.path, outside) {
            return Err(Errno::NoMemory);
        }
        if place.fails(Chance::ReadFails, &open.path, outside) {
            return Err(EIO);
        }
        if len > 1 && outside.dice.fires(Chance::ShortRead, place.entity, place.n) {
            len = short(len, place, outside);
        }
        outside.media.read(open.node, at, len).map_err(errno)
    }

    /// What a send of a file's range finds there: bytes, or nothing in memory.
    pub(super) fn range(
        &mut self,
        (file, at, len): (Fd, u64, usize),
        warm: bool,
        outside: &mut Outside<'_>,
    ) -> Result<Option<Bytes>, Errno> {
        let place = self.next_of(file, outside);
        let open = self.at(file);
        if !warm && place.bits(0, 2) == 0 {
            return Ok(None);
        }
        if place.fails(Chance::ReadFails, &open.path, outside) {
            return Err(EIO);
        }
        let bytes = outside.media.read(open.node, at, len);
        bytes.map(Some).map_err(errno)
    }

    fn allocate(
        &mut self,
        file: Fd,
        to: u64,
        place: Place,
        outside: &mut Outside<'_>,
    ) -> Result<(), Errno> {
        let open = self.at(file);
        if !open.writable {
            return Err(EBADF);
        }
        if interrupted(place, outside) {
            return Err(Errno::Interrupted);
        }
        if place.fails(Chance::Busy, &open.path, outside) {
            return Err(Errno::NoMemory);
        }
        if outside.full || place.fails(Chance::Full, &open.path, outside) {
            return Err(Errno::NoSpace);
        }
        outside.media.allocate(open.node, to).map_err(errno)?;
        open.room = open.room.max(to);
        Ok(())
    }

    fn truncate(
        &mut self,
        file: Fd,
        len: u64,
        place: Place,
        outside: &mut Outside<'_>,
    ) -> Result<(), Errno> {
        let open = self.at(file);
        if !open.writable {
            return Err(EBADF);
        }
        if interrupted(place, outside) {
            return Err(Errno::Interrupted);
        }
        if place.fails(Chance::Busy, &open.path, outside) {
            return Err(Errno::NoMemory);
        }
        let fails = place.fails(Chance::WriteFails, &open.path, outside);
        if !fails || place.bits(20, 1) == 0 {
            outside.media.truncate(open.node, len).map_err(errno)?;
            open.room = open.room.min(len);
        }
        if fails { Err(EIO) } else { Ok(()) }
    }

    /// A sync begins.
    pub(super) fn sync_begins(
        &mut self,
        file: Fd,
        outside: &mut Outside<'_>,
    ) -> Result<Covered, Errno> {
        let node = self.at(file).node;
        outside.media.sync_begins(node).map_err(errno)
    }

    /// It ends.
    pub(super) fn sync_ends(
        &mut self,
        file: Fd,
        covered: Covered,
        place: Place,
        outside: &mut Outside<'_>,
    ) -> CallDone {
        let open = self.at(file);
        if interrupted(place, outside) {
            return CallDone::Plain(Err(Errno::Interrupted));
        }
        let how = if place.fails(Chance::SyncFailsKeeps, &open.path, outside) {
            Failed::Keeps
        } else if place.fails(Chance::SyncFailsReverts, &open.path, outside) {
            Failed::Reverts
        } else {
            let ended = outside.media.sync_ends(open.node, covered);
            return CallDone::Plain(ended.map_err(errno));
        };
        let failed = outside.media.sync_fails(open.node, how).map_err(errno);
        CallDone::Plain(failed.and(Err(EIO)))
    }

    /// A sync of a directory ends.
    pub(super) fn dir_sync_ends(
        &mut self,
        path: &Path,
        covered: CoveredNames,
        place: Place,
        outside: &mut Outside<'_>,
    ) -> CallDone {
        let path = self.path(path);
        if interrupted(place, outside) {
            return CallDone::Plain(Err(Errno::Interrupted));
        }
        if place.fails(Chance::Busy, path, outside) {
            return CallDone::Plain(Err(Errno::NoDescriptors));
        }
        if place.fails(Chance::SyncDirFails, path, outside) {
            return CallDone::Plain(Err(EIO));
        }
        let ended = outside.media.dir_sync_ends(path, covered);
        CallDone::Plain(ended.map_err(errno))
    }

    fn list(
        &mut self,
        path: &Path,
        after: Option<&Name>,
        most: u32,
        place: Place,
        outside: &mut Outside<'_>,
    ) -> Result<Vec<DirEntry>, Errno> {
        let path = self.path(path);
        named(place, path, Errno::NoDescriptors, outside)?;
        let after = after.map(Name::as_str);
        let listed = outside.media.list(path, after, most as usize);
        let entry = |(name, status): (String, Status)| DirEntry {
            name: Name::new(&name).expect("names come from names"),
            kind: kind(status),
            len: status.len,
        };
        Ok(listed.map_err(errno)?.into_iter().map(entry).collect())
    }

    fn change_names(
        &mut self,
        call: &FileCall,
        place: Place,
        outside: &mut Outside<'_>,
    ) -> Result<(), Errno> {
        let (path, needs_room) = match call {
            FileCall::Renameat { to: path, .. } | FileCall::Mkdirat { path } => (path, true),
            FileCall::Unlinkat { path } | FileCall::Rmdir { path } => (path, false),
            other => unreachable!("{other:?} changes no names"),
        };
        let path = self.path(path);
        let failed = named(place, path, Errno::NoMemory, outside);
        if failed.is_err() && (failed != Err(EIO) || place.bits(20, 1) == 0) {
            return failed;
        }
        if needs_room {
            room_for_names(place, path, outside)?;
        }
        let media = &mut *outside.media;
        let changed = match call {
            FileCall::Renameat { from, .. } => media.rename(self.path(from), path),
            FileCall::Mkdirat { .. } => media.make_dir(path),
            FileCall::Unlinkat { .. } => media.unlink(path),
            _ => media.remove_dir(path),
        };
        // A disk that fails may have done it nevertheless.
        failed.and(changed.map_err(errno))
    }
}

/// Whether this call is interrupted: nothing was done.
pub(super) fn interrupted(place: Place, outside: &mut Outside<'_>) -> bool {
    let (entity, n) = (place.entity, place.n);
    outside.dice.fires(Chance::Interrupted, entity, n)
}

/// Less than `most`, which is more than 1; not nothing.
pub(super) fn short(most: usize, place: Place, outside: &Outside<'_>) -> usize {
    let less = most as u64 - 1;
    let draw = outside.draw;
    1 + draw.below(Domain::DiskShort, place.entity, place.n, less) as usize
}

/// What may go wrong with any call by a name; `busy` is what it lacks then.
fn named(place: Place, path: &str, busy: Errno, outside: &mut Outside<'_>) -> Result<(), Errno> {
    if interrupted(place, outside) {
        Err(Errno::Interrupted)
    } else if place.fails(Chance::Busy, path, outside) {
        Err(busy)
    } else if place.fails(Chance::NamesFail, path, outside) {
        Err(EIO)
    } else {
        Ok(())
    }
}

/// A new name takes room in its directory.
fn room_for_names(place: Place, path: &str, outside: &mut Outside<'_>) -> Result<(), Errno> {
    if outside.full || place.fails(Chance::Full, path, outside) {
        Err(Errno::NoSpace)
    } else {
        Ok(())
    }
}

fn kind(status: Status) -> Kind {
    if status.is_dir { Kind::Dir } else { Kind::File }
}

fn looked_at(status: Status) -> Looked {
    Looked {
        kind: kind(status),
        len: status.len,
        node: status.node.0,
        links: status.links,
    }
}

fn errno(error: MediaError) -> Errno {
    match error {
        MediaError::NotFound => Errno::NotFound,
        MediaError::Exists => Errno::Exists,
        MediaError::NotEmpty => Errno::NotEmpty,
        MediaError::NoSpace => Errno::NoSpace,
        MediaError::WrongKind => ENOTDIR,
    }
}
