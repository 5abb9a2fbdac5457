//! What the recording knows beside what every disk keeps (see `conformance`): what was there before, and the same bytes as the real files.

use std::fs;

use ottla_conformance::{Disk, ROOT, open, sync, write};
use ottla_machine::{DiskOp, Mode};
use tempfile::TempDir;

use super::arms::{Arm, recording_in};

#[test]
fn what_was_there_is_durable_and_what_is_synced_is_what_real_files_hold() {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("new");
    fs::write(dir.path().join("old"), b"was there").expect("written");
    let mut arm = Arm::over(recording_in(dir));
    let ops = vec![
        open(1, ROOT, "new", Mode::Create),
        write(1, 0, b"synced"),
        DiskOp::SyncDir(ROOT),
        write(1, 4, b"and longer"),
        sync(1),
    ];
    assert!(arm.each(ops).iter().all(Result::is_ok));
    assert_eq!(arm.left("old").as_deref(), Some(&b"was there"[..]));
    assert_eq!(arm.left("new").as_deref(), Some(&b"syncand longer"[..]));
    assert_eq!(fs::read(path).ok(), arm.left("new"));
}
