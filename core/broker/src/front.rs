//! The front of the house: what the clients meet. Connections, gathers, fetch sessions and the APIs over them.
//!
//! Inputs: the driver's connection events, the shard's tells, the controller's answers, a new image. Effects: sockets; questions
//! to the shard and to the controller are left on the [`Bench`], from which [`crate::Broker`] carries them down in the same step.
//!
//! A0: every request that was started gets exactly one reply (bytes, silence, or the end of its connection).

use std::sync::Arc;

use bytes::Bytes;
use ottla_controller::Response;
use ottla_machine::{
    Conn, Effects, Emit, Inspect, Note, Now, Peer, Rng, Spend, Switch, Ticket, Time, sometimes,
};
use ottla_metadata::Image;
use ottla_protocol::{ApiKey, Reader, RequestHeader};
use ottla_shard::{ShardAsk, ShardTell};

use crate::Broker;
use crate::api::{self, Outcome};
use crate::bench::{Answer, Bench};
use crate::cluster;
use crate::config::BrokerConfig;
use crate::connection::Taken;
use crate::fetch_session::{SESSION, Verdict};
use crate::gather::{Call, Gather, Home};
use crate::limits;

/// What the clients meet.
#[derive(Clone)]
pub(crate) struct Front {
    /// What the APIs work with.
    pub bench: Bench,
    /// Whether requests are taken: only between the end of the boot and the stop.
    serving: bool,
    requests_left: usize,
    reads_left: usize,
    asks_left: usize,
}

impl Front {
    /// A front that takes no requests yet.
    pub fn new(
        config: Arc<BrokerConfig>,
        cluster_id: Arc<str>,
        image: Arc<Image>,
        rng: Rng,
        switch: Switch,
    ) -> Front {
        Front {
            bench: Bench::new(config, cluster_id, image, rng, switch),
            serving: false,
            requests_left: 0,
            reads_left: 0,
            asks_left: 0,
        }
    }

    /// The boot is done: who has connected meanwhile is read now.
    pub fn serve(&mut self, now: Now, fx: &mut Effects<Broker>) {
        self.serving = true;
        self.bench.connections.read_all(now, fx);
    }

    /// The node stops: no request is taken any more. Who has asked gets an answer, then the connection ends.
    pub fn stop(&mut self) {
        self.serving = false;
        self.bench.asks.push_back(ShardAsk::Dissolve);
        self.bench
            .connections
            .stop(|waiting| waiting & SESSION != 0);
    }

    /// Whether somebody waits for an answer that a stop owes.
    pub fn owes(&self) -> bool {
        self.bench.connections.owe()
    }

    /// The time for answers is up: who has none goes without.
    pub fn give_up(&mut self) {
        self.bench.connections.give_up();
    }

    /// Whether every connection is closed.
    pub fn is_deserted(&self) -> bool {
        self.bench.connections.is_empty()
    }

    /// A connection was accepted.
    pub fn on_opened(&mut self, now: Now, conn: Conn, peer: Peer, fx: &mut Effects<Broker>) {
        self.bench.connections.on_opened(now, conn, peer, fx);
        if self.serving {
            self.bench.connections.read(now, conn, fx);
        }
    }

    /// Bytes have come.
    pub fn on_received(&mut self, now: Now, conn: Conn, bytes: Bytes) {
        self.bench.connections.on_received(now, conn, bytes);
    }

    /// Bytes were taken by the kernel.
    pub fn on_sent(&mut self, now: Now, conn: Conn, to: u64) {
        self.bench.connections.on_sent(now, conn, to);
    }

    /// A connection is no more: nobody waits for what it has asked.
    pub fn on_closed(&mut self, conn: Conn) {
        for waiting in self.bench.connections.on_closed(conn) {
            if waiting & SESSION != 0 {
                self.bench.sessions.on_closed(waiting & !SESSION);
            } else if let Some((_, unanswered)) = self.bench.gathers.close(waiting) {
                self.bench.forget(unanswered);
            }
        }
    }

    /// The shard speaks. What is no business of the clients is answered back.
    pub fn on_shard(&mut self, now: Now, tell: ShardTell) -> Option<ShardTell> {
        match tell {
            ShardTell::Answer(ticket, answer) if ticket.gather & SESSION != 0 => {
                self.bench.sessions.on_answer(ticket, answer);
            }
            ShardTell::Answer(ticket, answer) => self.on_answer(now, ticket, Answer::Shard(answer)),
            ShardTell::Ready(key) => self.bench.sessions.on_ready(key),
            other => return Some(other),
        }
        None
    }

    /// The controller has answered.
    pub fn on_controller(&mut self, now: Now, ticket: Ticket, response: Response) {
        self.on_answer(now, ticket, Answer::Controller(response));
    }

    fn on_answer(&mut self, now: Now, ticket: Ticket, answer: Answer) {
        if let Some(gather) = self.bench.gathers.answer(ticket, answer) {
            self.finish(now, gather);
        }
    }

    fn finish(&mut self, now: Now, gather: Gather<Answer>) {
        let home = gather.call.home;
        let reply = api::finish(&mut self.bench, now, gather);
        self.bench.reply(home, reply);
    }

    /// Does what is ready: starts requests, moves fetches on. Called until nothing is left to carry down or up.
    pub fn work(&mut self, now: Now, fx: &mut Effects<Broker>) {
        while self.serving && self.requests_left > 0 {
            let Some(conn) = self.bench.connections.next_runnable() else {
                break;
            };
            self.run(now, conn, fx);
        }
        self.fetches(now);
        for Note { level, text } in self.bench.notes.drain(..) {
            fx.note(level, text);
        }
    }

    /// Starts requests of one connection, then it is the others' turn.
    fn run(&mut self, now: Now, conn: Conn, fx: &mut Effects<Broker>) {
        for _ in 0..self
            .requests_left
            .min(limits::REQUESTS_IN_A_ROW.of(self.bench.switch))
        {
            match self.bench.connections.take(conn, api::overlaps) {
                Taken::Nothing => return self.bench.connections.read(now, conn, fx),
                Taken::BadLength(length) => {
                    sometimes!(fx, "a frame announced an impossible length");
                    let most = self.bench.config.socket_request_max_bytes;
                    let why = format!(
                        "it announced a frame of {length} bytes; 1 to {most} (socket.request.max.bytes) are allowed"
                    );
                    return self.bench.connections.malformed(conn, None, &why, fx);
                }
                Taken::Frame(seat, frame) => self.start(now, conn, seat, frame, fx),
            }
            self.requests_left -= 1;
        }
        self.bench.connections.run_later(conn);
    }

    fn start(&mut self, now: Now, conn: Conn, seat: u64, frame: Bytes, fx: &mut Effects<Broker>) {
        let outcome = match self.read_header(conn, seat, &frame) {
            Ok(call) => {
                let name = call.key;
                api::start(&mut self.bench, now, call).map_err(|error| {
                    self.bench.counters.malformed(name);
                    format!("its {name} request is malformed: {error}")
                })
            }
            Err(why) => Err(why),
        };
        match outcome {
            Ok(Outcome::Now(reply)) => self.bench.connections.answer(conn, seat, reply),
            Ok(Outcome::Later(waiting)) => self.bench.connections.waits(conn, seat, waiting),
            Ok(Outcome::Parked) => {
                sometimes!(fx, "a producer waited for a block of producer ids");
            }
            Err(why) => self.bench.connections.malformed(conn, Some(seat), &why, fx),
        }
    }

    fn read_header(&mut self, conn: Conn, seat: u64, frame: &Bytes) -> Result<Call, String> {
        let found = self.bench.connections.get(conn);
        let (listener, pins) = found.map_or((0, 0), |connection| {
            (connection.listener, connection.buffer)
        });
        let mut reader = Reader::new(frame);
        let header = RequestHeader::read(&mut reader)
            .map_err(|error| format!("its request header is malformed: {error}"))?;
        let key = ApiKey::from_i16(header.request_api_key)
            .filter(|key| api::serves(*key, header.request_api_version));
        let Some(key) = key else {
            return Err(format!(
                "API key {} version {} is not served here",
                header.request_api_key, header.request_api_version
            ));
        };
        if found.is_some_and(|connection| connection.client.is_none()) {
            let name = header.client_id.as_deref().unwrap_or("");
            self.bench.name(Home::Seat(conn, seat), name);
        }
        self.bench
            .counters
            .request(key, header.client_id.as_deref(), frame.len());
        Ok(Call {
            home: Home::Seat(conn, seat),
            key,
            version: header.request_api_version,
            correlation_id: header.correlation_id,
            listener,
            head: frame.slice(..reader.position()),
            body: frame.slice(reader.position()..),
            pins,
        })
    }

    fn fetches(&mut self, now: Now) {
        for _ in 0..self.bench.sessions.active() {
            if self.reads_left == 0 {
                return;
            }
            let Some(index) = self.bench.sessions.next_active() else {
                return;
            };
            let image = Arc::clone(&self.bench.image);
            let before = self.bench.asks.len();
            let verdict = self.bench.sessions.advance(
                now.mono,
                index,
                self.reads_left,
                |topic, partition| cluster::find(&image, topic, partition),
                &mut self.bench.asks,
            );
            self.reads_left -= self.bench.asks.len() - before;
            match verdict {
                Verdict::Waits => {}
                Verdict::GoesOn => self.bench.sessions.go_on_later(index),
                Verdict::Done => api::fetch::answer(&mut self.bench, index),
            }
        }
    }

    /// A step or a settle begins: it may do its share of work, whatever the one before it has left.
    pub fn begin(&mut self) {
        let switch = self.bench.switch;
        self.requests_left = limits::REQUESTS_AT_ONCE.of(switch);
        self.reads_left = limits::READS_AT_ONCE.of(switch);
        self.asks_left = limits::ASKS_AT_ONCE.of(switch);
    }

    /// The next question to the shard. A request over many partitions is put to it in slices, one per step or settle.
    pub fn next_ask(&mut self, fx: &mut Effects<Broker>) -> Option<ShardAsk> {
        let waits = self.asks_left == 0 && !self.bench.asks.is_empty();
        sometimes!(fx, "questions to the shard waited for the next step", if waits);
        self.asks_left = self.asks_left.checked_sub(1)?;
        let ask = self.bench.asks.pop_front()?;
        fx.spend(Spend::Partitions, 1);
        Some(ask)
    }

    /// Takes what is due: fetches and gathers whose time is up, watches to be given up.
    pub fn on_time(&mut self, now: Now) {
        self.bench.sessions.on_time(now.mono);
        let at_once = limits::UNWATCHES_AT_ONCE.of(self.bench.switch);
        self.bench.sessions.give_up(at_once, &mut self.bench.asks);
        while let Some((gather, unanswered)) = self.bench.gathers.due(now.mono) {
            self.bench.forget(unanswered);
            self.finish(now, gather);
        }
    }

    /// Ends the turn: what has been answered leaves.
    pub fn settle(&mut self, now: Now, fx: &mut Effects<Broker>) {
        self.bench.connections.settle(now, fx);
    }

    /// When there is something to do without an event.
    pub fn deadline(&self) -> Option<Time> {
        if !self.bench.asks.is_empty() {
            return Some(Time::ZERO);
        }
        [
            // Before it serves and once it stops nobody is run or read.
            self.bench.connections.deadline().filter(|_| self.serving),
            self.bench.gathers.deadline(),
            self.bench.sessions.deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Panics when an invariant of the clients' side does not hold.
    pub fn check(&self) {
        self.bench.connections.check();
        self.bench.gathers.check();
        self.bench.sessions.check();
    }

    /// Shows what is counted.
    pub fn inspect(&self, out: &mut dyn Inspect) {
        self.bench.counters.inspect(out);
        self.bench.connections.inspect(out);
        let (sessions, partitions, evicted) = self.bench.sessions.counts();
        out.gauge("ottla_fetch_sessions", &[], sessions as i64);
        out.gauge("ottla_fetch_session_partitions", &[], partitions as i64);
        out.counter("ottla_fetch_session_evictions_total", &[], evicted);
        out.gauge(
            "ottla_requests_waiting",
            &[],
            self.bench.gathers.len() as i64,
        );
    }
}
