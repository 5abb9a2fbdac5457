//! Each fault: what it answers, and what it leaves.

use std::collections::BTreeSet;

use ottla_machine::{Dir, DiskOp, DiskOutput, Fault, File, Mode};

use super::{
    Answer, DONE, Disk, ROOT, Rig, bytes, list, make_dir, open, opened, read, remove, rename, sync,
    write,
};
use crate::script::{Chance, SECOND};

const FILE: File = File(1);

/// An open file with `old` in it, durable; then everything fails in this way.
fn with_file(seed: u64, chance: Chance) -> Rig {
    let mut rig = Rig::new(seed);
    rig.each(vec![
        open(1, ROOT, "a", Mode::Create),
        DiskOp::Allocate {
            file: FILE,
            to: 4096,
        },
        write(1, 0, &[1; 2048]),
        sync(1),
        DiskOp::SyncDir(ROOT),
        make_dir(ROOT, "t", 7),
    ]);
    rig.around.dice = Rig::failing(seed, 1, &[chance]).around.dice;
    rig
}

fn heal(rig: &mut Rig) {
    rig.around.dice.stop();
}

#[test]
fn a_write_that_fails_or_is_refused_leaves_any_of_its_sectors() {
    for (chance, fault) in [
        (Chance::WriteFails, Fault::Broken),
        (Chance::Full, Fault::Full),
        (Chance::Busy, Fault::Busy),
    ] {
        let mut left = BTreeSet::new();
        for seed in 0..200 {
            let mut rig = with_file(seed, chance);
            // It ends beyond what was set aside: only that can meet a full disk.
            assert_eq!(rig.run(write(1, 512, &[2; 4096])), Err(fault));
            assert_eq!(rig.around.failed, [format!("{} a", chance.name())]);
            heal(&mut rig);
            let answer = rig.run(read(1, 0, 9000));
            let there = bytes(&answer);
            assert!(
                there[..512].iter().all(|byte| *byte == 1),
                "nothing else is touched"
            );
            let sectors = there[512..].chunks(512);
            left.insert(sectors.map(|sector| sector[0] == 2).collect::<Vec<_>>());
            assert_eq!(
                rig.run(write(1, 512, &[2; 4096])),
                DONE,
                "faults are not sticky"
            );
        }
        assert!(left.len() > 10, "{chance:?}: {left:?}");
    }
}

#[test]
fn a_failed_truncation_is_done_or_not() {
    let lengths = (0..30).map(|seed| {
        let mut rig = with_file(seed, Chance::WriteFails);
        let cut = rig.run(DiskOp::Truncate { file: FILE, len: 7 });
        assert_eq!(cut, Err(Fault::Broken));
        rig.bytes("a").expect("there").len()
    });
    assert_eq!(lengths.collect::<BTreeSet<_>>(), BTreeSet::from([7, 2048]));
}

#[test]
fn a_failed_sync_loses_what_it_should_have_covered_at_once_or_with_the_power() {
    for (chance, shown) in [(Chance::SyncFailsKeeps, 2), (Chance::SyncFailsReverts, 1)] {
        for seed in 0..20 {
            let mut rig = with_file(seed, chance);
            assert_eq!(rig.run(write(1, 0, &[2; 512])), DONE);
            assert_eq!(rig.run(sync(1)), Err(Fault::Broken));
            assert_eq!(rig.around.failed, [format!("{} a", chance.name())]);
            heal(&mut rig);
            let answer = rig.run(read(1, 0, 1));
            assert_eq!(bytes(&answer), [shown], "{chance:?}");
            // The next one says that all is well.
            assert_eq!(rig.run(sync(1)), DONE);
            rig.loses_power();
            assert_eq!(rig.bytes("a").expect("there")[0], 1, "{chance:?}");
        }
    }
}

#[test]
fn a_failed_sync_of_a_directory_makes_no_name_durable() {
    for seed in 0..20 {
        let mut rig = with_file(seed, Chance::SyncDirFails);
        rig.run(open(2, ROOT, "b", Mode::Create)).expect("opened");
        assert_eq!(rig.run(DiskOp::SyncDir(ROOT)), Err(Fault::Broken));
        rig.loses_power();
        assert_eq!(rig.bytes("b"), None);
    }
}

#[test]
fn reads_fail() {
    let mut rig = with_file(1, Chance::ReadFails);
    assert_eq!(rig.run(read(1, 0, 9)), Err(Fault::Broken));
    assert_eq!(rig.around.failed, ["read-fails a"]);
    heal(&mut rig);
    assert_eq!(bytes(&rig.run(read(1, 0, 2))), [1, 1]);
}

/// One of each kind, as answered while everything fails in this way.
fn one_of_each(rig: &mut Rig) -> Vec<(&'static str, Answer)> {
    let file = FILE;
    let ops = [
        ("write", write(1, 0, b"x")),
        ("write beyond", write(1, 4000, &[1; 200])),
        ("allocate", DiskOp::Allocate { file, to: 9000 }),
        ("truncate", DiskOp::Truncate { file, len: 1000 }),
        ("read", read(1, 0, 1)),
        ("sync", sync(1)),
        ("open", open(2, ROOT, "a", Mode::Read)),
        ("create", open(3, ROOT, "new", Mode::Create)),
        ("make", make_dir(ROOT, "d", 8)),
        ("rename", rename((ROOT, "a"), (ROOT, "b"))),
        ("remove", remove(ROOT, "none")),
        ("sync dir", DiskOp::SyncDir(ROOT)),
        ("list", list(ROOT, None, 1)),
        ("space", DiskOp::Space(ROOT)),
        ("close", DiskOp::Close(file)),
    ];
    ops.into_iter()
        .map(|(what, op)| (what, rig.run(op)))
        .collect()
}

fn failing(answers: &[(&'static str, Answer)], fault: Fault) -> Vec<&'static str> {
    let failed = answers.iter().filter(|(_, answer)| *answer == Err(fault));
    failed.map(|(what, _)| *what).collect()
}

#[test]
fn only_what_needs_room_meets_a_full_disk() {
    let full = ["write beyond", "allocate", "create", "make", "rename"];
    for seed in 0..20 {
        let mut rig = with_file(seed, Chance::Full);
        let answers = one_of_each(&mut rig);
        assert_eq!(failing(&answers, Fault::Full), full, "by chance");
        assert_eq!(rig.around.failed.len(), full.len());

        let mut rig = with_file(seed, Chance::SegmentBreaks);
        rig.around.full = true;
        let answers = one_of_each(&mut rig);
        assert_eq!(failing(&answers, Fault::Full), full, "for a while");
        let space = &answers[13].1;
        assert!(matches!(space, Ok(DiskOutput::Space { free: 0, .. })));
        assert!(rig.around.failed.is_empty(), "the atlas knows of it");
        assert_eq!(
            rig.bytes("a").expect("there").len(),
            1000,
            "nothing else was done"
        );
    }
}

#[test]
fn whoever_is_busy_did_nothing_but_parts_of_writes() {
    for seed in 0..20 {
        let mut rig = with_file(seed, Chance::Busy);
        let before = rig.bytes("a").expect("there");
        let answers = one_of_each(&mut rig);
        let others: Vec<_> = answers
            .iter()
            .filter(|(_, answer)| *answer != Err(Fault::Busy))
            .collect();
        let never = [("sync", DONE), ("sync dir", DONE), ("close", DONE)];
        assert!(others.into_iter().eq(&never), "{answers:?}");
        // One wrote the first byte, one beyond the end.
        let after = rig.bytes("a").expect("there");
        assert_eq!(after[1..2048], before[1..]);
        assert_eq!(rig.bytes("new"), None);
        assert!(rig.around.media.status("d").is_err());
    }
}

#[test]
fn names_fail_and_may_have_changed_nevertheless() {
    let mut left = BTreeSet::new();
    for seed in 0..60 {
        let mut rig = with_file(seed, Chance::NamesFail);
        let answers = one_of_each(&mut rig);
        let failed = failing(&answers, Fault::Broken);
        let names = [
            "open", "create", "make", "rename", "remove", "list", "space",
        ];
        assert_eq!(failed, names);
        for name in ["new", "d", "b"] {
            left.insert((name, rig.around.media.status(name).is_ok()));
        }
        heal(&mut rig);
        // An identity that was not given can be given.
        assert_eq!(rig.run(make_dir(ROOT, "d", 8)), DONE);
        assert_eq!(rig.run(open(3, Dir(8), "x", Mode::Create)), opened(0));
    }
    assert_eq!(left.len(), 6, "{left:?}");
}

#[test]
fn a_stall_takes_seconds() {
    let mut rig = with_file(1, Chance::Stall);
    let before = rig.now;
    assert_eq!(rig.run(sync(1)), DONE);
    assert!(rig.now - before > SECOND);
}

#[test]
fn a_call_fails_by_its_place_and_no_other() {
    let fired = |rig: &mut Rig| {
        rig.run(open(1, ROOT, "a", Mode::Create)).expect("opened");
        let answers = rig.all((0..50).map(|at| write(1, at, b"x")).collect());
        let failed = answers.iter().map(|answer| answer.is_err());
        failed.collect::<Vec<_>>()
    };
    let mut rig = Rig::failing(5, 10, &[Chance::WriteFails]);
    let failed = fired(&mut rig);
    assert!(failed.contains(&true) && failed.contains(&false));
    let places = rig.around.dice.fired().clone();
    // The same from a list, without one of them.
    let mut listed = places.clone();
    let taken = listed.pop_first().expect("some");
    let chances = crate::script::Chances {
        only: Some(listed),
        ..Default::default()
    };
    let again = fired(&mut Rig::with(5, chances));
    let differ: Vec<usize> = (0..50).filter(|at| failed[*at] != again[*at]).collect();
    assert_eq!(differ.len(), 1, "{taken:?}");
}
