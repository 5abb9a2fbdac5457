//! Heartbeat: key 12, versions 0 to 4.
//!
//! Never waits. While the group is being loaded the answer is that all is well: the member will hear in time.
//!
//! Version notes: 3: static members.

use ottla_coordinator::{Request, Response};
use ottla_machine::Now;
use ottla_protocol::messages::{HeartbeatRequest, HeartbeatResponse};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader};

use super::coordinate::{ask, code, heard, identity};
use super::{Api, Outcome, gathered};
use crate::bench::{Answer, Bench};
use crate::connection::Reply;
use crate::gather::{Call, Gather};

pub(super) const API: Api = Api {
    key: ApiKey::Heartbeat,
    advertised: 0,
    first: 0,
    last: 4,
    start,
    finish,
};

fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let body = call.body.clone();
    let request = HeartbeatRequest::decode(&mut Reader::new(&body), call.version)?;
    let gather = bench.gathers.open(call, None);
    let instance = request.group_instance_id.as_ref();
    let who = identity(
        &request.group_id,
        request.generation_id,
        &request.member_id,
        instance,
    );
    ask(bench, gather, &request.group_id, Request::Heartbeat(who));
    Ok(gathered(bench, now, gather))
}

fn finish(bench: &mut Bench, _: Now, gather: Gather<Answer>) -> Reply {
    let Gather { call, answers, .. } = gather;
    let answer = answers.into_iter().next().flatten();
    let error = match heard(answer, ErrorCode::UnknownServerError) {
        Response::Heartbeat(heard) => heard.err(),
        Response::Refused(ErrorCode::CoordinatorLoadInProgress) => None,
        Response::Refused(error) => Some(error),
        _ => return Reply::Close,
    };
    let response = HeartbeatResponse {
        throttle_time_ms: 0,
        error_code: code(bench, call.key, error.unwrap_or(ErrorCode::None)),
    };
    bench.encode(&call, |w, version| response.encode(w, version))
}
