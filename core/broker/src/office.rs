//! The office of the node: the metadata quorum, the controller that decides on top of it, and this node's own membership. Inputs come from
//! the broker (completions of parts [`QUORUM`] and [`QUORUM_LOG`], requests of the clients' side); what is committed and answered goes
//! back as [`OfficeTell`].
//!
//! | life | on | becomes |
//! |---|---|---|
//! | Loading | the quorum leads, all that was committed before is folded in | Beginning (`Bootstrap`, `RegisterController`, `RegisterBroker`) |
//! | Beginning | all granted and committed: the broker epoch is known | Waking (a heartbeat) |
//! | Waking | no longer fenced | Serving |
//! | Serving | `leave` | Leaving (a heartbeat that wants to stop) |
//! | Leaving | it may stop | Left |
//! | Left, or `close` in any life | the log is closed | Closed |
//!
//! F1: the controller is asked at the log's tail, always: what it replayed is what the quorum has assigned.
//! F2: the image that is told is folded from committed records only.

mod look;

pub use look::MetadataLogView;

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use ottla_controller::{
    Controller, ControllerView, FRESH_FEATURES, Heartbeat, HeartbeatAnswer, READABLE_FEATURES,
    Registration, Request, Response, refusal,
};
use ottla_machine::{Cause, DiskOutput, Emit, Entry, Fault, Now, Offset, Op, Rng, Ticket, Time};
use ottla_metadata::config::StaticConfig;
use ottla_metadata::{ControllerNode, Endpoint, FeatureRange, Fold, Image};
use ottla_protocol::Uuid;
use ottla_quorum::{
    AppendError, CommittedBatch, Identity, Place, Quorum, QuorumEvent, SnapshotId, VoterEndpoint,
};
use ottla_replicated::{Outcome, Refused, Runtime, Tail};

use crate::boot::Booted;
use crate::config::ListenerAddress;
use crate::office_words::{QuorumNode, QuorumReplica, QuorumView};

/// The part of the machine that the quorum's own files answer to.
pub(crate) const QUORUM: u16 = 4;
/// The part that the metadata log's operations answer to.
pub(crate) const QUORUM_LOG: u16 = 5;

/// The office's own questions to the controller. No client's gather has this number.
const OWN: Ticket = Ticket {
    gather: u32::MAX,
    generation: 0,
    slot: 0,
};

/// What the office tells.
#[derive(Clone, Debug)]
pub(crate) enum OfficeTell {
    /// The committed metadata is this now.
    Image(Arc<Image>),
    /// The controller's answer.
    Answer(Ticket, Response),
    /// This broker is registered and unfenced.
    Serving,
    /// This broker leads nothing any more and is fenced.
    Left,
    /// The metadata log is closed and durable.
    Closed,
    /// The directory cannot be served with these settings, in a sentence.
    Refused(String),
    /// The node can go on no more, in a sentence.
    Offline(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Loading,
    Beginning,
    Waking,
    Serving,
    Leaving,
    Left,
}

/// What the office needs to know of the node.
#[derive(Clone, Debug)]
pub(crate) struct OfficeSettings {
    pub(crate) booted: Booted,
    pub(crate) root: ottla_machine::Dir,
    pub(crate) statics: Arc<StaticConfig>,
    pub(crate) listeners: Vec<ListenerAddress>,
    pub(crate) controller_endpoint: VoterEndpoint,
}

/// Quorum, controller and membership.
#[derive(Clone)]
pub(crate) struct Office {
    settings: OfficeSettings,
    incarnation: Uuid,
    quorum: Quorum,
    runtime: Runtime<Controller>,
    view: ControllerView,
    fold: Fold,
    /// The fold has moved since the image was told.
    stale: bool,
    life: Life,
    /// When the next heartbeat is due: the last one did not say yet what this broker waits for.
    beat_at: Option<Time>,
    /// The high watermark that the last heartbeat told.
    beat_told: Offset,
    broker_epoch: i64,
    /// High watermark and end of the log as they were shown last.
    shown: Option<(Offset, Offset)>,
    events: Vec<QuorumEvent>,
    tells: VecDeque<OfficeTell>,
}

/// The controller's records go to the tail of the metadata log.
struct MetadataLog<'a> {
    quorum: &'a mut Quorum,
    now: Now,
}

impl Tail<Bytes> for MetadataLog<'_> {
    fn append(&mut self, records: &[Bytes], atomic: bool) -> Result<Offset, Refused> {
        self.quorum
            .append(self.now, records, atomic)
            .map_err(|why| match why {
                AppendError::NotLeader => Refused::NotLeader,
                AppendError::TooLarge => Refused::TooLarge,
                AppendError::Full => Refused::Full,
            })
    }
}

impl Office {
    /// An office that begins to read its log.
    pub(crate) fn begin(settings: OfficeSettings, mut rng: Rng, fx: &mut impl Emit) -> Office {
        let meta = &settings.booted.meta;
        let identity = Identity {
            node: meta.node_id,
            directory_id: meta.directory_id,
            endpoint: settings.controller_endpoint.clone(),
        };
        let place = Place {
            root: settings.root,
            part: QUORUM,
            log_part: QUORUM_LOG,
        };
        let mut quorum = Quorum::new(identity, place);
        quorum.start(fx);
        let view = ControllerView {
            node: meta.node_id,
            with_broker: true,
            statics: Arc::clone(&settings.statics),
            rng: rng.child(1),
        };
        Office {
            incarnation: Uuid::from_random(rng.next_16()),
            settings,
            quorum,
            runtime: Runtime::new(Controller::new(), Offset(0)),
            view,
            fold: Fold::new(),
            stale: false,
            life: Life::Loading,
            beat_at: None,
            beat_told: Offset(-1),
            broker_epoch: -1,
            shown: None,
            events: Vec::new(),
            tells: VecDeque::new(),
        }
    }

    /// A completion of the quorum's files.
    pub(crate) fn on_done(
        &mut self,
        now: Now,
        op: Op,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
    ) {
        self.quorum.on_done(now, op, result, fx, &mut self.events);
        self.on_events(now);
    }

    /// A request of the clients' side.
    pub(crate) fn request(&mut self, now: Now, ticket: Ticket, request: Request) {
        if self.runtime.leads() {
            self.decide(now, Cause::Request(ticket, request));
        } else {
            self.tells.push_back(OfficeTell::Answer(
                ticket,
                Response::Refused(refusal(Refused::NotLeader)),
            ));
        }
    }

    /// Ends a turn: timers, then the log writes and syncs what was decided.
    pub(crate) fn settle(&mut self, now: Now, fx: &mut impl Emit) {
        if self.runtime.deadline().is_some_and(|due| due <= now.mono) {
            let mut tail = MetadataLog {
                quorum: &mut self.quorum,
                now,
            };
            let outcome = self.runtime.on_time(now, &self.view, &mut tail);
            self.on_outcome(now, outcome);
        }
        if self.beat_at.is_some_and(|due| due <= now.mono) {
            self.beat(now);
        }
        self.quorum.settle(now, fx, &mut self.events);
        self.on_events(now);
    }

    /// When `settle` is due next.
    pub(crate) fn deadline(&self) -> Option<Time> {
        [
            self.quorum.deadline(),
            self.runtime.deadline(),
            self.beat_at,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// This broker wants to stop: its partitions are given up first.
    pub(crate) fn leave(&mut self, now: Now) {
        if self.life == Life::Serving {
            self.life = Life::Leaving;
            self.beat(now);
        } else {
            self.life = Life::Left;
            self.tells.push_back(OfficeTell::Left);
        }
    }

    /// Closes the metadata log.
    pub(crate) fn close(&mut self, now: Now, fx: &mut impl Emit) {
        self.quorum.stop(now, fx, &mut self.events);
        self.on_events(now);
    }

    /// The epoch under which this broker is registered; -1 before.
    pub(crate) fn broker_epoch(&self) -> i64 {
        self.broker_epoch
    }

    /// What is to be told, in order.
    pub(crate) fn tell(&mut self) -> Option<OfficeTell> {
        if self.stale && self.events.is_empty() {
            self.stale = false;
            self.tells
                .push_front(OfficeTell::Image(Arc::new(self.fold.image().clone())));
        }
        self.tells.pop_front()
    }

    /// The quorum, as DescribeQuorum shows it, if it has moved since it was shown last.
    pub(crate) fn quorum_moved(&mut self) -> Option<QuorumView> {
        let at = (self.quorum.high_watermark(), self.quorum.end_offset());
        if self.shown == Some(at) {
            return None;
        }
        self.shown = Some(at);
        Some(self.quorum_view())
    }

    fn quorum_view(&self) -> QuorumView {
        let view = self.quorum.view();
        let replica = |replica: &ottla_quorum::Replica| QuorumReplica {
            id: replica.id.0,
            directory_id: replica.directory_id,
            log_end_offset: replica.log_end_offset.0,
            last_fetch_ms: -1,
            last_caught_up_ms: -1,
        };
        let node = |voter: &ottla_quorum::Voter| QuorumNode {
            id: voter.id.0,
            listeners: voter
                .endpoints
                .iter()
                .map(|at| (at.name.clone(), at.host.clone(), at.port))
                .collect(),
        };
        QuorumView {
            leader_id: view.leader.map_or(-1, |leader| leader.0),
            leader_epoch: view.epoch.0,
            high_watermark: view.high_watermark.0,
            kraft_version: view.kraft_version,
            voters: view.replicas.iter().map(replica).collect(),
            observers: Vec::new(),
            nodes: view.voters.iter().map(node).collect(),
        }
    }

    fn on_events(&mut self, now: Now) {
        for event in std::mem::take(&mut self.events) {
            let fits = match event {
                QuorumEvent::Snapshot(id, values) => self.on_snapshot(id, values),
                QuorumEvent::Committed(batch) => self.on_committed(&batch),
                QuorumEvent::Leading(_) => self.on_leading(now),
                QuorumEvent::Closed => {
                    self.tells.push_back(OfficeTell::Closed);
                    Ok(())
                }
                QuorumEvent::Offline(why) => Err(why),
            };
            if let Err(why) = fits {
                self.tells.push_back(OfficeTell::Offline(why));
            }
        }
        if self.runtime.leads() {
            let passed = self.runtime.on_high_watermark(self.quorum.high_watermark());
            self.on_replies(now, passed.replies);
        }
    }

    fn on_snapshot(&mut self, id: SnapshotId, values: Vec<Bytes>) -> Result<(), String> {
        if values.is_empty() {
            return Ok(());
        }
        let last = id.end.plus(-1);
        self.fold = Fold::snapshot(values, last, id.epoch)
            .map_err(|unfit| format!("the metadata snapshot does not fit together: {unfit:?}"))?;
        self.runtime = Runtime::new(Controller::from_snapshot(self.fold.clone()), id.end);
        self.stale = true;
        Ok(())
    }

    /// F2. What this controller decided itself it has replayed at the tail already.
    fn on_committed(&mut self, batch: &CommittedBatch) -> Result<(), String> {
        let loads = !self.runtime.leads();
        if !batch.control {
            let records = batch.records().map_err(|why| {
                format!(
                    "the metadata log cannot be read at offset {}: {why}",
                    batch.base_offset
                )
            })?;
            for (offset, _, value) in records {
                self.fold.apply(offset, batch.epoch, &value).map_err(|unfit| {
                    format!("the metadata log does not fit together at offset {}: {}; restore the directory from a backup", unfit.offset, unfit.why)
                })?;
                if loads {
                    self.runtime.load(
                        offset,
                        Entry::Record {
                            producer: None,
                            record: &value,
                        },
                    );
                }
            }
        }
        self.fold.passed(batch.next_offset.plus(-1), batch.epoch);
        if loads {
            self.runtime.skip(batch.next_offset);
        }
        self.stale = true;
        Ok(())
    }

    fn on_leading(&mut self, now: Now) -> Result<(), String> {
        if self.life == Life::Left {
            return Ok(());
        }
        if let Some(unfit) = self.runtime.state().unfit() {
            return Err(format!("the metadata log does not fit together: {unfit:?}"));
        }
        let acls = self.fold.image().acls();
        if acls > 0 && self.settings.statics.configured("authorizer.class.name") != Some("") {
            let why = format!(
                "the directory's metadata holds ACLs ({acls}) and this server has no authorizer yet: everybody could do everything; \
                 say --override authorizer.class.name= to serve it without"
            );
            self.tells.push_back(OfficeTell::Refused(why));
            return Ok(());
        }
        let _ = self.runtime.on_high_watermark(self.runtime.end_offset());
        let passed = self.runtime.begin(now, &self.view);
        self.on_replies(now, passed.replies);
        self.life = Life::Beginning;
        let features = FRESH_FEATURES
            .iter()
            .map(|(name, level)| ((*name).to_owned(), *level))
            .collect();
        // One after the other at the tail, one flush for all: each is decided on what the one before has appended.
        self.ask(now, Request::Bootstrap { features });
        self.ask(now, Request::RegisterController(self.controller_node()));
        self.ask(now, Request::RegisterBroker(self.registration()));
        Ok(())
    }

    fn ask(&mut self, now: Now, request: Request) {
        self.decide(now, Cause::Request(OWN, request));
    }

    /// F1.
    fn decide(&mut self, now: Now, cause: Cause<Controller>) {
        let mut tail = MetadataLog {
            quorum: &mut self.quorum,
            now,
        };
        let outcome = self.runtime.step(now, &self.view, cause, &mut tail);
        self.on_outcome(now, outcome);
    }

    fn on_outcome(&mut self, now: Now, outcome: Outcome<Controller>) {
        self.on_replies(now, outcome.replies);
        let refused = outcome
            .refused
            .into_iter()
            .map(|(ticket, why)| (ticket, Response::Refused(refusal(why))))
            .collect();
        self.on_replies(now, refused);
    }

    fn on_replies(&mut self, now: Now, replies: Vec<(Ticket, Response)>) {
        for (ticket, response) in replies {
            if ticket == OWN {
                self.on_own(now, response);
            } else {
                self.tells.push_back(OfficeTell::Answer(ticket, response));
            }
        }
    }

    /// The next step of this broker's own life.
    fn on_own(&mut self, now: Now, response: Response) {
        match (self.life, response) {
            // It was stopped before it served; what it had asked for concerns nobody any more.
            (Life::Left, _) => {}
            (
                Life::Beginning,
                Response::Bootstrap(Ok(_)) | Response::RegisterController(Ok(())),
            ) => {}
            (Life::Beginning, Response::RegisterBroker(Ok(epoch))) => {
                self.broker_epoch = epoch;
                self.life = Life::Waking;
                self.beat(now);
            }
            (_, Response::BrokerHeartbeat(Ok(answer))) => self.on_beat(now, answer),
            (life, Response::Refused((_, why))) => self.refused(life, &why),
            (life, other) => self.refused(life, &format!("{other:?}")),
        }
    }

    fn refused(&mut self, life: Life, why: &str) {
        self.tells.push_back(OfficeTell::Offline(format!(
            "the controller refused this node ({life:?}): {why}"
        )));
    }

    fn on_beat(&mut self, now: Now, answer: HeartbeatAnswer) {
        match self.life {
            Life::Waking if !answer.fenced => {
                self.life = Life::Serving;
                self.stale = true;
                self.tells.push_back(OfficeTell::Serving);
            }
            Life::Leaving if answer.should_shut_down => {
                self.life = Life::Left;
                self.tells.push_back(OfficeTell::Left);
            }
            Life::Waking | Life::Leaving => {
                // News is told at once; asking the same again waits.
                let news = self.quorum.high_watermark() > self.beat_told;
                self.beat_at = Some(if news {
                    now.mono
                } else {
                    now.mono.after_ms(BEAT_MS)
                });
            }
            _ => {}
        }
    }

    fn beat(&mut self, now: Now) {
        self.beat_at = None;
        self.beat_told = self.quorum.high_watermark();
        let beat = Heartbeat {
            broker: self.view.node,
            epoch: self.broker_epoch,
            metadata_offset: self.beat_told.plus(-1),
            want_fence: false,
            want_shutdown: self.life == Life::Leaving,
        };
        self.ask(now, Request::BrokerHeartbeat(beat));
    }

    fn controller_node(&self) -> ControllerNode {
        let at = &self.settings.controller_endpoint;
        ControllerNode {
            id: self.view.node,
            incarnation: self.incarnation,
            endpoints: vec![Endpoint {
                name: at.name.clone(),
                host: at.host.clone(),
                port: at.port,
                security_protocol: 0,
            }],
            features: features(),
        }
    }

    fn registration(&self) -> Registration {
        let booted = &self.settings.booted;
        let endpoint = |at: &ListenerAddress| Endpoint {
            name: at.name.clone(),
            host: at.host.clone(),
            port: at.port,
            security_protocol: 0,
        };
        Registration {
            id: self.view.node,
            incarnation: self.incarnation,
            endpoints: self.settings.listeners.iter().map(endpoint).collect(),
            features: features(),
            rack: self
                .settings
                .statics
                .configured("broker.rack")
                .map(str::to_owned),
            dirs: vec![booted.meta.directory_id],
            previous_epoch: booted.stopped_epoch.unwrap_or(-1),
        }
    }
}

/// What this node can read, said to whoever asks what the cluster could be finalized at.
fn features() -> Vec<FeatureRange> {
    READABLE_FEATURES
        .iter()
        .map(|(name, min, max)| FeatureRange {
            name: (*name).to_owned(),
            min: *min,
            max: *max,
        })
        .collect()
}

/// How long a heartbeat that has no news waits, milliseconds.
const BEAT_MS: i64 = 100;
