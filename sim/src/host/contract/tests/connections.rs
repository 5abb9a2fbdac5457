//! What CONTRACT.md says of connections and ranges.

use std::collections::BTreeSet;

use bytes::Bytes;
use ottla_broker::Broker;
use ottla_machine::{
    Conn, DiskOp, Effect, Endpoint, Event, Fault, File, How, Mode, Part, Parts, Want, Why,
};

use super::{DONE, Disk, ROOT, Rig, bytes, open, read, remove, sync, write};
use crate::draw::{Domain, Draw, Stream};
use crate::net::{ClientTell, Link};
use crate::net::{NODE, Whose};
use crate::script::{BreakHow, Chance};

const SEEDS: std::ops::Range<u64> = 0..40;
const CLIENT: u32 = 1;

impl Rig {
    /// A turn: what is told, until nothing is ready.
    fn told_in_turn(&mut self) -> Vec<Event<Broker>> {
        self.turn();
        std::iter::from_fn(|| self.event()).collect()
    }

    /// The next turn in which something is told; empty when nothing will ever be.
    fn next_turn(&mut self) -> Vec<Event<Broker>> {
        loop {
            if self.host_is_ready() {
                let told = self.told_in_turn();
                if !told.is_empty() {
                    return told;
                }
            }
            if !self.happen() && !self.host_is_ready() {
                return Vec::new();
            }
        }
    }

    fn host_is_ready(&mut self) -> bool {
        self.on_host(|host, _| crate::host::Host::is_ready(host))
    }

    fn connect(&mut self) -> (Link, Conn) {
        let link = self.on_net(|net, air| net.connect(CLIENT, NODE, 3, air));
        let told = self.next_turn();
        let [Event::Opened(conn, peer)] = &told[..] else {
            panic!("{told:?} is no connection");
        };
        assert_eq!(peer.listener, 3);
        while !self.heard.contains(&ClientTell::Connected(link)) {
            assert!(self.happen());
        }
        (link, *conn)
    }

    fn send(&mut self, conn: Conn, parts: Vec<Part>) {
        self.take(Effect::Send(conn, Parts(parts)));
    }

    /// What the client was sent on this link.
    fn arrived(&self, link: Link) -> Vec<u8> {
        let pieces = self.heard.iter().filter_map(|tell| match tell {
            ClientTell::Received(of, bytes) if *of == link => Some(&bytes[..]),
            _ => None,
        });
        pieces.collect::<Vec<_>>().concat()
    }

    /// Everything that is still told, turn by turn.
    fn turns(&mut self) -> Vec<Vec<Event<Broker>>> {
        let turns = std::iter::from_fn(|| Some(self.next_turn()));
        turns.take_while(|told| !told.is_empty()).collect()
    }
}

fn want(carry: &[u8], least: usize, most: usize) -> Want {
    Want {
        carry: Bytes::copy_from_slice(carry),
        least,
        most,
    }
}

fn range(file: u64, position: u64, length: u32) -> Part {
    Part::File {
        file: File(file),
        position,
        length,
    }
}

fn noise(stream: &mut Stream, len: u64) -> Vec<u8> {
    (0..len).map(|_| stream.bits() as u8).collect()
}

fn closed(turns: &[Vec<Event<Broker>>]) -> Vec<Why> {
    let closed = turns.iter().flatten().filter_map(|event| match event {
        Event::Closed(_, why) => Some(*why),
        _ => None,
    });
    closed.collect()
}

/// Reads a stream in portions of any size, carrying part of each over.
#[test]
fn input_is_contiguous_and_of_the_size_that_was_asked_for() {
    let mut portions = BTreeSet::new();
    for (seed, mut rig) in Rig::both(SEEDS) {
        let mut stream = Draw::new(seed).stream(Domain::Script, 0);
        let (link, conn) = rig.connect();
        let len = stream.size(1, 30_000);
        let sent = noise(&mut stream, len);
        for part in sent.chunks(stream.within(1, 5000) as usize) {
            let part = Bytes::copy_from_slice(part);
            rig.on_net(|net, air| net.client_send(link, part, air));
        }
        rig.on_net(|net, air| net.client_close(link, air));
        let (mut taken, mut carry, mut why) = (Vec::new(), Vec::new(), None);
        let (mut least, mut most) = (1, 1);
        rig.take(Effect::Receive(conn, want(&carry, least, most)));
        while why.is_none() {
            for event in rig.next_turn() {
                match event {
                    Event::Received(_, bytes) => {
                        assert!(bytes.len() >= least && bytes.len() <= most);
                        assert!(bytes.starts_with(&carry), "the carry comes first");
                        portions.insert((bytes.len() == least, bytes.len() == most));
                        let keep = stream.below(bytes.len() as u64 + 1) as usize;
                        taken.extend_from_slice(&bytes[..keep]);
                        carry = bytes[keep..].to_vec();
                        least = stream.below(4000) as usize;
                        let room = stream.size(1, 4000) as usize;
                        most = least.max(carry.len()) + room;
                        rig.take(Effect::Receive(conn, want(&carry, least, most)));
                    }
                    Event::Closed(_, eof) => why = Some(eof),
                    other => panic!("{other:?} was not asked for"),
                }
            }
        }
        assert_eq!(why, Some(Why::Eof));
        taken.extend_from_slice(&carry);
        assert!(sent.starts_with(&taken), "seed {seed}");
        assert!(
            sent.len() - taken.len() < least.max(1),
            "the rest was not enough"
        );
        assert!(rig.turns().is_empty(), "C1");
    }
    let all = [(false, false), (false, true), (true, false)];
    assert!(all.iter().all(|how| portions.contains(how)), "{portions:?}");
}

#[test]
fn without_a_receive_nothing_is_read() {
    let mut rig = Rig::new(1);
    let (link, conn) = rig.connect();
    rig.on_net(|net, air| net.client_send(link, Bytes::from_static(b"hello"), air));
    rig.on_net(|net, air| net.client_close(link, air));
    assert!(rig.turns().is_empty());
    rig.take(Effect::Receive(conn, want(b"", 5, 100)));
    let turns = rig.turns();
    let [told] = &turns[..] else {
        panic!("{turns:?}");
    };
    let [Event::Received(_, bytes)] = &told[..] else {
        panic!("{told:?}");
    };
    assert_eq!(&bytes[..], b"hello");
}

/// Bytes and ranges of a file that is removed and closed at once.
#[test]
fn output_arrives_whole_and_is_counted_once_a_turn() {
    let mut late = 0;
    for (seed, mut rig) in Rig::both(SEEDS) {
        let mut stream = Draw::new(seed).stream(Domain::Script, 0);
        let (free, _) = rig.around.media.space();
        let held = noise(&mut stream, 100_000);
        rig.each(vec![open(1, ROOT, "a", Mode::Create), write(1, 0, &held)]);
        let (link, conn) = rig.connect();
        let mut wanted = Vec::new();
        for _ in 0..stream.within(1, 5) {
            let mut parts = Vec::new();
            for _ in 0..stream.below(6) {
                if stream.coin() {
                    let len = stream.below(3000);
                    let bytes = noise(&mut stream, len);
                    wanted.extend_from_slice(&bytes);
                    parts.push(Part::Bytes(bytes.into()));
                } else {
                    let at = stream.below(100_000);
                    let len = stream.below(100_001 - at);
                    wanted.extend_from_slice(&held[at as usize..(at + len) as usize]);
                    parts.push(range(1, at, len as u32));
                }
            }
            rig.send(conn, parts);
        }
        for op in [
            remove(ROOT, "a"),
            DiskOp::Close(File(1)),
            DiskOp::SyncDir(ROOT),
        ] {
            rig.issue(op);
        }
        let mut counted = 0;
        for told in rig.turns() {
            let sent = told.iter().filter_map(|event| match event {
                Event::Sent(_, sent) => Some(*sent),
                _ => None,
            });
            let sent: Vec<u64> = sent.collect();
            assert!(sent.len() <= 1, "C3");
            for sent in sent {
                assert!(sent > counted && sent <= wanted.len() as u64);
                counted = sent;
            }
            late += u64::from(rig.arrived(link).len() as u64 > counted);
        }
        assert_eq!(counted, wanted.len() as u64);
        assert!(rig.arrived(link) == wanted, "seed {seed}");
        assert_eq!(rig.run(DiskOp::SyncDir(ROOT)), DONE);
        assert_eq!(
            rig.around.media.space().0,
            free,
            "C5: nothing keeps the file"
        );
    }
    assert!(
        late > 0,
        "what was sent is told later than it arrives, now and then"
    );
}

#[test]
fn drained_means_sent() {
    for (seed, mut rig) in Rig::both(SEEDS) {
        let held = [7; 50_000];
        rig.each(vec![open(1, ROOT, "a", Mode::Create), write(1, 0, &held)]);
        let (link, conn) = rig.connect();
        rig.take(Effect::Receive(conn, want(b"", 1, 10)));
        rig.send(conn, vec![range(1, 0, 50_000)]);
        rig.take(Effect::Close(conn, How::Drained));
        if seed % 4 == 0 {
            rig.on_net(|net, air| net.client_send(link, Bytes::from_static(b"late"), air));
        }
        let turns = rig.turns();
        let mut told = turns.iter().flatten();
        assert!(!told.any(|event| matches!(event, Event::Received(..))));
        let last = turns.last().and_then(|told| told.last());
        assert!(matches!(last, Some(Event::Closed(_, Why::Asked))), "C1");
        assert_eq!(closed(&turns).len(), 1, "C1");
        // Where bytes are left unread, the kernel resets, and what is on its way is lost.
        assert!(seed % 4 == 0 || rig.arrived(link) == held, "seed {seed}");
    }
}

#[test]
fn closed_now_means_dropped() {
    let mut partly = 0;
    for (_, mut rig) in Rig::both(SEEDS) {
        rig.each(vec![
            open(1, ROOT, "a", Mode::Create),
            write(1, 0, &[7; 50_000]),
        ]);
        let (link, conn) = rig.connect();
        rig.send(conn, vec![range(1, 0, 50_000)]);
        rig.happen();
        rig.take(Effect::Close(conn, How::Now));
        // C4, C5: from here on it may be overwritten.
        let over = rig.issue(write(1, 0, &[8; 50_000]));
        rig.send(conn, vec![Part::Bytes(Bytes::from_static(b"never"))]);
        let turns = rig.turns();
        assert_eq!(closed(&turns), [Why::Asked]);
        let written = turns.iter().flatten();
        let written =
            written.filter(|event| matches!(event, Event::Done(op, Ok(_)) if op.seq == over));
        assert_eq!(written.count(), 1);
        let arrived = rig.arrived(link);
        assert!(arrived.len() < 50_000 && arrived.iter().all(|byte| *byte == 7));
        partly += usize::from(!arrived.is_empty());
    }
    assert!(partly > 0, "something was on its way");
}

fn overwriting(what: DiskOp) {
    let mut rig = Rig::new(1);
    rig.each(vec![
        open(1, ROOT, "a", Mode::Create),
        write(1, 0, &[7; 50_000]),
    ]);
    let (_, conn) = rig.connect();
    rig.on_net(|net, air| net.reading(CLIENT, false, air));
    rig.send(conn, vec![range(1, 1000, 40_000)]);
    // What is beside it may be written, and all may be read and synced.
    assert_eq!(rig.run(write(1, 0, &[1; 1000])), DONE);
    assert_eq!(rig.run(write(1, 41_000, &[1; 1000])), DONE);
    assert_eq!(rig.run(sync(1)), DONE);
    assert_eq!(bytes(&rig.run(read(1, 1000, 1))), [7]);
    rig.issue(what);
}

#[test]
#[should_panic(expected = "F3")]
fn a_queued_range_is_not_overwritten() {
    overwriting(write(1, 40_999, b"xx"));
}

#[test]
#[should_panic(expected = "F3")]
fn a_queued_range_is_not_cut_off() {
    let (file, len) = (File(1), 40_999);
    overwriting(DiskOp::Truncate { file, len });
}

#[test]
fn a_range_that_cannot_be_read_closes() {
    for seed in SEEDS {
        for (chance, part, fault) in [
            (None, range(9, 0, 10), Fault::Gone),
            (None, range(1, 95, 10), Fault::Broken),
            (Some(Chance::ReadFails), range(1, 0, 10), Fault::Broken),
        ] {
            let mut rig = Rig::new(seed);
            rig.each(vec![
                open(1, ROOT, "a", Mode::Create),
                write(1, 0, &[7; 100]),
            ]);
            let (_, conn) = rig.connect();
            if let Some(chance) = chance {
                rig.around.dice = Rig::failing(seed, 1, &[chance]).around.dice;
            }
            let Part::File { file, .. } = part else {
                unreachable!("it is a range");
            };
            rig.send(conn, vec![Part::Bytes(Bytes::from_static(b"x")), part]);
            assert_eq!(closed(&rig.turns()), [Why::Disk(file, fault)]);
            assert_eq!(rig.around.failed.len(), usize::from(chance.is_some()));
        }
    }
}

#[test]
fn a_broken_connection_is_told_once_and_numbers_are_never_used_again() {
    for (seed, mut rig) in Rig::both(SEEDS) {
        let mut before = Conn(0);
        for _ in 0..3 {
            let (_, conn) = rig.connect();
            assert!(conn > before && conn.0 % 2 == 0);
            before = conn;
            rig.take(Effect::Receive(conn, want(b"", 1, 10)));
            rig.send(conn, vec![Part::Bytes(vec![1; 20_000].into())]);
            let mut out = Vec::new();
            rig.on_net(|net, air| net.break_links(Whose::All, BreakHow::Reset, air, &mut out));
            rig.told(out);
            if seed % 2 == 0 {
                rig.take(Effect::Close(conn, How::Now));
            }
            let why = closed(&rig.turns());
            let asked = seed % 2 == 0 && why == [Why::Asked];
            assert!(asked || why == [Why::Reset], "C1: {why:?}");
            // Nobody is there any more: nothing happens.
            rig.take(Effect::Receive(conn, want(b"", 1, 10)));
            rig.take(Effect::Close(conn, How::Now));
            assert!(rig.turns().is_empty());
        }
    }
}

#[test]
fn nobody_is_connected_to() {
    let mut rig = Rig::new(1);
    let to = Endpoint {
        host: "elsewhere".into(),
        port: 9093,
    };
    rig.take(Effect::Connect(Conn(1), to));
    assert_eq!(closed(&rig.turns()), [Why::Refused]);
}
