//! The front of the house: what the clients meet. Connections, gathers, fetch sessions and the APIs over them.
//!
//! Inputs: the driver's connection events, the shard's tells, the controller's answers, a new image. Effects: sockets through
//! [`Connections`]; questions to the shard and to the controller are left in `asks` and `requests`, which [`crate::Broker`]
//! carries down in the same step. Knows no log, no quorum and no disk.
//!
//! A0: every request that was started gets exactly one reply (bytes, silence, or the end of its connection).

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use ottla_controller::{Request, Response};
use ottla_machine::{
    Conn, Effects, Emit, Inspect, Level, Note, Now, Peer, Rng, Spend, Ticket, Time,
};
use ottla_metadata::Image;
use ottla_protocol::{ApiKey, EncodeError, Reader, RequestHeader, Writer};
use ottla_shard::{ShardAsk, ShardTell};

use crate::Broker;
use crate::api::{self, Outcome, auto_create::Creating, init_producer_id::ProducerIds};
use crate::config::BrokerConfig;
use crate::connection::{Reply, Taken};
use crate::connections::Connections;
use crate::counters::Counters;
use crate::fetch_session::{SESSION, Sessions, Verdict};
use crate::gather::{Call, Gather, Gathers, Home};
use crate::limits;
use crate::office_words::QuorumView;

/// An answer from below.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Of the shard.
    Shard(ottla_shard::Answer),
    /// Of the controller.
    Controller(Response),
}

/// What the clients meet.
pub(crate) struct Front {
    /// What the operator has chosen.
    pub config: Arc<BrokerConfig>,
    /// The committed metadata.
    pub image: Arc<Image>,
    /// The cluster's id, as text.
    pub cluster_id: Arc<str>,
    /// What DescribeQuorum shows.
    pub quorum: QuorumView,
    /// Whether requests are taken: only between the end of the boot and the stop.
    pub serving: bool,
    /// Questions to the shard, carried down in this step.
    pub asks: VecDeque<ShardAsk>,
    /// Questions to the controller, carried down in this step.
    pub requests: VecDeque<(Ticket, Request)>,
    /// Requests that wait for answers from below.
    pub gathers: Gathers<Answer>,
    /// The fetches.
    pub sessions: Sessions,
    /// The leased block of producer ids.
    pub producer_ids: ProducerIds,
    /// Topics that are being created because they were asked for.
    pub creating: Creating,
    /// The accepted connections.
    pub connections: Connections,
    /// What is counted.
    pub counters: Counters,
    notes: Vec<Note>,
    requests_left: usize,
    reads_left: usize,
}

impl Front {
    /// A front that takes no requests yet.
    pub fn new(
        config: Arc<BrokerConfig>,
        cluster_id: Arc<str>,
        image: Arc<Image>,
        rng: Rng,
    ) -> Front {
        Front {
            connections: Connections::new(&config),
            sessions: Sessions::new(config.max_incremental_fetch_session_cache_slots, rng),
            config,
            image,
            cluster_id,
            quorum: QuorumView::default(),
            serving: false,
            asks: VecDeque::new(),
            requests: VecDeque::new(),
            gathers: Gathers::default(),
            producer_ids: ProducerIds::default(),
            creating: Creating::default(),
            counters: Counters::default(),
            notes: Vec::new(),
            requests_left: limits::REQUESTS_AT_ONCE,
            reads_left: limits::READS_AT_ONCE,
        }
    }

    /// The boot is done: who has connected meanwhile is read now.
    pub fn serve(&mut self, now: Now, fx: &mut Effects<Broker>) {
        self.serving = true;
        self.connections.read_all(now, fx);
    }

    /// The node stops: no request is taken any more, what was answered still leaves.
    pub fn stop(&mut self, now: Now, fx: &mut Effects<Broker>) {
        self.serving = false;
        self.connections.settle(now, fx);
        self.connections.close_all(fx);
    }

    /// A connection was accepted.
    pub fn on_opened(&mut self, now: Now, conn: Conn, peer: Peer, fx: &mut Effects<Broker>) {
        self.connections.on_opened(now, conn, peer, fx);
        if self.serving {
            self.connections.read(now, conn, fx);
        }
    }

    /// Bytes have come.
    pub fn on_received(&mut self, now: Now, conn: Conn, bytes: Bytes) {
        self.connections.on_received(now, conn, bytes);
    }

    /// Bytes were taken by the kernel.
    pub fn on_sent(&mut self, now: Now, conn: Conn, to: u64) {
        self.connections.on_sent(now, conn, to);
    }

    /// A connection is no more: nobody waits for what it has asked.
    pub fn on_closed(&mut self, conn: Conn) {
        for waiting in self.connections.on_closed(conn) {
            if waiting & SESSION != 0 {
                self.sessions.on_closed(waiting & !SESSION);
            } else if let Some((_, unanswered)) = self.gathers.close(waiting) {
                self.forget(unanswered);
            }
        }
    }

    fn forget(&mut self, unanswered: Vec<Ticket>) {
        self.asks
            .extend(unanswered.into_iter().map(ShardAsk::Forget));
    }

    /// The shard speaks. What is no business of the clients is answered back.
    pub fn on_shard(&mut self, now: Now, tell: ShardTell) -> Option<ShardTell> {
        match tell {
            ShardTell::Answer(ticket, answer) if ticket.gather & SESSION != 0 => {
                self.sessions.on_answer(ticket, answer);
            }
            ShardTell::Answer(ticket, answer) => self.on_answer(now, ticket, Answer::Shard(answer)),
            ShardTell::Ready(key) => self.sessions.on_ready(key),
            other => return Some(other),
        }
        None
    }

    /// The controller has answered.
    pub fn on_controller(&mut self, now: Now, ticket: Ticket, response: Response) {
        self.on_answer(now, ticket, Answer::Controller(response));
    }

    fn on_answer(&mut self, now: Now, ticket: Ticket, answer: Answer) {
        if let Some(gather) = self.gathers.answer(ticket, answer) {
            self.finish(now, gather);
        }
    }

    fn finish(&mut self, now: Now, gather: Gather<Answer>) {
        let home = gather.call.home;
        let reply = api::finish(self, now, gather);
        self.reply(home, reply);
    }

    /// A request is answered.
    pub fn reply(&mut self, home: Home, reply: Reply) {
        if let Home::Seat(conn, seat) = home {
            self.connections.answer(conn, seat, reply);
        }
    }

    /// Whether a gather that was just opened waits, or can be answered already.
    pub fn gathered(&mut self, now: Now, ticket: Ticket) -> Outcome {
        match self.gathers.complete(ticket) {
            Some(gather) => Outcome::Now(api::finish(self, now, gather)),
            None => Outcome::Later(ticket.gather),
        }
    }

    /// Says something to the operator.
    pub fn note(&mut self, level: Level, text: String) {
        self.notes.push(Note { level, text });
    }

    /// An answer, encoded. What its version cannot carry ends the connection: it would be a lie.
    pub fn encode(
        &mut self,
        call: &Call,
        body: impl FnOnce(&mut Writer, i16) -> Result<(), EncodeError>,
    ) -> Reply {
        match ottla_protocol::response(call.key, call.version, call.correlation_id, |w| {
            body(w, call.version)
        }) {
            Ok(frame) => Reply::Parts(frame.bytes.into()),
            Err(error) => self.unsayable(call, error),
        }
    }

    /// An answer that its version cannot carry.
    pub fn unsayable(&mut self, call: &Call, error: EncodeError) -> Reply {
        let text = format!(
            "an answer to {} version {} cannot be written: {error}",
            call.key, call.version
        );
        self.note(Level::Error, text);
        Reply::Close
    }

    /// Does what is ready: starts requests, moves fetches on. Called until nothing is left to carry down or up.
    pub fn work(&mut self, now: Now, fx: &mut Effects<Broker>) {
        while self.serving && self.requests_left > 0 {
            let Some(conn) = self.connections.next_runnable() else {
                break;
            };
            self.run(now, conn, fx);
        }
        self.fetches(now, fx);
        for Note { level, text } in self.notes.drain(..) {
            fx.note(level, text);
        }
    }

    /// Starts requests of one connection, as many as this step may.
    fn run(&mut self, now: Now, conn: Conn, fx: &mut Effects<Broker>) {
        while self.requests_left > 0 {
            match self.connections.take(conn, api::overlaps) {
                Taken::Nothing => return self.connections.read(now, conn, fx),
                Taken::BadLength(length) => {
                    let most = self.config.socket_request_max_bytes;
                    let why = format!(
                        "it announced a frame of {length} bytes; 1 to {most} (socket.request.max.bytes) are allowed"
                    );
                    return self.connections.malformed(conn, None, &why, fx);
                }
                Taken::Frame(seat, frame) => self.start(now, conn, seat, frame, fx),
            }
            self.requests_left -= 1;
        }
        self.connections.run_later(conn);
    }

    fn start(&mut self, now: Now, conn: Conn, seat: u64, frame: Bytes, fx: &mut Effects<Broker>) {
        let outcome = match self.read_header(conn, seat, &frame) {
            Ok(call) => {
                let name = call.key;
                api::start(self, now, call).map_err(|error| {
                    self.counters.malformed(name);
                    format!("its {name} request is malformed: {error}")
                })
            }
            Err(why) => Err(why),
        };
        match outcome {
            Ok(Outcome::Now(reply)) => self.connections.answer(conn, seat, reply),
            Ok(Outcome::Later(waiting)) => self.connections.waits(conn, seat, waiting),
            Ok(Outcome::Parked) => {}
            Err(why) => self.connections.malformed(conn, Some(seat), &why, fx),
        }
    }

    fn read_header(&mut self, conn: Conn, seat: u64, frame: &Bytes) -> Result<Call, String> {
        let found = self.connections.get(conn);
        let (listener, pins) = found.map_or((0, 0), |connection| {
            (connection.listener, connection.buffer)
        });
        let mut reader = Reader::new(frame);
        let header = RequestHeader::decode(&mut reader)
            .map_err(|error| format!("its request header is malformed: {error}"))?;
        let key =
            ApiKey::from_i16(header.api_key).filter(|key| api::serves(*key, header.api_version));
        let Some(key) = key else {
            return Err(format!(
                "API key {} version {} is not served here",
                header.api_key, header.api_version
            ));
        };
        self.counters
            .request(key, header.client_id.as_deref(), frame.len());
        Ok(Call {
            home: Home::Seat(conn, seat),
            key,
            version: header.api_version,
            correlation_id: header.correlation_id,
            listener,
            body: frame.slice(reader.position()..),
            pins,
        })
    }

    fn fetches(&mut self, now: Now, fx: &mut Effects<Broker>) {
        for _ in 0..self.sessions.active() {
            if self.reads_left == 0 {
                return;
            }
            let Some(index) = self.sessions.next_active() else {
                return;
            };
            let image = Arc::clone(&self.image);
            let before = self.asks.len();
            let verdict = self.sessions.advance(
                now.mono,
                index,
                self.reads_left,
                |topic, partition| crate::cluster::find(&image, topic, partition),
                &mut self.asks,
            );
            let reads = self.asks.len() - before;
            self.reads_left -= reads;
            fx.spend(Spend::Partitions, reads);
            match verdict {
                Verdict::Waits => {}
                Verdict::GoesOn => self.sessions.go_on_later(index),
                Verdict::Done => api::fetch::answer(self, index),
            }
        }
    }

    /// A step or a settle begins: it may do its share of work, whatever the one before it has left.
    pub fn begin(&mut self) {
        self.requests_left = limits::REQUESTS_AT_ONCE;
        self.reads_left = limits::READS_AT_ONCE;
    }

    /// Takes what is due: fetches and gathers whose time is up, watches to be given up.
    pub fn on_time(&mut self, now: Now) {
        self.sessions.on_time(now.mono);
        self.sessions
            .give_up(limits::UNWATCHES_AT_ONCE, &mut self.asks);
        while let Some((gather, unanswered)) = self.gathers.due(now.mono) {
            self.forget(unanswered);
            self.finish(now, gather);
        }
    }

    /// Ends the turn: what has been answered leaves.
    pub fn settle(&mut self, now: Now, fx: &mut Effects<Broker>) {
        self.connections.settle(now, fx);
    }

    /// When there is something to do without an event.
    pub fn deadline(&self) -> Option<Time> {
        if !self.serving {
            return None;
        }
        [
            self.connections.deadline(),
            self.gathers.deadline(),
            self.sessions.deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Shows what is counted.
    pub fn inspect(&self, out: &mut dyn Inspect) {
        self.counters.inspect(out);
        self.connections.inspect(out);
        let (sessions, partitions, evicted) = self.sessions.counts();
        out.gauge("ottla_fetch_sessions", &[], sessions as i64);
        out.gauge("ottla_fetch_session_partitions", &[], partitions as i64);
        out.counter("ottla_fetch_session_evictions_total", &[], evicted);
        out.gauge("ottla_requests_waiting", &[], self.gathers.len() as i64);
    }
}
