//! Makes one call about files. Knows the kernel's words and no state.

use std::collections::BTreeMap;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::OwnedFd;

use bytes::Bytes;
use ottla_desk::limits::SLICES;
use ottla_desk::{CallDone, Errno, Fd, FileCall, Looked, Opened, Path};
use ottla_machine::{DirEntry, Kind, Mode, Name};
use rustix::buffer::spare_capacity;
use rustix::fs::{self, AtFlags, FallocateFlags, FileType, OFlags, Stat};
use rustix::io::{Errno as Os, ReadWriteFlags};

/// What a call touches.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The file, for calls about an open one.
    pub(crate) file: Option<&'a OwnedFd>,
    /// The log directory of the call's path, or of the path it moves from.
    pub(crate) root: &'a OwnedFd,
    /// The log directory of the path it moves to.
    pub(crate) other: &'a OwnedFd,
}

/// Reads go in pieces of this size when nobody knows how much there is.
const READ_PIECE: usize = 64 << 10;

pub(crate) fn errno(os: Os) -> Errno {
    match os {
        Os::INTR | Os::AGAIN => Errno::Interrupted,
        Os::NOSPC | Os::DQUOT => Errno::NoSpace,
        Os::MFILE | Os::NFILE => Errno::NoDescriptors,
        Os::NOMEM | Os::NOBUFS => Errno::NoMemory,
        Os::NOENT => Errno::NotFound,
        Os::EXIST => Errno::Exists,
        Os::NOTEMPTY => Errno::NotEmpty,
        Os::OPNOTSUPP | Os::NOSYS => Errno::Unsupported,
        Os::CONNREFUSED => Errno::Refused,
        Os::TIMEDOUT => Errno::TimedOut,
        Os::CONNRESET | Os::PIPE | Os::CONNABORTED | Os::NOTCONN => Errno::Reset,
        other => Errno::Other(other.raw_os_error()),
    }
}

/// Makes the call; an opened descriptor is given along.
pub(crate) fn perform(call: FileCall, place: Place<'_>) -> (CallDone, Option<(Fd, OwnedFd)>) {
    let root = place.root;
    let done = match call {
        FileCall::Openat { file, path, mode } => {
            return match open(root, &path, mode) {
                Ok((opened, descriptor)) => {
                    (CallDone::Opened(Ok(opened)), Some((file, descriptor)))
                }
                Err(os) => (CallDone::Opened(Err(errno(os))), None),
            };
        }
        FileCall::Lookup { path } => CallDone::Looked(look(root, &path).map_err(errno)),
        FileCall::ListDir { path, after, most } => {
            let listed = list(root, &path, after.as_ref(), most as usize);
            CallDone::Listed(listed.map_err(errno))
        }
        FileCall::StatFs { path } => CallDone::Space(space(root, &path).map_err(errno)),
        FileCall::Renameat { from, to } => plain(fs::renameat(
            root,
            relative(&from),
            place.other,
            relative(&to),
        )),
        FileCall::Unlinkat { path } => plain(fs::unlinkat(root, relative(&path), AtFlags::empty())),
        FileCall::Rmdir { path } => plain(fs::unlinkat(root, relative(&path), AtFlags::REMOVEDIR)),
        FileCall::Mkdirat { path } => {
            plain(fs::mkdirat(root, relative(&path), fs::Mode::from(0o755)))
        }
        FileCall::FsyncDir { path } => plain(open_dir(root, &path).and_then(fs::fsync)),
        FileCall::CloseFile { .. } => CallDone::Plain(Ok(())),
        on_file => match place.file {
            Some(file) => perform_on(on_file, file),
            None => panic!("{on_file:?} has no open file"),
        },
    };
    (done, None)
}

fn perform_on(call: FileCall, file: &OwnedFd) -> CallDone {
    match call {
        FileCall::Pwritev { at, bufs, .. } => {
            let result = write(file, at, &bufs).map_err(errno);
            CallDone::Written { bufs, result }
        }
        FileCall::Pread {
            at, len, mut buf, ..
        } => {
            let result = read(file, at, len, &mut buf).map_err(errno);
            CallDone::Read { buf, result }
        }
        FileCall::Fdatasync { .. } => plain(fs::fdatasync(file)),
        FileCall::Fallocate { at, len, .. } => {
            plain(fs::fallocate(file, FallocateFlags::KEEP_SIZE, at, len))
        }
        FileCall::Ftruncate { len, .. } => plain(fs::ftruncate(file, len)),
        FileCall::Warm { at, len, .. } => plain(warm(file, at, len)),
        other => panic!("{other:?} is not about an open file"),
    }
}

/// What is said of a call that gives nothing back.
pub(crate) fn plain(result: Result<(), Os>) -> CallDone {
    CallDone::Plain(result.map_err(errno))
}

fn relative(path: &Path) -> &str {
    if path.rest.is_empty() {
        "."
    } else {
        &path.rest
    }
}

fn open(root: &OwnedFd, path: &Path, mode: Mode) -> Result<(Opened, OwnedFd), Os> {
    let flags = match mode {
        Mode::Read => OFlags::RDONLY,
        Mode::Write => OFlags::RDWR,
        Mode::Create => OFlags::RDWR | OFlags::CREATE,
        Mode::Fresh => OFlags::RDWR | OFlags::CREATE | OFlags::TRUNC,
    };
    // Non-blocking matters for what is no file after all, such as a pipe that nobody writes.
    let flags = flags | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = fs::openat(root, relative(path), flags, fs::Mode::from(0o644))?;
    let stat = fs::fstat(&file)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(Os::ISDIR);
    }
    let opened = Opened {
        len: length(&stat),
        node: stat.st_ino,
    };
    Ok((opened, file))
}

pub(crate) fn open_dir(root: &OwnedFd, path: &Path) -> Result<OwnedFd, Os> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    fs::openat(root, relative(path), flags, fs::Mode::empty())
}

fn length(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or(0)
}

fn kind(file_type: FileType) -> Kind {
    match file_type {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Dir,
        _ => Kind::Other,
    }
}

fn look(root: &OwnedFd, path: &Path) -> Result<Looked, Os> {
    let stat = fs::statat(root, relative(path), AtFlags::SYMLINK_NOFOLLOW)?;
    let kind = kind(FileType::from_raw_mode(stat.st_mode));
    Ok(Looked {
        kind,
        len: if kind == Kind::File { length(&stat) } else { 0 },
        node: stat.st_ino,
        links: stat.st_nlink as u64,
    })
}

/// The first `most` names after `after` in byte order. Names that are no text are none of ours.
fn list(
    root: &OwnedFd,
    path: &Path,
    after: Option<&Name>,
    most: usize,
) -> Result<Vec<DirEntry>, Os> {
    let dir = open_dir(root, path)?;
    let mut first: BTreeMap<Box<str>, FileType> = BTreeMap::new();
    for entry in fs::Dir::read_from(&dir)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else {
            continue;
        };
        let skipped =
            name == "." || name == ".." || after.is_some_and(|after| name <= after.as_str());
        if skipped {
            continue;
        }
        if first.len() >= most {
            match first.last_key_value() {
                Some((last, _)) if name < &**last => first.pop_last(),
                _ => continue,
            };
        }
        first.insert(name.into(), entry.file_type());
    }
    let mut entries = Vec::with_capacity(first.len());
    for (name, file_type) in first {
        let mut entry = DirEntry {
            name: Name::new(&name).map_err(|_| Os::INVAL)?,
            kind: kind(file_type),
            len: 0,
        };
        if matches!(file_type, FileType::RegularFile | FileType::Unknown) {
            // One that went away meanwhile is listed as it was.
            if let Ok(stat) = fs::statat(&dir, &*name, AtFlags::SYMLINK_NOFOLLOW) {
                entry.kind = kind(FileType::from_raw_mode(stat.st_mode));
                entry.len = if entry.kind == Kind::File {
                    length(&stat)
                } else {
                    0
                };
            }
        }
        entries.push(entry);
    }
    Ok(entries)
}

fn space(root: &OwnedFd, path: &Path) -> Result<(u64, u64), Os> {
    let dir = open_dir(root, path)?;
    let stat = fs::fstatvfs(&dir)?;
    let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
    Ok((bytes(stat.f_bavail), bytes(stat.f_blocks)))
}

fn write(file: &OwnedFd, at: u64, bufs: &[Bytes]) -> Result<usize, Os> {
    if let [one] = bufs {
        return rustix::io::pwrite(file, one, at);
    }
    let mut slices = [IoSlice::new(&[]); SLICES.most()];
    let count = bufs.len().min(SLICES.most());
    for (slice, buf) in slices.iter_mut().zip(bufs) {
        *slice = IoSlice::new(buf);
    }
    rustix::io::pwritev(file, &slices[..count], at)
}

fn read(file: &OwnedFd, at: u64, len: usize, buf: &mut Vec<u8>) -> Result<usize, Os> {
    // An empty file is read whole, too; rustix wants room to be there.
    if len == 0 {
        return Ok(0);
    }
    if buf.capacity() == buf.len() {
        buf.reserve_exact(len.min(READ_PIECE));
    }
    let before = buf.len();
    let got = rustix::io::pread(file, spare_capacity(buf), at)?;
    let got = got.min(len);
    buf.truncate(before + got);
    Ok(got)
}

/// Reads at once what is in memory; `None`: the disk is needed, or there is another reason to take the long way.
pub(crate) fn read_now(file: &OwnedFd, at: u64, len: usize, buf: &mut Vec<u8>) -> Option<CallDone> {
    let before = buf.len();
    buf.resize(before + len, 0);
    let mut slices = [IoSliceMut::new(&mut buf[before..])];
    let result = rustix::io::preadv2(file, &mut slices, at, ReadWriteFlags::NOWAIT);
    let got = result.unwrap_or(0);
    buf.truncate(before + got);
    // Nothing may be the end, or what the call says where it must not wait: the long way tells.
    (got > 0).then(|| CallDone::Read {
        buf: std::mem::take(buf),
        result: Ok(got),
    })
}

/// Reading is the one way to be sure that it is there.
fn warm(file: &OwnedFd, mut at: u64, len: u64) -> Result<(), Os> {
    let end = at + len;
    let mut scratch = vec![0; READ_PIECE];
    while at < end {
        let want = scratch.len().min((end - at) as usize);
        match rustix::io::pread(file, &mut scratch[..want], at) {
            Ok(0) => break,
            Ok(got) => at += got as u64,
            Err(Os::INTR) => {}
            Err(os) => return Err(os),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;

    use ottla_desk::CallDone;

    use super::{IoSliceMut, Os, ReadWriteFlags, read, read_now};

    #[test]
    fn an_empty_file_is_read_whole() {
        let file = OwnedFd::from(tempfile::tempfile().expect("a file"));
        let mut buf = Vec::new();
        assert_eq!(read(&file, 0, 0, &mut buf), Ok(0));
        assert_eq!(read(&file, 0, 10, &mut buf), Ok(0));
        assert_eq!(buf, []);
    }

    #[test]
    fn what_is_in_memory_is_read_at_once_and_the_end_is_left_to_the_lane() {
        let file = tempfile::tempfile().expect("a file");
        rustix::io::pwrite(&file, &[7; 10_000], 0).expect("written");
        let file = OwnedFd::from(file);
        let mut byte = [0];
        let mut slices = [IoSliceMut::new(&mut byte)];
        if rustix::io::preadv2(&file, &mut slices, 0, ReadWriteFlags::NOWAIT) == Err(Os::OPNOTSUPP)
        {
            // This file system cannot tell: then every read takes the lane.
            return;
        }
        let mut buf = vec![1];
        let done = read_now(&file, 4_000, 8_000, &mut buf);
        let Some(CallDone::Read { buf, result }) = done else {
            panic!("it was just written: {done:?}");
        };
        assert_eq!((result, buf.len()), (Ok(6_000), 6_001));
        assert_eq!((buf[0], buf[1], buf[6_000]), (1, 7, 7));
        let mut buf = vec![1];
        assert_eq!(read_now(&file, 10_000, 10, &mut buf), None);
        assert_eq!(buf, [1]);
    }
}
