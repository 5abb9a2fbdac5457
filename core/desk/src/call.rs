//! The system calls that a driver is asked to make, and what it answers.
//!
//! Buffers are owned: they go out with the call and come back with the answer, so that a driver may complete a
//! call at once, on another thread, or through a ring. Every call is answered once, except that
//! [`NetCall::CloseConn`] ends the other calls of its connection without an answer.

use bytes::{Bytes, BytesMut};
use ottla_machine::{Conn, Dir, DirEntry, Endpoint, Fault, Kind, Mode, Name};

/// Names one call until it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// A place in the driver's table of descriptors. The desk says which place an opened file takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fd(pub u32);

/// A place below a log directory; `rest` is empty for the log directory itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    /// The log directory.
    pub root: Dir,
    /// Names joined by `/`.
    pub rest: Box<str>,
}

impl Path {
    /// The place called `name` in this directory.
    pub fn join(&self, name: &str) -> Path {
        let rest = if self.rest.is_empty() {
            name.into()
        } else {
            format!("{}/{}", self.rest, name).into()
        };
        Path {
            root: self.root,
            rest,
        }
    }
}

/// Where a call runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Where the machine runs: short, or ordered with what follows.
    Inline,
    /// The log directory's flush lane, in order: somebody waits for durability.
    Flush,
    /// The log directory's bulk lane, in order: may take long, nobody's flush waits behind it. A `Pread` that need not wait
    /// may overtake.
    Bulk,
}

/// One thing for the driver to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// With files, in a lane of this log directory.
    File(Lane, Dir, FileCall),
    /// With connections.
    Net(NetCall),
}

/// A call about files.
#[derive(Clone, Debug, PartialEq)]
pub enum FileCall {
    /// Open `path` into place `file`. Answer: [`CallDone::Opened`].
    Openat {
        /// The descriptor's place.
        file: Fd,
        /// What to open.
        path: Path,
        /// How.
        mode: Mode,
    },
    /// Write the buffers one after the other. Answer: [`CallDone::Written`], which may be short.
    Pwritev {
        /// Where to.
        file: Fd,
        /// From which byte.
        at: u64,
        /// What.
        bufs: Vec<Bytes>,
    },
    /// Append at most `len` bytes to `buf`. Answer: [`CallDone::Read`], which may be short; 0 is the end.
    Pread {
        /// Where from.
        file: Fd,
        /// From which byte.
        at: u64,
        /// How many at most.
        len: usize,
        /// Where to.
        buf: Vec<u8>,
    },
    /// Make data and length durable.
    Fdatasync {
        /// Whose.
        file: Fd,
    },
    /// Set room aside, keeping the length.
    Fallocate {
        /// For which file.
        file: Fd,
        /// From which byte.
        at: u64,
        /// How many bytes.
        len: u64,
    },
    /// Set the length.
    Ftruncate {
        /// Whose.
        file: Fd,
        /// The new length.
        len: u64,
    },
    /// Bring a range into the page cache.
    Warm {
        /// Of which file.
        file: Fd,
        /// From which byte.
        at: u64,
        /// How many bytes.
        len: u64,
    },
    /// Give the descriptor back.
    CloseFile {
        /// Its place.
        file: Fd,
    },
    /// Rename a file or directory, replacing.
    Renameat {
        /// The old place.
        from: Path,
        /// The new place.
        to: Path,
    },
    /// Take a file's name away.
    Unlinkat {
        /// Its place.
        path: Path,
    },
    /// Take an empty directory away.
    Rmdir {
        /// Its place.
        path: Path,
    },
    /// Make a directory.
    Mkdirat {
        /// Its place.
        path: Path,
    },
    /// Make a directory's entries durable.
    FsyncDir {
        /// Its place.
        path: Path,
    },
    /// List entries in byte order. Answer: [`CallDone::Listed`].
    ListDir {
        /// Of which directory.
        path: Path,
        /// Only names after this one.
        after: Option<Name>,
        /// How many at most.
        most: u32,
    },
    /// Look at an entry without opening it. Answer: [`CallDone::Looked`].
    Lookup {
        /// Its place.
        path: Path,
    },
    /// Ask for free space. Answer: [`CallDone::Space`].
    StatFs {
        /// Where.
        path: Path,
    },
}

/// A call about connections.
#[derive(Clone, Debug, PartialEq)]
pub enum NetCall {
    /// Append at most `room` received bytes to `buf`, waiting until there is one. A `buf` without spare capacity
    /// may be exchanged for another with the same beginning. Answer: [`CallDone::Received`].
    Recv {
        /// From whom.
        conn: Conn,
        /// Where to.
        buf: BytesMut,
        /// How many at most.
        room: usize,
    },
    /// Send the buffers one after the other, waiting until one byte can be taken. Answer: [`CallDone::Sent`].
    Sendmsg {
        /// To whom.
        conn: Conn,
        /// What.
        bufs: Vec<Bytes>,
        /// More follows at once.
        more: bool,
    },
    /// Send a file's range, waiting until one byte can be taken. Answer: [`CallDone::SentFile`].
    Sendfile {
        /// To whom.
        conn: Conn,
        /// Of which file.
        file: Fd,
        /// From which byte.
        at: u64,
        /// How many at most.
        len: u32,
        /// The range was warmed: do not look whether it is in memory.
        warm: bool,
    },
    /// Connect. Answer: [`CallDone::Connected`].
    Connect {
        /// The connection's name.
        conn: Conn,
        /// Where to.
        to: Endpoint,
    },
    /// Close at once; the connection's other calls are dropped.
    CloseConn {
        /// Which.
        conn: Conn,
    },
}

/// What an open brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Bytes in the file.
    pub len: u64,
    /// What the disk calls the file, whatever its name.
    pub node: u64,
}

/// What lies at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looked {
    /// What it is.
    pub kind: Kind,
    /// A file's length.
    pub len: u64,
    /// What the disk calls it, whatever its name.
    pub node: u64,
    /// How many names it has.
    pub links: u64,
}

/// How much of a file's range was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentFile {
    /// So many bytes; 0 means that the file ends before the range.
    Count(usize),
    /// None: the range is not in memory, and reading it would hold everyone up.
    Cold,
}

/// What a call brought.
#[derive(Clone, Debug, PartialEq)]
pub enum CallDone {
    /// Calls without a result of their own.
    Plain(Result<(), Errno>),
    /// `Openat`.
    Opened(Result<Opened, Errno>),
    /// `Lookup`.
    Looked(Result<Looked, Errno>),
    /// `Pwritev`: how many bytes were written, and the buffers as they were.
    Written {
        /// The call's.
        bufs: Vec<Bytes>,
        /// Bytes written.
        result: Result<usize, Errno>,
    },
    /// `Pread`: how many bytes were appended.
    Read {
        /// The call's.
        buf: Vec<u8>,
        /// Bytes appended.
        result: Result<usize, Errno>,
    },
    /// `ListDir`.
    Listed(Result<Vec<DirEntry>, Errno>),
    /// `StatFs`: free and total bytes.
    Space(Result<(u64, u64), Errno>),
    /// `Recv`: how many bytes were appended; 0 means that the peer has finished.
    Received {
        /// The call's, or another with the same beginning.
        buf: BytesMut,
        /// Bytes appended.
        result: Result<usize, Errno>,
    },
    /// `Sendmsg`: how many bytes were taken, and the buffers as they were.
    Sent {
        /// The call's.
        bufs: Vec<Bytes>,
        /// Bytes taken.
        result: Result<usize, Errno>,
    },
    /// `Sendfile`.
    SentFile(Result<SentFile, SendfileErrno>),
    /// `Connect`: the other side's address.
    Connected(Result<Box<str>, Errno>),
}

/// Which side of a `Sendfile` failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendfileErrno {
    /// The connection.
    Conn(Errno),
    /// The file.
    File(Errno),
}

/// Why a call failed, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errno {
    /// Nothing happened: call again.
    Interrupted,
    /// No room on the disk.
    NoSpace,
    /// Out of descriptors.
    NoDescriptors,
    /// Out of memory.
    NoMemory,
    /// No such name.
    NotFound,
    /// The name is taken.
    Exists,
    /// The directory is not empty.
    NotEmpty,
    /// The file system cannot do this.
    Unsupported,
    /// Nobody listens there.
    Refused,
    /// Not in time.
    TimedOut,
    /// The connection is broken.
    Reset,
    /// Any other, by the system's number.
    Other(i32),
}

impl Errno {
    /// What it means for the disk operation that wanted the call.
    pub fn fault(self) -> Fault {
        match self {
            Errno::NoSpace => Fault::Full,
            Errno::NoDescriptors | Errno::NoMemory | Errno::Interrupted => Fault::Busy,
            Errno::NotFound => Fault::Gone,
            Errno::Exists
            | Errno::NotEmpty
            | Errno::Unsupported
            | Errno::Refused
            | Errno::TimedOut
            | Errno::Reset
            | Errno::Other(_) => Fault::Broken,
        }
    }
}
