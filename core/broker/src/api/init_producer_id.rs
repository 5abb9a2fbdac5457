//! InitProducerId: key 22, versions 0 to 5.
//!
//! An idempotent producer gets the next id of the block that this node has leased from the controller. While a block is being
//! leased, requests wait for it (Kafka answers COORDINATOR_LOAD_IN_PROGRESS and lets them come back); when none comes they get
//! that answer. The next block is leased when a tenth of this one is left.
//!
//! A transactional id is refused as final (TRANSACTIONAL_ID_AUTHORIZATION_FAILED) until transactions are served; an empty one
//! is INVALID_REQUEST.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;
use ottla_controller::{Request, Response};
use ottla_machine::{Now, ProducerId};
use ottla_protocol::messages::{InitProducerIdRequest, InitProducerIdResponse};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader};

use super::{Api, Outcome};
use crate::connection::Reply;
use crate::front::{Answer, Front};
use crate::gather::{Call, Gather, Home};
use crate::limits;

pub(super) const API: Api = Api {
    key: ApiKey::InitProducerId,
    advertised: 0,
    first: 0,
    last: 5,
    start,
    finish,
};

/// The leased ids that are left.
#[derive(Debug, Default)]
pub(crate) struct ProducerIds {
    left: Range<i64>,
    next: Range<i64>,
    size: i64,
    asked: bool,
    waiting: VecDeque<Call>,
}

impl ProducerIds {
    fn take(&mut self) -> Option<ProducerId> {
        if self.left.is_empty() {
            self.left = std::mem::take(&mut self.next);
        }
        self.left.next().map(ProducerId)
    }

    fn wants_more(&self) -> bool {
        !self.asked && self.next.is_empty() && (self.left.end - self.left.start) * 10 <= self.size
    }
}

fn start(front: &mut Front, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let body = call.body.clone();
    let request = InitProducerIdRequest::decode(&mut Reader::new(&body), call.version)?;
    let refused = match request.transactional_id.as_deref() {
        Some("") => Some(ErrorCode::InvalidRequest),
        Some(_) => Some(ErrorCode::TransactionalIdAuthorizationFailed),
        None => None,
    };
    if let Some(code) = refused {
        return Ok(Outcome::Now(say(front, &call, Err(code))));
    }
    let id = front.producer_ids.take();
    lease(front, now);
    Ok(match id {
        Some(id) => Outcome::Now(say(front, &call, Ok(id))),
        None if front.producer_ids.waiting.len() >= limits::WAITING_PRODUCERS => {
            Outcome::Now(say(front, &call, Err(ErrorCode::CoordinatorLoadInProgress)))
        }
        None => {
            front.producer_ids.waiting.push_back(Call {
                body: Bytes::new(),
                ..call
            });
            Outcome::Parked
        }
    })
}

fn say(front: &mut Front, call: &Call, id: Result<ProducerId, ErrorCode>) -> Reply {
    let response = match id {
        Ok(id) => InitProducerIdResponse {
            producer_id: id.0,
            producer_epoch: 0,
            ..InitProducerIdResponse::default()
        },
        Err(code) => {
            front.counters.error(ApiKey::InitProducerId, code);
            let error_code = code.code();
            InitProducerIdResponse {
                error_code,
                producer_id: -1,
                producer_epoch: -1,
                ..InitProducerIdResponse::default()
            }
        }
    };
    front.encode(call, |w, version| response.encode(w, version))
}

/// Asks the controller for a block, if one will be needed soon.
fn lease(front: &mut Front, now: Now) {
    if !front.producer_ids.wants_more() {
        return;
    }
    front.producer_ids.asked = true;
    let call = Call {
        home: Home::Nobody,
        key: ApiKey::InitProducerId,
        version: API.last,
        correlation_id: 0,
        listener: 0,
        body: Bytes::new(),
        pins: 0,
    };
    let gather = front
        .gathers
        .open(call, Some(now.mono.after_ms(limits::INTERNAL_TIMEOUT_MS)));
    let ticket = front.gathers.expect(gather);
    let broker = front.config.node_id;
    let epoch = front.image.broker(broker).map_or(-1, |broker| broker.epoch);
    let request = Request::AllocateProducerIds { broker, epoch };
    front.requests.push_back((ticket, request));
}

/// The controller has granted a block, or has not.
fn finish(front: &mut Front, now: Now, gather: Gather<Answer>) -> Reply {
    front.producer_ids.asked = false;
    let block = match gather.answers.into_iter().next().flatten() {
        Some(Answer::Controller(Response::AllocateProducerIds(Ok(block)))) if !block.is_empty() => {
            Some(block)
        }
        _ => None,
    };
    if let Some(block) = block {
        front.producer_ids.size = block.end - block.start;
        front.producer_ids.next = block;
        while let Some(call) = front.producer_ids.waiting.pop_front() {
            let Some(id) = front.producer_ids.take() else {
                front.producer_ids.waiting.push_front(call);
                break;
            };
            let reply = say(front, &call, Ok(id));
            front.reply(call.home, reply);
        }
        lease(front, now);
    } else {
        for call in std::mem::take(&mut front.producer_ids.waiting) {
            let reply = say(front, &call, Err(ErrorCode::CoordinatorLoadInProgress));
            front.reply(call.home, reply);
        }
    }
    Reply::Silent
}
