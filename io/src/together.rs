//! Syncs that wait at the same time, as one call for their whole file system: fifty files that each got a few bytes, or fifty directories that
//! each got a name, cost one commit of its journal so, not fifty.
//!
//! T1: only where one call is known to say as much as one per file: ext4, and Linux 5.8 or later, whose syncfs(2) also says of writes that
//!     failed before it was called. That a block cannot be had when its bytes are written back is said by neither, and cannot come up:
//!     logs write into room that was set aside, and ext4 keeps room for the rest.
//! T2: one that fails says nothing of any file: each is then asked for itself.
//! T3: only while it is cheaper of late. Others may write to the same file system, and it waits for their bytes, too; while it takes longer
//!     than file by file, it is tried again every [`REST`] times only.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fs::{self, major, minor};
use rustix::io::Errno as Os;

/// Fewer files are synced one by one.
const LEAST: usize = 4;
/// How often file by file while the whole takes longer.
const REST: u32 = 64;
/// What is known of how long syncs take changes by an eighth with each.
const SLOWLY: u32 = 8;

/// How the syncs of one log directory are made.
#[derive(Debug)]
pub(crate) struct Together {
    /// The log directory, if its file system can be synced whole.
    root: Option<Arc<OwnedFd>>,
    /// What a file takes by itself, of late.
    alone: Duration,
    /// What it takes among others.
    among: Duration,
    rest: u32,
}

impl Together {
    pub(crate) fn new(root: &Arc<OwnedFd>) -> Together {
        let knows = knows_of_failed_writes(&rustix::system::uname().release().to_string_lossy());
        let fits = knows && file_system(root).as_deref() == Some("ext4");
        Together {
            root: fits.then(|| root.clone()),
            alone: Duration::ZERO,
            among: Duration::ZERO,
            rest: 0,
        }
    }

    /// Syncs all at once if that is right and cheap. False: each is to be asked for itself.
    pub(crate) fn whole(&mut self, files: usize) -> bool {
        let Some(root) = &self.root else {
            return false;
        };
        if files < LEAST {
            return false;
        }
        if self.among > self.alone && self.rest > 0 {
            self.rest -= 1;
            return false;
        }
        self.rest = REST;
        let began = Instant::now();
        let done = fs::syncfs(root).is_ok();
        learn(&mut self.among, began.elapsed() / files as u32);
        done
    }

    /// Syncs one.
    pub(crate) fn one(&mut self, file: &OwnedFd) -> Result<(), Os> {
        let began = Instant::now();
        let done = fs::fdatasync(file);
        learn(&mut self.alone, began.elapsed());
        done
    }
}

fn learn(known: &mut Duration, seen: Duration) {
    *known = (*known * (SLOWLY - 1) + seen) / SLOWLY;
}

/// Whether syncfs of this release of Linux says of writes that failed: since 5.8.
fn knows_of_failed_writes(release: &str) -> bool {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    let mut number = || numbers.next().and_then(|it| it.parse::<u32>().ok());
    match (number(), number()) {
        (Some(major), Some(minor)) => (major, minor) >= (5, 8),
        _ => false,
    }
}

/// What the file system of a directory is called, as far as the kernel tells.
fn file_system(root: &OwnedFd) -> Option<String> {
    let device = fs::fstat(root).ok()?.st_dev;
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let device = format!("{}:{}", major(device), minor(device));
    mounted(&mounts, &device).map(Into::into)
}

/// The type of the file system on a device, by the lines of proc_pid_mountinfo(5).
fn mounted<'a>(mounts: &'a str, device: &str) -> Option<&'a str> {
    let mut lines = mounts.lines();
    let line = lines.find(|line| line.split(' ').nth(2) == Some(device))?;
    let (_, after) = line.split_once(" - ")?;
    after.split(' ').next()
}

#[cfg(test)]
mod tests {
    use super::{knows_of_failed_writes, mounted};

    #[test]
    fn only_releases_whose_syncfs_tells_are_trusted() {
        for told in ["5.8.0", "5.10.0-23-amd64", "6.1", "10.0.1"] {
            assert!(knows_of_failed_writes(told), "{told}");
        }
        for silent in ["5.7.19", "4.19.0", "3.10.0-1160.el7.x86_64", "", "new"] {
            assert!(!knows_of_failed_writes(silent), "{silent}");
        }
    }

    #[test]
    fn a_file_system_is_found_by_its_device() {
        let mounts = "22 27 0:21 / /proc rw,relatime - proc proc rw\n\
                      36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext4 /dev/root rw,errors=continue\n\
                      37 35 98:1 /a /b rw - xfs /dev/b rw\n";
        assert_eq!(mounted(mounts, "98:0"), Some("ext4"));
        assert_eq!(mounted(mounts, "98:1"), Some("xfs"));
        assert_eq!(mounted(mounts, "98:2"), None);
    }
}
