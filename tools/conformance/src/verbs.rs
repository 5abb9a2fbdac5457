//! Disk operations in few words.

use bytes::Bytes;
use ottla_machine::{Dir, DiskOp, DiskOutput, File, Mode, Name};

use crate::Answer;

/// It is done.
pub const DONE: Answer = Ok(DiskOutput::Done);

/// A file of this length was opened.
pub fn opened(len: u64) -> Answer {
    Ok(DiskOutput::Opened { len })
}

/// What was read.
#[track_caller]
pub fn bytes(answer: &Answer) -> &[u8] {
    match answer {
        Ok(DiskOutput::Read(bytes)) => bytes,
        other => panic!("{other:?} is no bytes"),
    }
}

/// A name.
pub fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

/// `DiskOp::Open`.
pub fn open(file: u64, dir: Dir, at: &str, mode: Mode) -> DiskOp {
    DiskOp::Open {
        dir,
        name: name(at),
        file: File(file),
        mode,
    }
}

/// `DiskOp::Write` of one slice.
pub fn write(file: u64, at: u64, bytes: &[u8]) -> DiskOp {
    DiskOp::Write {
        file: File(file),
        at,
        bytes: vec![Bytes::copy_from_slice(bytes)],
    }
}

/// `DiskOp::Read`.
pub fn read(file: u64, at: u64, len: u32) -> DiskOp {
    DiskOp::Read {
        file: File(file),
        at,
        len,
    }
}

/// `DiskOp::Sync`.
pub fn sync(file: u64) -> DiskOp {
    DiskOp::Sync(File(file))
}

/// `DiskOp::Rename`.
pub fn rename(from: (Dir, &str), to: (Dir, &str)) -> DiskOp {
    DiskOp::Rename {
        from: (from.0, name(from.1)),
        to: (to.0, name(to.1)),
    }
}

/// `DiskOp::Remove`.
pub fn remove(dir: Dir, at: &str) -> DiskOp {
    DiskOp::Remove {
        dir,
        name: name(at),
    }
}

/// `DiskOp::MakeDir`.
pub fn make_dir(dir: Dir, at: &str, made: u64) -> DiskOp {
    DiskOp::MakeDir {
        dir,
        name: name(at),
        made: Dir(made),
    }
}

/// `DiskOp::List`.
pub fn list(dir: Dir, after: Option<&str>, most: u32) -> DiskOp {
    DiskOp::List {
        dir,
        after: after.map(name),
        most,
    }
}
