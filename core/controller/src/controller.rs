//! The state itself: a fold of the metadata log, and who decides what.

use std::convert::Infallible;

use bytes::Bytes;
use ottla_machine::{
    Cause, Decision, Emit, Entry, LeaderEpoch, NoJob, Now, Offset, Release, Replicated,
};
use ottla_metadata::{Fold, Image, Unfit};
use ottla_protocol::ErrorCode;

use crate::draft::Draft;
use crate::features::METADATA_VERSION;
use crate::sessions::Sessions;
use crate::soft::Soft;
use crate::view::{At, ControllerView, Deadlines, Timer};
use crate::{
    Request, Response, allocate_producer_ids, bootstrap, broker_heartbeat, create_topics,
    delete_topics, register_broker, register_controller,
};

/// The metadata to the tail of its log, and the decisions about it.
#[derive(Clone, Debug, Default)]
pub struct Controller {
    fold: Fold,
    /// Where the next append will be (C5).
    next: Offset,
    unfit: Option<Unfit>,
}

impl Controller {
    /// A controller of an empty log.
    pub fn new() -> Controller {
        Controller::default()
    }

    /// A controller of a log whose committed records are folded already.
    pub fn from_committed(fold: Fold) -> Controller {
        let next = fold.image().offset.plus(1);
        Controller {
            fold,
            next,
            unfit: None,
        }
    }

    /// The metadata to the tail: not all of it need be committed.
    pub fn image(&self) -> &Image {
        self.fold.image()
    }

    /// The first record of the log that did not fit. Such a log must not be used; nothing is decided on it.
    pub fn unfit(&self) -> Option<&Unfit> {
        self.unfit.as_ref()
    }

    fn is_ready(&self) -> bool {
        self.unfit.is_none()
            && !self.fold.in_transaction()
            && self.image().feature(METADATA_VERSION) > 0
    }

    fn answer(
        &self,
        draft: &mut Draft,
        soft: &mut Soft,
        at: &At<'_>,
        request: Request,
        timers: &mut Deadlines,
    ) -> Response {
        match request {
            Request::Bootstrap { features } => {
                let open = self.fold.in_transaction();
                Response::Bootstrap(bootstrap::decide(draft, at, open, &features))
            }
            _ if !self.is_ready() => Response::Refused((
                ErrorCode::NotController,
                "the controller has not begun yet".to_owned(),
            )),
            Request::RegisterController(node) => {
                Response::RegisterController(register_controller::decide(draft, &node))
            }
            Request::RegisterBroker(broker) => {
                let epoch = register_broker::decide(draft, soft, at, &broker, timers);
                Response::RegisterBroker(epoch)
            }
            Request::BrokerHeartbeat(beat) => {
                let answer = broker_heartbeat::decide(draft, soft, at, &beat, timers);
                Response::BrokerHeartbeat(answer)
            }
            Request::CreateTopics {
                topics,
                validate_only: false,
            } => Response::CreateTopics(create_topics::decide(draft, soft, at, topics)),
            Request::CreateTopics { topics, .. } => {
                // Decided like the real thing, on a draft that nobody appends.
                let mut only = Draft::new(&self.fold, self.next);
                let mut results = create_topics::decide(&mut only, soft, at, topics);
                for created in results.iter_mut().filter_map(|(_, it)| it.as_mut().ok()) {
                    created.id = ottla_protocol::Uuid::ZERO;
                }
                Response::CreateTopics(results)
            }
            Request::DeleteTopics { topics } => {
                Response::DeleteTopics(delete_topics::decide(draft, topics))
            }
            Request::AllocateProducerIds { broker, epoch } => {
                let leased = allocate_producer_ids::decide(draft, at, broker, epoch);
                Response::AllocateProducerIds(leased)
            }
        }
    }
}

impl Replicated for Controller {
    type Request = Request;
    type Response = Response;
    type Record = Bytes;
    type View = ControllerView;
    type Soft = Soft;
    type Call = Infallible;
    type Timer = Timer;
    type Job = NoJob;

    fn begin(&self, now: Now, view: &ControllerView) -> (Soft, Deadlines) {
        // Each tenure draws from a stream of its own: the log has grown since the last one began.
        let rng = view.rng.child(self.next.0 as u64);
        let mut sessions = Sessions::default();
        let mut deadlines = Vec::new();
        // Whoever was here yesterday is taken to be here still, until its session says otherwise.
        for broker in self.image().brokers().filter(|broker| !broker.fenced) {
            sessions.touch(broker.id, &At { now, view }, &mut deadlines);
        }
        (Soft { rng, sessions }, deadlines)
    }

    fn decide(
        &self,
        soft: &mut Soft,
        now: Now,
        view: &ControllerView,
        cause: Cause<Controller>,
        _: &mut impl Emit,
    ) -> Decision<Controller> {
        let mut decision = Decision::default();
        let at = At { now, view };
        let mut draft = Draft::new(&self.fold, self.next);
        match cause {
            Cause::Request(ticket, request) => {
                let response = self.answer(&mut draft, soft, &at, request, &mut decision.timers);
                decision
                    .replies
                    .push((ticket, response, Release::WithRecords));
            }
            Cause::Expired(Timer::Session(node)) => {
                if self.is_ready() {
                    broker_heartbeat::expire(&mut draft, soft, &at, node);
                }
            }
            Cause::Returned(never, _) => match never {},
            Cause::Computed(never) => match never {},
            Cause::ViewChanged => {}
        }
        decision.records = draft.into_records();
        decision
    }

    fn replay(&mut self, offset: Offset, entry: Entry<&Bytes>) {
        if self.unfit.is_some() {
            return;
        }
        let applied = match entry {
            Entry::Record { record, .. } => self.fold.apply(offset, LeaderEpoch::NONE, record),
            Entry::Marker { .. } => Err(Unfit {
                offset,
                why: "it ends a transaction of a producer".to_owned(),
            }),
        };
        self.unfit = applied.err();
        self.next = offset.plus(1);
    }

    fn skipped(&mut self, end: Offset) {
        self.next = end;
    }

    fn committed(&self, _: &mut Soft, _: Offset, _: &mut Vec<Infallible>) {}
}
