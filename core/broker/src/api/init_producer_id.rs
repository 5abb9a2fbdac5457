//! InitProducerId: key 22, versions 0 to 5.
//!
//! An idempotent producer gets the next id of the block that this node has leased from the controller. While a block is being
//! leased, requests wait for it (Kafka answers COORDINATOR_LOAD_IN_PROGRESS and lets them come back); when none comes they get
//! that answer. The next block is leased when a tenth of this one is left.
//!
//! A transactional id is refused as final (TRANSACTIONAL_ID_AUTHORIZATION_FAILED) until transactions are served; an empty one
//! is INVALID_REQUEST.

use bytes::Bytes;
use ottla_controller::{Request, Response};
use ottla_machine::{Now, ProducerId};
use ottla_protocol::messages::{InitProducerIdRequest, InitProducerIdResponse};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader};

use super::{Api, Outcome};
use crate::bench::{Answer, Bench};
use crate::connection::Reply;
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

fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let body = call.body.clone();
    let request = InitProducerIdRequest::decode(&mut Reader::new(&body), call.version)?;
    let refused = match request.transactional_id.as_deref() {
        Some("") => Some(ErrorCode::InvalidRequest),
        Some(_) => Some(ErrorCode::TransactionalIdAuthorizationFailed),
        None => None,
    };
    if let Some(code) = refused {
        return Ok(Outcome::Now(say(bench, &call, Err(code))));
    }
    let id = bench.producer_ids.take();
    lease(bench, now);
    Ok(match id {
        Some(id) => Outcome::Now(say(bench, &call, Ok(id))),
        None if bench.producer_ids.waiting.len() >= limits::WAITING_PRODUCERS => {
            Outcome::Now(say(bench, &call, Err(ErrorCode::CoordinatorLoadInProgress)))
        }
        None => {
            bench.producer_ids.waiting.push_back(Call {
                head: Bytes::new(),
                body: Bytes::new(),
                ..call
            });
            Outcome::Parked
        }
    })
}

fn say(bench: &mut Bench, call: &Call, id: Result<ProducerId, ErrorCode>) -> Reply {
    let response = match id {
        Ok(id) => InitProducerIdResponse {
            producer_id: id.0,
            producer_epoch: 0,
            ..InitProducerIdResponse::default()
        },
        Err(code) => {
            bench.counters.error(ApiKey::InitProducerId, code);
            let error_code = code.code();
            InitProducerIdResponse {
                error_code,
                producer_id: -1,
                producer_epoch: -1,
                ..InitProducerIdResponse::default()
            }
        }
    };
    bench.encode(call, |w, version| response.encode(w, version))
}

/// Asks the controller for a block, if one will be needed soon.
fn lease(bench: &mut Bench, now: Now) {
    if !bench.producer_ids.wants_more() {
        return;
    }
    bench.producer_ids.asked = true;
    let call = Call {
        home: Home::Nobody,
        key: ApiKey::InitProducerId,
        version: API.last,
        correlation_id: 0,
        listener: 0,
        head: Bytes::new(),
        body: Bytes::new(),
        pins: 0,
    };
    let gather = bench
        .gathers
        .open(call, Some(now.mono.after_ms(limits::INTERNAL_TIMEOUT_MS)));
    let ticket = bench.gathers.expect(gather);
    let broker = bench.config.node_id;
    let epoch = bench.image.broker(broker).map_or(-1, |broker| broker.epoch);
    let request = Request::AllocateProducerIds { broker, epoch };
    bench.requests.push_back((ticket, request));
}

/// The controller has granted a block, or has not.
fn finish(bench: &mut Bench, now: Now, gather: Gather<Answer>) -> Reply {
    bench.producer_ids.asked = false;
    let block = match gather.answers.into_iter().next().flatten() {
        Some(Answer::Controller(Response::AllocateProducerIds(Ok(block)))) if !block.is_empty() => {
            Some(block)
        }
        _ => None,
    };
    if let Some(block) = block {
        bench.producer_ids.size = block.end - block.start;
        bench.producer_ids.next = block;
        while let Some(call) = bench.producer_ids.waiting.pop_front() {
            let Some(id) = bench.producer_ids.take() else {
                bench.producer_ids.waiting.push_front(call);
                break;
            };
            let reply = say(bench, &call, Ok(id));
            bench.reply(call.home, reply);
        }
        lease(bench, now);
    } else {
        for call in std::mem::take(&mut bench.producer_ids.waiting) {
            let reply = say(bench, &call, Err(ErrorCode::CoordinatorLoadInProgress));
            bench.reply(call.home, reply);
        }
    }
    Reply::Silent
}
