//! The lock of a data directory: an open-file-description lock on `.lock`. It excludes a second one in this
//! process as well as others', and any program that takes an ordinary record lock on the same file.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

const NAME: &str = ".lock";

/// A data directory that is ours until this is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// Who has the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBy {
    /// The process, when it is known.
    pub pid: Option<u32>,
    /// Its command; empty when it is not known.
    pub command: String,
}

/// Why there is no lock.
#[derive(Debug)]
pub enum LockError {
    /// Somebody has it.
    Held(HeldBy),
    /// The file cannot be made or locked.
    Io(io::Error),
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LockError::Io(error) => error.fmt(f),
            LockError::Held(by) => {
                match by.pid {
                    Some(pid) => write!(f, "in use by process {pid}")?,
                    None => f.write_str("in use by another process")?,
                }
                if !by.command.is_empty() {
                    write!(f, " ({})", by.command)?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for LockError {}

impl From<io::Error> for LockError {
    fn from(error: io::Error) -> LockError {
        LockError::Io(error)
    }
}

/// Locks a directory, or says who has it.
pub fn lock(dir: &Path) -> Result<Lock, LockError> {
    let path = dir.join(NAME);
    loop {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        match ofd(&file, libc::F_OFD_SETLK) {
            Ok(_) => {}
            Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => {
                return Err(LockError::Held(holder(&mut file)));
            }
            Err(error) => return Err(error.into()),
        }
        // Its last owner may have taken the name away between our open and our lock: then this lock guards nothing.
        let named = match std::fs::metadata(&path) {
            Ok(named) => named,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error.into()),
        };
        let ours = file.metadata()?;
        if (named.dev(), named.ino()) != (ours.dev(), ours.ino()) {
            continue;
        }
        let command = command_of("self");
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(format!("{}\n{command}\n", std::process::id()).as_bytes())?;
        return Ok(Lock { file });
    }
}

/// Who has a directory's lock, without taking it; nothing is changed.
pub fn held(dir: &Path) -> io::Result<Option<HeldBy>> {
    let mut file = match File::open(dir.join(NAME)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let found = ofd(&file, libc::F_OFD_GETLK)?;
    let free = libc::c_int::from(found.l_type) == libc::F_UNLCK as libc::c_int;
    Ok((!free).then(|| holder(&mut file)))
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Nobody has it from now on, so nobody is named in it; closing unlocks, whatever comes of this.
        let _ = self.file.set_len(0);
    }
}

/// What stands in the file, or what the kernel knows.
fn holder(file: &mut File) -> HeldBy {
    let mut text = String::new();
    // What cannot be read is not known.
    let _ = file.take(4096).read_to_string(&mut text);
    let mut lines = text.lines();
    if let Some(pid) = lines.next().and_then(|line| line.parse().ok()) {
        return HeldBy {
            pid: Some(pid),
            command: lines.next().unwrap_or_default().into(),
        };
    }
    let pid = ofd(file, libc::F_OFD_GETLK)
        .ok()
        .and_then(|held| u32::try_from(held.l_pid).ok())
        .filter(|pid| *pid > 0);
    HeldBy {
        pid,
        command: pid.map_or_else(String::new, |pid| command_of(&pid.to_string())),
    }
}

fn command_of(process: &str) -> String {
    let Ok(bytes) = std::fs::read(format!("/proc/{process}/cmdline")) else {
        return String::new();
    };
    let text = String::from_utf8_lossy(&bytes);
    text.trim_end_matches('\0').replace(['\0', '\n'], " ")
}

/// Asks for (or about) a write lock on the whole file.
#[allow(
    unsafe_code,
    reason = "no safe crate offers open-file-description locks"
)]
fn ofd(file: &File, command: libc::c_int) -> io::Result<libc::flock> {
    // SAFETY: `flock` is plain numbers, for which zero is a value.
    let mut what: libc::flock = unsafe { std::mem::zeroed() };
    what.l_type = libc::F_WRLCK as libc::c_short;
    what.l_whence = libc::SEEK_SET as libc::c_short;
    // SAFETY: the descriptor is open as long as `file`, and the kernel reads and writes `what` only during the call.
    let result = unsafe { libc::fcntl(file.as_raw_fd(), command, &raw mut what) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(what)
}
