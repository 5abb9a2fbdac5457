//! Every freedom that CONTRACT.md leaves a disk is used, and none that it does not leave.

use std::collections::BTreeSet;

use ottla_machine::{Dir, DiskOp, File, Mode};

use super::{Disk, ROOT, Rig, bytes, make_dir, open, read, remove, sync, write};
use crate::draw::{Domain, Draw};
use crate::script::{Nanos, SECOND};

const SEEDS: std::ops::Range<u64> = 0..40;

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
#[should_panic(expected = "I1")]
fn an_identity_names_one_file() {
    let mut rig = Rig::new(1);
    rig.each(vec![
        open(1, ROOT, "a", Mode::Create),
        open(1, ROOT, "b", Mode::Create),
    ]);
}
