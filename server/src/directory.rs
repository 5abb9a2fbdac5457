//! The data directory: made when absent, and ours alone while the node runs. In: its path. Out: a lock, or a sentence.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ottla_io::{Lock, LockError};

/// Makes and locks a directory: its whole path, and the lock.
pub fn take(dir: &Path) -> Result<(PathBuf, Lock), String> {
    let failed = |error: io::Error| {
        format!(
            "data directory {}: {error}: name a directory that can be written, with --data-dir",
            dir.display()
        )
    };
    fs::create_dir_all(dir).map_err(failed)?;
    match ottla_io::lock(dir) {
        Ok(lock) => Ok((std::path::absolute(dir).map_err(failed)?, lock)),
        Err(LockError::Io(error)) => Err(failed(error)),
        Err(LockError::Held(by)) => Err(format!(
            "data directory {} is {}: stop that one first, or name another directory with --data-dir",
            dir.display(),
            LockError::Held(by)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_made_and_taken_once() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("a/b");
        let (whole, lock) = take(&path).unwrap();
        assert!(whole.is_absolute() && whole.ends_with("a/b"));
        let why = take(&path).unwrap_err();
        let pid = format!("process {}", std::process::id());
        assert!(
            why.contains(&pid) && why.contains("--data-dir") && !why.contains('\n'),
            "{why}"
        );
        drop(lock);
        assert!(take(&path).is_ok());
    }

    #[test]
    fn what_cannot_be_a_directory_is_named() {
        let why = take(Path::new("/dev/null")).unwrap_err();
        assert!(
            why.contains("/dev/null") && why.contains("--data-dir"),
            "{why}"
        );
    }
}
