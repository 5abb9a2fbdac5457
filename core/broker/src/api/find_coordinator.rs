//! FindCoordinator: key 10, versions 0 to 6.
//!
//! The coordinator of a group (type 0) leads its partition of `__consumer_offsets`; a topic that is not there yet is created, and the client
//! told to ask again. Transactions (type 1) are answered TRANSACTIONAL_ID_AUTHORIZATION_FAILED, which is final for clients (a
//! retriable code would hold a producer up for a minute); every other type INVALID_REQUEST.
//!
//! Version notes: 1: types. 4: many keys, each with its own error.

use std::borrow::Cow;

use ottla_controller::internal_topic;
use ottla_coordinator::partition_of;
use ottla_machine::Now;
use ottla_protocol::messages::FindCoordinatorRequest;
use ottla_protocol::messages::find_coordinator_response::{Coordinator, FindCoordinatorResponse};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader};

use super::coordinate::{TOPIC, code};
use super::{Api, Outcome, auto_create, never};
use crate::bench::Bench;
use crate::cluster::{self, Node};
use crate::gather::Call;

pub(super) const API: Api = Api {
    key: ApiKey::FindCoordinator,
    advertised: 0,
    first: 0,
    last: 6,
    start,
    finish: never,
};

const FIRST_WITH_MANY: i16 = 4;

fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let body = call.body.clone();
    let request = FindCoordinatorRequest::decode(&mut Reader::new(&body), call.version)?;
    let kind = request.key_type;
    let response = if call.version >= FIRST_WITH_MANY {
        let keys = request.coordinator_keys.into_iter();
        let coordinators = keys.map(|key| find(bench, now, &call, kind, key));
        FindCoordinatorResponse {
            coordinators: coordinators.collect(),
            ..FindCoordinatorResponse::default()
        }
    } else {
        let found = find(bench, now, &call, kind, request.key);
        FindCoordinatorResponse {
            error_code: found.error_code,
            error_message: found.error_message,
            node_id: found.node_id,
            host: found.host,
            port: found.port,
            ..FindCoordinatorResponse::default()
        }
    };
    let reply = bench.encode(&call, |w, version| response.encode(w, version));
    Ok(Outcome::Now(reply))
}

fn find<'a>(
    bench: &mut Bench,
    now: Now,
    call: &Call,
    kind: i8,
    key: Cow<'a, str>,
) -> Coordinator<'a> {
    let found = match kind {
        0 => group(bench, now, call.listener, &key),
        1 => Err((
            ErrorCode::TransactionalIdAuthorizationFailed,
            "Transactions are not served yet.",
        )),
        _ => Err((
            ErrorCode::InvalidRequest,
            "No coordinator of this type is served.",
        )),
    };
    match found {
        Ok(node) => Coordinator {
            key,
            node_id: node.id,
            host: node.host.into(),
            port: node.port,
            error_message: Some(no_error(call.version).into()),
            ..Coordinator::default()
        },
        Err((error, why)) => Coordinator {
            key,
            node_id: -1,
            port: -1,
            error_code: code(bench, ApiKey::FindCoordinator, error),
            error_message: Some(why.into()),
            ..Coordinator::default()
        },
    }
}

/// What stands where there is no error: a name until there were many keys, then nothing.
fn no_error(version: i16) -> &'static str {
    if version < FIRST_WITH_MANY {
        "NONE"
    } else {
        ""
    }
}

fn group(
    bench: &mut Bench,
    now: Now,
    listener: u16,
    group: &str,
) -> Result<Node, (ErrorCode, &'static str)> {
    let unavailable = ErrorCode::CoordinatorNotAvailable;
    let Some(topic) = bench.image.topic_named(TOPIC) else {
        let topic = internal_topic(TOPIC, &bench.config.statics);
        auto_create::create_topics(bench, now, topic.into_iter().collect());
        return Err((unavailable, "The coordinator is not available."));
    };
    let index = partition_of(group, topic.partitions.len() as i32);
    let partition = usize::try_from(index).ok();
    let partition = partition.and_then(|index| topic.partitions.get(index));
    let leader = partition.filter(|it| it.has_leader()).map(|it| it.leader.0);
    let node = leader.and_then(|id| cluster::node(bench, listener, id));
    let node = node.filter(|node| !node.fenced);
    node.ok_or((unavailable, "The coordinator is not available."))
}
