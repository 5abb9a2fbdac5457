//! What only this arm does: calls that are refused or late, on two lanes. What CONTRACT.md says is tried by `host::conformance`, with calls
//! that are short and interrupted.

use std::collections::BTreeSet;

use bytes::Bytes;
use ottla_broker::Broker;
use ottla_machine::{Conn, DiskOp, DiskOutput, Effect, Event, Fault, File, Mode, Want, Why};

use crate::host::rig::{
    Answer, DONE, Disk, ROOT, Rig, bytes, list, make_dir, open, read, remove, rename, sync, write,
};
use crate::net::{Link, NODE, Whose};
use crate::script::{Arm, BreakHow, Chance, MS, SECOND};

const FILE: File = File(1);

/// The desk arm; one in so many calls goes wrong in each of these ways.
fn failing(seed: u64, many: u64, chances: &[Chance]) -> Rig {
    Rig {
        arm: Arm::Desk,
        ..Rig::failing(seed, many, chances)
    }
}

/// An open file of 2048 bytes, durable, with room for 4096; then everything fails in this way.
fn with_file(seed: u64, chance: Chance) -> Rig {
    let mut rig = failing(seed, 0, &[]);
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
    rig.around.dice = failing(seed, 1, &[chance]).around.dice;
    rig
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
    let ops = ops.into_iter();
    ops.map(|(what, op)| (what, rig.run(op))).collect()
}

#[test]
fn each_fault_meets_the_calls_that_it_can_meet() {
    let names = [
        "open", "create", "make", "rename", "remove", "list", "space",
    ];
    let busy = [
        "write",
        "write beyond",
        "allocate",
        "truncate",
        "read",
        "open",
        "create",
        "make",
        "rename",
        "remove",
        "list",
        "space",
    ];
    let all: [(Chance, Fault, &[&str]); 8] = [
        (
            Chance::WriteFails,
            Fault::Broken,
            &["write", "write beyond", "truncate"],
        ),
        (Chance::ReadFails, Fault::Broken, &["read"]),
        (Chance::SyncFailsKeeps, Fault::Broken, &["sync"]),
        (Chance::SyncFailsReverts, Fault::Broken, &["sync"]),
        (Chance::SyncDirFails, Fault::Broken, &["sync dir"]),
        (Chance::NamesFail, Fault::Broken, &names),
        (
            Chance::Full,
            Fault::Full,
            &["write beyond", "allocate", "create", "make", "rename"],
        ),
        (Chance::Busy, Fault::Busy, &busy),
    ];
    for (chance, fault, meets) in all {
        for seed in 0..20 {
            let mut rig = with_file(seed, chance);
            let answers = one_of_each(&mut rig);
            let failed = answers.iter().filter(|(_, answer)| *answer == Err(fault));
            let failed: Vec<_> = failed.map(|(what, _)| *what).collect();
            assert_eq!(failed, meets, "{chance:?}");
            assert!(rig.around.failed.len() >= meets.len(), "F3");
            let names_it = |what: &String| what.starts_with(chance.name());
            assert!(
                rig.around.failed.iter().all(names_it),
                "{:?}",
                rig.around.failed
            );
            let other = answers.iter().filter(|(_, answer)| answer.is_err());
            // A directory that cannot be opened to be synced is believed no longer.
            let sync_dir = usize::from(chance == Chance::Busy);
            assert_eq!(other.count(), meets.len() + sync_dir, "{answers:?}");
        }
    }
}

#[test]
fn a_full_disk_takes_what_fits() {
    let mut rig = with_file(1, Chance::SegmentBreaks);
    rig.around.full = true;
    assert_eq!(rig.run(write(1, 2048, &[2; 2048])), DONE, "F2");
    assert_eq!(rig.run(write(1, 0, &[3; 100])), DONE, "F2");
    rig.each(vec![DiskOp::Truncate {
        file: FILE,
        len: 2048,
    }]);
    assert_eq!(rig.run(write(1, 2048, &[2; 1])), Err(Fault::Full));
    let space = rig.run(DiskOp::Space(ROOT));
    assert!(matches!(space, Ok(DiskOutput::Space { free: 0, .. })));
    rig.around.full = false;
    assert_eq!(rig.run(write(1, 2048, &[2; 1])), DONE);
    assert!(rig.around.failed.is_empty(), "the atlas knows of it");
}

#[test]
fn a_failed_write_leaves_any_of_its_sectors() {
    let mut left = BTreeSet::new();
    for seed in 0..200 {
        let mut rig = with_file(seed, Chance::WriteFails);
        assert_eq!(rig.run(write(1, 512, &[2; 2048])), Err(Fault::Broken));
        let there = rig.bytes("a").expect("there");
        assert!(there[..512].iter().all(|byte| *byte == 1));
        let sectors = there[512..].chunks(512);
        left.insert(sectors.map(|sector| sector[0] == 2).collect::<Vec<_>>());
    }
    assert!(left.len() > 10, "{left:?}");
}

#[test]
fn a_failed_sync_loses_what_it_should_have_covered() {
    for (chance, shown) in [(Chance::SyncFailsKeeps, 2), (Chance::SyncFailsReverts, 1)] {
        let mut rig = with_file(3, chance);
        assert_eq!(rig.run(write(1, 0, &[2; 512])), DONE);
        assert_eq!(rig.run(sync(1)), Err(Fault::Broken));
        rig.around.dice.stop();
        assert_eq!(bytes(&rig.run(read(1, 0, 1))), [shown], "{chance:?}");
        assert_eq!(rig.run(sync(1)), DONE);
        rig.loses_power();
        assert_eq!(rig.bytes("a").expect("there")[0], 1, "{chance:?}");
    }
}

#[test]
fn a_lane_does_one_thing_after_the_other_and_lanes_do_not_wait_for_each_other() {
    let mut orders = BTreeSet::new();
    for seed in 0..100 {
        let mut rig = with_file(seed, Chance::Stall);
        rig.run(open(2, ROOT, "b", Mode::Create)).expect("opened");
        rig.around.dice.stop();
        rig.issue(write(2, 0, b"x"));
        let syncs = [rig.issue(sync(1)), rig.issue(sync(2))];
        let reading = rig.issue(read(1, 0, 1));
        let told = rig.rest();
        let place = |number| told.iter().position(|(told, _)| *told == number);
        let [first, second, reads] = [syncs[0], syncs[1], reading].map(place);
        orders.insert((first < second, first < reads));
    }
    // Answers that came between two turns go back in any order.
    assert_eq!(orders.len(), 4, "{orders:?}");
}

#[test]
fn a_stall_holds_the_lanes_until_it_is_over() {
    for early in [false, true] {
        let mut rig = with_file(1, Chance::SegmentBreaks);
        let begins = rig.now;
        rig.around.stalled = begins + 20 * SECOND;
        let syncs = rig.issue(sync(1));
        let mut told = Vec::new();
        while told.is_empty() {
            assert!(rig.is_ready() || rig.happen());
            if early && rig.now > begins + 5 * SECOND {
                rig.around.stalled = 0;
            }
            told = rig.dones();
        }
        assert_eq!(told, [(syncs, DONE)]);
        let lasted = rig.now - begins;
        let least = if early { 5 * SECOND } else { 20 * SECOND };
        assert!((least..least + 2 * SECOND).contains(&lasted), "{lasted}");
    }
    let mut rig = with_file(1, Chance::Stall);
    let before = rig.now;
    assert_eq!(rig.run(sync(1)), DONE);
    assert!(rig.now - before > SECOND);
}

/// How many of the writes that were taken in one turn are there when the process dies after `effects` of them.
fn written_after(seed: u64, effects: u64) -> usize {
    let mut rig = failing(seed, 0, &[]);
    rig.run(open(1, ROOT, "a", Mode::Create)).expect("opened");
    rig.turn();
    for at in 0..effects {
        rig.issue(write(1, at * 4, b"abcd"));
    }
    rig.dies();
    rig.bytes("a").expect("there").len() / 4
}

#[test]
fn a_process_dies_between_calls_or_before_all() {
    let left: BTreeSet<usize> = (0..40).map(|seed| written_after(seed, 3)).collect();
    assert!(left.contains(&0), "{left:?}");
    assert!(left.len() > 1, "{left:?}");
}

#[test]
fn answers_come_late_in_some_lives_only() {
    let times = |life| {
        let mut rig = failing(1, 0, &[]);
        rig.life = life;
        rig.run(open(1, ROOT, "a", Mode::Create)).expect("opened");
        let before = rig.now;
        for at in 0..100 {
            assert_eq!(rig.run(write(1, at, b"x")), DONE);
        }
        rig.now > before
    };
    let late = (1..30).filter(|life| times(*life)).count();
    assert!((5..25).contains(&late), "{late} of 29 lives");
}

impl Rig {
    fn told_now(&mut self) -> Vec<Event<Broker>> {
        self.turn();
        std::iter::from_fn(|| self.event()).collect()
    }

    /// What is told next; nothing when nothing ever will be.
    fn told_next(&mut self) -> Vec<Event<Broker>> {
        loop {
            let told = if self.is_ready() {
                self.told_now()
            } else {
                Vec::new()
            };
            if !told.is_empty() || (!self.is_ready() && !self.happen()) {
                return told;
            }
        }
    }

    fn dials(&mut self) -> (Link, Conn) {
        let link = self.on_net(|net, air| net.connect(1, NODE, 0, air));
        let told = self.told_next();
        let [Event::Opened(conn, _)] = told[..] else {
            panic!("{told:?} is no connection");
        };
        (link, conn)
    }
}

#[test]
fn a_waiting_call_hears_that_nobody_answers_any_more() {
    let mut rig = failing(4, 0, &[]);
    let (_, conn) = rig.dials();
    let want = Want {
        carry: Bytes::new(),
        least: 1,
        most: 10,
    };
    rig.take(Effect::Receive(conn, want));
    while rig.is_ready() || rig.happen() {
        rig.told_now();
    }
    let mut out = Vec::new();
    let how = BreakHow::HalfOpen { lasts: MS };
    rig.on_net(|net, air| net.break_links(Whose::All, how, air, &mut out));
    rig.told(out);
    let told = rig.told_next();
    assert!(
        matches!(told[..], [Event::Closed(_, Why::TimedOut)]),
        "{told:?}"
    );
}

#[test]
fn without_descriptors_a_connection_waits_to_be_accepted() {
    let mut waited = 0;
    for seed in 0..40 {
        let mut rig = failing(seed, 2, &[Chance::Busy]);
        let before = rig.now;
        rig.dials();
        waited += u64::from(rig.now - before >= 100 * MS);
    }
    assert!((5..35).contains(&waited), "{waited} of 40");
}

#[test]
fn a_copy_goes_the_same_way() {
    let chances = [Chance::ShortWrite, Chance::Interrupted, Chance::Busy];
    let mut rig = failing(3, 4, &chances);
    while rig.run(open(1, ROOT, "a", Mode::Create)).is_err() {}
    for at in 0..20 {
        rig.issue(write(1, at * 3, b"abc"));
        rig.issue(sync(1));
    }
    let mut copy = rig.clone();
    assert_eq!(rig.rest(), copy.rest());
    assert_eq!(rig.bytes("a"), copy.bytes("a"));
    assert_eq!(rig.now, copy.now);
}
