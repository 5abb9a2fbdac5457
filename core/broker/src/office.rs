//! The office of the node: the metadata quorum, the controller on top of it, and this node's own membership, which asks that
//! controller like anybody else. Inputs come from the broker (completions of parts [`QUORUM`] and [`QUORUM_LOG`], requests of the
//! clients' side); what is committed and answered goes back as [`OfficeTell`].
//!
//! F1: the controller is asked at the log's tail, always: what it replayed is what the quorum has assigned.
//! F2: the image that is told is folded from committed records only.
//! F3: a controller begins as that image when its tenure does: all of the log is committed then, for one voter is the quorum.

mod look;
mod membership;
mod snapshots;

pub use look::MetadataLogView;

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use ottla_controller::{Controller, ControllerView, Request, Response, refusal};
use ottla_machine::{
    Cause, DiskOutput, Emit, Fault, LeaderEpoch, Now, Offset, Op, Rng, Ticket, Time,
};
use ottla_metadata::config::StaticConfig;
use ottla_metadata::{Fold, Image, Unfit};
use ottla_protocol::Uuid;
use ottla_quorum::{
    AppendError, CommittedBatch, Identity, LogSettings, Place, Quorum, QuorumEvent, SnapshotId,
    VoterEndpoint,
};
use ottla_replicated::{Outcome, Refused, Runtime, Tail};

use crate::boot::Booted;
use crate::config::ListenerAddress;
use crate::office_words::QuorumView;
use membership::{Membership, Move};
use snapshots::Snapshots;

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
    /// It can, but the operator should know this.
    Warning(String),
    /// The node can go on no more, in a sentence.
    Offline(String),
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
    quorum: Quorum,
    runtime: Runtime<Controller>,
    view: ControllerView,
    fold: Fold,
    /// The fold has moved since the image was told.
    stale: bool,
    membership: Membership,
    snapshots: Snapshots,
    /// Records of the snapshot that the log joins on to, so far.
    told: i64,
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
        let log = LogSettings {
            was_durable: settings.booted.clean,
            ..Office::log_settings(&settings.statics)
        };
        let mut quorum = Quorum::new(identity, place, log);
        quorum.start(fx);
        let view = ControllerView {
            node: meta.node_id,
            with_broker: true,
            statics: Arc::clone(&settings.statics),
            rng: rng.child(1),
            switch: fx.switch(),
        };
        let incarnation = Uuid::from_random(rng.next_16());
        Office {
            membership: Membership::new(meta.node_id, incarnation),
            snapshots: Snapshots::new(&settings.statics),
            told: 0,
            settings,
            quorum,
            runtime: Runtime::new(Controller::new(), Offset(0)),
            view,
            fold: Fold::new(),
            stale: false,
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
        self.on_events(now, fx);
    }

    /// A request of the clients' side.
    pub(crate) fn request(
        &mut self,
        now: Now,
        ticket: Ticket,
        request: Request,
        fx: &mut impl Emit,
    ) {
        if self.runtime.leads() {
            self.decide(now, Cause::Request(ticket, request), fx);
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
            let outcome = self.runtime.on_time(now, &self.view, &mut tail, fx);
            self.on_outcome(now, outcome, fx);
        }
        if self
            .membership
            .deadline()
            .is_some_and(|due| due <= now.mono)
        {
            self.beat(now, fx);
        }
        self.quorum.settle(now, fx, &mut self.events);
        self.on_events(now, fx);
        self.settle_snapshot(now, fx);
    }

    /// When `settle` is due next.
    pub(crate) fn deadline(&self) -> Option<Time> {
        [
            self.quorum.deadline(),
            self.runtime.deadline(),
            self.membership.deadline(),
            self.snapshot_deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// This broker wants to stop: its partitions are given up first.
    pub(crate) fn leave(&mut self, now: Now, fx: &mut impl Emit) {
        self.snapshots.end();
        let moved = self.membership.leave();
        self.on_move(now, moved, fx);
    }

    /// Closes the metadata log.
    pub(crate) fn close(&mut self, now: Now, fx: &mut impl Emit) {
        self.quorum.stop(now, fx, &mut self.events);
        self.on_events(now, fx);
    }

    /// The epoch under which this broker is registered; -1 before.
    pub(crate) fn broker_epoch(&self) -> i64 {
        self.membership.broker_epoch()
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

    fn on_events(&mut self, now: Now, fx: &mut impl Emit) {
        for event in std::mem::take(&mut self.events) {
            let fits = match event {
                QuorumEvent::SnapshotRecords(values) => self.on_snapshot_records(&values),
                QuorumEvent::Snapshot(id) => self.on_snapshot(id),
                QuorumEvent::SnapshotTaken(_) => {
                    self.snapshots.on_taken();
                    Ok(())
                }
                QuorumEvent::SnapshotGivenUp(why) => {
                    self.on_snapshot_given_up(now, &why);
                    Ok(())
                }
                QuorumEvent::Committed(batch) => self.on_committed(&batch),
                QuorumEvent::Leading(_) => self.on_leading(now, fx),
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
            self.on_replies(now, passed.replies, fx);
        }
    }

    fn on_snapshot_records(&mut self, values: &[Bytes]) -> Result<(), String> {
        for value in values {
            // The epoch is said by the snapshot's name, behind them.
            let applied = self.fold.apply(Offset(self.told), LeaderEpoch::NONE, value);
            applied.map_err(does_not_fit)?;
            self.told += 1;
        }
        Ok(())
    }

    fn on_snapshot(&mut self, id: SnapshotId) -> Result<(), String> {
        // What `format` leaves says who votes, and nothing else.
        if self.told > 0 {
            let last = id.end.plus(-1);
            self.fold.stands_at(last, id.epoch).map_err(does_not_fit)?;
            self.stale = true;
        }
        Ok(())
    }

    /// F2.
    fn on_committed(&mut self, batch: &CommittedBatch) -> Result<(), String> {
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
            }
        }
        self.fold.passed(batch.next_offset.plus(-1), batch.epoch);
        self.snapshots.passed(batch);
        self.stale = true;
        Ok(())
    }

    fn on_leading(&mut self, now: Now, fx: &mut impl Emit) -> Result<(), String> {
        if self.membership.has_left() {
            return Ok(());
        }
        let acls = self.fold.image().acls();
        let given_up = self.settings.statics.configured("authorizer.class.name") == Some("");
        if acls > 0 && !given_up {
            let why = format!(
                "the directory's metadata holds ACLs ({acls}) and this server has no authorizer yet: everybody could do everything; \
                 say --override authorizer.class.name= to serve it without"
            );
            self.tells.push_back(OfficeTell::Refused(why));
            return Ok(());
        }
        if acls > 0 {
            let text = format!(
                "the directory's metadata holds ACLs ({acls}) that protect nothing: everybody can do everything, as authorizer.class.name= says"
            );
            self.tells.push_back(OfficeTell::Warning(text));
        }
        let committed = Controller::from_committed(self.fold.clone());
        let end = self.fold.image().offset.plus(1);
        self.runtime = Runtime::new(committed, end);
        let passed = self.runtime.begin(now, &self.view);
        self.on_replies(now, passed.replies, fx);
        // One after the other at the tail, one flush for all: each is decided on what the one before has appended.
        for request in self.membership.begin(&self.settings) {
            self.ask(now, request, fx);
        }
        Ok(())
    }

    fn ask(&mut self, now: Now, request: Request, fx: &mut impl Emit) {
        self.decide(now, Cause::Request(OWN, request), fx);
    }

    /// F1.
    fn decide(&mut self, now: Now, cause: Cause<Controller>, fx: &mut impl Emit) {
        let mut tail = MetadataLog {
            quorum: &mut self.quorum,
            now,
        };
        let outcome = self.runtime.step(now, &self.view, cause, &mut tail, fx);
        self.on_outcome(now, outcome, fx);
    }

    fn on_outcome(&mut self, now: Now, outcome: Outcome<Controller>, fx: &mut impl Emit) {
        self.on_replies(now, outcome.replies, fx);
        let refused = outcome
            .refused
            .into_iter()
            .map(|(ticket, why)| (ticket, Response::Refused(refusal(why))))
            .collect();
        self.on_replies(now, refused, fx);
    }

    fn on_replies(&mut self, now: Now, replies: Vec<(Ticket, Response)>, fx: &mut impl Emit) {
        for (ticket, response) in replies {
            if ticket == OWN {
                let committed = self.quorum.high_watermark();
                let moved = self.membership.on_response(now, response, committed);
                self.on_move(now, moved, fx);
            } else {
                self.tells.push_back(OfficeTell::Answer(ticket, response));
            }
        }
    }

    /// This broker's own life has gone on, or not.
    fn on_move(&mut self, now: Now, moved: Move, fx: &mut impl Emit) {
        match moved {
            Move::Stay => {}
            Move::Beat => self.beat(now, fx),
            Move::Serving => {
                self.stale = true;
                self.tells.push_back(OfficeTell::Serving);
            }
            Move::Left => self.tells.push_back(OfficeTell::Left),
            Move::Refused(why) => self.tells.push_back(OfficeTell::Offline(why)),
        }
    }

    fn beat(&mut self, now: Now, fx: &mut impl Emit) {
        let beat = self.membership.beat(self.quorum.high_watermark());
        self.ask(now, beat, fx);
    }
}

fn does_not_fit(unfit: Unfit) -> String {
    format!(
        "the snapshot of the metadata does not fit together at its record {}: {}; restore the directory from a backup",
        unfit.offset, unfit.why
    )
}
