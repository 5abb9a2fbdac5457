//! What CONTRACT.md says of files and directories, and that every freedom it leaves is used.

use std::collections::BTreeSet;

use bytes::Bytes;
use ottla_machine::{Dir, DiskOp, DiskOutput, Fault, File, Mode};

use super::{
    Answer, DONE, ROOT, Rig, bytes, list, make_dir, name, open, opened, read, remove, rename, sync,
    write,
};
use crate::draw::{Domain, Draw};
use crate::script::{Nanos, SECOND};

const SEEDS: std::ops::Range<u64> = 0..40;

#[test]
fn modes_of_opening() {
    for (_, mut rig) in Rig::both(SEEDS) {
        let answers = rig.each(vec![
            open(1, ROOT, "a", Mode::Read),
            open(2, ROOT, "a", Mode::Write),
            open(3, ROOT, "a", Mode::Create),
            write(3, 0, b"hello"),
            open(4, ROOT, "a", Mode::Create),
            open(5, ROOT, "a", Mode::Read),
            write(5, 0, b"not to be written"),
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
        assert_eq!(answers[6], Err(Fault::Broken));
        assert_eq!(answers[7..9], [opened(0), opened(0)]);
        assert_eq!(answers[10], Err(Fault::Broken));
        assert_eq!(answers[11..], [Err(Fault::Gone), Err(Fault::Gone)]);
    }
}

#[test]
fn writes_and_truncations_of_one_file_are_in_order() {
    for (_, mut rig) in Rig::both(SEEDS) {
        let file = File(1);
        rig.run(open(1, ROOT, "a", Mode::Create)).expect("opened");
        rig.all(vec![
            write(1, 0, b"0123456789"),
            write(1, 10, b"abcdef"),
            DiskOp::Truncate { file, len: 12 },
            write(1, 14, b"xy"),
            sync(1),
            write(1, 16, b"!"),
            sync(1),
        ]);
        let answer = rig.run(read(1, 0, 100));
        assert_eq!(bytes(&answer), b"0123456789ab\0\0xy!");
        let answers = rig.each(vec![
            read(1, 12, 3),
            read(1, 17, 5),
            DiskOp::Truncate { file, len: 30 },
            DiskOp::Allocate { file, to: 9000 },
            read(1, 28, 100),
            DiskOp::Close(file),
            sync(1),
            open(2, ROOT, "a", Mode::Write),
        ]);
        assert_eq!(bytes(&answers[0]), b"\0\0x");
        assert_eq!(bytes(&answers[1]), b"");
        assert_eq!(bytes(&answers[4]), b"\0\0");
        assert_eq!(answers[5..], [DONE, Err(Fault::Gone), opened(30)]);
    }
}

#[test]
fn identities_follow_renames_and_end_with_what_they_name() {
    for (_, mut rig) in Rig::both(SEEDS) {
        let dir = Dir(7);
        rig.each(vec![
            make_dir(ROOT, "t", 7),
            make_dir(ROOT, "t", 77),
            make_dir(Dir(77), "below", 78),
            open(1, dir, "a", Mode::Create),
            open(2, dir, "b", Mode::Create),
            write(1, 0, b"one"),
            write(2, 0, b"two"),
        ]);
        let answers = rig.each(vec![
            rename((dir, "a"), (dir, "b")),
            read(1, 0, 9),
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
            list(Dir(8), None, 9),
            make_dir(ROOT, "v", 9),
            open(5, Dir(9), "x", Mode::Create),
            rename((ROOT, "t"), (ROOT, "v")),
            DiskOp::SyncDir(ROOT),
            DiskOp::SyncDir(dir),
            DiskOp::SyncDir(Dir(8)),
        ]);
        assert_eq!(bytes(&answers[1]), b"one");
        // The file whose name was taken stays readable.
        assert_eq!(bytes(&answers[2]), b"two");
        assert_eq!(answers[3], Err(Fault::Gone));
        assert_eq!(answers[5], answers[6]);
        assert_eq!(answers[7], Ok(DiskOutput::Listed(Vec::new())));
        assert_eq!(answers[8], opened(3));
        assert_eq!(answers[10], Err(Fault::Gone));
        assert_eq!(answers[11], DONE);
        assert_eq!(answers[12], Err(Fault::Gone), "it was replaced");
        assert_eq!(answers[15], Err(Fault::Broken), "not empty");
        assert_eq!(answers[16..], [DONE, DONE, Err(Fault::Gone)]);
    }
}

#[test]
fn removed_files_stay_readable_and_directories_go_with_all_that_is_in_them() {
    for (_, mut rig) in Rig::both(SEEDS) {
        let (free, _) = rig.around.media.space();
        rig.each(vec![
            make_dir(ROOT, "t", 7),
            make_dir(Dir(7), "s", 8),
            open(1, Dir(7), "a", Mode::Create),
            open(2, Dir(8), "b", Mode::Create),
            write(1, 0, b"one"),
        ]);
        let answers = rig.each(vec![
            remove(Dir(7), "none"),
            remove(Dir(7), "a"),
            read(1, 0, 9),
            write(1, 3, b"more"),
            read(1, 0, 9),
            remove(ROOT, "t"),
            list(Dir(7), None, 9),
            list(Dir(8), None, 9),
            list(ROOT, None, 9),
            write(2, 0, b"still"),
            read(2, 0, 9),
            make_dir(ROOT, "t", 9),
            list(Dir(9), None, 9),
            DiskOp::Close(File(1)),
            DiskOp::Close(File(2)),
            DiskOp::SyncDir(ROOT),
            DiskOp::Space(ROOT),
        ]);
        assert_eq!(answers[0], DONE);
        assert_eq!(bytes(&answers[2]), b"one");
        assert_eq!(bytes(&answers[4]), b"onemore");
        assert_eq!(answers[6..8], [Err(Fault::Gone), Err(Fault::Gone)]);
        assert_eq!(answers[8], Ok(DiskOutput::Listed(Vec::new())));
        assert_eq!(bytes(&answers[10]), b"still");
        assert_eq!(answers[12], Ok(DiskOutput::Listed(Vec::new())));
        let total = rig.around.media.space().1;
        assert_eq!(answers[16], Ok(DiskOutput::Space { free, total }), "F4");
    }
}

#[test]
fn listings_are_in_byte_order_and_go_on() {
    let mut rig = Rig::new(1);
    for (file, at) in ["b", "a", "B", "a-10", "ä"].iter().enumerate() {
        rig.run(open(file as u64, ROOT, at, Mode::Create))
            .expect("opened");
    }
    rig.run(make_dir(ROOT, "d", 9)).expect("made");
    let names = |answer: &Answer| match answer {
        Ok(DiskOutput::Listed(all)) => all.iter().map(|entry| entry.name.to_string()).collect(),
        other => vec![format!("{other:?}")],
    };
    let answers = rig.each(vec![
        list(ROOT, None, 100),
        list(ROOT, None, 2),
        list(ROOT, Some("a"), 2),
    ]);
    assert_eq!(names(&answers[0]), ["B", "a", "a-10", "b", "d", "ä"]);
    assert_eq!(names(&answers[1]), ["B", "a"]);
    assert_eq!(names(&answers[2]), ["a-10", "b"]);
}

/// Random operations on a few files, many at once: every file must hold what a model says, and changes are told in order.
#[test]
fn many_operations_at_once_leave_what_a_model_says() {
    for (seed, mut rig) in Rig::both(SEEDS) {
        let mut stream = Draw::new(seed).stream(Domain::Script, 0);
        let mut files: Vec<Vec<u8>> = vec![Vec::new(); 3];
        for file in 0..3 {
            let at = format!("f{file}");
            rig.run(open(file, ROOT, &at, Mode::Create))
                .expect("opened");
        }
        for _ in 0..10 {
            let mut issued: Vec<Vec<u64>> = vec![Vec::new(); 3];
            if stream.one_in(4) {
                rig.around.stalled = rig.now + stream.below(SECOND);
            }
            for _ in 0..stream.below(40) {
                let file = stream.below(3);
                let held = &mut files[file as usize];
                let (op, change) = match stream.below(8) {
                    0 => (sync(file), false),
                    1 => {
                        let len = stream.below(held.len() as u64 + 10);
                        held.resize(len as usize, 0);
                        (
                            DiskOp::Truncate {
                                file: File(file),
                                len,
                            },
                            true,
                        )
                    }
                    2 => {
                        let to = stream.below(5000);
                        (
                            DiskOp::Allocate {
                                file: File(file),
                                to,
                            },
                            false,
                        )
                    }
                    _ => {
                        let at = stream.below(held.len() as u64 + 5) as usize;
                        let bytes = vec![stream.below(256) as u8; stream.below(1500) as usize];
                        if !bytes.is_empty() {
                            held.resize(held.len().max(at + bytes.len()), 0);
                            held[at..at + bytes.len()].copy_from_slice(&bytes);
                        }
                        (write(file, at as u64, &bytes), true)
                    }
                };
                let number = rig.issue(op);
                if change {
                    issued[file as usize].push(number);
                }
            }
            let dones = rig.rest();
            assert!(dones.iter().all(|(_, answer)| *answer == DONE));
            for (file, held) in files.iter().enumerate() {
                let changes = &issued[file];
                let told = dones.iter().map(|(number, _)| number);
                let told = told.filter(|number| changes.contains(number));
                assert!(told.eq(changes), "F1: seed {seed}");
                let answer = rig.run(read(file as u64, 0, 1 << 20));
                assert_eq!(bytes(&answer), &held[..], "seed {seed}");
            }
        }
    }
}

/// What a crash at a drawn moment leaves of one write over old bytes.
#[test]
fn a_crash_leaves_nothing_of_a_write_or_some_sectors_or_all() {
    let mut left = BTreeSet::new();
    for seed in 0..400 {
        let mut rig = Rig::new(seed);
        rig.each(vec![
            open(1, ROOT, "a", Mode::Create),
            write(1, 0, &[1; 4096]),
        ]);
        rig.issue(write(1, 0, &[2; 4096]));
        let stages = Draw::new(seed).below(Domain::Crash, 0, 0, 3);
        let ended = (0..stages).any(|_| !rig.dones().is_empty() | !rig.happen());
        let ended = ended || !rig.dones().is_empty();
        rig.dies();
        let bytes = rig.bytes("a").expect("there");
        assert!(bytes.len() == 4096 && bytes.iter().all(|byte| [1, 2].contains(byte)));
        let new = bytes.iter().filter(|byte| **byte == 2).count();
        assert!(new == 4096 || !ended, "what was done stays");
        let torn = bytes
            .chunks(512)
            .any(|sector| sector.iter().any(|byte| *byte != sector[0]));
        let front = bytes.iter().take(new).all(|byte| *byte == 2);
        left.insert(match new {
            0 => "nothing",
            4096 => "all",
            _ if torn => "torn",
            _ if front => "its front",
            _ => "some",
        });
        // What was under way is nobody's any more.
        while rig.happen() {}
        assert_eq!(rig.bytes("a"), Some(bytes));
        assert!(rig.dones().is_empty());
    }
    let all = ["all", "its front", "nothing", "some", "torn"];
    assert_eq!(left, BTreeSet::from(all));
}

/// Writes, one sync among them, and a power cut that takes all it can when that sync is told.
#[test]
fn a_sync_covers_what_was_issued_before_it_and_holds_back_nothing() {
    let mut seen = BTreeSet::new();
    for (seed, mut rig) in Rig::both(0..200) {
        rig.run(open(1, ROOT, "a", Mode::Create)).expect("opened");
        rig.run(DiskOp::SyncDir(ROOT)).expect("synced");
        let file = File(1);
        rig.issue(write(1, 0, b"1111"));
        rig.issue(write(1, 4, b"2222"));
        rig.issue(DiskOp::Truncate { file, len: 6 });
        let covers = rig.issue(sync(1));
        let later = rig.issue(write(1, 6, b"3333"));
        let mut told = Vec::new();
        loop {
            told.extend(rig.dones().into_iter().map(|(number, _)| number));
            if told.contains(&covers) {
                break;
            }
            assert!(rig.happen());
        }
        if told.contains(&later) {
            seen.insert("later writes are not held back");
        }
        if !told.contains(&1) {
            seen.insert("syncs are told before what they cover");
        }
        rig.loses_power();
        let left = rig.bytes("a").expect("its name was synced");
        assert!(left.starts_with(b"111122"), "seed {seed}: {left:?}");
        seen.insert(match &left[6..] {
            b"" => "later writes are lost",
            b"3333" => "later writes are covered",
            _ => "later writes are torn",
        });
    }
    assert!(seen.contains("later writes are not held back"), "{seen:?}");
    assert!(seen.contains("later writes are lost"), "{seen:?}");
    assert!(seen.contains("later writes are covered"), "{seen:?}");
}

#[test]
fn files_names_and_reads_are_in_any_order() {
    let mut orders = BTreeSet::new();
    let mut reads = BTreeSet::new();
    for seed in 0..300 {
        let mut rig = Rig::new(seed);
        rig.each(vec![
            open(1, ROOT, "a", Mode::Create),
            open(2, ROOT, "b", Mode::Create),
            write(1, 0, b"old"),
        ]);
        let first = rig.seq + 1;
        rig.issue(write(2, 0, b"x"));
        rig.issue(make_dir(ROOT, "d", 5));
        rig.issue(sync(2));
        rig.issue(write(1, 0, b"new"));
        let reading = rig.issue(read(1, 0, 3));
        let told = rig.rest();
        let read = told.iter().find(|(number, _)| *number == reading);
        let read = bytes(&read.expect("told").1).to_vec();
        reads.insert(String::from_utf8(read).expect("text"));
        let order = told.iter().map(|(number, _)| number - first);
        orders.insert(order.collect::<Vec<_>>());
    }
    let both = ["new", "old"].map(str::to_owned);
    assert!(both.iter().all(|read| reads.contains(read)), "{reads:?}");
    // Five operations without any order among them: 120.
    assert!(orders.len() > 70, "{} orders", orders.len());
}

#[test]
fn nothing_ends_in_a_stall_and_all_ends_after_it() {
    for seed in SEEDS {
        let mut rig = Rig::new(seed);
        rig.run(open(1, ROOT, "a", Mode::Create)).expect("opened");
        rig.around.stalled = rig.now + SECOND;
        rig.issue(write(1, 0, b"x"));
        rig.issue(sync(1));
        rig.issue(make_dir(ROOT, "d", 3));
        let mut told = 0;
        loop {
            let dones = rig.dones();
            assert!(dones.is_empty() || rig.now >= rig.around.stalled);
            told += dones.len();
            if !rig.happen() {
                break;
            }
        }
        assert_eq!(told, 3);
    }
}

/// When what is told of one file.
fn times(mut rig: Rig, others: bool) -> Vec<(Nanos, u64)> {
    rig.run(open(1, ROOT, "a", Mode::Create)).expect("opened");
    rig.now = SECOND;
    if others {
        rig.issue(open(2, ROOT, "b", Mode::Create));
        rig.issue(make_dir(ROOT, "d", 3));
    }
    let first = rig.seq;
    rig.issue(write(1, 0, b"x"));
    rig.issue(sync(1));
    rig.issue(read(1, 0, 1));
    let mut told = Vec::new();
    loop {
        let now = rig.now;
        let dones = rig.dones().into_iter().map(|(number, _)| number);
        let dones = dones.filter(|number| *number > first);
        told.extend(dones.map(|number| (now, number - first)));
        if !rig.happen() {
            break;
        }
    }
    told.sort();
    told
}

#[test]
fn what_others_do_moves_no_draw_of_a_file() {
    for seed in SEEDS {
        assert_eq!(times(Rig::new(seed), true), times(Rig::new(seed), false));
    }
    assert_ne!(times(Rig::new(1), false), times(Rig::new(2), false));
}

#[test]
fn a_life_draws_anew() {
    let mut other = Rig::new(1);
    other.life = 2;
    assert_ne!(times(Rig::new(1), false), times(other, false));
}

#[test]
fn a_clone_goes_the_same_way() {
    let mut rig = Rig::new(3);
    rig.run(open(1, ROOT, "a", Mode::Create)).expect("opened");
    for at in 0..20 {
        rig.issue(write(1, at * 3, b"abc"));
        rig.issue(sync(1));
    }
    let mut clone = rig.clone();
    assert_eq!(rig.rest(), clone.rest());
    assert_eq!(rig.bytes("a"), clone.bytes("a"));
}

#[test]
fn a_removal_may_be_half_done() {
    let mut left = BTreeSet::new();
    for seed in 0..200 {
        let mut rig = Rig::new(seed);
        rig.run(make_dir(ROOT, "t", 7)).expect("made");
        for file in 1..4 {
            let at = format!("f{file}");
            rig.run(open(file, Dir(7), &at, Mode::Create))
                .expect("opened");
        }
        rig.issue(remove(ROOT, "t"));
        if seed % 2 == 0 {
            rig.happen();
        }
        rig.dies();
        let names = rig.around.media.list("t", None, 9);
        left.insert(names.map_or(0, |names| names.len() + 1));
    }
    assert_eq!(left, BTreeSet::from([0, 1, 2, 3, 4]));
}

#[test]
fn large_writes_of_many_slices_arrive_whole() {
    for (_, mut rig) in Rig::both(SEEDS) {
        rig.run(open(1, ROOT, "a", Mode::Create)).expect("opened");
        let slice = |n: usize| Bytes::from(vec![n as u8; n % 97]);
        let slices: Vec<Bytes> = (0..1000).map(slice).collect();
        let whole = slices.concat();
        let len = whole.len() as u64;
        let op = |at| DiskOp::Write {
            file: File(1),
            at,
            bytes: slices.clone(),
        };
        rig.all(vec![op(0), op(len), op(2 * len)]);
        let answer = rig.run(read(1, len, whole.len() as u32));
        assert_eq!(bytes(&answer), whole);
    }
}

#[test]
fn a_full_disk_refuses_and_heals() {
    for (_, mut rig) in Rig::both(SEEDS) {
        rig.around.media.resize(16 << 10);
        let (file, other) = (File(1), File(2));
        rig.each(vec![
            open(1, ROOT, "a", Mode::Create),
            open(2, ROOT, "b", Mode::Create),
        ]);
        let allocate = |file, to| DiskOp::Allocate { file, to };
        let answers = rig.each(vec![
            allocate(file, 12 << 10),
            allocate(other, 8 << 10),
            write(2, 0, &[1; 5000]),
        ]);
        assert_eq!(answers, [DONE, Err(Fault::Full), Err(Fault::Full)]);
        assert_eq!(rig.bytes("b").expect("there").len(), 0, "nothing was done");
        let answers = rig.all(vec![
            write(1, 0, &[2; 8 << 10]),
            write(1, 8 << 10, &[3; 4 << 10]),
        ]);
        assert_eq!(answers, [DONE, DONE]);
        rig.each(vec![
            DiskOp::Close(file),
            remove(ROOT, "a"),
            DiskOp::SyncDir(ROOT),
        ]);
        assert_eq!(rig.run(allocate(other, 8 << 10)), DONE);
    }
}

#[test]
#[should_panic(expected = "I1")]
fn an_identity_names_one_file() {
    let mut rig = Rig::new(1);
    rig.each(vec![
        open(1, ROOT, "a", Mode::Create),
        open(1, ROOT, "b", Mode::Create),
    ]);
    let _ = name("unreached");
}
