//! System calls about connections. A call that must wait is tried again in the turn after the network has said something, as on readiness.
//!
//! S1: a call is answered once; none of a connection is answered that was asked for before its `CloseConn` and not made yet.
//! S2: nothing is read without a `Recv`.

use std::collections::{BTreeMap, VecDeque};

use bytes::{Bytes, BytesMut};
use ottla_desk::{CallDone, CallId, Errno, Fd, NetCall, SendfileErrno, SentFile};
use ottla_machine::{Conn, Why};

use super::Finished;
use super::files::{Files, interrupted, short};
use crate::agenda::Happening;
use crate::draw::{Domain, entity};
use crate::host::place::Place;
use crate::host::{HostEvent, Outside};
use crate::net::{Got, Link, NodeTell, Took};
use crate::script::{Chance, MS, Nanos};

/// How long nobody accepts when there are no descriptors.
const ACCEPT_PAUSE: Nanos = 100 * MS;

#[derive(Clone, Debug)]
struct Receiving {
    id: CallId,
    buf: BytesMut,
    room: usize,
}

#[derive(Clone, Debug)]
enum Sending {
    Bytes {
        id: CallId,
        bufs: Vec<Bytes>,
    },
    Range {
        id: CallId,
        range: (Fd, u64, usize),
        warm: bool,
    },
}

#[derive(Clone, Debug)]
struct Socket {
    link: Link,
    /// Who draws: the peer's address, which says which client's which connection it is.
    entity: u64,
    calls: u64,
    receiving: Option<Receiving>,
    sending: Option<Sending>,
    /// Why it is no more.
    gone: Option<Why>,
    /// It is on the list of those to be looked at.
    is_ready: bool,
}

/// A connection that was accepted.
#[derive(Clone, Debug)]
pub(super) struct Accepted {
    pub link: Link,
    pub listener: u16,
    pub address: Box<str>,
    pub entity: u64,
    /// How often it was tried to accept it.
    tries: u64,
}

/// The sockets of one life.
#[derive(Clone, Debug, Default)]
pub(super) struct Sockets {
    sockets: BTreeMap<Conn, Socket>,
    conns: BTreeMap<Link, Conn>,
    ready: Vec<Conn>,
    incoming: VecDeque<Accepted>,
    /// Out of descriptors: nobody accepts for the moment.
    paused: bool,
    scratch: Vec<Bytes>,
}

impl Socket {
    fn place(&mut self, outside: &Outside<'_>) -> Place {
        self.calls += 1;
        let bits = outside.draw.at(Domain::Connection, self.entity, self.calls);
        Place {
            entity: self.entity,
            n: self.calls,
            bits,
        }
    }

    fn errno(&self) -> Errno {
        match self.gone {
            Some(Why::TimedOut) => Errno::TimedOut,
            _ => Errno::Reset,
        }
    }

    /// Receives, unless there is nothing.
    fn receive(&mut self, outside: &mut Outside<'_>) -> Option<(CallId, CallDone, u64)> {
        let Receiving { id, mut buf, room } = self.receiving.take()?;
        let place = self.place(outside);
        if interrupted(place, outside) {
            let result = Err(Errno::Interrupted);
            return Some((id, CallDone::Received { buf, result }, place.bits));
        }
        let spare = buf.capacity() - buf.len();
        let mut left = if spare > 0 { room.min(spare) } else { room };
        if left > 1 && outside.dice.fires(Chance::ShortRead, place.entity, place.n) {
            left = short(left.min(64), place, outside);
        }
        let before = buf.len();
        let result = loop {
            let (net, mut air) = outside.air();
            match net.recv(self.link, left, &mut air) {
                Got::Bytes(bytes) => {
                    left -= bytes.len();
                    buf.extend_from_slice(&bytes);
                    if left == 0 {
                        break Ok(buf.len() - before);
                    }
                }
                _ if buf.len() > before => break Ok(buf.len() - before),
                Got::Nothing => {
                    self.receiving = Some(Receiving { id, buf, room });
                    return None;
                }
                Got::Finished => break Ok(0),
                Got::Broken => break Err(self.errno()),
            }
        };
        Some((id, CallDone::Received { buf, result }, place.bits))
    }

    /// Sends, unless nothing can be taken.
    fn send(
        &mut self,
        files: &mut Files,
        scratch: &mut Vec<Bytes>,
        outside: &mut Outside<'_>,
    ) -> Option<(CallId, CallDone, u64)> {
        let sending = self.sending.take()?;
        let place = self.place(outside);
        match sending {
            Sending::Bytes { id, bufs } => match self.send_bytes(&bufs, place, scratch, outside) {
                Some(result) => Some((id, CallDone::Sent { bufs, result }, place.bits)),
                None => {
                    self.sending = Some(Sending::Bytes { id, bufs });
                    None
                }
            },
            Sending::Range { id, range, warm } => {
                match self.send_range(range, warm, place, files, outside) {
                    Some(result) => Some((id, CallDone::SentFile(result), place.bits)),
                    None => {
                        self.sending = Some(Sending::Range { id, range, warm });
                        None
                    }
                }
            }
        }
    }

    fn send_bytes(
        &mut self,
        bufs: &[Bytes],
        place: Place,
        scratch: &mut Vec<Bytes>,
        outside: &mut Outside<'_>,
    ) -> Option<Result<usize, Errno>> {
        if interrupted(place, outside) {
            return Some(Err(Errno::Interrupted));
        }
        let is_short = outside
            .dice
            .fires(Chance::ShortWrite, place.entity, place.n);
        let all = bufs.iter().map(Bytes::len).sum::<usize>();
        if !is_short || all < 2 {
            let (net, mut air) = outside.air();
            return self.took(net.send(self.link, bufs, &mut air));
        }
        let mut left = short(all, place, outside);
        for buf in bufs {
            let len = buf.len().min(left);
            left -= len;
            scratch.push(buf.slice(..len));
            if left == 0 {
                break;
            }
        }
        let (net, mut air) = outside.air();
        let took = net.send(self.link, scratch, &mut air);
        scratch.clear();
        self.took(took)
    }

    fn took(&self, took: Took) -> Option<Result<usize, Errno>> {
        match took {
            Took::Some(count) => Some(Ok(count)),
            Took::Full => None,
            Took::Broken => Some(Err(self.errno())),
        }
    }

    fn send_range(
        &mut self,
        (file, at, len): (Fd, u64, usize),
        warm: bool,
        place: Place,
        files: &mut Files,
        outside: &mut Outside<'_>,
    ) -> Option<Result<SentFile, SendfileErrno>> {
        if interrupted(place, outside) {
            return Some(Err(SendfileErrno::Conn(Errno::Interrupted)));
        }
        let (net, air) = outside.air();
        // Not more than the socket takes, and something, so that it says when it takes more.
        let mut most = len.min(net.room(self.link, &air).max(1));
        if most > 1
            && outside
                .dice
                .fires(Chance::ShortWrite, place.entity, place.n)
        {
            most = short(most, place, outside);
        }
        let bytes = match files.range((file, at, most), warm, outside) {
            Ok(Some(bytes)) if bytes.is_empty() => return Some(Ok(SentFile::Count(0))),
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Some(Ok(SentFile::Cold)),
            Err(errno) => return Some(Err(SendfileErrno::File(errno))),
        };
        let (net, mut air) = outside.air();
        let took = self.took(net.send(self.link, &[bytes], &mut air))?;
        Some(took.map(SentFile::Count).map_err(SendfileErrno::Conn))
    }
}

impl Sockets {
    /// How many connections there are.
    pub(super) fn len(&self) -> usize {
        self.sockets.len()
    }

    /// Whether a turn has something to do.
    pub(super) fn is_ready(&self) -> bool {
        !self.ready.is_empty() || (!self.paused && !self.incoming.is_empty())
    }

    /// The network says something.
    pub(super) fn on_tell(&mut self, tell: NodeTell, outside: &Outside<'_>) {
        let (link, why) = match tell {
            NodeTell::Incoming {
                link,
                listener,
                address,
            } => {
                let entity = entity(&address);
                self.incoming.push_back(Accepted {
                    link,
                    listener,
                    address,
                    entity,
                    tries: 0,
                });
                return;
            }
            NodeTell::Readable(link) | NodeTell::Writable(link) => (link, None),
            NodeTell::Gone(link, why) => (link, Some(why)),
        };
        let Some(conn) = self.conns.get(&link) else {
            if why.is_some() {
                self.gone_early(link, outside);
            }
            return;
        };
        let Some(socket) = self.sockets.get_mut(conn) else {
            return;
        };
        socket.gone = socket.gone.or(why);
        let waits = socket.receiving.is_some() || socket.sending.is_some();
        if waits && !socket.is_ready {
            socket.is_ready = true;
            self.ready.push(*conn);
        }
    }

    /// A connection that broke before it was accepted: some kernels say so, some do not show it.
    fn gone_early(&mut self, link: Link, outside: &Outside<'_>) {
        self.incoming.retain(|incoming| {
            let bits = outside.draw.at(Domain::Connection, incoming.entity, 0);
            incoming.link != link || bits.is_multiple_of(2)
        });
    }

    /// There are descriptors again.
    pub(super) fn accepts_again(&mut self) {
        self.paused = false;
    }

    /// The next connection, if one can be accepted.
    pub(super) fn accepted(&mut self, outside: &mut Outside<'_>) -> Option<Accepted> {
        if self.paused {
            return None;
        }
        let mut accepted = self.incoming.pop_front()?;
        accepted.tries += 1;
        let (entity, n) = (accepted.entity, accepted.tries);
        if outside.dice.fires(Chance::Busy, entity, n) {
            self.incoming.push_front(accepted);
            self.paused = true;
            let look = Happening::Host(outside.life, HostEvent::Look(0));
            outside.agenda.at(outside.now + ACCEPT_PAUSE, look);
            return None;
        }
        Some(accepted)
    }

    /// The desk calls it this.
    pub(super) fn adopt(&mut self, link: Link, entity: u64, conn: Conn) {
        let socket = Socket {
            link,
            entity,
            calls: 0,
            receiving: None,
            sending: None,
            gone: None,
            is_ready: false,
        };
        self.sockets.insert(conn, socket);
        self.conns.insert(link, conn);
    }

    /// Makes a call, unless it must wait. With the answer come bits that were drawn for it.
    pub(super) fn submit(
        &mut self,
        id: CallId,
        call: NetCall,
        files: &mut Files,
        outside: &mut Outside<'_>,
    ) -> Option<(CallDone, u64)> {
        let made = match call {
            NetCall::Recv { conn, buf, room } => {
                let socket = self.sockets.get_mut(&conn)?;
                socket.receiving = Some(Receiving { id, buf, room });
                socket.receive(outside)
            }
            NetCall::Sendmsg { conn, bufs, .. } => {
                let socket = self.sockets.get_mut(&conn)?;
                socket.sending = Some(Sending::Bytes { id, bufs });
                socket.send(files, &mut self.scratch, outside)
            }
            NetCall::Sendfile {
                conn,
                file,
                at,
                len,
                warm,
            } => {
                let socket = self.sockets.get_mut(&conn)?;
                let range = (file, at, len as usize);
                socket.sending = Some(Sending::Range { id, range, warm });
                socket.send(files, &mut self.scratch, outside)
            }
            // There is one node: nobody listens anywhere else.
            NetCall::Connect { .. } => {
                return Some((CallDone::Connected(Err(Errno::Refused)), u64::MAX));
            }
            NetCall::CloseConn { conn } => {
                let Some(mut socket) = self.sockets.remove(&conn) else {
                    return Some((CallDone::Plain(Ok(())), u64::MAX));
                };
                self.conns.remove(&socket.link);
                let bits = socket.place(outside).bits;
                let (net, mut air) = outside.air();
                net.node_close(socket.link, &mut air);
                return Some((CallDone::Plain(Ok(())), bits));
            }
        };
        made.map(|(_, done, bits)| (done, bits))
    }

    /// Tries again what waited and may go on.
    pub(super) fn reap(
        &mut self,
        files: &mut Files,
        into: &mut Vec<Finished>,
        outside: &mut Outside<'_>,
    ) {
        for conn in self.ready.drain(..) {
            let Some(socket) = self.sockets.get_mut(&conn) else {
                continue;
            };
            socket.is_ready = false;
            let received = socket.receive(outside);
            let sent = socket.send(files, &mut self.scratch, outside);
            let made = received.into_iter().chain(sent);
            into.extend(made.map(|(id, done, _)| (id, done)));
        }
    }
}
