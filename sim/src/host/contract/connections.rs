//! Connections over the network's sockets. Every effect and every word of the network leads to one look at the connection, now or a
//! little later, in which it sends what the socket takes and reads what was asked for.
//!
//! C1: exactly one `Closed` per connection, after which nothing comes from it; numbers are even and never used again.
//! C2: without a `Receive` nothing is read; each is answered once, its carry first, with `least` to `most` bytes.
//! C3: `Sent` counts what the socket took; at most one is told per connection and turn.
//! C4: after `Close(Now)` nothing that was queued is sent.
//! C5: a queued range stays as it is until the machine was told that it was sent, and a sent one as long as its file is open.
//!
//! | a connection is | by | then |
//! |---|---|---|
//! | open | the network | |
//! | draining | `Close(Drained)` | receives nothing; closing when all is sent |
//! | closing | `Close(Now)`, the peer, a fault | gone when `Closed` is told |

use std::collections::{BTreeMap, VecDeque};

use bytes::{Buf, Bytes, BytesMut};
use ottla_machine::{Conn, Fault, File, How, Part, Parts, Peer, Want, Why};

use super::disk::Disk;
use super::ready::{Coming, Line, Ready};
use crate::agenda::Happening;
use crate::draw::{Domain, entity};
use crate::host::{HostEvent, Outside};
use crate::net::{Got, Link, NodeTell, Took};
use crate::script::Span;

/// So many pieces are offered to the socket at once.
const PIECES: usize = 16;

/// So much of a range is read at once.
const PORTION: u64 = 64 << 10;

#[derive(Clone, Debug)]
enum Out {
    Bytes(Bytes),
    Range(Range),
}

/// A range of a file that was not read yet.
#[derive(Clone, Copy, Debug)]
struct Range {
    file: File,
    /// Its place, and the number it draws with.
    place: (u32, u64),
    at: u64,
    end: u64,
}

/// A range that must stay as it is: C5.
#[derive(Clone, Copy, Debug)]
struct Kept {
    /// It was sent when so many bytes of the connection were.
    until: u64,
    slot: u32,
    at: u64,
    end: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    Draining,
    Closing,
}

/// What was asked for, and what is there of it.
#[derive(Clone, Debug)]
struct Reading {
    least: usize,
    most: usize,
    /// Deliver as soon as `least` bytes are there.
    hasty: bool,
    /// What is there: one piece, or several joined.
    piece: Bytes,
    joined: BytesMut,
}

#[derive(Clone, Debug)]
struct State {
    link: Link,
    /// Who draws: the peer's address, which says which client's which connection it is.
    entity: u64,
    phase: Phase,
    reading: Option<Reading>,
    queue: VecDeque<Out>,
    /// The socket takes no more for now.
    full: bool,
    /// It will be looked at later, and not before.
    later: bool,
    /// Bytes that were queued, that the socket took, and that the machine was told of.
    queued: u64,
    sent: u64,
    told: u64,
    /// `Sent` waits for a turn, or is ready to be told.
    counted: bool,
    kept: VecDeque<Kept>,
    line: Line,
    draws: u64,
}

/// All connections.
#[derive(Clone, Debug, Default)]
pub(super) struct Connections {
    states: BTreeMap<Conn, State>,
    links: BTreeMap<Link, Conn>,
    accepted: u64,
    /// Connections with something to tell of what was sent.
    counted: Vec<Conn>,
    pieces: Vec<Bytes>,
}

impl Reading {
    fn new(want: Want, bits: u64) -> Reading {
        assert!(
            want.carry.len() <= want.most && want.least <= want.most && want.most > 0,
            "C2: {want:?} cannot be met"
        );
        let least = want.least.max(1);
        let floor = least.max(want.carry.len());
        let most = match bits & 3 {
            0 => floor,
            1 => floor + (bits >> 8) as usize % (want.most - floor + 1),
            _ => want.most,
        };
        Reading {
            least,
            most,
            hasty: bits >> 2 & 1 == 0,
            piece: want.carry,
            joined: BytesMut::new(),
        }
    }

    fn len(&self) -> usize {
        self.piece.len() + self.joined.len()
    }

    fn add(&mut self, bytes: Bytes) {
        if self.len() == 0 {
            self.piece = bytes;
            return;
        }
        if self.joined.is_empty() {
            self.joined.reserve(self.piece.len() + bytes.len());
            self.joined
                .extend_from_slice(&std::mem::take(&mut self.piece));
        }
        self.joined.extend_from_slice(&bytes);
    }

    fn deliver(self) -> Bytes {
        if self.joined.is_empty() {
            self.piece
        } else {
            self.joined.freeze()
        }
    }
}

impl State {
    fn new(link: Link, address: &str) -> State {
        State {
            link,
            entity: entity(address),
            phase: Phase::Open,
            reading: None,
            queue: VecDeque::new(),
            full: false,
            later: false,
            queued: 0,
            sent: 0,
            told: 0,
            counted: false,
            kept: VecDeque::new(),
            line: Line::default(),
            draws: 0,
        }
    }

    fn bits(&mut self, outside: &Outside<'_>) -> u64 {
        self.draws += 1;
        outside.draw.at(Domain::Connection, self.entity, self.draws)
    }

    /// It is looked at later, by so much.
    fn look_later(&mut self, conn: Conn, by: Span, outside: &mut Outside<'_>) {
        self.draws += 1;
        let after = by.draw(outside.draw, Domain::Connection, self.entity, self.draws);
        let look = Happening::Host(outside.life, HostEvent::Look(conn.0));
        outside.agenda.at(outside.now + after, look);
    }

    /// A range is queued; it is read at once, or when the socket takes it.
    fn queue_range(
        &mut self,
        (file, at, end): (File, u64, u64),
        at_once: bool,
        disk: &mut Disk,
        outside: &mut Outside<'_>,
    ) -> Result<(), Fault> {
        let files = disk.files();
        let slot = files.find(file).ok_or(Fault::Gone)?;
        let place = (slot, files.at(slot).count());
        files.queue(slot, at, end);
        let until = self.queued;
        self.kept.push_back(Kept {
            until,
            slot,
            at,
            end,
        });
        self.queue.push_back(if at_once {
            Out::Bytes(files.read_range(place, at, (end - at) as usize, outside)?)
        } else {
            Out::Range(Range {
                file,
                place,
                at,
                end,
            })
        });
        Ok(())
    }

    /// Sends what the socket takes.
    fn send_on(
        &mut self,
        pieces: &mut Vec<Bytes>,
        disk: &mut Disk,
        outside: &mut Outside<'_>,
    ) -> Result<(), Why> {
        while !self.full && !self.queue.is_empty() {
            pieces.clear();
            self.gather(pieces, disk, outside)?;
            let (net, mut air) = outside.air();
            match net.send(self.link, pieces, &mut air) {
                Took::Some(count) if count > 0 => self.took(count),
                Took::Some(_) | Took::Full => self.full = true,
                Took::Broken => return Err(Why::Reset),
            }
        }
        pieces.clear();
        if self.phase == Phase::Draining && self.queue.is_empty() {
            return Err(Why::Asked);
        }
        Ok(())
    }

    /// The pieces in front; of a range that is there, a portion is read.
    fn gather(
        &mut self,
        pieces: &mut Vec<Bytes>,
        disk: &mut Disk,
        outside: &mut Outside<'_>,
    ) -> Result<(), Why> {
        if let Some(Out::Range(range)) = self.queue.front_mut() {
            let Range {
                file,
                place,
                at,
                end,
            } = *range;
            let portion = (end - at).min(PORTION);
            let read = disk
                .files()
                .read_range(place, at, portion as usize, outside);
            let bytes = read.map_err(|fault| Why::Disk(file, fault))?;
            range.at += portion;
            if range.at == end {
                self.queue.pop_front();
            }
            self.queue.push_front(Out::Bytes(bytes));
        }
        for out in self.queue.iter().take(PIECES) {
            match out {
                Out::Bytes(bytes) => pieces.push(bytes.clone()),
                Out::Range(_) => break,
            }
        }
        Ok(())
    }

    /// C3: the socket took so many bytes.
    fn took(&mut self, mut count: usize) {
        self.sent += count as u64;
        while count > 0 {
            match self.queue.front_mut() {
                Some(Out::Bytes(bytes)) if bytes.len() > count => {
                    bytes.advance(count);
                    return;
                }
                Some(Out::Bytes(bytes)) => count -= bytes.len(),
                _ => unreachable!("C3: only bytes were offered"),
            }
            self.queue.pop_front();
        }
    }

    /// C2: reads what was asked for, as far as it is there.
    fn read_on(
        &mut self,
        conn: Conn,
        outside: &mut Outside<'_>,
        ready: &mut Ready,
    ) -> Result<(), Why> {
        let Some(mut reading) = self.reading.take() else {
            return Ok(());
        };
        loop {
            let len = reading.len();
            let enough = len >= reading.least;
            if len >= reading.most || (enough && reading.hasty) {
                break;
            }
            let (net, mut air) = outside.air();
            match net.recv(self.link, reading.most - len, &mut air) {
                Got::Bytes(bytes) => reading.add(bytes),
                _ if enough => break,
                Got::Nothing => {
                    self.reading = Some(reading);
                    return Ok(());
                }
                Got::Finished => return Err(Why::Eof),
                Got::Broken => return Err(Why::Reset),
            }
        }
        let bits = self.bits(outside);
        let received = Coming::Received(conn, reading.deliver());
        ready.push_in(&mut self.line, bits, received);
        Ok(())
    }

    /// Gives back the ranges that need not stay any longer.
    fn let_go(&mut self, sent: u64, disk: &mut Disk, outside: &mut Outside<'_>) {
        while let Some(kept) = self.kept.pop_front_if(|kept| kept.until <= sent) {
            let Kept {
                until,
                slot,
                at,
                end,
            } = kept;
            let was_sent = until <= self.sent;
            disk.files()
                .unqueue(slot, (at, end), was_sent, outside.media);
        }
    }
}

impl Connections {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    /// Whether the next turn has something to tell.
    pub(super) fn waits_for_turn(&self) -> bool {
        !self.counted.is_empty()
    }

    /// The network says something.
    pub(super) fn on_tell(
        &mut self,
        tell: NodeTell,
        disk: &mut Disk,
        outside: &mut Outside<'_>,
        ready: &mut Ready,
    ) {
        let link = match tell {
            NodeTell::Incoming {
                link,
                listener,
                address,
            } => {
                self.accepted += 2;
                let conn = Conn(self.accepted);
                let mut state = State::new(link, &address);
                let bits = state.bits(outside);
                let opened = Coming::Opened(conn, Peer { listener, address });
                ready.push_in(&mut state.line, bits, opened);
                self.links.insert(link, conn);
                self.states.insert(conn, state);
                return;
            }
            NodeTell::Readable(link) | NodeTell::Writable(link) | NodeTell::Gone(link, _) => link,
        };
        let Some(conn) = self.links.get(&link).copied() else {
            return;
        };
        match tell {
            NodeTell::Gone(_, why) => self.end(conn, why, outside, ready),
            NodeTell::Writable(_) => {
                if let Some(state) = self.states.get_mut(&conn) {
                    state.full = false;
                }
                self.look(conn, disk, outside, ready);
            }
            _ => self.look(conn, disk, outside, ready),
        }
    }

    /// Input is asked for.
    pub(super) fn receive(
        &mut self,
        conn: Conn,
        want: Want,
        disk: &mut Disk,
        outside: &mut Outside<'_>,
        ready: &mut Ready,
    ) {
        let Some(state) = self.states.get_mut(&conn) else {
            return;
        };
        assert!(state.reading.is_none(), "C2: a second Receive of {conn:?}");
        if state.phase != Phase::Open {
            return;
        }
        let bits = state.bits(outside);
        state.reading = Some(Reading::new(want, bits));
        self.stir(conn, bits >> 56, disk, outside, ready);
    }

    /// Output is queued.
    pub(super) fn send(
        &mut self,
        conn: Conn,
        parts: Parts,
        disk: &mut Disk,
        outside: &mut Outside<'_>,
        ready: &mut Ready,
    ) {
        let Some(state) = self.states.get_mut(&conn) else {
            return;
        };
        if state.phase != Phase::Open {
            return;
        }
        let bits = state.bits(outside);
        for (nth, part) in parts.0.into_iter().enumerate() {
            if part.is_empty() {
                continue;
            }
            state.queued += part.len() as u64;
            let at_once = bits >> (nth % 32) & 1 == 0;
            match part {
                Part::Bytes(bytes) => state.queue.push_back(Out::Bytes(bytes)),
                Part::File {
                    file,
                    position,
                    length,
                } => {
                    let range = (file, position, position + u64::from(length));
                    if let Err(fault) = state.queue_range(range, at_once, disk, outside) {
                        return self.end(conn, Why::Disk(file, fault), outside, ready);
                    }
                }
            }
        }
        self.stir(conn, bits >> 56, disk, outside, ready);
    }

    /// It is to be closed.
    pub(super) fn close(
        &mut self,
        conn: Conn,
        how: How,
        disk: &mut Disk,
        outside: &mut Outside<'_>,
        ready: &mut Ready,
    ) {
        let Some(state) = self.states.get_mut(&conn) else {
            return;
        };
        match (how, state.phase) {
            (How::Drained, Phase::Open) if !state.queue.is_empty() => {
                state.phase = Phase::Draining;
                state.reading = None;
            }
            (How::Drained, Phase::Draining | Phase::Closing) => {}
            (How::Drained, Phase::Open) => self.end(conn, Why::Asked, outside, ready),
            (How::Now, _) => {
                // C4: the machine may overwrite what was queued from here on.
                state.let_go(u64::MAX, disk, outside);
                state.queue.clear();
                self.end(conn, Why::Asked, outside, ready);
            }
        }
    }

    /// A look that was put off.
    pub(super) fn on_look(
        &mut self,
        conn: u64,
        disk: &mut Disk,
        outside: &mut Outside<'_>,
        ready: &mut Ready,
    ) {
        let conn = Conn(conn);
        if let Some(state) = self.states.get_mut(&conn) {
            state.later = false;
            self.count(conn);
            self.look(conn, disk, outside, ready);
        }
    }

    /// A turn begins: what was sent is told, or another time.
    pub(super) fn on_turn(&mut self, outside: &mut Outside<'_>, ready: &mut Ready) {
        for conn in self.counted.drain(..) {
            let Some(state) = self.states.get_mut(&conn) else {
                continue;
            };
            let bits = state.bits(outside);
            if state.phase == Phase::Closing {
                // Too late: `Closed` is on its way.
            } else if bits.is_multiple_of(8) {
                state.counted = false;
                // Perhaps so late that the peer has it, or has answered it.
                let by = match bits >> 3 & 3 {
                    0 => outside.weather.latency,
                    _ => outside.weather.wake,
                };
                state.look_later(conn, by, outside);
            } else {
                ready.push_in(&mut state.line, bits >> 8, Coming::Sent(conn));
            }
        }
    }

    /// How much was sent is told now.
    pub(super) fn tells_sent(
        &mut self,
        conn: Conn,
        disk: &mut Disk,
        outside: &mut Outside<'_>,
    ) -> u64 {
        let state = self.states.get_mut(&conn);
        let state = state.expect("C1: nothing is told after Closed");
        let sent = state.sent;
        state.counted = false;
        state.told = sent;
        state.let_go(sent, disk, outside);
        sent
    }

    /// That it is closed is told now.
    pub(super) fn tells_closed(&mut self, conn: Conn, disk: &mut Disk, outside: &mut Outside<'_>) {
        // One that was refused was never here.
        if let Some(mut state) = self.states.remove(&conn) {
            state.let_go(u64::MAX, disk, outside);
        }
    }

    /// Something is to be done: now, or once in eight later.
    fn stir(
        &mut self,
        conn: Conn,
        bits: u64,
        disk: &mut Disk,
        outside: &mut Outside<'_>,
        ready: &mut Ready,
    ) {
        let Some(state) = self.states.get_mut(&conn) else {
            return;
        };
        if state.later {
            return;
        }
        if bits.is_multiple_of(8) {
            state.later = true;
            state.look_later(conn, outside.weather.wake, outside);
        } else {
            self.look(conn, disk, outside, ready);
        }
    }

    /// Sends what the socket takes and reads what was asked for.
    fn look(&mut self, conn: Conn, disk: &mut Disk, outside: &mut Outside<'_>, ready: &mut Ready) {
        let Some(state) = self.states.get_mut(&conn) else {
            return;
        };
        if state.later || state.phase == Phase::Closing {
            return;
        }
        let before = state.sent;
        let gone = state.send_on(&mut self.pieces, disk, outside).err();
        let counts = state.sent > before;
        let gone = gone.or_else(|| state.read_on(conn, outside, ready).err());
        if counts {
            self.count(conn);
        }
        if let Some(why) = gone {
            self.end(conn, why, outside, ready);
        }
    }

    /// The next turn tells what was sent.
    fn count(&mut self, conn: Conn) {
        let state = self.states.get_mut(&conn);
        if let Some(state) = state
            && state.sent > state.told
            && !state.counted
        {
            state.counted = true;
            self.counted.push(conn);
        }
    }

    /// C1: drops what is queued and closes; the first reason stands.
    fn end(&mut self, conn: Conn, why: Why, outside: &mut Outside<'_>, ready: &mut Ready) {
        let Some(state) = self.states.get_mut(&conn) else {
            return;
        };
        if state.phase == Phase::Closing {
            return;
        }
        state.phase = Phase::Closing;
        state.reading = None;
        state.queue.clear();
        self.links.remove(&state.link);
        let link = state.link;
        let bits = state.bits(outside);
        ready.push_in(&mut state.line, bits, Coming::Closed(conn, why));
        let (net, mut air) = outside.air();
        net.node_close(link, &mut air);
    }
}
