//! SyncGroup: key 14, versions 0 to 5.
//!
//! The leader's request brings everybody's assignment; the others' wait for it. Answered when it is stored.
//!
//! While the group is being loaded the answer is REBALANCE_IN_PROGRESS: who waited for an assignment has to join anew whatever is found,
//! and Java's consumer ends at COORDINATOR_LOAD_IN_PROGRESS, which Kafka before 4.0 never answered here and 4.x does.
//!
//! Version notes: 3: static members. 5: protocol type and name, both ways.

use ottla_coordinator::{Request, Response, Sync};
use ottla_machine::{Now, planted};
use ottla_protocol::messages::{SyncGroupRequest, SyncGroupResponse};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader};

use super::coordinate::{ask, code, heard, identity};
use super::{Api, Outcome, gathered};
use crate::bench::{Answer, Bench};
use crate::connection::Reply;
use crate::gather::{Call, Gather};

pub(super) const API: Api = Api {
    key: ApiKey::SyncGroup,
    advertised: 0,
    first: 0,
    last: 5,
    start,
    finish,
};

const FIRST_WITH_PROTOCOL: i16 = 5;

fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let (body, version) = (call.body.clone(), call.version);
    let request = SyncGroupRequest::decode(&mut Reader::new(&body), version)?;
    let gather = bench.gathers.open(call, None);
    let said = request.protocol_type.is_some() && request.protocol_name.is_some();
    if version >= FIRST_WITH_PROTOCOL && !said {
        let error = ErrorCode::InconsistentGroupProtocol;
        bench
            .gathers
            .settle(gather, super::coordinate::refused(error));
        return Ok(gathered(bench, now, gather));
    }
    let instance = request.group_instance_id.as_ref();
    let assignments = request.assignments.iter();
    let sync = Sync {
        identity: identity(
            &request.group_id,
            request.generation_id,
            &request.member_id,
            instance,
        ),
        protocol_type: request.protocol_type.as_deref().map(Into::into),
        protocol: request.protocol_name.as_deref().map(Into::into),
        assignments: assignments
            .map(|it| ((*it.member_id).into(), it.assignment.to_vec().into()))
            .collect(),
    };
    ask(
        bench,
        gather,
        &request.group_id,
        Request::Sync(Box::new(sync)),
    );
    Ok(gathered(bench, now, gather))
}

fn finish(bench: &mut Bench, _: Now, gather: Gather<Answer>) -> Reply {
    let Gather { call, answers, .. } = gather;
    let answer = answers.into_iter().next().flatten();
    let synced = match heard(answer, ErrorCode::UnknownServerError) {
        Response::Synced(synced) => synced,
        Response::Refused(ErrorCode::CoordinatorLoadInProgress)
            if !planted!(bench.switch, "sync-says-that-it-loads") =>
        {
            Err(ErrorCode::RebalanceInProgress)
        }
        Response::Refused(error) => Err(error),
        _ => return Reply::Close,
    };
    let response = match &synced {
        Ok(synced) => SyncGroupResponse {
            protocol_type: synced.protocol_type.as_deref().map(Into::into),
            protocol_name: synced.protocol.as_deref().map(Into::into),
            assignment: (&*synced.assignment).into(),
            ..SyncGroupResponse::default()
        },
        Err(error) => SyncGroupResponse {
            error_code: code(bench, call.key, *error),
            ..SyncGroupResponse::default()
        },
    };
    bench.encode(&call, |w, version| response.encode(w, version))
}
