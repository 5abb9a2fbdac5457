//! DescribeGroups: key 15, versions 0 to 6.
//!
//! One question to a coordinator per group. A group that is not there is Dead, and so is one of another kind.
//!
//! Version notes: 3: what the asker may do. 4: static ids. 6: GROUP_ID_NOT_FOUND, with a sentence.

use ottla_coordinator::{Described, Request, Response, Undescribed};
use ottla_machine::Now;
use ottla_protocol::messages::DescribeGroupsRequest;
use ottla_protocol::messages::describe_groups_response::{
    DescribeGroupsResponse, DescribedGroup, DescribedGroupMember,
};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader};

use super::coordinate::{ask, code, heard};
use super::{Api, Outcome, gathered};
use crate::bench::{Answer, Bench};
use crate::connection::Reply;
use crate::gather::{Call, Gather};

pub(super) const API: Api = Api {
    key: ApiKey::DescribeGroups,
    advertised: 0,
    first: 0,
    last: 6,
    start,
    finish,
};

const FIRST_WITH_NOT_FOUND: i16 = 6;
const FIRST_WITH_OPERATIONS: i16 = 3;

/// Read, Delete, Describe, DescribeConfigs, AlterConfigs: everybody may, without an authorizer.
pub(super) const ALL_OPERATIONS: i32 = 1 << 3 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 11;
pub(super) const NOT_ASKED: i32 = i32::MIN;

fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let body = call.body.clone();
    let request = DescribeGroupsRequest::decode(&mut Reader::new(&body), call.version)?;
    let gather = bench.gathers.open(call, None);
    for group in &request.groups {
        ask(bench, gather, group, Request::Describe((**group).into()));
    }
    Ok(gathered(bench, now, gather))
}

fn finish(bench: &mut Bench, _: Now, gather: Gather<Answer>) -> Reply {
    let Gather { call, answers, .. } = gather;
    let (body, version) = (call.body.clone(), call.version);
    // It was read once before, so it can be read again.
    let Ok(request) = DescribeGroupsRequest::decode(&mut Reader::new(&body), version) else {
        return Reply::Close;
    };
    let asked = version >= FIRST_WITH_OPERATIONS && request.include_authorized_operations;
    let mut response = DescribeGroupsResponse::default();
    for (group_id, answer) in request.groups.into_iter().zip(answers) {
        let mut said = DescribedGroup {
            authorized_operations: NOT_ASKED,
            ..DescribedGroup::default()
        };
        match heard(answer, ErrorCode::UnknownServerError) {
            Response::Described(Ok(described)) => {
                said = say(*described);
                said.authorized_operations = if asked { ALL_OPERATIONS } else { NOT_ASKED };
            }
            Response::Described(Err(why)) => {
                said.group_state = "Dead".into();
                if version >= FIRST_WITH_NOT_FOUND {
                    said.error_code = code(bench, call.key, ErrorCode::GroupIdNotFound);
                    said.error_message = Some(why_not(&group_id, why, "classic").into());
                } else if asked {
                    said.authorized_operations = ALL_OPERATIONS;
                }
            }
            Response::Refused(error) => said.error_code = code(bench, call.key, error),
            _ => return Reply::Close,
        }
        said.group_id = group_id;
        response.groups.push(said);
    }
    bench.encode(&call, |w, version| response.encode(w, version))
}

/// Kafka's sentence about a group that is not described.
pub(super) fn why_not(group: &str, why: Undescribed, kind: &str) -> String {
    match why {
        Undescribed::NotFound => format!("Group {group} not found."),
        Undescribed::OtherKind => format!("Group {group} is not a {kind} group."),
    }
}

fn say<'a>(described: Described) -> DescribedGroup<'a> {
    let members = described.members.into_iter();
    DescribedGroup {
        group_state: described.state.name().into(),
        protocol_type: described.protocol_type.to_string().into(),
        protocol_data: described.protocol.to_string().into(),
        members: members
            .map(|member| DescribedGroupMember {
                member_id: member.id.to_string().into(),
                group_instance_id: member.instance.map(|it| it.to_string().into()),
                client_id: member.client_id.to_string().into(),
                client_host: member.client_host.to_string().into(),
                member_metadata: member.metadata.to_vec().into(),
                member_assignment: member.assignment.to_vec().into(),
            })
            .collect(),
        ..DescribedGroup::default()
    }
}
