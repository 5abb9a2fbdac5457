//! What CONTRACT.md says of files and directories, the same on every arm: real files, recorded files, a pure disk, and
//! a pure disk whose calls are late, short, interrupted and out of order.

use bytes::Bytes;
use ottla_machine::{Dir, DiskOp, DiskOutput, Fault, File, Mode, Name, Rng};

use super::arms::{Answer, Arm};

const ROOM: u64 = 64 << 20;
const ROOT: Dir = Dir(0);

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

fn open(file: u64, dir: Dir, at: &str, mode: Mode) -> DiskOp {
    DiskOp::Open {
        dir,
        name: name(at),
        file: File(file),
        mode,
    }
}

fn write(file: u64, at: u64, bytes: &[u8]) -> DiskOp {
    DiskOp::Write {
        file: File(file),
        at,
        bytes: vec![Bytes::copy_from_slice(bytes)],
    }
}

fn read(file: u64, at: u64, len: u32) -> DiskOp {
    DiskOp::Read {
        file: File(file),
        at,
        len,
    }
}

fn rename(from: (Dir, &str), to: (Dir, &str)) -> DiskOp {
    DiskOp::Rename {
        from: (from.0, name(from.1)),
        to: (to.0, name(to.1)),
    }
}

fn remove(dir: Dir, at: &str) -> DiskOp {
    DiskOp::Remove {
        dir,
        name: name(at),
    }
}

fn make_dir(dir: Dir, at: &str, made: u64) -> DiskOp {
    DiskOp::MakeDir {
        dir,
        name: name(at),
        made: Dir(made),
    }
}

fn list(dir: Dir, after: Option<&str>, most: u32) -> DiskOp {
    DiskOp::List {
        dir,
        after: after.map(name),
        most,
    }
}

fn bytes(answer: &Answer) -> &[u8] {
    match answer {
        Ok(DiskOutput::Read(bytes)) => bytes,
        other => panic!("{other:?} is no bytes"),
    }
}

/// Plays a scenario on every arm; every arm must answer the same.
fn everywhere(scenario: fn(&mut Arm) -> Vec<Answer>) {
    let mut arms = vec![Arm::real(), Arm::recording(), Arm::memory(ROOM)];
    arms.extend((0..20).map(|seed| Arm::late(ROOM, seed)));
    let mut first: Option<Vec<Answer>> = None;
    for mut arm in arms {
        let answers = scenario(&mut arm);
        match &first {
            Some(first) => assert_eq!(first, &answers, "{}", arm.name),
            None => first = Some(answers),
        }
    }
}

/// Runs one after the other.
fn each(arm: &mut Arm, ops: Vec<DiskOp>) -> Vec<Answer> {
    ops.into_iter().map(|op| arm.run(op)).collect()
}

#[test]
fn modes_of_opening() {
    everywhere(|arm| {
        let answers = each(
            arm,
            vec![
                open(1, ROOT, "a", Mode::Read),
                open(2, ROOT, "a", Mode::Write),
                open(3, ROOT, "a", Mode::Create),
                write(3, 0, b"hello"),
                open(4, ROOT, "a", Mode::Create),
                open(5, ROOT, "a", Mode::Read),
                open(6, ROOT, "a", Mode::Fresh),
                open(7, ROOT, "a", Mode::Write),
                make_dir(ROOT, "d", 9),
                open(8, ROOT, "d", Mode::Read),
                open(9, Dir(9), "a", Mode::Read),
            ],
        );
        let opened = |len| Ok(DiskOutput::Opened { len });
        assert_eq!(answers[0], Err(Fault::Gone));
        assert_eq!(answers[1], Err(Fault::Gone));
        assert_eq!(answers[2], opened(0));
        assert_eq!(answers[4..8], [opened(5), opened(5), opened(0), opened(0)]);
        assert_eq!(answers[9], Err(Fault::Broken));
        assert_eq!(answers[10], Err(Fault::Gone));
        answers
    });
}

#[test]
fn writes_truncations_and_reads_of_one_file_are_in_order() {
    everywhere(|arm| {
        let file = File(1);
        arm.run(open(1, ROOT, "a", Mode::Create)).expect("opened");
        let mut answers = arm.all(vec![
            write(1, 0, b"0123456789"),
            write(1, 10, b"abcdef"),
            DiskOp::Truncate { file, len: 12 },
            write(1, 14, b"xy"),
            DiskOp::Sync(file),
            write(1, 16, b"!"),
            DiskOp::Sync(file),
        ]);
        answers.push(arm.run(read(1, 0, 100)));
        assert_eq!(bytes(&answers[7]), b"0123456789ab\0\0xy!");
        answers.extend(each(
            arm,
            vec![
                read(1, 12, 3),
                read(1, 17, 5),
                read(1, 1000, 5),
                DiskOp::Truncate { file, len: 30 },
                read(1, 15, 100),
                DiskOp::Allocate { file, to: 9000 },
                read(1, 28, 100),
                DiskOp::Close(file),
                DiskOp::Sync(file),
                open(2, ROOT, "a", Mode::Write),
            ],
        ));
        assert_eq!(answers.last(), Some(&Ok(DiskOutput::Opened { len: 30 })));
        answers
    });
}

#[test]
fn large_writes_of_many_slices_arrive_whole() {
    everywhere(|arm| {
        arm.run(open(1, ROOT, "a", Mode::Create)).expect("opened");
        let slice = |n: usize| Bytes::from(vec![n as u8; n % 97]);
        let slices: Vec<Bytes> = (0..1000).map(slice).collect();
        let whole = slices.concat();
        let len = whole.len() as u64;
        let op = |at| DiskOp::Write {
            file: File(1),
            at,
            bytes: slices.clone(),
        };
        let mut answers = arm.all(vec![op(0), op(len), op(2 * len)]);
        answers.push(arm.run(read(1, len, whole.len() as u32)));
        assert_eq!(bytes(&answers[3]), whole);
        answers
    });
}

#[test]
fn names_are_renamed_in_one_step_and_identities_follow() {
    everywhere(|arm| {
        let dir = Dir(7);
        each(
            arm,
            vec![
                make_dir(ROOT, "t", 7),
                open(1, dir, "a", Mode::Create),
                open(2, dir, "b", Mode::Create),
                write(1, 0, b"one"),
                write(2, 0, b"two"),
            ],
        );
        let answers = each(
            arm,
            vec![
                rename((dir, "a"), (dir, "b")),
                read(1, 0, 9),
                // The file whose name was taken stays readable.
                read(2, 0, 9),
                rename((dir, "a"), (dir, "c")),
                rename((ROOT, "t"), (ROOT, "u")),
                list(dir, None, 9),
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
            ],
        );
        assert_eq!(bytes(&answers[1]), b"one");
        assert_eq!(bytes(&answers[2]), b"two");
        assert_eq!(answers[3], Err(Fault::Gone));
        assert_eq!(answers[6], Ok(DiskOutput::Opened { len: 3 }));
        assert_eq!(answers[8], Err(Fault::Gone));
        assert_eq!(answers[9], Ok(DiskOutput::Done));
        assert_eq!(answers[11], Err(Fault::Gone));
        assert_eq!(answers[14], Err(Fault::Broken));
        assert_eq!(answers[20], Err(Fault::Gone));
        answers
    });
}

#[test]
fn removed_files_stay_readable_and_directories_go_with_all_that_is_in_them() {
    everywhere(|arm| {
        each(
            arm,
            vec![
                make_dir(ROOT, "t", 7),
                make_dir(Dir(7), "s", 8),
                open(1, Dir(7), "a", Mode::Create),
                open(2, Dir(8), "b", Mode::Create),
                write(1, 0, b"one"),
            ],
        );
        let answers = each(
            arm,
            vec![
                remove(Dir(7), "none"),
                remove(Dir(7), "a"),
                list(Dir(7), None, 9),
                read(1, 0, 9),
                write(1, 3, b"more"),
                read(1, 0, 9),
                DiskOp::Sync(File(1)),
                remove(ROOT, "t"),
                list(Dir(7), None, 9),
                list(Dir(8), None, 9),
                list(ROOT, None, 9),
                write(2, 0, b"still"),
                read(2, 0, 9),
                DiskOp::Close(File(2)),
                make_dir(ROOT, "t", 9),
                list(Dir(9), None, 9),
            ],
        );
        assert_eq!(bytes(&answers[5]), b"onemore");
        assert_eq!(answers[8], Err(Fault::Gone));
        assert_eq!(answers[10], Ok(DiskOutput::Listed(vec![])));
        assert_eq!(bytes(&answers[12]), b"still");
        answers
    });
}

#[test]
fn a_large_file_is_removed_by_slices_while_somebody_reads_it() {
    everywhere(|arm| {
        arm.run(open(1, ROOT, "a", Mode::Create)).expect("opened");
        let len = 40 << 20;
        arm.run(DiskOp::Truncate { file: File(1), len })
            .expect("truncated");
        arm.run(write(1, len - 3, b"end")).expect("written");
        let mut answers = arm.all(vec![remove(ROOT, "a"), read(1, len - 3, 9)]);
        answers.push(arm.run(read(1, len - 3, 9)));
        assert_eq!(bytes(&answers[2]), b"end");
        answers.push(arm.run(DiskOp::Close(File(1))));
        answers.push(arm.run(list(ROOT, None, 9)));
        answers
    });
}

#[test]
fn listings_are_in_byte_order_and_go_on() {
    everywhere(|arm| {
        for (file, at) in ["b", "a", "B", "a-10", "a-9", "ä", "c.log"]
            .iter()
            .enumerate()
        {
            arm.run(open(file as u64, ROOT, at, Mode::Create))
                .expect("opened");
        }
        each(arm, vec![write(6, 0, b"12345"), make_dir(ROOT, "d", 99)]);
        let answers = each(
            arm,
            vec![
                list(ROOT, None, 100),
                list(ROOT, None, 3),
                list(ROOT, Some("a-10"), 2),
                list(ROOT, Some("zz"), 2),
                list(ROOT, Some("a-1"), 100),
            ],
        );
        let Ok(DiskOutput::Listed(all)) = &answers[0] else {
            panic!("not listed");
        };
        let names: Vec<&str> = all.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["B", "a", "a-10", "a-9", "b", "c.log", "d", "ä"]);
        assert_eq!(all[5].len, 5);
        answers
    });
}

/// Random operations on a few files, many at once; every file must hold what the model says.
#[test]
fn many_operations_at_once_leave_what_a_model_says() {
    for seed in 0..6 {
        let mut arms = vec![Arm::real(), Arm::memory(ROOM)];
        arms.extend((0..5).map(|late| Arm::late(ROOM, late)));
        for mut arm in arms {
            model(&mut arm, Rng::new([seed; 32]));
        }
    }
}

fn model(arm: &mut Arm, mut rng: Rng) {
    const FILES: usize = 4;
    let mut files: Vec<Vec<u8>> = vec![Vec::new(); FILES];
    for file in 0..FILES {
        let at = format!("f{file}");
        arm.run(open(file as u64, ROOT, &at, Mode::Create))
            .expect("opened");
    }
    for _ in 0..20 {
        let mut ops = Vec::new();
        for _ in 0..rng.below(40) {
            let file = rng.below(FILES as u64);
            let held = &mut files[file as usize];
            match rng.below(8) {
                0 => ops.push(DiskOp::Sync(File(file))),
                1 => {
                    let len = rng.below(held.len() as u64 + 10);
                    held.resize(len as usize, 0);
                    let file = File(file);
                    ops.push(DiskOp::Truncate { file, len });
                }
                2 => {
                    let (file, to) = (File(file), rng.below(5000));
                    ops.push(DiskOp::Allocate { file, to });
                }
                draw => {
                    let at = match draw {
                        3 => rng.below(held.len() as u64 + 5) as usize,
                        _ => held.len(),
                    };
                    let bytes = vec![rng.below(256) as u8; rng.below(700) as usize];
                    if !bytes.is_empty() {
                        held.resize(held.len().max(at + bytes.len()), 0);
                        held[at..at + bytes.len()].copy_from_slice(&bytes);
                    }
                    ops.push(write(file, at as u64, &bytes));
                }
            }
        }
        for answer in arm.all(ops) {
            assert_eq!(answer, Ok(DiskOutput::Done), "{}", arm.name);
        }
        for (file, held) in files.iter().enumerate() {
            let answer = arm.run(read(file as u64, 0, 1 << 20));
            assert_eq!(bytes(&answer), &held[..], "{}", arm.name);
        }
    }
}

#[test]
fn a_full_disk_refuses_and_heals() {
    let mut arms = vec![Arm::memory(16 << 10)];
    arms.extend((0..20).map(|seed| Arm::late(16 << 10, seed)));
    for mut arm in arms {
        let (file, other) = (File(1), File(2));
        each(
            &mut arm,
            vec![
                open(1, ROOT, "a", Mode::Create),
                open(2, ROOT, "b", Mode::Create),
            ],
        );
        let to = 12 << 10;
        assert_eq!(arm.run(DiskOp::Allocate { file, to }), Ok(DiskOutput::Done));
        let to = 8 << 10;
        let refused = arm.run(DiskOp::Allocate { file: other, to });
        assert_eq!(refused, Err(Fault::Full));
        assert_eq!(arm.run(write(2, 0, &[1; 5000])), Err(Fault::Full));
        // What was allocated is there.
        let answers = arm.all(vec![
            write(1, 0, &[2; 8 << 10]),
            write(1, 8 << 10, &[3; 4 << 10]),
        ]);
        assert_eq!(answers, [Ok(DiskOutput::Done), Ok(DiskOutput::Done)]);
        let space = arm.run(DiskOp::Space(ROOT));
        assert!(matches!(space, Ok(DiskOutput::Space { free, total: 16384 }) if free <= 4096));
        each(&mut arm, vec![DiskOp::Close(file), remove(ROOT, "a")]);
        arm.run(DiskOp::SyncDir(ROOT)).expect("synced");
        let to = 8 << 10;
        let granted = arm.run(DiskOp::Allocate { file: other, to });
        assert_eq!(granted, Ok(DiskOutput::Done), "{}", arm.name);
    }
}
