//! LeaveGroup: key 13, versions 0 to 5.
//!
//! Version notes: 3: many members, each with its own error, by member id or by static id. 5: reasons, for people.

use std::sync::Arc;

use ottla_coordinator::{Request, Response};
use ottla_machine::Now;
use ottla_protocol::messages::LeaveGroupRequest;
use ottla_protocol::messages::leave_group_response::{LeaveGroupResponse, MemberResponse};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader};

use super::coordinate::{ask, code, heard, patience};
use super::{Api, Outcome, gathered};
use crate::bench::{Answer, Bench};
use crate::connection::Reply;
use crate::gather::{Call, Gather};

pub(super) const API: Api = Api {
    key: ApiKey::LeaveGroup,
    advertised: 0,
    first: 0,
    last: 5,
    start,
    finish,
};

const FIRST_WITH_MANY: i16 = 3;

fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let (body, version) = (call.body.clone(), call.version);
    let request = LeaveGroupRequest::decode(&mut Reader::new(&body), version)?;
    let until = patience(bench, now);
    let gather = bench.gathers.open(call, Some(until));
    let many = request.members.iter();
    let many = many.map(|it| {
        let instance: Option<Arc<str>> = it.group_instance_id.as_deref().map(Into::into);
        ((*it.member_id).into(), instance)
    });
    let members = match version {
        FIRST_WITH_MANY.. => many.collect(),
        _ => vec![((*request.member_id).into(), None)],
    };
    let group = (*request.group_id).into();
    let leave = Request::Leave { group, members };
    ask(bench, gather, &request.group_id, leave);
    Ok(gathered(bench, now, gather))
}

fn finish(bench: &mut Bench, _: Now, gather: Gather<Answer>) -> Reply {
    let Gather { call, answers, .. } = gather;
    let body = call.body.clone();
    // It was read once before, so it can be read again.
    let Ok(request) = LeaveGroupRequest::decode(&mut Reader::new(&body), call.version) else {
        return Reply::Close;
    };
    let answer = answers.into_iter().next().flatten();
    let mut response = LeaveGroupResponse::default();
    match heard(answer, ErrorCode::UnknownServerError) {
        Response::Left(said) if call.version < FIRST_WITH_MANY => {
            let first = said.first().copied().unwrap_or(ErrorCode::None);
            response.error_code = code(bench, call.key, first);
        }
        Response::Left(said) => {
            for (member, error) in request.members.into_iter().zip(said) {
                response.members.push(MemberResponse {
                    member_id: member.member_id,
                    group_instance_id: member.group_instance_id,
                    error_code: code(bench, call.key, error),
                });
            }
        }
        Response::Refused(error) => response.error_code = code(bench, call.key, error),
        _ => return Reply::Close,
    }
    bench.encode(&call, |w, version| response.encode(w, version))
}
