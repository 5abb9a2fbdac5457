//! The bench at which the APIs work: all that one of them may use. Belongs to the [`front`](crate), which feeds it.
//!
//! Questions to the shard and to the controller are left in `asks` and `requests`, which [`crate::Broker`] carries down in the
//! same step; answers to clients go out through [`Connections`]. Knows no API, no log, no quorum and no disk.

use std::collections::VecDeque;
use std::sync::Arc;

use ottla_controller::{Request, Response};
use ottla_machine::{Level, Note, Rng, Switch, Ticket};
use ottla_metadata::Image;
use ottla_protocol::{EncodeError, Writer};
use ottla_shard::ShardAsk;

use crate::config::BrokerConfig;
use crate::connection::Reply;
use crate::connections::Connections;
use crate::counters::Counters;
use crate::creating::Creating;
use crate::fetch_session::Sessions;
use crate::gather::{Call, Gathers, Home};
use crate::office_words::QuorumView;
use crate::producer_ids::ProducerIds;

/// An answer from below.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// Of the shard.
    Shard(ottla_shard::Answer),
    /// Of the controller.
    Controller(Response),
    /// Of the broker itself: what was known when the question was asked.
    Known(Arc<Image>),
}

/// What an API may use.
#[derive(Clone)]
pub(crate) struct Bench {
    /// What the operator has chosen.
    pub config: Arc<BrokerConfig>,
    /// The committed metadata.
    pub image: Arc<Image>,
    /// The cluster's id, as text.
    pub cluster_id: Arc<str>,
    /// What DescribeQuorum shows.
    pub quorum: QuorumView,
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
    /// Sentences for the operator.
    pub notes: Vec<Note>,
    /// Which planted mistake is switched on.
    pub switch: Switch,
}

impl Bench {
    /// A bench on which nothing lies yet.
    pub fn new(
        config: Arc<BrokerConfig>,
        cluster_id: Arc<str>,
        image: Arc<Image>,
        rng: Rng,
        switch: Switch,
    ) -> Bench {
        Bench {
            connections: Connections::new(&config, switch),
            sessions: Sessions::new(
                config.max_incremental_fetch_session_cache_slots,
                rng,
                switch,
            ),
            config,
            image,
            cluster_id,
            quorum: QuorumView::default(),
            asks: VecDeque::new(),
            requests: VecDeque::new(),
            gathers: Gathers::default(),
            producer_ids: ProducerIds::default(),
            creating: Creating::default(),
            counters: Counters::default(),
            notes: Vec::new(),
            switch,
        }
    }

    /// A request is answered.
    pub fn reply(&mut self, home: Home, reply: Reply) {
        if let Home::Seat(conn, seat) = home {
            self.connections.answer(conn, seat, reply);
        }
    }

    /// The client of a request calls itself so.
    pub fn name(&mut self, home: Home, name: &str) {
        if let Home::Seat(conn, _) = home {
            let client = self.counters.client(name);
            self.connections.name(conn, client);
        }
    }

    /// An answer to this request has been made.
    pub fn answered(&mut self, call: &Call) {
        let client = match call.home {
            Home::Seat(conn, _) => self.connections.get(conn).and_then(|it| it.client),
            _ => None,
        };
        self.counters.answered(client, call.key, call.version);
    }

    /// Nobody waits for these answers any more.
    pub fn forget(&mut self, unanswered: Vec<Ticket>) {
        self.asks
            .extend(unanswered.into_iter().map(ShardAsk::Forget));
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
        self.answered(call);
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
}
