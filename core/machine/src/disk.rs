//! The verbs of a disk. A machine names its files and directories; a name in a directory is a [`Name`].
//!
//! What these verbs promise about order and loss is in `CONTRACT.md`.

use core::fmt;

use bytes::Bytes;

use crate::{Dir, File};

/// A file or directory name: one path component, at most 255 bytes, neither `.` nor `..`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Box<str>);

/// Why a string is no [`Name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadName;

impl Name {
    /// Judges a name.
    pub fn new(name: &str) -> Result<Name, BadName> {
        let bad = name.is_empty()
            || name.len() > 255
            || name == "."
            || name == ".."
            || name.contains(['/', '\0']);
        if bad {
            Err(BadName)
        } else {
            Ok(Name(name.into()))
        }
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Must exist (else [`Fault::Gone`]); only read: what would change it does nothing and is [`Fault::Broken`].
    Read,
    /// Must exist (else [`Fault::Gone`]); read and written.
    Write,
    /// Made empty when absent; read and written; an existing file keeps its bytes.
    Create,
    /// Made empty when absent, cut to nothing when present; read and written.
    Fresh,
}

/// One operation on the disk. Each gets exactly one `Done`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each verb says what its fields are")]
pub enum DiskOp {
    /// `file` names the file `name` of `dir` from now on. Answer: `Opened { len }`.
    Open {
        dir: Dir,
        name: Name,
        file: File,
        mode: Mode,
    },
    /// Room for the file's bytes up to `to` is set aside; its length does not change. `Full` when there is none.
    Allocate { file: File, to: u64 },
    /// The slices, one after the other, at `at`. All or a fault; after a fault or a crash any subset of its sectors may be there.
    Write {
        file: File,
        at: u64,
        bytes: Vec<Bytes>,
    },
    /// Answer: `Read(bytes)`, shorter than `len` only at the end of the file.
    Read { file: File, at: u64, len: u32 },
    /// Everything issued to the file before this is durable when it is done.
    Sync(File),
    /// As `Sync`, and out of its way: nobody waits for it but who asked.
    SyncAside(File),
    /// The file's length becomes `len`.
    Truncate { file: File, len: u64 },
    /// The identity is given up; ranges queued for sending stay readable.
    Close(File),
    /// Replaces `to` when it exists. Works on directories too; identities follow.
    Rename { from: (Dir, Name), to: (Dir, Name) },
    /// Removes a file, or a directory with all that is in it. Absent: done. Queued ranges stay readable.
    Remove { dir: Dir, name: Name },
    /// `made` names the directory `name` of `dir` from now on; it is made when absent.
    MakeDir { dir: Dir, name: Name, made: Dir },
    /// The directory's entries (created, renamed, removed) are durable when it is done.
    SyncDir(Dir),
    /// Up to `most` entries in byte order after `after`. Answer: `Listed(entries)`; fewer than `most` means the end.
    List {
        dir: Dir,
        after: Option<Name>,
        most: u32,
    },
    /// Answer: `Space { free, total }` in bytes, of the file system that holds the directory.
    Space(Dir),
}

/// What a directory entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// Anything else (link, socket, ..).
    Other,
}

/// One entry of a listed directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    /// Its name.
    pub name: Name,
    /// What it is.
    pub kind: Kind,
    /// A file's length in bytes; 0 for others.
    pub len: u64,
}

/// What an operation brought.
#[derive(Clone, PartialEq, Eq)]
pub enum DiskOutput {
    /// `Open`: the file's length.
    Opened {
        /// Bytes in the file.
        len: u64,
    },
    /// `Allocate`, `Write`, `Sync`, `SyncAside`, `Truncate`, `Close`, `Rename`, `Remove`, `MakeDir`, `SyncDir`.
    Done,
    /// `Read`.
    Read(Bytes),
    /// `List`.
    Listed(Vec<DirEntry>),
    /// `Space`.
    Space {
        /// Bytes free for us.
        free: u64,
        /// Bytes in all.
        total: u64,
    },
}

impl fmt::Debug for DiskOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DiskOutput::Opened { len } => write!(f, "Opened {{ len: {len} }}"),
            DiskOutput::Done => f.write_str("Done"),
            DiskOutput::Read(bytes) => write!(f, "Read({} bytes)", bytes.len()),
            DiskOutput::Listed(entries) => f.debug_tuple("Listed").field(entries).finish(),
            DiskOutput::Space { free, total } => {
                write!(f, "Space {{ free: {free}, total: {total} }}")
            }
        }
    }
}

/// How an operation failed. Not sticky: the next one may well succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No room; try later. Nothing was done, but that any part of a write may be there.
    Full,
    /// Out of descriptors or memory; try later. Nothing was done, but that any part of a write may be there, and a removal may have begun.
    Busy,
    /// There is no such file or directory.
    Gone,
    /// The object is no longer believed: data may be lost although the next call succeeds. The owner takes its log directory offline.
    Broken,
}
