//! The half of the desk that speaks with connections: input is assembled until it is what was asked for, output
//! is sent in order and counted.
//!
//! N1: exactly one `Closed` per connection, after which nothing comes from it.
//! N2: one receive and one send are under way per connection; without a `Receive` none is.
//! N3: `Sent` counts what the kernel took, from the first byte; at most one per connection and turn.
//! N4: after `Close(Now)` nothing that was queued is sent.
//!
//! | a connection is | by | then |
//! |---|---|---|
//! | connecting | `Connect` | sends and receives wait; draining when it is there, if `Close(Drained)` came before |
//! | open | accepted, or connected | |
//! | draining | `Close(Drained)` | receives nothing; closing when all is sent |
//! | closing | `Close(Now)`, the peer, a fault | `Closed` when `CloseConn` is answered |

use std::collections::{BTreeMap, VecDeque};

use bytes::{Bytes, BytesMut};
use ottla_machine::{Conn, Endpoint, Fault, File, How, Part, Parts, Peer, Switch, Want, Why};

use crate::Outcome;
use crate::call::{CallDone, Errno, Fd, NetCall, SendfileErrno, SentFile};
use crate::disk::Disk;
use crate::limits::{CHUNK_BYTES, FRAME_AT_ONCE, KEEP_BYTES, SEND_BYTES, SLICES};

/// The listener of a connection that nobody accepted.
pub const NO_LISTENER: u16 = u16::MAX;

#[derive(Clone, Debug)]
enum Out {
    Bytes(Bytes),
    Range {
        file: File,
        fd: Fd,
        at: u64,
        end: u64,
        warm: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Connecting { drains: bool },
    Open,
    Draining,
    Closing(Why),
}

#[derive(Clone, Debug)]
struct State {
    phase: Phase,
    want: Option<Want>,
    input: BytesMut,
    receiving: Option<u64>,
    queue: VecDeque<Out>,
    /// A send, a warming or the connecting is under way.
    sending: bool,
    /// The number of that call, unless it is a file's.
    call: Option<u64>,
    /// Bytes that may still be sent this turn, and in which turn that was said.
    budget: (usize, u64),
    sent: u64,
    told: u64,
}

impl State {
    fn new(phase: Phase) -> State {
        State {
            phase,
            want: None,
            input: BytesMut::new(),
            receiving: None,
            queue: VecDeque::new(),
            sending: false,
            call: None,
            budget: (SEND_BYTES.most(), 0),
            sent: 0,
            told: 0,
        }
    }

    /// Whether anybody may still ask and send.
    fn takes_more(&self) -> bool {
        matches!(
            self.phase,
            Phase::Connecting { drains: false } | Phase::Open
        )
    }

    fn may_send(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::Draining) && !self.sending
    }
}

/// Which call of a connection was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NetWaiting {
    Recv(Conn),
    Send(Conn),
    Connect(Conn),
    Close(Conn),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Net {
    switch: Switch,
    conns: BTreeMap<Conn, State>,
    accepted: u64,
    turn: u64,
    /// Calls that may go out; a close overtakes the rest.
    closes: VecDeque<Conn>,
    connects: VecDeque<(Conn, Endpoint)>,
    senders: VecDeque<Conn>,
    receivers: VecDeque<Conn>,
    /// Connections that sent their share of this turn.
    later: Vec<Conn>,
    /// Connections with something to tell of what was sent.
    counted: Vec<Conn>,
    spare: Vec<Vec<Bytes>>,
}

impl Net {
    pub(crate) fn new(switch: Switch) -> Net {
        Net {
            switch,
            ..Net::default()
        }
    }

    /// Names a connection that was accepted.
    pub(crate) fn accept(&mut self, peer: Peer, out: &mut VecDeque<Outcome>) -> Conn {
        self.accepted += 2;
        let conn = Conn(self.accepted);
        self.conns.insert(conn, State::new(Phase::Open));
        out.push_back(Outcome::Opened(conn, peer));
        conn
    }

    pub(crate) fn connect(&mut self, conn: Conn, to: Endpoint) {
        assert!(conn.0 % 2 == 1, "I1: a machine names connections oddly");
        let connecting = Phase::Connecting { drains: false };
        let before = self.conns.insert(conn, State::new(connecting));
        assert!(before.is_none(), "I1: {conn:?} names a second connection");
        self.connects.push_back((conn, to));
    }

    pub(crate) fn receive(&mut self, conn: Conn, want: Want, out: &mut VecDeque<Outcome>) {
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        assert!(state.want.is_none(), "N2: a second Receive of {conn:?}");
        assert!(
            want.carry.len() <= want.most && want.least <= want.most && want.most > 0,
            "N2: {want:?} cannot be met"
        );
        if !state.takes_more() {
            return;
        }
        if !want.carry.is_empty() && want.carry.len() >= want.least {
            out.push_back(Outcome::Received(conn, want.carry));
            return;
        }
        state.want = Some(want);
        if state.phase == Phase::Open {
            self.receivers.push_back(conn);
        }
    }

    pub(crate) fn send(&mut self, conn: Conn, parts: Parts, disk: &mut Disk) {
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        if !state.takes_more() {
            return;
        }
        for part in parts.0 {
            match part {
                Part::Bytes(bytes) if bytes.is_empty() => {}
                Part::Bytes(bytes) => state.queue.push_back(Out::Bytes(bytes)),
                Part::File { length: 0, .. } => {}
                Part::File {
                    file,
                    position: at,
                    length,
                } => {
                    let Some(fd) = disk.pin(file, at, length) else {
                        return self.end(conn, Why::Disk(file, Fault::Gone), disk);
                    };
                    state.queue.push_back(Out::Range {
                        file,
                        fd,
                        at,
                        end: at + u64::from(length),
                        warm: false,
                    });
                }
            }
        }
        if state.may_send() && !state.queue.is_empty() {
            self.senders.push_back(conn);
        }
    }

    pub(crate) fn close(&mut self, conn: Conn, how: How, disk: &mut Disk) {
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        match (how, state.phase) {
            (How::Drained, Phase::Open) if !state.queue.is_empty() => {
                state.phase = Phase::Draining;
                state.want = None;
            }
            (How::Drained, Phase::Connecting { .. }) if !state.queue.is_empty() => {
                state.phase = Phase::Connecting { drains: true };
                state.want = None;
            }
            (How::Drained, Phase::Draining) => {}
            _ => self.end(conn, Why::Asked, disk),
        }
    }

    /// Drops what is queued and closes, whatever for; the first reason stands.
    fn end(&mut self, conn: Conn, why: Why, disk: &mut Disk) {
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        for out in state.queue.drain(..) {
            if let Out::Range { fd, end, .. } = out {
                disk.unpin(fd, end);
            }
        }
        if !matches!(state.phase, Phase::Closing(_)) {
            state.phase = Phase::Closing(why);
            self.closes.push_back(conn);
        }
        state.want = None;
        state.input = BytesMut::new();
    }

    /// A turn begins.
    pub(crate) fn turn(&mut self, out: &mut VecDeque<Outcome>) {
        self.turn += 1;
        self.senders.extend(self.later.drain(..));
        for conn in self.counted.drain(..) {
            if let Some(state) = self.conns.get_mut(&conn)
                && state.told < state.sent
            {
                state.told = state.sent;
                out.push_back(Outcome::Sent(conn, state.sent));
            }
        }
    }

    /// Whether something waits for the next turn.
    pub(crate) fn waits_for_turn(&self) -> bool {
        !self.later.is_empty() || !self.counted.is_empty()
    }

    pub(crate) fn next_close(&mut self) -> Option<(NetWaiting, NetCall)> {
        let conn = self.closes.pop_front()?;
        Some((NetWaiting::Close(conn), NetCall::CloseConn { conn }))
    }

    pub(crate) fn next(&mut self) -> Option<(NetWaiting, NetCall)> {
        if let Some((conn, to)) = self.connects.pop_front() {
            let phase = self.conns.get(&conn).map(|state| state.phase);
            if matches!(phase, Some(Phase::Connecting { .. })) {
                return Some((NetWaiting::Connect(conn), NetCall::Connect { conn, to }));
            }
        }
        while let Some(conn) = self.senders.pop_front() {
            if let Some(call) = self.next_send(conn) {
                return Some((NetWaiting::Send(conn), call));
            }
        }
        while let Some(conn) = self.receivers.pop_front() {
            if let Some(call) = self.next_receive(conn) {
                return Some((NetWaiting::Recv(conn), call));
            }
        }
        None
    }

    /// The call got its number.
    pub(crate) fn issued(&mut self, waiting: NetWaiting, key: u64) {
        match waiting {
            NetWaiting::Recv(conn) => {
                if let Some(state) = self.conns.get_mut(&conn) {
                    state.receiving = Some(key);
                }
            }
            NetWaiting::Send(conn) | NetWaiting::Connect(conn) => {
                if let Some(state) = self.conns.get_mut(&conn) {
                    state.call = Some(key);
                }
            }
            NetWaiting::Close(_) => {}
        }
    }

    /// The calls under way of a connection.
    pub(crate) fn under_way(&self, conn: Conn) -> [Option<u64>; 2] {
        match self.conns.get(&conn) {
            Some(state) => [state.receiving, state.call],
            None => [None, None],
        }
    }

    fn next_send(&mut self, conn: Conn) -> Option<NetCall> {
        let turn = self.turn;
        let state = self.conns.get_mut(&conn)?;
        if !state.may_send() {
            return None;
        }
        if state.budget.1 != turn {
            state.budget = (SEND_BYTES.of(self.switch), turn);
        }
        match state.queue.front()? {
            _ if state.budget.0 == 0 => {
                self.later.push(conn);
                None
            }
            Out::Range {
                fd, at, end, warm, ..
            } => {
                let len = (end - at).min(state.budget.0 as u64) as u32;
                state.sending = true;
                Some(NetCall::Sendfile {
                    conn,
                    file: *fd,
                    at: *at,
                    len,
                    warm: *warm,
                })
            }
            Out::Bytes(_) => {
                let mut bufs = self.spare.pop().unwrap_or_default();
                let mut more = false;
                for out in &state.queue {
                    match out {
                        Out::Bytes(bytes) if bufs.len() < SLICES.of(self.switch) => {
                            bufs.push(bytes.clone())
                        }
                        _ => {
                            more = true;
                            break;
                        }
                    }
                }
                state.sending = true;
                Some(NetCall::Sendmsg { conn, bufs, more })
            }
        }
    }

    fn next_receive(&mut self, conn: Conn) -> Option<NetCall> {
        let state = self.conns.get_mut(&conn)?;
        if state.phase != Phase::Open || state.receiving.is_some() {
            return None;
        }
        let want = state.want.as_mut()?;
        let carry = std::mem::take(&mut want.carry);
        let mut buf = std::mem::take(&mut state.input);
        let have = buf.len() + carry.len();
        if have > 0 && want.least > CHUNK_BYTES.of(self.switch) {
            // The frame's own buffer; what comes goes straight into it.
            let size = want.least.min(FRAME_AT_ONCE.of(self.switch).max(have * 2));
            buf.reserve(size.saturating_sub(buf.len()).max(carry.len() + 1));
            buf.extend_from_slice(&carry);
        } else if !carry.is_empty() {
            // Without room to spare: the driver moves it into a chunk.
            buf = BytesMut::from(&carry[..]);
        }
        let room = want.most - have;
        Some(NetCall::Recv { conn, buf, room })
    }

    /// A call was answered.
    pub(crate) fn back(
        &mut self,
        waiting: NetWaiting,
        done: CallDone,
        disk: &mut Disk,
        out: &mut VecDeque<Outcome>,
    ) {
        match (waiting, done) {
            (NetWaiting::Recv(conn), CallDone::Received { buf, result }) => {
                self.received(conn, buf, result, disk, out);
            }
            (NetWaiting::Send(conn), CallDone::Sent { mut bufs, result }) => {
                bufs.clear();
                self.spare.push(bufs);
                self.sent(conn, result, disk);
            }
            (NetWaiting::Send(conn), CallDone::SentFile(result)) => {
                self.sent_file(conn, result, disk);
            }
            (NetWaiting::Connect(conn), CallDone::Connected(result)) => {
                self.connected(conn, result, disk, out);
            }
            (NetWaiting::Close(conn), CallDone::Plain(_)) => {
                let state = self.conns.remove(&conn);
                if let Some(Phase::Closing(why)) = state.map(|state| state.phase) {
                    out.push_back(Outcome::Closed(conn, why));
                }
            }
            (waiting, done) => panic!("N2: {done:?} is no answer to {waiting:?}"),
        }
    }

    fn received(
        &mut self,
        conn: Conn,
        buf: BytesMut,
        result: Result<usize, Errno>,
        disk: &mut Disk,
        out: &mut VecDeque<Outcome>,
    ) {
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        state.receiving = None;
        let Some(want) = &state.want else {
            return;
        };
        match result {
            Ok(0) => self.end(conn, Why::Eof, disk),
            Ok(_) if buf.len() >= want.least => {
                assert!(buf.len() <= want.most, "N2: more was received than fits");
                state.want = None;
                out.push_back(Outcome::Received(conn, buf.freeze()));
            }
            Ok(_) | Err(Errno::Interrupted) => {
                // A few bytes must not hold a whole chunk of the driver's.
                state.input = if buf.len() < KEEP_BYTES.of(self.switch) {
                    BytesMut::from(&buf[..])
                } else {
                    buf
                };
                self.receivers.push_back(conn);
            }
            Err(errno) => self.end(conn, why(errno), disk),
        }
    }

    fn sent(&mut self, conn: Conn, result: Result<usize, Errno>, disk: &mut Disk) {
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        state.sending = false;
        state.call = None;
        match result {
            Ok(count) => {
                state.budget.0 = state.budget.0.saturating_sub(count);
                count_sent(state, conn, count, &mut self.counted);
                let mut rest = count;
                while let Some(Out::Bytes(bytes)) = state.queue.front_mut() {
                    if bytes.len() > rest {
                        let _ = bytes.split_to(rest);
                        break;
                    }
                    rest -= bytes.len();
                    state.queue.pop_front();
                }
                self.go_on(conn, disk);
            }
            Err(Errno::Interrupted) => self.senders.push_back(conn),
            Err(errno) => self.end(conn, why(errno), disk),
        }
    }

    fn sent_file(&mut self, conn: Conn, result: Result<SentFile, SendfileErrno>, disk: &mut Disk) {
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        state.sending = false;
        state.call = None;
        let Some(Out::Range {
            file,
            fd,
            at,
            end,
            warm,
        }) = state.queue.front_mut()
        else {
            return;
        };
        match result {
            // The range ends where there is nothing: what was promised is gone.
            Ok(SentFile::Count(0)) => {
                let file = *file;
                self.end(conn, Why::Disk(file, Fault::Broken), disk);
            }
            Ok(SentFile::Count(count)) => {
                *at += count as u64;
                *warm = false;
                if *at == *end {
                    let (fd, end) = (*fd, *end);
                    state.queue.pop_front();
                    disk.unpin(fd, end);
                }
                state.budget.0 = state.budget.0.saturating_sub(count);
                count_sent(state, conn, count, &mut self.counted);
                self.go_on(conn, disk);
            }
            Ok(SentFile::Cold) => {
                *warm = true;
                state.sending = true;
                let len = (*end - *at).min(SEND_BYTES.of(self.switch) as u64) as u32;
                disk.warm(*fd, *at, len, conn);
            }
            Err(
                SendfileErrno::Conn(Errno::Interrupted) | SendfileErrno::File(Errno::Interrupted),
            ) => {
                self.senders.push_back(conn);
            }
            Err(SendfileErrno::Conn(errno)) => self.end(conn, why(errno), disk),
            Err(SendfileErrno::File(errno)) => {
                let file = *file;
                self.end(conn, Why::Disk(file, errno.fault()), disk);
            }
        }
    }

    /// The range at the front is in memory, or was not to be had: sending it will tell.
    pub(crate) fn warmed(&mut self, conn: Conn) {
        if let Some(state) = self.conns.get_mut(&conn) {
            state.sending = false;
            state.call = None;
            self.senders.push_back(conn);
        }
    }

    fn connected(
        &mut self,
        conn: Conn,
        result: Result<Box<str>, Errno>,
        disk: &mut Disk,
        out: &mut VecDeque<Outcome>,
    ) {
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        match result {
            Err(errno) => self.end(conn, why(errno), disk),
            Ok(address) => {
                state.call = None;
                state.phase = match state.phase {
                    Phase::Connecting { drains: true } => Phase::Draining,
                    _ => Phase::Open,
                };
                if state.want.is_some() {
                    self.receivers.push_back(conn);
                }
                if !state.queue.is_empty() {
                    self.senders.push_back(conn);
                }
                let listener = NO_LISTENER;
                out.push_back(Outcome::Opened(conn, Peer { listener, address }));
            }
        }
    }

    /// Sends on, or closes what was to be drained.
    fn go_on(&mut self, conn: Conn, disk: &mut Disk) {
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        if !state.queue.is_empty() {
            self.senders.push_back(conn);
        } else if state.phase == Phase::Draining {
            self.end(conn, Why::Asked, disk);
        }
    }
}

fn count_sent(state: &mut State, conn: Conn, count: usize, counted: &mut Vec<Conn>) {
    if state.sent == state.told {
        counted.push(conn);
    }
    state.sent += count as u64;
}

fn why(errno: Errno) -> Why {
    match errno {
        Errno::Refused => Why::Refused,
        Errno::TimedOut => Why::TimedOut,
        _ => Why::Reset,
    }
}
