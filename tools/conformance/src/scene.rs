//! A machine's connections with somebody watching. In: what a check lets the machine and its peers do. Out: a panic where something is
//! told, or heard by a peer, that CONTRACT.md does not allow; else what was told and heard, for the check to judge.
//!
//! Watched at every event, whatever the check is about:
//!
//! - W1: one `Opened` per connection: even and growing numbers for those that were accepted, with the listener and the peer's address; odd
//!   ones as they were asked for. One `Closed`, after which nothing comes.
//! - W2: a `Received` answers a `Receive`, carry first, with `least` to `most` bytes, one at least; what is new of it is what the peer said next.
//! - W3: `Sent` grows, never passes what was queued, and is told at most once per connection and turn.
//! - W4: what a peer hears is what was queued for it, from the first byte on.
//! - W5: one `Done` per operation.

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;
use ottla_machine::{Conn, DiskOp, Endpoint, File, How, Mode, Part, Parts, Peer, Want, Why};

use crate::verbs::{open, write};
use crate::wire::{Act, Does, Network, News, Told};
use crate::{Answer, ROOT};

/// One connection as the machine knows it.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// Whose it is, if a peer dialed.
    pub peer: Option<usize>,
    pub opened: Option<Peer>,
    pub closed: Option<Why>,
    /// What was received, without the carries.
    pub got: Vec<u8>,
    /// How much of `got` the last `Received` brought, its carry included.
    pub last: Bytes,
    /// How often something was received.
    pub times: u64,
    /// The last `Sent`.
    pub counted: u64,
    want: Option<Want>,
    /// What was queued, and whether more may be.
    queued: Vec<u8>,
    ends: bool,
}

/// Somebody at the other side.
#[derive(Debug, Default)]
pub(crate) struct Other {
    pub conn: Option<Conn>,
    pub heard: Vec<u8>,
    pub ended: bool,
    listener: u16,
    said: Vec<u8>,
}

/// A network, and what has happened on it.
pub(crate) struct Scene<'a> {
    net: &'a mut dyn Network,
    pub lines: BTreeMap<Conn, Line>,
    pub others: Vec<Other>,
    /// What came of which operation.
    pub done: BTreeMap<u64, Answer>,
    ops: u64,
    accepted: Conn,
    /// What each file held when it was made.
    files: BTreeMap<File, Bytes>,
}

/// What is asked for.
pub(crate) fn want(carry: &[u8], least: usize, most: usize) -> Want {
    Want {
        carry: Bytes::copy_from_slice(carry),
        least,
        most,
    }
}

/// Part of a file.
pub(crate) fn range(file: u64, position: usize, length: usize) -> Part {
    Part::File {
        file: File(file),
        position: position as u64,
        length: length as u32,
    }
}

impl<'a> Scene<'a> {
    pub(crate) fn new(net: &'a mut dyn Network) -> Scene<'a> {
        Scene {
            net,
            lines: BTreeMap::new(),
            others: Vec::new(),
            done: BTreeMap::new(),
            ops: 0,
            accepted: Conn(0),
            files: BTreeMap::new(),
        }
    }

    /// More bytes than are ever on their way to a peer.
    pub(crate) fn beyond(&self) -> usize {
        self.net.beyond()
    }

    /// More bytes than are ever on their way from a peer.
    pub(crate) fn beyond_unasked(&self) -> usize {
        self.net.beyond_unasked()
    }

    pub(crate) fn nobody(&mut self) -> Endpoint {
        self.net.nobody()
    }

    pub(crate) fn itself(&mut self) -> Endpoint {
        self.net.itself()
    }

    pub(crate) fn line(&self, conn: Conn) -> &Line {
        &self.lines[&conn]
    }

    /// What this peer's kernel did not take yet of what it said.
    pub(crate) fn unsaid(&self, peer: usize) -> usize {
        self.net.unsaid(peer)
    }

    /// All that was queued on this connection.
    pub(crate) fn queued(&self, conn: Conn) -> &[u8] {
        &self.line(conn).queued
    }

    /// Whether the peer heard all that was queued for it.
    pub(crate) fn heard_all(&self, peer: usize) -> bool {
        let conn = self.others[peer].conn.expect("it was accepted");
        self.others[peer].heard.len() == self.line(conn).queued.len()
    }

    pub(crate) fn is_closed(&self, conn: Conn) -> bool {
        self.line(conn).closed.is_some()
    }

    /// The machine does this, all in one turn.
    pub(crate) fn act(&mut self, acts: Vec<Act>) {
        for act in &acts {
            match act {
                Act::Receive(conn, want) => {
                    let line = self.lines.get_mut(conn).expect("a known connection");
                    if line.closed.is_none() && !line.ends {
                        assert!(line.want.is_none(), "the check asks twice");
                        line.want = Some(want.clone());
                    }
                }
                Act::Send(conn, parts) => self.queues(*conn, parts),
                Act::Close(conn, _) => {
                    self.lines.get_mut(conn).expect("a known connection").ends = true;
                }
                Act::Connect(conn, _) => {
                    let before = self.lines.insert(*conn, Line::default());
                    assert!(before.is_none(), "the check names a connection twice");
                }
                Act::Disk(..) => {}
            }
        }
        self.net.act(acts);
    }

    fn queues(&mut self, conn: Conn, parts: &Parts) {
        let line = self.lines.get_mut(&conn).expect("a known connection");
        if line.closed.is_some() || line.ends {
            return;
        }
        for part in &parts.0 {
            match part {
                Part::Bytes(bytes) => line.queued.extend_from_slice(bytes),
                Part::File {
                    file,
                    position,
                    length,
                } => {
                    let held = self.files.get(file).map_or(&[][..], |held| &held[..]);
                    let from = (*position as usize).min(held.len());
                    let to = (from + *length as usize).min(held.len());
                    line.queued.extend_from_slice(&held[from..to]);
                }
            }
        }
    }

    pub(crate) fn receive(&mut self, conn: Conn, want: Want) {
        self.act(vec![Act::Receive(conn, want)]);
    }

    pub(crate) fn send(&mut self, conn: Conn, parts: Vec<Part>) {
        self.act(vec![Act::Send(conn, Parts(parts))]);
    }

    pub(crate) fn close(&mut self, conn: Conn, how: How) {
        self.act(vec![Act::Close(conn, how)]);
    }

    /// Issues an operation; its number.
    pub(crate) fn op(&mut self, op: DiskOp) -> (u64, Act) {
        self.ops += 1;
        (self.ops, Act::Disk(self.ops, op))
    }

    /// An operation, and what came of it.
    pub(crate) fn run(&mut self, op: DiskOp) -> Answer {
        let (number, act) = self.op(op);
        self.act(vec![act]);
        self.until(|scene| scene.done.contains_key(&number));
        self.done[&number].clone()
    }

    /// A file that holds these bytes. It may be written over only where no range of it is queued any more.
    pub(crate) fn file(&mut self, file: u64, name: &str, bytes: &[u8]) {
        self.run(open(file, ROOT, name, Mode::Create))
            .expect("opened");
        self.run(write(file, 0, bytes)).expect("written");
        self.files.insert(File(file), Bytes::copy_from_slice(bytes));
    }

    /// A file that holds these bytes: zeros, but for those between.
    pub(crate) fn sparse_file(
        &mut self,
        number: u64,
        name: &str,
        bytes: &Bytes,
        between: Range<usize>,
    ) {
        let (file, len) = (File(number), bytes.len() as u64);
        for op in [
            open(number, ROOT, name, Mode::Create),
            DiskOp::Truncate { file, len },
            write(number, between.start as u64, &bytes[between]),
        ] {
            self.run(op).expect("made");
        }
        self.files.insert(file, bytes.clone());
    }

    /// A peer dials; nobody waits for it to be accepted.
    pub(crate) fn calls(&mut self, listener: u16) -> usize {
        let peer = self.net.dial(listener);
        assert_eq!(peer, self.others.len(), "peers are counted");
        self.others.push(Other {
            listener,
            ..Other::default()
        });
        peer
    }

    /// A peer dials and is accepted.
    pub(crate) fn dial(&mut self) -> (usize, Conn) {
        let peer = self.calls(0);
        self.until(|scene| scene.others[peer].conn.is_some());
        (peer, self.others[peer].conn.expect("it was just seen"))
    }

    pub(crate) fn says(&mut self, peer: usize, bytes: &[u8]) {
        self.others[peer].said.extend_from_slice(bytes);
        let bytes = Bytes::copy_from_slice(bytes);
        self.does(peer, Does::Says(bytes));
    }

    pub(crate) fn does(&mut self, peer: usize, what: Does) {
        self.net.does(peer, what);
    }

    /// Goes on until this is so.
    pub(crate) fn until(&mut self, is_so: impl Fn(&Scene<'_>) -> bool) {
        while !is_so(self) {
            let news = self.net.next();
            self.watch(news);
        }
    }

    /// Somebody else calls, is heard, answered and left: meanwhile everything had time to happen. Three times.
    pub(crate) fn others_come_and_go(&mut self) {
        for _ in 0..3 {
            let (peer, conn) = self.dial();
            self.says(peer, b"?");
            self.receive(conn, want(b"", 1, 1));
            self.until(|scene| scene.line(conn).times == 1);
            self.send(conn, vec![Part::Bytes(Bytes::from_static(b"!"))]);
            self.close(conn, How::Drained);
            self.until(|scene| scene.others[peer].ended && scene.is_closed(conn));
            assert_eq!(self.others[peer].heard, b"!");
        }
    }

    fn watch(&mut self, news: News) {
        match news {
            News::Turn(told) => {
                let mut counted = Vec::new();
                for told in told {
                    if let Told::Sent(conn, _) = told {
                        assert!(!counted.contains(&conn), "W3: {conn:?} twice in a turn");
                        counted.push(conn);
                    }
                    self.told(told);
                }
            }
            News::Heard(peer, bytes) => self.heard(peer, &bytes),
            News::Ended(peer) => self.others[peer].ended = true,
        }
    }

    fn heard(&mut self, peer: usize, bytes: &[u8]) {
        let other = &mut self.others[peer];
        let conn = other.conn.expect("W4: it was not accepted");
        let from = other.heard.len();
        other.heard.extend_from_slice(bytes);
        let queued = &self.lines[&conn].queued;
        let same = queued.len() >= from + bytes.len() && queued[from..][..bytes.len()] == *bytes;
        assert!(same, "W4: peer {peer} hears something else from {from} on");
    }

    fn told(&mut self, told: Told) {
        match told {
            Told::Opened(conn, peer) => self.opened(conn, peer),
            Told::Received(conn, bytes) => self.received(conn, bytes),
            Told::Sent(conn, count) => {
                let line = self.open_line(conn);
                let grows = count > line.counted && count <= line.queued.len() as u64;
                let before = line.counted;
                assert!(grows, "W3: {count} after {before} of {}", line.queued.len());
                line.counted = count;
            }
            Told::Closed(conn, why) => {
                let line = self.lines.get_mut(&conn).expect("W1: a known connection");
                assert_eq!(line.closed, None, "W1: {conn:?} is closed once");
                line.closed = Some(why);
                line.want = None;
            }
            Told::Done(number, answer) => {
                let before = self.done.insert(number, answer);
                assert!(
                    before.is_none() && number <= self.ops,
                    "W5: operation {number}"
                );
            }
        }
    }

    fn opened(&mut self, conn: Conn, at: Peer) {
        if !conn.0.is_multiple_of(2) {
            let line = self.lines.get_mut(&conn);
            let line = line.expect("W1: who connects names the connection");
            assert!(line.opened.is_none() && line.closed.is_none(), "W1");
            line.opened = Some(at);
            return;
        }
        assert!(
            conn > self.accepted,
            "W1: {conn:?} after {:?}",
            self.accepted
        );
        self.accepted = conn;
        // A kernel may give one address to two callers of different listeners.
        let calls = |peer: &usize| {
            self.others[*peer].conn.is_none() && self.net.address(*peer) == at.address
        };
        let calling: Vec<usize> = (0..self.others.len()).filter(calls).collect();
        let here = |peer: &&usize| self.others[**peer].listener == at.listener;
        let peer = calling.iter().find(here).or(calling.first()).copied();
        if let Some(peer) = peer {
            let other = &mut self.others[peer];
            assert_eq!(other.listener, at.listener, "W1: the listener of {peer}");
            other.conn = Some(conn);
        }
        let by_itself = self.lines.keys().any(|conn| !conn.0.is_multiple_of(2));
        assert!(peer.is_some() || by_itself, "W1: nobody calls from {at:?}");
        let line = Line {
            peer,
            opened: Some(at),
            ..Line::default()
        };
        self.lines.insert(conn, line);
    }

    fn received(&mut self, conn: Conn, bytes: Bytes) {
        let line = self.open_line(conn);
        let want = line.want.take().expect("W2: nobody asked for it");
        let len = bytes.len();
        let fits = len >= want.least.max(1) && len <= want.most;
        assert!(fits, "W2: {len} bytes for {} to {}", want.least, want.most);
        assert!(bytes.starts_with(&want.carry), "W2: the carry comes first");
        let new = &bytes[want.carry.len()..];
        let from = line.got.len();
        line.got.extend_from_slice(new);
        line.times += 1;
        line.last = bytes.clone();
        if let Some(peer) = line.peer {
            let said = &self.others[peer].said;
            let same = said.len() >= from + new.len() && said[from..][..new.len()] == *new;
            assert!(same, "W2: peer {peer} said something else from {from} on");
        }
    }

    fn open_line(&mut self, conn: Conn) -> &mut Line {
        let line = self.lines.get_mut(&conn).expect("W1: a known connection");
        let open = line.opened.is_some() && line.closed.is_none();
        assert!(open, "W1: {conn:?} is not open");
        line
    }
}
