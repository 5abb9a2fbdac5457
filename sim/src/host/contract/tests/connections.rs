//! Every freedom that CONTRACT.md leaves connections is used, and nobody may take one that it does not leave.

use std::collections::BTreeSet;

use bytes::Bytes;
use ottla_broker::Broker;
use ottla_machine::{Conn, DiskOp, Effect, Event, Fault, File, How, Mode, Part, Parts, Want, Why};

use super::{DONE, Disk, ROOT, Rig, bytes, open, read, remove, sync, write};
use crate::net::{ClientTell, Link, NODE};
use crate::script::Chance;

const SEEDS: std::ops::Range<u64> = 0..40;
const CLIENT: u32 = 1;

impl Rig {
    /// The next turn in which something is told; empty when nothing will ever be.
    fn next_turn(&mut self) -> Vec<Event<Broker>> {
        loop {
            if self.is_ready() {
                self.turn();
                let told: Vec<_> = std::iter::from_fn(|| self.event()).collect();
                if !told.is_empty() {
                    return told;
                }
            }
            if !self.happen() && !self.is_ready() {
                return Vec::new();
            }
        }
    }

    fn connect(&mut self) -> (Link, Conn) {
        let link = self.on_net(|net, air| net.connect(CLIENT, NODE, 0, air));
        let told = self.next_turn();
        let [Event::Opened(conn, _)] = told[..] else {
            panic!("{told:?} is no connection");
        };
        (link, conn)
    }

    fn send(&mut self, conn: Conn, parts: Vec<Part>) {
        self.take(Effect::Send(conn, Parts(parts)));
    }

    /// How much the client was sent.
    fn arrived(&self) -> usize {
        let pieces = self.heard.iter().map(|tell| match tell {
            ClientTell::Received(_, bytes) => bytes.len(),
            _ => 0,
        });
        pieces.sum()
    }

    /// Everything that is still told, turn by turn.
    fn turns(&mut self) -> Vec<Vec<Event<Broker>>> {
        let turns = std::iter::from_fn(|| Some(self.next_turn()));
        turns.take_while(|told| !told.is_empty()).collect()
    }
}

fn range(file: u64, position: u64, length: u32) -> Part {
    Part::File {
        file: File(file),
        position,
        length,
    }
}

/// A file of 50,000 bytes.
fn with_file(seed: u64) -> Rig {
    let mut rig = Rig::new(seed);
    rig.each(vec![
        open(1, ROOT, "a", Mode::Create),
        write(1, 0, &[7; 50_000]),
    ]);
    rig
}

#[test]
fn input_comes_in_portions_of_any_size() {
    let mut sizes = BTreeSet::new();
    for seed in SEEDS {
        let mut rig = Rig::new(seed);
        let (link, conn) = rig.connect();
        rig.on_net(|net, air| net.client_send(link, Bytes::from(vec![1; 100]), air));
        while rig.happen() {}
        let want = Want {
            carry: Bytes::new(),
            least: 10,
            most: 50,
        };
        rig.take(Effect::Receive(conn, want));
        let told = rig.next_turn();
        let [Event::Received(_, bytes)] = &told[..] else {
            panic!("{told:?}");
        };
        sizes.insert(bytes.len());
    }
    let ends = sizes.first() == Some(&10) && sizes.last() == Some(&50);
    assert!(ends && sizes.len() > 5, "{sizes:?}");
}

#[test]
fn what_was_sent_is_told_before_it_arrives_or_after() {
    let (mut before, mut after) = (0, 0);
    for seed in SEEDS {
        let mut rig = Rig::new(seed);
        let (_, conn) = rig.connect();
        for count in 1..20 {
            rig.send(conn, vec![Part::Bytes(Bytes::from_static(b"x"))]);
            let told = rig.next_turn();
            assert!(matches!(told[..], [Event::Sent(_, sent)] if sent == count));
            before += u32::from(rig.arrived() as u64 != count);
            after += u32::from(rig.arrived() as u64 == count);
            while rig.happen() {}
        }
    }
    assert!(before > 0 && after > 0, "{before} and {after}");
}

#[test]
fn nothing_keeps_a_file_when_all_of_it_is_sent() {
    for (seed, mut rig) in Rig::both(SEEDS) {
        let (free, _) = rig.around.media.space();
        rig.each(vec![
            open(1, ROOT, "a", Mode::Create),
            write(1, 0, &[7; 50_000]),
        ]);
        let (_, conn) = rig.connect();
        rig.send(conn, vec![range(1, 0, 50_000)]);
        if seed % 2 == 0 {
            rig.take(Effect::Close(conn, How::Now));
        }
        for op in [remove(ROOT, "a"), DiskOp::Close(File(1))] {
            rig.issue(op);
        }
        rig.turns();
        assert_eq!(rig.run(DiskOp::SyncDir(ROOT)), DONE);
        assert_eq!(rig.around.media.space().0, free, "C5");
    }
}

#[test]
fn something_may_be_on_its_way_when_a_connection_is_closed_now() {
    let mut partly = 0;
    for (_, mut rig) in Rig::both(SEEDS) {
        rig.each(vec![
            open(1, ROOT, "a", Mode::Create),
            write(1, 0, &[7; 50_000]),
        ]);
        let (_, conn) = rig.connect();
        rig.send(conn, vec![range(1, 0, 50_000)]);
        rig.happen();
        rig.take(Effect::Close(conn, How::Now));
        // C4, C5: from here on it may be overwritten.
        rig.issue(write(1, 0, &[8; 50_000]));
        rig.turns();
        let heard = rig.heard.iter().filter_map(|tell| match tell {
            ClientTell::Received(_, bytes) => Some(bytes),
            _ => None,
        });
        assert!(heard.flatten().all(|byte| *byte == 7));
        partly += usize::from((1..50_000).contains(&rig.arrived()));
    }
    assert!(partly > 0, "something was on its way");
}

/// While the range is queued, or when it was sent.
fn overwriting(what: DiskOp, sent: bool) {
    let mut rig = with_file(1);
    let (_, conn) = rig.connect();
    rig.on_net(|net, air| net.reading(CLIENT, sent, air));
    rig.send(conn, vec![range(1, 1000, 40_000)]);
    rig.turns();
    assert_eq!(rig.arrived() == 40_000, sent);
    // What is beside it may be written, and all may be read and synced.
    assert_eq!(rig.run(write(1, 0, &[1; 1000])), DONE);
    assert_eq!(rig.run(write(1, 41_000, &[1; 1000])), DONE);
    assert_eq!(rig.run(sync(1)), DONE);
    assert_eq!(bytes(&rig.run(read(1, 1000, 1))), [7]);
    rig.issue(what);
}

#[test]
#[should_panic(expected = "F3: bytes 40999 to 41001 of a are queued")]
fn a_queued_range_is_not_overwritten() {
    overwriting(write(1, 40_999, b"xx"), false);
}

#[test]
#[should_panic(expected = "F3: bytes 40999 to")]
fn a_queued_range_is_not_cut_off() {
    let (file, len) = (File(1), 40_999);
    overwriting(DiskOp::Truncate { file, len }, false);
}

#[test]
#[should_panic(expected = "F3: of bytes 40999 to 41001 of a some were sent")]
fn a_sent_range_is_not_overwritten() {
    overwriting(write(1, 40_999, b"xx"), true);
}

#[test]
fn a_disk_that_fails_closes_the_connection_to_which_it_is_sent() {
    for seed in SEEDS {
        let mut rig = with_file(seed);
        let (_, conn) = rig.connect();
        rig.around.dice = Rig::failing(seed, 1, &[Chance::ReadFails]).around.dice;
        rig.send(conn, vec![range(1, 0, 10)]);
        let turns = rig.turns();
        let told: Vec<_> = turns.iter().flatten().collect();
        let [Event::Closed(_, why)] = told[..] else {
            panic!("{told:?}");
        };
        assert_eq!(*why, Why::Disk(File(1), Fault::Broken));
        assert_eq!(rig.around.failed.len(), 1);
    }
}
