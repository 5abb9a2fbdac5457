//! All accepted connections: which may run, which are read, which are sent to, which are closed.
//!
//! Inputs come from `Front`; effects on sockets (`Receive`, `Send`, `Close`) are emitted here and nowhere else.
//!
//! N1: the bytes of requests held by all connections stay under one budget; past it nobody is read, except that one connection
//! at a time may finish a frame it has begun (else frames that were begun could wait for each other for ever). Nobody who has begun none
//! stands in its way: it may be what a begun frame holds that keeps the others from being read.
//! N2: what leaves for one connection in one turn leaves as one `Send`.
//! N3: once the node stops nobody is read, and a connection ends when the last answer it is owed is given.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use ottla_machine::{
    Conn, Effects, Emit, How, Inspect, Level, Now, Peer, Switch, Time, Timers, planted, sometimes,
};

use crate::Broker;
use crate::config::BrokerConfig;
use crate::connection::{Connection, Left, Reply, Taken};
use crate::counters::Client;
use crate::limits;

/// The connections and what they share.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    all: BTreeMap<Conn, Connection>,
    idle: Timers<Conn>,
    runnable: VecDeque<Conn>,
    dirty: VecDeque<Conn>,
    /// Who waits for room: in the middle of a frame, and between two.
    hungry: [VecDeque<Conn>; 2],
    exceeding: Option<Conn>,
    /// The node stops.
    stopping: bool,
    /// Who is owed an answer, once it stops.
    owed: BTreeSet<Conn>,
    stall_check: Option<Time>,
    held: usize,
    most_held: usize,
    most_frame: i32,
    most: usize,
    idle_ms: i64,
    bytes_in: u64,
    bytes_out: u64,
    accepted: u64,
    switch: Switch,
}

impl Connections {
    /// None yet.
    pub fn new(config: &BrokerConfig, switch: Switch) -> Connections {
        Connections {
            all: BTreeMap::new(),
            idle: Timers::default(),
            runnable: VecDeque::new(),
            dirty: VecDeque::new(),
            hungry: Default::default(),
            exceeding: None,
            stopping: false,
            owed: BTreeSet::new(),
            stall_check: None,
            held: 0,
            most_held: config.queued_max_request_bytes,
            most_frame: config.socket_request_max_bytes,
            most: config.max_connections,
            idle_ms: match config.connections_max_idle_ms {
                negative if negative < 0 => i64::MAX,
                ms => ms,
            },
            bytes_in: 0,
            bytes_out: 0,
            accepted: 0,
            switch,
        }
    }

    /// The connection, unless it is gone.
    pub fn get(&self, conn: Conn) -> Option<&Connection> {
        self.all.get(&conn)
    }

    /// The client says what it calls itself.
    pub fn name(&mut self, conn: Conn, client: Client) {
        if let Some(connection) = self.all.get_mut(&conn) {
            connection.client = Some(client);
        }
    }

    /// A connection was accepted.
    pub fn on_opened(&mut self, now: Now, conn: Conn, peer: Peer, fx: &mut Effects<Broker>) {
        if self.stopping {
            fx.close(conn, How::Now);
            return;
        }
        if self.all.len() >= self.most {
            sometimes!(fx, "a connection came past max.connections");
            fx.note(
                Level::Warn,
                format!(
                    "{} was closed at once: max.connections={} are open",
                    peer.address, self.most
                ),
            );
            fx.close(conn, How::Now);
            return;
        }
        self.accepted += 1;
        self.idle.set(conn, Some(now.mono.after_ms(self.idle_ms)));
        self.all.insert(
            conn,
            Connection::new(peer.listener, peer.address, now.mono, self.switch),
        );
    }

    /// Input has come.
    pub fn on_received(&mut self, now: Now, conn: Conn, bytes: Bytes) {
        let Some(connection) = self.all.get_mut(&conn) else {
            return;
        };
        self.bytes_in += bytes.len() as u64;
        let (released, held) = connection.on_received(bytes, now.mono);
        self.held = self.held + held - released;
        self.run(conn);
    }

    /// Output was taken by the kernel.
    pub fn on_sent(&mut self, now: Now, conn: Conn, to: u64) {
        let Some(connection) = self.all.get_mut(&conn) else {
            return;
        };
        self.bytes_out += connection.on_sent(to, now.mono);
        self.run(conn);
    }

    /// The connection is no more. Answers the gathers that waited for it.
    pub fn on_closed(&mut self, conn: Conn) -> Vec<u32> {
        let Some(mut connection) = self.all.remove(&conn) else {
            return Vec::new();
        };
        self.idle.set(conn, None);
        self.owed.remove(&conn);
        if self.exceeding == Some(conn) {
            self.exceeding = None;
        }
        let (charged, waiting) = connection.on_closed();
        if !planted!(self.switch, "memory-budget-leak") {
            self.held -= charged;
        }
        waiting
    }

    fn run(&mut self, conn: Conn) {
        if let Some(connection) = self.all.get_mut(&conn)
            && !connection.runnable
        {
            connection.runnable = true;
            self.runnable.push_back(conn);
        }
    }

    /// The next connection that may have a request to start.
    pub fn next_runnable(&mut self) -> Option<Conn> {
        let conn = self.runnable.pop_front()?;
        if let Some(connection) = self.all.get_mut(&conn) {
            connection.runnable = false;
        }
        Some(conn)
    }

    /// It has had its share for now but may have more to start.
    pub fn run_later(&mut self, conn: Conn) {
        self.run(conn);
    }

    /// The next request of a connection, with its seat.
    pub fn take(&mut self, conn: Conn, overlaps: impl Fn(&[u8]) -> bool) -> Taken {
        match self.all.get_mut(&conn) {
            Some(connection) => connection.take(self.most_frame, overlaps),
            None => Taken::Nothing,
        }
    }

    /// The request of this seat waits as this gather.
    pub fn waits(&mut self, conn: Conn, seat: u64, gather: u32) {
        if let Some(connection) = self.all.get_mut(&conn) {
            connection.waits(seat, gather);
        }
    }

    /// A request is answered. The answer leaves when its turn has come and the turn ends.
    pub fn answer(&mut self, conn: Conn, seat: u64, reply: Reply) {
        let Some(connection) = self.all.get_mut(&conn) else {
            return;
        };
        connection.answer(seat, reply);
        let (left, free) = connection.leave();
        self.held -= free;
        if self.stopping && !connection.is_busy() {
            return self.end(conn);
        }
        if left != Left::Nothing && !connection.dirty {
            connection.dirty = true;
            self.dirty.push_back(conn);
        }
        self.run(conn);
    }

    /// The peer broke the protocol: the connection ends behind its earlier answers, and the operator reads why.
    pub fn malformed(
        &mut self,
        conn: Conn,
        seat: Option<u64>,
        why: &str,
        fx: &mut Effects<Broker>,
    ) {
        let Some(connection) = self.all.get_mut(&conn) else {
            return;
        };
        fx.note(
            Level::Info,
            format!("{} was closed: {why}", connection.peer),
        );
        match seat {
            Some(seat) => self.answer(conn, seat, Reply::Close),
            None => self.end(conn),
        }
    }

    /// The connection ends behind the answers that it has been given.
    fn end(&mut self, conn: Conn) {
        self.owed.remove(&conn);
        if let Some(connection) = self.all.get_mut(&conn)
            && !connection.ended
        {
            connection.ended = true;
            if !connection.dirty {
                connection.dirty = true;
                self.dirty.push_back(conn);
            }
        }
    }

    /// Asks for input of every connection.
    pub fn read_all(&mut self, now: Now, fx: &mut Effects<Broker>) {
        let all: Vec<Conn> = self.all.keys().copied().collect();
        for conn in all {
            self.read(now, conn, fx);
        }
    }

    /// Asks for more input of this connection, if it wants any and there is room.
    pub fn read(&mut self, now: Now, conn: Conn, fx: &mut Effects<Broker>) {
        if self.stopping {
            return;
        }
        let Some(connection) = self.all.get_mut(&conn) else {
            return;
        };
        if self.exceeding == Some(conn) && connection.asked_charge() == 0 {
            self.exceeding = None;
        }
        let Some((want, charge)) = connection.want(self.most_frame) else {
            return;
        };
        let others = self.held - connection.unframed();
        let fits = others + charge < self.most_held;
        if !fits && (charge == 0 || self.exceeding.is_some()) {
            let place = usize::from(charge == 0);
            if !connection.hungry[place] {
                sometimes!(fx, "a connection was not read for want of room");
                connection.hungry[place] = true;
                self.hungry[place].push_back(conn);
                self.stall_check
                    .get_or_insert(now.mono.after_ms(limits::STALL_CHECK_MS));
            }
            return;
        }
        if !fits {
            self.exceeding = Some(conn);
        }
        self.held = others + charge;
        connection.asked(charge, now.mono);
        fx.receive(conn, want);
    }

    /// Ends the turn: sends what has left, reads who may be read again, closes who was silent.
    pub fn settle(&mut self, now: Now, fx: &mut Effects<Broker>) {
        while let Some(conn) = self.dirty.pop_front() {
            let Some(connection) = self.all.get_mut(&conn) else {
                continue;
            };
            connection.dirty = false;
            if let Some(parts) = connection.output() {
                connection.active = now.mono;
                fx.send(conn, parts);
            }
            if connection.ended {
                fx.close(conn, How::Drained);
            }
        }
        for place in 0..self.hungry.len() {
            self.read_hungry(place, now, fx);
        }
        self.close_idle(now, fx);
        self.close_stalled(now, fx);
    }

    /// Reads who waits for room, in the order in which they came to wait.
    fn read_hungry(&mut self, place: usize, now: Now, fx: &mut Effects<Broker>) {
        for _ in 0..self.hungry[place].len() {
            let Some(conn) = self.hungry[place].pop_front() else {
                break;
            };
            if let Some(connection) = self.all.get_mut(&conn) {
                connection.hungry[place] = false;
            }
            self.read(now, conn, fx);
            if self.all.get(&conn).is_some_and(|c| c.hungry[place]) {
                self.hungry[place].rotate_right(1);
                break;
            }
        }
    }

    fn close_idle(&mut self, now: Now, fx: &mut Effects<Broker>) {
        while let Some(conn) = self.idle.due(now.mono) {
            let Some(connection) = self.all.get_mut(&conn) else {
                continue;
            };
            let busy = connection.is_busy();
            let active = if busy && !planted!(fx, "waiting-connection-closed-as-idle") {
                now.mono
            } else {
                connection.active
            };
            let until = active.after_ms(self.idle_ms);
            if until > now.mono {
                self.idle.set(conn, Some(until));
            } else if !connection.ended {
                sometimes!(fx, "an idle connection was closed");
                connection.ended = true;
                fx.close(conn, How::Now);
            }
        }
    }

    /// Closes who has announced a large frame and does not deliver it while others wait for the room it holds.
    fn close_stalled(&mut self, now: Now, fx: &mut Effects<Broker>) {
        if self.stall_check.is_none_or(|at| at > now.mono) {
            return;
        }
        self.stall_check = None;
        if self.hungry.iter().all(VecDeque::is_empty) {
            return;
        }
        self.stall_check = Some(now.mono.after_ms(limits::STALL_CHECK_MS));
        let stalled = self
            .all
            .iter()
            .filter(|(_, c)| !c.ended && c.asked_charge() > 0)
            .min_by_key(|(_, c)| c.asked_at)
            .filter(|(_, c)| c.asked_at.after_ms(limits::FRAME_STALL_MS) <= now.mono)
            .map(|(conn, _)| *conn);
        let Some(conn) = stalled else { return };
        let Some(connection) = self.all.get_mut(&conn) else {
            return;
        };
        sometimes!(fx, "a frame that never came cost its connection");
        connection.ended = true;
        let why = "it announced a frame and did not deliver it while others waited for room";
        fx.note(
            Level::Warn,
            format!("{} was closed: {why}", connection.peer),
        );
        fx.close(conn, How::Now);
    }

    /// When `settle` is due.
    pub fn deadline(&self) -> Option<Time> {
        if !self.runnable.is_empty() {
            return Some(Time::ZERO);
        }
        [self.idle.next(), self.stall_check]
            .into_iter()
            .flatten()
            .min()
    }

    /// N1: what is held is what the connections hold.
    pub fn check(&self) {
        let charged: usize = self.all.values().map(Connection::charged).sum();
        assert_eq!(self.held, charged, "N1");
        self.all.values().for_each(Connection::check);
    }

    /// Shows what is counted.
    pub fn inspect(&self, out: &mut dyn Inspect) {
        out.gauge("ottla_connections", &[], self.all.len() as i64);
        out.counter("ottla_connections_accepted_total", &[], self.accepted);
        out.gauge("ottla_request_bytes_held", &[], self.held as i64);
        out.counter("ottla_bytes_in_total", &[], self.bytes_in);
        out.counter("ottla_bytes_out_total", &[], self.bytes_out);
    }

    /// The node stops (N3). Who only waits for a fetch, which `is_fetch` tells by what it waits as, is owed nothing: another node will
    /// find the same.
    pub fn stop(&mut self, is_fetch: impl Fn(u32) -> bool) {
        self.stopping = true;
        let owed = |(conn, connection): (&Conn, &Connection)| {
            (!connection.ended && connection.is_owed(&is_fetch)).then_some(*conn)
        };
        self.owed = self.all.iter().filter_map(owed).collect();
        let rest = self.all.keys().filter(|conn| !self.owed.contains(conn));
        for conn in rest.copied().collect::<Vec<_>>() {
            self.end(conn);
        }
    }

    /// Nobody is waited for any longer.
    pub fn give_up(&mut self) {
        for conn in std::mem::take(&mut self.owed) {
            self.end(conn);
        }
    }

    /// Whether somebody is owed an answer, once the node stops.
    pub fn owe(&self) -> bool {
        !self.owed.is_empty()
    }

    /// Whether there are none any more.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}
