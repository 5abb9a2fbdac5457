//! What CONTRACT.md says of files and directories.

use bytes::Bytes;
use ottla_machine::{Dir, DiskOp, DiskOutput, Fault, File, Mode, Rng};

use crate::verbs::{DONE, bytes, list, make_dir, open, opened, read, remove, rename, sync, write};
use crate::{Answer, Check, Disk, ROOT};

/// Checks for a disk with room enough (64 MiB).
pub const CHECKS: &[Check] = &[
    ("modes of opening", modes_of_opening),
    ("one file's changes are in order", changes_are_in_order),
    ("large writes of many slices arrive whole", large_writes),
    ("identities follow renames", identities_follow_renames),
    ("removed files stay readable", removed_files_stay_readable),
    ("what is under way at a Close ends as ever", closing),
    ("a large file is removed by slices", large_removal),
    ("listings are in byte order and go on", listings),
    ("many operations at once leave what a model says", model),
];

/// What a disk for [`FULL`] holds, in bytes.
pub const SMALL: u64 = 16 << 10;

/// Checks for a disk of [`SMALL`] bytes.
pub const FULL: &[Check] = &[("a full disk refuses and heals", full_disk)];

/// Checks for a disk of which it is known what a power cut leaves.
pub const POWER: &[Check] = &[
    ("a sync covers what was issued before it", syncs),
    ("names are durable by a sync of their directory", names),
];

fn modes_of_opening(disk: &mut dyn Disk) -> Vec<Answer> {
    let answers = disk.each(vec![
        open(1, ROOT, "a", Mode::Read),
        open(2, ROOT, "a", Mode::Write),
        open(3, ROOT, "a", Mode::Create),
        write(3, 0, b"hello"),
        open(4, ROOT, "a", Mode::Create),
        open(5, ROOT, "a", Mode::Read),
        // What was opened to be read is not changed.
        write(5, 5, b"not to be written"),
        DiskOp::Truncate {
            file: File(5),
            len: 2,
        },
        DiskOp::Allocate {
            file: File(5),
            to: 9000,
        },
        sync(5),
        read(5, 0, 9),
        open(6, ROOT, "a", Mode::Fresh),
        open(7, ROOT, "a", Mode::Write),
        make_dir(ROOT, "d", 9),
        open(8, ROOT, "d", Mode::Read),
        open(9, Dir(9), "a", Mode::Read),
        read(77, 0, 1),
    ]);
    assert_eq!(answers[0], Err(Fault::Gone));
    assert_eq!(answers[1], Err(Fault::Gone));
    assert_eq!(answers[2], opened(0));
    assert_eq!(answers[4..6], [opened(5), opened(5)]);
    let broken = Err(Fault::Broken);
    assert_eq!(
        answers[6..9],
        [broken.clone(), broken.clone(), broken.clone()]
    );
    assert_eq!(answers[9], DONE);
    assert_eq!(bytes(&answers[10]), b"hello");
    assert_eq!(answers[11..13], [opened(0), opened(0)]);
    assert_eq!(answers[14], broken);
    assert_eq!(answers[15..], [Err(Fault::Gone), Err(Fault::Gone)]);
    answers
}

fn changes_are_in_order(disk: &mut dyn Disk) -> Vec<Answer> {
    let file = File(1);
    disk.run(open(1, ROOT, "a", Mode::Create)).expect("opened");
    let mut answers = disk.all(vec![
        write(1, 0, b"0123456789"),
        write(1, 10, b"abcdef"),
        DiskOp::Truncate { file, len: 12 },
        write(1, 14, b"xy"),
        sync(1),
        write(1, 16, b"!"),
        sync(1),
    ]);
    answers.push(disk.run(read(1, 0, 100)));
    assert_eq!(bytes(&answers[7]), b"0123456789ab\0\0xy!");
    let more = disk.each(vec![
        read(1, 12, 3),
        read(1, 17, 5),
        read(1, 1000, 5),
        DiskOp::Truncate { file, len: 30 },
        read(1, 15, 100),
        DiskOp::Allocate { file, to: 9000 },
        read(1, 28, 100),
        DiskOp::Close(file),
        sync(1),
        open(2, ROOT, "a", Mode::Write),
    ]);
    assert_eq!(bytes(&more[0]), b"\0\0x");
    assert_eq!(bytes(&more[1]), b"");
    assert_eq!(bytes(&more[2]), b"");
    assert_eq!(bytes(&more[6]), b"\0\0");
    assert_eq!(more[7..], [DONE, Err(Fault::Gone), opened(30)]);
    answers.extend(more);
    answers
}

fn large_writes(disk: &mut dyn Disk) -> Vec<Answer> {
    disk.run(open(1, ROOT, "a", Mode::Create)).expect("opened");
    let slice = |n: usize| Bytes::from(vec![n as u8; n % 97]);
    let slices: Vec<Bytes> = (0..1000).map(slice).collect();
    let whole = slices.concat();
    let len = whole.len() as u64;
    let op = |at| DiskOp::Write {
        file: File(1),
        at,
        bytes: slices.clone(),
    };
    let mut answers = disk.all(vec![op(0), op(len), op(2 * len)]);
    answers.push(disk.run(read(1, len, whole.len() as u32)));
    assert_eq!(bytes(&answers[3]), whole);
    answers
}

fn identities_follow_renames(disk: &mut dyn Disk) -> Vec<Answer> {
    let dir = Dir(7);
    disk.each(vec![
        make_dir(ROOT, "t", 7),
        make_dir(ROOT, "t", 77),
        make_dir(Dir(77), "below", 78),
        open(1, dir, "a", Mode::Create),
        open(2, dir, "b", Mode::Create),
        write(1, 0, b"one"),
        write(2, 0, b"two"),
    ]);
    let answers = disk.each(vec![
        rename((dir, "a"), (dir, "b")),
        read(1, 0, 9),
        // The file whose name was taken stays readable.
        read(2, 0, 9),
        rename((dir, "a"), (dir, "c")),
        rename((ROOT, "t"), (ROOT, "u")),
        list(dir, None, 9),
        list(Dir(77), None, 9),
        list(Dir(78), None, 9),
        open(3, dir, "b", Mode::Read),
        make_dir(ROOT, "t", 8),
        open(4, Dir(8), "b", Mode::Read),
        rename((ROOT, "u"), (ROOT, "t")),
        list(dir, None, 9),
        list(Dir(8), None, 9),
        make_dir(ROOT, "v", 9),
        open(5, Dir(9), "x", Mode::Create),
        rename((ROOT, "t"), (ROOT, "v")),
        rename((dir, "b"), (ROOT, "v")),
        rename((dir, "b"), (ROOT, "moved")),
        list(ROOT, None, 9),
        DiskOp::SyncDir(ROOT),
        DiskOp::SyncDir(dir),
        DiskOp::SyncDir(Dir(8)),
    ]);
    assert_eq!(bytes(&answers[1]), b"one");
    assert_eq!(bytes(&answers[2]), b"two");
    assert_eq!(answers[3], Err(Fault::Gone));
    assert_eq!(answers[5], answers[6]);
    assert_eq!(answers[7], Ok(DiskOutput::Listed(Vec::new())));
    assert_eq!(answers[8], opened(3));
    assert_eq!(answers[10], Err(Fault::Gone));
    assert_eq!(answers[11], DONE);
    assert_eq!(answers[13], Err(Fault::Gone), "it was replaced");
    assert_eq!(answers[16], Err(Fault::Broken), "not empty");
    assert_eq!(answers[20..], [DONE, DONE, Err(Fault::Gone)]);
    answers
}

fn removed_files_stay_readable(disk: &mut dyn Disk) -> Vec<Answer> {
    disk.each(vec![
        make_dir(ROOT, "t", 7),
        make_dir(Dir(7), "s", 8),
        open(1, Dir(7), "a", Mode::Create),
        open(2, Dir(8), "b", Mode::Create),
        write(1, 0, b"one"),
    ]);
    let answers = disk.each(vec![
        remove(Dir(7), "none"),
        remove(Dir(7), "a"),
        list(Dir(7), None, 9),
        read(1, 0, 9),
        write(1, 3, b"more"),
        read(1, 0, 9),
        sync(1),
        // A directory goes with all that is in it.
        remove(ROOT, "t"),
        list(Dir(7), None, 9),
        list(Dir(8), None, 9),
        list(ROOT, None, 9),
        write(2, 0, b"still"),
        read(2, 0, 9),
        DiskOp::Close(File(2)),
        make_dir(ROOT, "t", 9),
        list(Dir(9), None, 9),
    ]);
    assert_eq!(answers[0], DONE);
    assert_eq!(bytes(&answers[3]), b"one");
    assert_eq!(bytes(&answers[5]), b"onemore");
    assert_eq!(answers[8..10], [Err(Fault::Gone), Err(Fault::Gone)]);
    assert_eq!(answers[10], Ok(DiskOutput::Listed(Vec::new())));
    assert_eq!(bytes(&answers[12]), b"still");
    assert_eq!(answers[15], Ok(DiskOutput::Listed(Vec::new())));
    answers
}

/// All of it issued at once; what comes after the Close is about nothing.
fn closing(disk: &mut dyn Disk) -> Vec<Answer> {
    let file = File(1);
    disk.each(vec![
        open(1, ROOT, "a", Mode::Create),
        write(1, 0, b"before"),
        open(2, ROOT, "a", Mode::Read),
    ]);
    let answers = disk.all(vec![
        write(1, 6, b" and after"),
        DiskOp::Allocate { file, to: 9000 },
        sync(1),
        read(1, 0, 6),
        DiskOp::Truncate { file, len: 12 },
        sync(1),
        DiskOp::Close(file),
        write(1, 0, b"never"),
        read(1, 0, 6),
        DiskOp::Close(file),
        remove(ROOT, "a"),
    ]);
    assert_eq!(answers[..3], [DONE, DONE, DONE]);
    assert_eq!(bytes(&answers[3]), b"before");
    assert_eq!(answers[4..7], [DONE, DONE, DONE]);
    let gone = || Err(Fault::Gone);
    assert_eq!(answers[7..], [gone(), gone(), gone(), DONE]);
    // Another identity of the same file knows nothing of it.
    assert_eq!(bytes(&disk.run(read(2, 0, 99))), b"before and a");
    answers
}

/// Somebody reads it meanwhile.
fn large_removal(disk: &mut dyn Disk) -> Vec<Answer> {
    let (file, len) = (File(1), 40 << 20);
    disk.run(open(1, ROOT, "a", Mode::Create)).expect("opened");
    disk.run(DiskOp::Truncate { file, len }).expect("truncated");
    disk.run(write(1, len - 3, b"end")).expect("written");
    let mut answers = disk.all(vec![remove(ROOT, "a"), read(1, len - 3, 9)]);
    answers.push(disk.run(read(1, len - 3, 9)));
    assert_eq!(bytes(&answers[2]), b"end");
    answers.push(disk.run(DiskOp::Close(file)));
    answers.push(disk.run(list(ROOT, None, 9)));
    assert_eq!(answers[4], Ok(DiskOutput::Listed(Vec::new())));
    answers
}

fn listings(disk: &mut dyn Disk) -> Vec<Answer> {
    let made = ["b", "a", "B", "a-10", "a-9", "ä", "c.log"];
    for (file, at) in made.iter().enumerate() {
        let made = disk.run(open(file as u64, ROOT, at, Mode::Create));
        made.expect("opened");
    }
    disk.each(vec![write(6, 0, b"12345"), make_dir(ROOT, "d", 99)]);
    let answers = disk.each(vec![
        list(ROOT, None, 100),
        list(ROOT, None, 3),
        list(ROOT, Some("a-10"), 2),
        list(ROOT, Some("zz"), 2),
        list(ROOT, Some("a-1"), 100),
    ]);
    let Ok(DiskOutput::Listed(all)) = &answers[0] else {
        panic!("not listed");
    };
    let names: Vec<&str> = all.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["B", "a", "a-10", "a-9", "b", "c.log", "d", "ä"]);
    assert_eq!(all[5].len, 5);
    let part = |range: std::ops::Range<usize>| Ok(DiskOutput::Listed(all[range].to_vec()));
    assert_eq!(answers[1..3], [part(0..3), part(3..5)]);
    answers
}

const FILES: u64 = 4;

/// Random operations on a few files, many at once: every file must hold what the model says, and its changes are told in order.
fn model(disk: &mut dyn Disk) -> Vec<Answer> {
    let mut rng = Rng::new([7; 32]);
    let mut files: Vec<Vec<u8>> = vec![Vec::new(); FILES as usize];
    for file in 0..FILES {
        let made = disk.run(open(file, ROOT, &format!("f{file}"), Mode::Create));
        made.expect("opened");
    }
    for _ in 0..40 {
        let drawn: Vec<DiskOp> = (0..rng.below(40))
            .map(|_| draw(&mut rng, &mut files))
            .collect();
        let told = disk.told(drawn.clone());
        assert!(told.iter().all(|(_, answer)| *answer == DONE), "{told:?}");
        for file in 0..FILES {
            let changes = |number: &usize| changes(&drawn[*number], File(file));
            let told = told.iter().map(|(number, _)| *number).filter(changes);
            assert!(told.is_sorted(), "the changes of one file end in order");
        }
        for (file, held) in files.iter().enumerate() {
            let answer = disk.run(read(file as u64, 0, 1 << 20));
            assert_eq!(bytes(&answer), &held[..]);
        }
    }
    Vec::new()
}

fn changes(op: &DiskOp, of: File) -> bool {
    match op {
        DiskOp::Write { file, .. } | DiskOp::Truncate { file, .. } => *file == of,
        _ => false,
    }
}

fn draw(rng: &mut Rng, files: &mut [Vec<u8>]) -> DiskOp {
    let number = rng.below(FILES);
    let (file, held) = (File(number), &mut files[number as usize]);
    match rng.below(8) {
        0 if rng.below(2) == 0 => DiskOp::SyncAside(file),
        0 => DiskOp::Sync(file),
        1 => {
            let len = rng.below(held.len() as u64 + 10);
            held.resize(len as usize, 0);
            DiskOp::Truncate { file, len }
        }
        2 => DiskOp::Allocate {
            file,
            to: rng.below(5000),
        },
        drawn => {
            let at = match drawn {
                3 => rng.below(held.len() as u64 + 5) as usize,
                _ => held.len(),
            };
            let bytes = vec![rng.below(256) as u8; rng.below(1500) as usize];
            if !bytes.is_empty() {
                held.resize(held.len().max(at + bytes.len()), 0);
                held[at..at + bytes.len()].copy_from_slice(&bytes);
            }
            write(number, at as u64, &bytes)
        }
    }
}

fn full_disk(disk: &mut dyn Disk) -> Vec<Answer> {
    let (file, other) = (File(1), File(2));
    let allocate = |file, to| DiskOp::Allocate { file, to };
    let mut answers = disk.each(vec![
        open(1, ROOT, "a", Mode::Create),
        open(2, ROOT, "b", Mode::Create),
        write(2, 0, &[9; 60]),
        allocate(file, 12 << 10),
        allocate(other, 8 << 10),
        write(2, 50, &[1; 5000]),
        // Of the write any part may be there, and nothing else was touched.
        DiskOp::Truncate {
            file: other,
            len: 50,
        },
        read(2, 0, 5050),
    ]);
    let refused = Err(Fault::Full);
    assert_eq!(answers[2..7], [DONE, DONE, refused.clone(), refused, DONE]);
    assert_eq!(bytes(&answers[7]), [9; 50]);
    // What was allocated is there.
    let within = disk.all(vec![
        write(1, 0, &[2; 8 << 10]),
        write(1, 8 << 10, &[3; 4 << 10]),
    ]);
    assert_eq!(within, [DONE, DONE]);
    let space = disk.run(DiskOp::Space(ROOT));
    let of_all = matches!(space, Ok(DiskOutput::Space { free, total: SMALL }) if free <= 4096);
    assert!(of_all, "{space:?}");
    answers.extend(disk.each(vec![
        DiskOp::Close(file),
        remove(ROOT, "a"),
        DiskOp::SyncDir(ROOT),
        allocate(other, 8 << 10),
        write(2, 0, &[1; 5000]),
        read(2, 0, 5001),
    ]));
    let [.., granted, written, held] = &answers[..] else {
        panic!("{answers:?}");
    };
    assert_eq!([granted, written], [&DONE, &DONE], "there is room again");
    assert_eq!(bytes(held), [1; 5000]);
    answers
}

fn syncs(disk: &mut dyn Disk) -> Vec<Answer> {
    let file = File(1);
    let mut answers = disk.each(vec![
        open(1, ROOT, "a", Mode::Create),
        DiskOp::SyncDir(ROOT),
        write(1, 0, b"first"),
    ]);
    assert_eq!(disk.left("a").as_deref(), Some(&b""[..]));
    answers.push(disk.run(sync(1)));
    assert_eq!(disk.left("a").as_deref(), Some(&b"first"[..]));
    answers.push(disk.run(write(1, 3, b"write")));
    assert_eq!(disk.left("a").as_deref(), Some(&b"first"[..]));
    answers.extend(disk.all(vec![
        DiskOp::Truncate { file, len: 4 },
        DiskOp::Allocate { file, to: 9000 },
        write(1, 4, b"1111"),
        write(1, 8, b"2222"),
        DiskOp::Truncate { file, len: 10 },
        sync(1),
        write(1, 10, b"3333"),
    ]));
    // What came after it may be covered, too.
    let left = disk.left("a").expect("its name was synced");
    assert!(left.starts_with(b"firw111122"), "{left:?}");
    answers.push(disk.run(sync(1)));
    assert_eq!(disk.left("a").as_deref(), Some(&b"firw1111223333"[..]));
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    answers
}

fn names(disk: &mut dyn Disk) -> Vec<Answer> {
    let dir = Dir(5);
    let mut answers = disk.each(vec![
        open(1, ROOT, "old", Mode::Create),
        write(1, 0, b"old"),
        sync(1),
    ]);
    assert_eq!(disk.left("old"), None, "its name was not synced");
    answers.extend(disk.each(vec![
        make_dir(ROOT, "d", 5),
        DiskOp::SyncDir(ROOT),
        open(2, dir, "tmp", Mode::Create),
        write(2, 0, b"state"),
        sync(2),
        rename((dir, "tmp"), (dir, "state")),
        remove(ROOT, "old"),
    ]));
    assert_eq!(disk.left("old").as_deref(), Some(&b"old"[..]));
    assert_eq!(disk.left("d/state"), None);
    answers.push(disk.run(DiskOp::SyncDir(dir)));
    assert_eq!(disk.left("d/state").as_deref(), Some(&b"state"[..]));
    assert_eq!(disk.left("d/tmp"), None);
    assert!(disk.left("old").is_some(), "it is in another directory");
    answers.push(disk.run(DiskOp::SyncDir(ROOT)));
    assert_eq!(disk.left("old"), None);
    // What replaces is there whole, or what it replaces is.
    answers.extend(disk.each(vec![
        open(3, dir, "tmp", Mode::Create),
        write(3, 0, b"later"),
        sync(3),
        rename((dir, "tmp"), (dir, "state")),
    ]));
    assert_eq!(disk.left("d/state").as_deref(), Some(&b"state"[..]));
    answers.push(disk.run(DiskOp::SyncDir(dir)));
    assert_eq!(disk.left("d/state").as_deref(), Some(&b"later"[..]));
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    answers
}
