//! What the recording says a power cut would leave.

use std::path::Path;

use bytes::Bytes;
use ottla_conformance::Disk;
use ottla_io::{Recording, RecordingFiles};
use ottla_machine::{Dir, DiskOp, File, Mode, Name};
use tempfile::TempDir;

use super::arms::Arm;

const ROOT: Dir = Dir(0);

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

fn write(at: u64, bytes: &'static [u8]) -> DiskOp {
    DiskOp::Write {
        file: File(1),
        at,
        bytes: vec![Bytes::from_static(bytes)],
    }
}

fn open(dir: Dir, at: &str) -> DiskOp {
    DiskOp::Open {
        dir,
        name: name(at),
        file: File(1),
        mode: Mode::Create,
    }
}

fn recorded() -> (Arm, Recording) {
    let dir = TempDir::new().expect("a directory");
    std::fs::write(dir.path().join("old"), b"was there").expect("written");
    let files = RecordingFiles::open("arm", vec![(ROOT, dir.path().into())]).expect("files");
    let recording = files.recording();
    let arm = Arm::over(("recording", Box::new(files), Some(dir)));
    (arm, recording)
}

fn after_power_cut(recording: &Recording) -> TempDir {
    let dir = TempDir::new().expect("a directory");
    recording
        .power_cut(&[(ROOT, dir.path().into())])
        .expect("a copy");
    dir
}

fn content(dir: &TempDir, at: &str) -> Option<Vec<u8>> {
    std::fs::read(dir.path().join(Path::new(at))).ok()
}

#[test]
fn what_no_sync_covered_is_thrown_away() {
    let (mut arm, recording) = recorded();
    arm.run(open(ROOT, "new")).expect("opened");
    arm.run(write(0, b"synced")).expect("written");
    arm.run(DiskOp::Sync(File(1))).expect("synced");
    let cut = after_power_cut(&recording);
    assert_eq!(content(&cut, "old").as_deref(), Some(&b"was there"[..]));
    assert_eq!(content(&cut, "new"), None, "its name was never synced");
    arm.run(DiskOp::SyncDir(ROOT)).expect("synced");
    arm.run(write(4, b"lost and longer")).expect("written");
    let cut = after_power_cut(&recording);
    assert_eq!(content(&cut, "new").as_deref(), Some(&b"synced"[..]));
    let real = |arm: &Arm| content(arm.dir.as_ref().expect("real files"), "new");
    assert_eq!(real(&arm).as_deref(), Some(&b"synclost and longer"[..]));
    arm.run(DiskOp::Sync(File(1))).expect("synced");
    let cut = after_power_cut(&recording);
    assert_eq!(content(&cut, "new"), real(&arm));
}

#[test]
fn renames_and_removals_count_when_their_directory_is_synced() {
    let (mut arm, recording) = recorded();
    let made = Dir(5);
    let ops = [
        DiskOp::MakeDir {
            dir: ROOT,
            name: name("d"),
            made,
        },
        DiskOp::SyncDir(ROOT),
        open(made, "tmp"),
        write(0, b"state"),
        DiskOp::Sync(File(1)),
        DiskOp::Rename {
            from: (made, name("tmp")),
            to: (made, name("state")),
        },
        DiskOp::Remove {
            dir: ROOT,
            name: name("old"),
        },
    ];
    for op in ops {
        arm.run(op).expect("done");
    }
    let cut = after_power_cut(&recording);
    assert!(content(&cut, "d/state").is_none() && content(&cut, "old").is_some());
    arm.run(DiskOp::SyncDir(made)).expect("synced");
    let cut = after_power_cut(&recording);
    assert_eq!(content(&cut, "d/state").as_deref(), Some(&b"state"[..]));
    assert!(content(&cut, "d/tmp").is_none() && content(&cut, "old").is_some());
    arm.run(DiskOp::SyncDir(ROOT)).expect("synced");
    assert!(content(&after_power_cut(&recording), "old").is_none());
}
