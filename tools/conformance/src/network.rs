//! What CONTRACT.md says of connections and ranges, as checks over a [`Network`]. What holds at every event is watched by
//! [`crate::scene`]; a check is a situation, and what must have come of it.
//!
//! To add one: a function here that plays the situation on a [`Scene`], and its line in [`WIRES`] (or [`DIALERS`]). Every driver that
//! calls [`over_all`] makes it from then on.

use bytes::Bytes;
use ottla_machine::{Conn, DiskOp, Fault, File, How, Part, Parts, Rng, Why};

use crate::ROOT;
use crate::scene::{Scene, range, want};
use crate::verbs::{DONE, remove, write};
use crate::wire::{Act, Does, Network};

/// One check of connections: its name, and what it plays.
pub struct Play {
    name: &'static str,
    play: fn(&mut Scene<'_>),
}

impl Play {
    /// Plays it on a new driver.
    pub fn on(&self, net: &mut dyn Network) {
        (self.play)(&mut Scene::new(net));
    }
}

const fn check(name: &'static str, play: fn(&mut Scene<'_>)) -> Play {
    Play { name, play }
}

/// Checks for every driver.
pub const WIRES: &[Play] = &[
    check(
        "numbers are even and new, listeners are the dialed ones",
        numbers,
    ),
    check("input is of the size that was asked for", portions),
    check("without a Receive nothing is read", unasked),
    check("a carry that is enough is given back at once", carried),
    check("a receive may be larger than every buffer", large_receive),
    check(
        "sends arrive whole, in order, and are counted",
        sends_in_order,
    ),
    check(
        "one send has more pieces than a call may carry",
        many_pieces,
    ),
    check(
        "ranges stay readable after Remove and Close",
        removed_ranges,
    ),
    check(
        "what was sent of a large file outlives its removal",
        large_removal,
    ),
    check("a peer that does not listen holds up nobody", deaf_peer),
    check("drained means sent, and nothing after it", drained),
    check("closed now means dropped", closed_now),
    check(
        "a range that cannot be read closes, and nobody else",
        lost_range,
    ),
    check("a peer that has finished is answered", half_closed),
    check("a peer that leaves is told once", left),
    check("a broken connection is told once", broken),
    check("connections that break harm nobody", breaks),
    check(
        "many connections, each in its order, idle ones among them",
        many,
    ),
    check("nobody is there: refused", refused),
];

/// Checks for drivers that connect to others.
pub const DIALERS: &[Play] = &[
    check("a machine that connects to itself", to_itself),
    check(
        "what is queued before a connection is there is sent when it is",
        early_sends,
    ),
];

/// Makes every check on each of these drivers, a new one each time.
pub fn over_all<N: Network>(checks: &[Play], arms: impl Fn() -> Vec<(String, N)>) {
    for play in checks {
        for (arm, mut net) in arms() {
            let _on = crate::On {
                check: play.name,
                arm: &arm,
            };
            play.on(&mut net);
        }
    }
}

/// The same on every arm.
fn rng(of: u8) -> Rng {
    Rng::new([of; 32])
}

fn noise(rng: &mut Rng, len: usize) -> Vec<u8> {
    let words = (0..len.div_ceil(8)).flat_map(|_| rng.next_u64().to_le_bytes());
    words.take(len).collect()
}

/// Noise again and again, by a prime: what is missing or twice is noticed.
fn long(rng: &mut Rng, len: usize) -> Vec<u8> {
    let once = noise(rng, 65_521);
    once.iter().cycle().take(len).copied().collect()
}

fn bytes(bytes: &[u8]) -> Part {
    Part::Bytes(Bytes::copy_from_slice(bytes))
}

/// From 1 to `most`.
fn some(rng: &mut Rng, most: usize) -> usize {
    1 + rng.below(most as u64) as usize
}

fn numbers(scene: &mut Scene<'_>) {
    let peers = [0, 1, 1, 0].map(|listener| scene.calls(listener));
    scene.until(|scene| scene.others.iter().all(|other| other.conn.is_some()));
    for peer in peers {
        let conn = scene.others[peer].conn.expect("it was just seen");
        scene.close(conn, How::Now);
    }
    scene.until(|scene| {
        let mut lines = scene.lines.values();
        lines.all(|line| line.closed == Some(Why::Asked))
    });
    // W1: the next one has a number that nobody had.
    let (_, conn) = scene.dial();
    assert_eq!(conn, Conn(10));
}

/// A stream in portions of any size, part of each carried over.
fn portions(scene: &mut Scene<'_>) {
    let mut rng = rng(1);
    for _ in 0..4 {
        let (peer, conn) = scene.dial();
        let said = noise(&mut rng, 30_000);
        for part in said.chunks(some(&mut rng, 5000)) {
            scene.says(peer, part);
        }
        scene.does(peer, Does::Leaves);
        let (mut least, mut most, mut carry) = (0, 1, Bytes::new());
        loop {
            let times = scene.line(conn).times;
            scene.receive(conn, want(&carry, least, most));
            scene.until(|scene| scene.line(conn).times > times || scene.is_closed(conn));
            if scene.is_closed(conn) {
                break;
            }
            let came = scene.line(conn).last.clone();
            carry = came.slice(rng.below(came.len() as u64 + 1) as usize..);
            least = rng.below(4000) as usize;
            most = least.max(carry.len()) + some(&mut rng, 4000);
        }
        let line = scene.line(conn);
        assert_eq!(line.closed, Some(Why::Eof));
        let rest = said.len() - line.got.len();
        assert!(carry.len() + rest < least.max(1), "the rest was not enough");
    }
}

fn unasked(scene: &mut Scene<'_>) {
    let mut rng = rng(2);
    let said = long(&mut rng, scene.beyond_unasked());
    let (peer, conn) = scene.dial();
    scene.says(peer, &said);
    scene.others_come_and_go();
    assert!(scene.unsaid(peer) > 0, "somebody has read what was said");
    scene.receive(conn, want(b"", 5, 10));
    scene.until(|scene| scene.line(conn).times == 1);
    scene.others_come_and_go();
    assert!(scene.unsaid(peer) > 0, "one Receive is one Received");
    let rest = said.len() - scene.line(conn).got.len();
    scene.receive(conn, want(b"", rest, rest));
    scene.until(|scene| scene.line(conn).times == 2);
    assert!(scene.line(conn).got == said);
}

fn carried(scene: &mut Scene<'_>) {
    let (peer, conn) = scene.dial();
    for (least, most) in [(5, 10), (10, 10), (0, 10), (1, 4000)] {
        let times = scene.line(conn).times;
        scene.receive(conn, want(b"0123456789", least, most));
        scene.until(|scene| scene.line(conn).times > times);
    }
    // What is there already may come along.
    scene.says(peer, b"abc");
    scene.receive(conn, want(b"012345", 9, 9));
    scene.until(|scene| scene.line(conn).times == 5);
    assert_eq!(scene.line(conn).last, b"012345abc"[..]);
}

fn large_receive(scene: &mut Scene<'_>) {
    let said = long(&mut rng(3), scene.beyond());
    let (peer, conn) = scene.dial();
    scene.says(peer, &said);
    let (first, rest) = said.split_at(4);
    scene.receive(conn, want(b"", 4, 4));
    scene.until(|scene| scene.line(conn).times == 1);
    scene.receive(conn, want(first, said.len(), said.len()));
    scene.until(|scene| scene.line(conn).times == 2);
    assert!(scene.line(conn).last.ends_with(rest));
}

/// Bytes and ranges, several sends in one turn and in several.
fn sends_in_order(scene: &mut Scene<'_>) {
    let mut rng = rng(4);
    let held = noise(&mut rng, 100_000);
    scene.file(1, "a", &held);
    let (peer, conn) = scene.dial();
    for _ in 0..6 {
        let mut sends = Vec::new();
        for _ in 0..some(&mut rng, 4) {
            let mut parts = Vec::new();
            for _ in 0..rng.below(6) {
                let len = rng.below(3000) as usize;
                let at = rng.below(100_000) as usize;
                let long = rng.below(100_001 - at as u64) as usize;
                match rng.below(3) {
                    0 => parts.push(range(1, at, long)),
                    1 => parts.push(range(1, at, len.min(100_000 - at))),
                    _ => parts.push(bytes(&noise(&mut rng, len))),
                }
            }
            sends.push(Act::Send(conn, Parts(parts)));
        }
        scene.act(sends);
        let all = scene.queued(conn).len() as u64;
        let enough = rng.below(all + 1);
        scene.until(|scene| scene.line(conn).counted >= enough);
    }
    let all = scene.queued(conn).len() as u64;
    scene.until(|scene| scene.line(conn).counted == all && scene.heard_all(peer));
    scene.others_come_and_go();
    assert!(!scene.is_closed(conn) && !scene.others[peer].ended);
}

fn many_pieces(scene: &mut Scene<'_>) {
    let mut rng = rng(5);
    let (peer, conn) = scene.dial();
    let pieces = (0..1500).map(|n| bytes(&noise(&mut rng, n % 40)));
    let pieces = pieces.collect();
    scene.send(conn, pieces);
    scene.close(conn, How::Drained);
    scene.until(|scene| scene.is_closed(conn) && scene.others[peer].ended);
    assert!(scene.heard_all(peer));
}

fn removed_ranges(scene: &mut Scene<'_>) {
    let held = noise(&mut rng(6), 300_000);
    scene.file(1, "a", &held);
    let (peer, conn) = scene.dial();
    scene.does(peer, Does::Stops);
    let mut acts = vec![Act::Send(
        conn,
        Parts(vec![
            bytes(b"head"),
            range(1, 1000, 299_000),
            bytes(b"tail"),
        ]),
    )];
    let gone = [
        remove(ROOT, "a"),
        DiskOp::Close(File(1)),
        DiskOp::SyncDir(ROOT),
    ];
    let mut numbers = Vec::new();
    for op in gone {
        let (number, act) = scene.op(op);
        numbers.push(number);
        acts.push(act);
    }
    scene.act(acts);
    scene.until(|scene| numbers.iter().all(|number| scene.done.contains_key(number)));
    assert!(numbers.iter().all(|number| scene.done[number] == DONE));
    scene.does(peer, Does::Listens);
    scene.until(|scene| scene.heard_all(peer) && scene.line(conn).counted == 299_008);
}

/// A driver may take a large file away by parts, while a kernel still holds what it was given of it.
fn large_removal(scene: &mut Scene<'_>) {
    const LEN: usize = (2 << 20) + 100;
    // Around where a part of a MiB ends if they are cut off one by one from the end.
    let (from, to) = ((1 << 20) - 2000, (1 << 20) + 4000);
    let mut held = vec![0; LEN];
    held[from..to].copy_from_slice(&noise(&mut rng(14), to - from));
    let held = Bytes::from(held);
    for (file, closes_first) in [(1, false), (2, true)] {
        scene.sparse_file(file, "a", &held, from..to);
        let (peer, conn) = scene.dial();
        scene.does(peer, Does::Stops);
        // Little enough for every buffer.
        scene.send(conn, vec![range(file, from, to - from)]);
        scene.until(|scene| scene.line(conn).counted == (to - from) as u64);
        let mut ops = vec![remove(ROOT, "a"), DiskOp::Close(File(file))];
        if closes_first {
            ops.reverse();
        }
        ops.push(DiskOp::SyncDir(ROOT));
        for op in ops {
            assert_eq!(scene.run(op), DONE);
        }
        scene.others_come_and_go();
        scene.does(peer, Does::Listens);
        scene.until(|scene| scene.heard_all(peer));
    }
}

fn deaf_peer(scene: &mut Scene<'_>) {
    let beyond = scene.beyond();
    let held = noise(&mut rng(7), 1 << 16);
    scene.file(1, "a", &held);
    let (peer, conn) = scene.dial();
    scene.does(peer, Does::Stops);
    // It may speak meanwhile.
    scene.says(peer, b"hello");
    let times = beyond / held.len() + 1;
    for n in 0..times {
        let part = if n % 8 == 0 {
            bytes(&held)
        } else {
            range(1, 0, held.len())
        };
        scene.send(conn, vec![part]);
    }
    scene.receive(conn, want(b"", 5, 5));
    scene.until(|scene| scene.line(conn).times == 1);
    scene.others_come_and_go();
    let all = scene.queued(conn).len() as u64;
    let line = scene.line(conn);
    assert!(line.counted < all && line.closed.is_none(), "it listens");
    scene.does(peer, Does::Listens);
    scene.until(|scene| scene.heard_all(peer) && scene.line(conn).counted == all);
}

fn drained(scene: &mut Scene<'_>) {
    let held = noise(&mut rng(8), 1 << 16);
    scene.file(1, "a", &held);
    for stops in [false, true] {
        let (peer, conn) = scene.dial();
        if stops {
            scene.does(peer, Does::Stops);
        }
        let times = if stops { scene.beyond() >> 16 } else { 0 } + 1;
        let mut acts = vec![Act::Receive(conn, want(b"", 1, 10))];
        for _ in 0..times {
            let parts = vec![range(1, 0, held.len()), bytes(b"and")];
            acts.push(Act::Send(conn, Parts(parts)));
        }
        acts.push(Act::Close(conn, How::Drained));
        acts.push(Act::Send(conn, Parts(vec![bytes(b"never")])));
        acts.push(Act::Close(conn, How::Drained));
        scene.act(acts);
        if stops {
            scene.others_come_and_go();
            assert!(!scene.is_closed(conn), "it was not sent yet");
            scene.does(peer, Does::Listens);
        }
        scene.until(|scene| scene.is_closed(conn) && scene.others[peer].ended);
        assert_eq!(scene.line(conn).closed, Some(Why::Asked));
        assert!(scene.heard_all(peer), "drained means sent");
    }
    // Nothing is queued: at once.
    let (peer, conn) = scene.dial();
    scene.close(conn, How::Drained);
    scene.until(|scene| scene.is_closed(conn) && scene.others[peer].ended);
}

/// Draining or not: from the close on nothing more goes out, and what was queued may be written over.
fn closed_now(scene: &mut Scene<'_>) {
    for draining in [false, true] {
        let held = noise(&mut rng(9), 1 << 16);
        let file = 1 + u64::from(draining);
        scene.file(file, if draining { "b" } else { "a" }, &held);
        let (peer, conn) = scene.dial();
        scene.does(peer, Does::Stops);
        for _ in 0..scene.beyond() / held.len() + 1 {
            // The range is behind what no peer takes: it was never read.
            scene.send(conn, vec![bytes(&held)]);
        }
        scene.send(conn, vec![range(file, 0, held.len())]);
        if draining {
            scene.close(conn, How::Drained);
        }
        scene.others_come_and_go();
        assert!(!scene.is_closed(conn));
        let (over, act) = scene.op(write(file, 0, &vec![0; held.len()]));
        scene.act(vec![
            Act::Close(conn, How::Now),
            act,
            Act::Send(conn, Parts(vec![bytes(b"never")])),
            Act::Close(conn, How::Now),
        ]);
        scene.until(|scene| scene.is_closed(conn) && scene.done.contains_key(&over));
        assert_eq!(scene.done[&over], DONE);
        assert_eq!(scene.line(conn).closed, Some(Why::Asked));
        scene.does(peer, Does::Listens);
        scene.until(|scene| scene.others[peer].ended);
        assert!(!scene.heard_all(peer), "dropped");
        // Nobody is there any more.
        scene.act(vec![
            Act::Receive(conn, want(b"", 1, 1)),
            Act::Send(conn, Parts(vec![bytes(b"never")])),
            Act::Close(conn, How::Drained),
        ]);
        scene.others_come_and_go();
    }
}

fn lost_range(scene: &mut Scene<'_>) {
    scene.file(1, "a", &[7; 100]);
    let (other, well) = scene.dial();
    for (part, fault) in [
        (range(9, 0, 10), Fault::Gone),
        (range(1, 95, 10), Fault::Broken),
        (range(1, 200, 10), Fault::Broken),
    ] {
        let Part::File { file, .. } = part else {
            unreachable!("it is a range");
        };
        let (peer, conn) = scene.dial();
        scene.act(vec![
            Act::Send(conn, Parts(vec![bytes(b"x"), part, bytes(b"never")])),
            Act::Send(well, Parts(vec![range(1, 5, 90)])),
        ]);
        scene.until(|scene| scene.is_closed(conn) && scene.others[peer].ended);
        assert_eq!(scene.line(conn).closed, Some(Why::Disk(file, fault)));
        assert!(!scene.heard_all(peer), "what is behind it is dropped");
        scene.until(|scene| scene.heard_all(other));
        assert!(!scene.is_closed(well));
    }
}

fn half_closed(scene: &mut Scene<'_>) {
    let (peer, conn) = scene.dial();
    scene.says(peer, b"question");
    scene.does(peer, Does::Finishes);
    scene.receive(conn, want(b"", 8, 8));
    scene.until(|scene| scene.line(conn).times == 1);
    let answer = long(&mut rng(10), 300_000);
    scene.send(conn, vec![bytes(&answer)]);
    scene.until(|scene| scene.heard_all(peer));
    // That it has finished is told to whoever asks for more.
    assert!(!scene.is_closed(conn));
    scene.receive(conn, want(b"", 1, 8));
    scene.until(|scene| scene.is_closed(conn) && scene.others[peer].ended);
    assert_eq!(scene.line(conn).closed, Some(Why::Eof));

    let (peer, conn) = scene.dial();
    scene.does(peer, Does::Finishes);
    scene.send(conn, vec![bytes(&answer)]);
    scene.close(conn, How::Drained);
    scene.until(|scene| scene.is_closed(conn) && scene.others[peer].ended);
    assert_eq!(scene.line(conn).closed, Some(Why::Asked));
    assert!(scene.heard_all(peer));
}

fn left(scene: &mut Scene<'_>) {
    for said in [0, 1, 9] {
        let (peer, conn) = scene.dial();
        scene.says(peer, &vec![1; said]);
        scene.does(peer, Does::Leaves);
        // Less than `least` is never told.
        scene.receive(conn, want(b"01", 12, 20));
        scene.until(|scene| scene.is_closed(conn));
        let line = scene.line(conn);
        assert_eq!((line.closed, line.times), (Some(Why::Eof), 0));
        scene.act(vec![
            Act::Receive(conn, want(b"012", 1, 3)),
            Act::Send(conn, Parts(vec![bytes(b"never")])),
            Act::Close(conn, How::Now),
        ]);
        scene.others_come_and_go();
        assert_eq!(scene.line(conn).times, 0);
    }
}

fn broken(scene: &mut Scene<'_>) {
    for (receives, sends) in [(true, false), (false, true), (true, true)] {
        let (peer, conn) = scene.dial();
        scene.does(peer, Does::Stops);
        if receives {
            scene.receive(conn, want(b"", 1, 10));
        }
        if sends {
            let much = vec![1; scene.beyond()];
            scene.send(conn, vec![bytes(&much)]);
        }
        scene.others_come_and_go();
        assert!(!scene.is_closed(conn));
        scene.does(peer, Does::Resets);
        scene.until(|scene| scene.is_closed(conn));
        assert_eq!(scene.line(conn).closed, Some(Why::Reset));
        scene.act(vec![
            Act::Close(conn, How::Drained),
            Act::Receive(conn, want(b"", 1, 10)),
            Act::Close(conn, How::Now),
        ]);
        scene.others_come_and_go();
    }
}

fn breaks(scene: &mut Scene<'_>) {
    let mut rng = rng(11);
    let held = noise(&mut rng, 100_000);
    scene.file(1, "a", &held);
    let (other, well) = scene.dial();
    let mut conns = Vec::new();
    for n in 0..24 {
        let (peer, conn) = scene.dial();
        conns.push(conn);
        scene.says(peer, &held[..some(&mut rng, 50_000)]);
        if n % 2 == 0 {
            scene.does(peer, Does::Stops);
        }
        scene.receive(conn, want(b"", 60_000, 90_000));
        scene.send(conn, vec![range(1, n, 99_000), bytes(&held)]);
        let how = match n % 3 {
            0 => Does::Leaves,
            1 => Does::Resets,
            _ => Does::Finishes,
        };
        scene.does(peer, how);
        scene.send(well, vec![range(1, n, 10), bytes(b"fine")]);
    }
    scene.until(|scene| conns.iter().all(|conn| scene.is_closed(*conn)));
    for conn in conns {
        let why = scene.line(conn).closed;
        assert!(
            matches!(why, Some(Why::Eof | Why::Reset)),
            "{conn:?}: {why:?}"
        );
    }
    scene.until(|scene| scene.heard_all(other));
    assert!(!scene.is_closed(well));
}

/// Says back what was received last, and asks for more.
fn echo(scene: &mut Scene<'_>, conn: Conn) {
    let part = Part::Bytes(scene.line(conn).last.clone());
    scene.act(vec![
        Act::Send(conn, Parts(vec![part])),
        Act::Receive(conn, want(b"", 1, 3000)),
    ]);
}

/// Some peers say a stream in pieces, now one, now another, and hear it back; the others say nothing for long.
fn many(scene: &mut Scene<'_>) {
    const ALL: usize = 100;
    const BUSY: usize = 12;
    let mut rng = rng(12);
    for n in 0..ALL {
        scene.calls(n as u16 % 2);
    }
    scene.until(|scene| scene.others.iter().all(|other| other.conn.is_some()));
    let conns = scene.others.iter().map(|other| other.conn);
    let conns: Vec<Conn> = conns.map(|conn| conn.expect("it was just seen")).collect();
    let (mut said, mut echoed) = ([0; BUSY], [0; BUSY]);
    for conn in &conns[..BUSY] {
        scene.receive(*conn, want(b"", 1, 3000));
    }
    for round in 0..40 {
        for _ in 0..BUSY {
            let peer = rng.below(BUSY as u64) as usize;
            let piece = noise(&mut rng, 1 + round * 17);
            said[peer] += piece.len();
            scene.says(peer, &piece);
        }
        for (conn, echoed) in conns.iter().zip(&mut echoed) {
            if scene.line(*conn).times > *echoed {
                *echoed += 1;
                echo(scene, *conn);
            }
        }
    }
    for (peer, echoed) in echoed.iter_mut().enumerate() {
        let conn = conns[peer];
        while *echoed < scene.line(conn).times || scene.line(conn).got.len() < said[peer] {
            scene.until(|scene| scene.line(conn).times > *echoed);
            *echoed += 1;
            echo(scene, conn);
        }
        scene.close(conn, How::Drained);
        scene.until(|scene| scene.others[peer].ended);
        assert!(scene.others[peer].heard == scene.line(conn).got);
    }
    // Those that said nothing are there and served, whatever the order in which they came.
    for (peer, conn) in conns.into_iter().enumerate().skip(BUSY).rev() {
        scene.says(peer, &[peer as u8]);
        scene.receive(conn, want(b"", 1, 1));
        scene.until(|scene| scene.line(conn).times == 1);
        scene.send(conn, vec![bytes(&[peer as u8])]);
        scene.until(|scene| scene.heard_all(peer));
    }
}

fn refused(scene: &mut Scene<'_>) {
    let to = scene.nobody();
    let conn = Conn(1);
    scene.act(vec![
        Act::Connect(conn, to),
        Act::Receive(conn, want(b"", 1, 1)),
        Act::Send(conn, Parts(vec![bytes(b"never")])),
    ]);
    scene.until(|scene| scene.is_closed(conn));
    let line = scene.line(conn);
    assert_eq!(line.closed, Some(Why::Refused));
    assert_eq!(line.opened, None);
}

/// The other end of the connection that was opened last: accepted.
fn accepted(scene: &Scene<'_>) -> Option<Conn> {
    let mut conns = scene.lines.keys().rev();
    conns.find(|conn| conn.0 % 2 == 0).copied()
}

fn to_itself(scene: &mut Scene<'_>) {
    let to = scene.itself();
    let near = Conn(1);
    scene.act(vec![Act::Connect(near, to.clone())]);
    scene.until(|scene| scene.line(near).opened.is_some() && accepted(scene).is_some());
    let far = accepted(scene).expect("it was just seen");
    let said = long(&mut rng(13), 300_000);
    for (from, to) in [(near, far), (far, near)] {
        scene.send(from, vec![bytes(&said)]);
        scene.receive(to, want(b"", said.len(), said.len()));
        scene.until(|scene| scene.line(to).times == 1);
        assert!(scene.line(to).got == said);
    }
    scene.receive(near, want(b"", 1, 1));
    scene.close(far, How::Now);
    scene.until(|scene| scene.is_closed(near) && scene.is_closed(far));
    assert_eq!(scene.line(near).closed, Some(Why::Eof));
    assert_eq!(scene.line(far).closed, Some(Why::Asked));
    // One that is closed before it is there is never opened.
    let early = Conn(3);
    scene.act(vec![
        Act::Connect(early, to),
        Act::Close(early, How::Now),
        Act::Receive(early, want(b"", 1, 1)),
    ]);
    scene.until(|scene| scene.is_closed(early));
    assert_eq!(scene.line(early).closed, Some(Why::Asked));
    scene.others_come_and_go();
    assert_eq!(scene.line(early).opened, None);
}

fn early_sends(scene: &mut Scene<'_>) {
    scene.file(1, "a", &[7; 5000]);
    let to = scene.itself();
    let near = Conn(1);
    scene.act(vec![
        Act::Connect(near, to),
        Act::Receive(near, want(b"", 1, 1)),
        Act::Send(near, Parts(vec![bytes(b"hello"), range(1, 0, 5000)])),
        Act::Close(near, How::Drained),
    ]);
    scene.until(|scene| accepted(scene).is_some());
    let far = accepted(scene).expect("it was just seen");
    scene.receive(far, want(b"", 5005, 6000));
    scene.until(|scene| scene.is_closed(near) && scene.line(far).times == 1);
    assert_eq!(scene.line(near).closed, Some(Why::Asked));
    assert!(scene.line(far).got == scene.queued(near));
}
