//! JoinGroup: key 11, versions 0 to 9.
//!
//! The answer waits until the group's next generation begins: as long as the slowest member's rebalance timeout.
//!
//! Version notes: 1: rebalance timeout. 4: a new member must come again with the id it is given. 5: static members. 7: protocol type, and
//! no protocol with an error. 9: the leader need not assign.

use ottla_coordinator::{Join, Joined, Request, Response};
use ottla_machine::Now;
use ottla_protocol::messages::JoinGroupRequest;
use ottla_protocol::messages::join_group_response::{JoinGroupResponse, JoinGroupResponseMember};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader, RequestHeader};

use super::coordinate::{ask, code, heard};
use super::{Api, Outcome, gathered};
use crate::bench::{Answer, Bench};
use crate::connection::Reply;
use crate::gather::{Call, Gather, Home};

pub(super) const API: Api = Api {
    key: ApiKey::JoinGroup,
    advertised: 0,
    first: 0,
    last: 9,
    start,
    finish,
};

const FIRST_WITH_REBALANCE_TIMEOUT: i16 = 1;
const FIRST_WITH_MEMBER_ID_REQUIRED: i16 = 4;
const FIRST_WITH_NULL_PROTOCOL: i16 = 7;
const FIRST_WITH_SKIP_ASSIGNMENT: i16 = 9;

fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let (body, version) = (call.body.clone(), call.version);
    let request = JoinGroupRequest::decode(&mut Reader::new(&body), version)?;
    let header = RequestHeader::read(&mut Reader::new(&call.head))?;
    let rebalance_timeout_ms = match version {
        FIRST_WITH_REBALANCE_TIMEOUT.. => request.rebalance_timeout_ms,
        _ => request.session_timeout_ms,
    };
    let protocols = request.protocols.iter();
    let join = Join {
        group: (*request.group_id).into(),
        member: (*request.member_id).into(),
        instance: request.group_instance_id.as_deref().map(Into::into),
        client_id: header.client_id.as_deref().unwrap_or_default().into(),
        client_host: host(bench, &call).into(),
        session_timeout_ms: request.session_timeout_ms,
        rebalance_timeout_ms,
        protocol_type: (*request.protocol_type).into(),
        // What outlives the request is copied, so that it does not keep the buffer.
        protocols: protocols
            .map(|it| ((*it.name).into(), it.metadata.to_vec().into()))
            .collect(),
        requires_member_id: version >= FIRST_WITH_MEMBER_ID_REQUIRED,
        can_skip_assignment: version >= FIRST_WITH_SKIP_ASSIGNMENT,
    };
    let gather = bench.gathers.open(call, None);
    ask(
        bench,
        gather,
        &request.group_id,
        Request::Join(Box::new(join)),
    );
    Ok(gathered(bench, now, gather))
}

/// `/address`, as Kafka has it.
fn host(bench: &Bench, call: &Call) -> String {
    let Home::Seat(conn, _) = call.home else {
        return String::new();
    };
    let peer = bench.connections.get(conn).map(|it| &*it.peer);
    let address = peer.unwrap_or_default();
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    format!("/{}", host.trim_matches(['[', ']']))
}

fn finish(bench: &mut Bench, _: Now, gather: Gather<Answer>) -> Reply {
    let Gather { call, answers, .. } = gather;
    let body = call.body.clone();
    // It was read once before, so it can be read again.
    let Ok(request) = JoinGroupRequest::decode(&mut Reader::new(&body), call.version) else {
        return Reply::Close;
    };
    let answer = answers.into_iter().next().flatten();
    let joined = match heard(answer, ErrorCode::UnknownServerError) {
        Response::Joined(joined) => *joined,
        Response::Refused(error) => Joined {
            error: Some(error),
            generation: -1,
            protocol: Some("".into()),
            member: (*request.member_id).into(),
            ..Joined::default()
        },
        _ => return Reply::Close,
    };
    let protocol = joined.protocol.as_deref();
    let protocol = match call.version {
        FIRST_WITH_NULL_PROTOCOL.. => protocol.filter(|it| !it.is_empty()),
        _ => protocol.or(Some("")),
    };
    let error = joined.error.unwrap_or(ErrorCode::None);
    let members = joined.members.iter();
    let response = JoinGroupResponse {
        throttle_time_ms: 0,
        error_code: code(bench, call.key, error),
        generation_id: joined.generation,
        protocol_type: joined.protocol_type.as_deref().map(Into::into),
        protocol_name: protocol.map(Into::into),
        leader: (*joined.leader).into(),
        skip_assignment: joined.skip_assignment,
        member_id: (*joined.member).into(),
        members: members
            .map(|(id, instance, metadata)| JoinGroupResponseMember {
                member_id: (**id).into(),
                group_instance_id: instance.as_deref().map(Into::into),
                metadata: (&**metadata).into(),
            })
            .collect(),
    };
    bench.encode(&call, |w, version| response.encode(w, version))
}
