//! FindCoordinator: key 10, versions 0 to 6.
//!
//! No coordinator is served yet. Groups (type 0) are answered COORDINATOR_NOT_AVAILABLE, which clients retry and report;
//! transactions (type 1) TRANSACTIONAL_ID_AUTHORIZATION_FAILED, which is final for them (a retriable code would hold a producer
//! up for a minute); every other type INVALID_REQUEST.
//!
//! Version notes: 1: types. 4: many keys, each with its own error.

use std::borrow::Cow;

use ottla_machine::Now;
use ottla_protocol::messages::FindCoordinatorRequest;
use ottla_protocol::messages::find_coordinator_response::{Coordinator, FindCoordinatorResponse};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader};

use super::{Api, Outcome, never};
use crate::bench::Bench;
use crate::gather::Call;

pub(super) const API: Api = Api {
    key: ApiKey::FindCoordinator,
    advertised: 0,
    first: 0,
    last: 6,
    start,
    finish: never,
};

fn start(bench: &mut Bench, _: Now, call: Call) -> Result<Outcome, DecodeError> {
    let request = FindCoordinatorRequest::decode(&mut Reader::new(&call.body), call.version)?;
    let (code, why) = match request.key_type {
        0 => (
            ErrorCode::CoordinatorNotAvailable,
            "Consumer groups are not served yet; assign partitions by hand.",
        ),
        1 => (
            ErrorCode::TransactionalIdAuthorizationFailed,
            "Transactions are not served yet.",
        ),
        _ => (
            ErrorCode::InvalidRequest,
            "No coordinator of this type is served.",
        ),
    };
    bench.counters.error(ApiKey::FindCoordinator, code);
    let none = Coordinator {
        node_id: -1,
        port: -1,
        error_code: code.code(),
        error_message: Some(Cow::Borrowed(why)),
        ..Coordinator::default()
    };
    let response = if call.version >= 4 {
        let keys = request.coordinator_keys.into_iter();
        let coordinators = keys
            .map(|key| Coordinator {
                key,
                ..none.clone()
            })
            .collect();
        FindCoordinatorResponse {
            coordinators,
            ..FindCoordinatorResponse::default()
        }
    } else {
        FindCoordinatorResponse {
            error_code: none.error_code,
            error_message: none.error_message,
            node_id: -1,
            port: -1,
            ..FindCoordinatorResponse::default()
        }
    };
    let reply = bench.encode(&call, |w, version| response.encode(w, version));
    Ok(Outcome::Now(reply))
}
