//! ListGroups: key 16, versions 0 to 5.
//!
//! Every coordinator of this node is asked; the groups of all of them are the answer, or the first error.
//!
//! Version notes: 4: states, and a filter of them. 5: types, and a filter of them.

use std::sync::Arc;

use ottla_coordinator::{Request, Response};
use ottla_machine::Now;
use ottla_protocol::messages::ListGroupsRequest;
use ottla_protocol::messages::list_groups_response::{ListGroupsResponse, ListedGroup};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader};
use ottla_shard::PartitionId;

use super::coordinate::{TOPIC, ask_partition, code, heard};
use super::{Api, Outcome, gathered};
use crate::bench::{Answer, Bench};
use crate::connection::Reply;
use crate::gather::{Call, Gather};

pub(super) const API: Api = Api {
    key: ApiKey::ListGroups,
    advertised: 0,
    first: 0,
    last: 5,
    start,
    finish,
};

fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let body = call.body.clone();
    let request = ListGroupsRequest::decode(&mut Reader::new(&body), call.version)?;
    let gather = bench.gathers.open(call, None);
    let lower = |filter: &[std::borrow::Cow<'_, str>]| -> Vec<String> {
        filter.iter().map(|it| it.to_lowercase()).collect()
    };
    let states = lower(&request.states_filter);
    let states: Vec<String> = states.iter().map(|it| it.trim().to_owned()).collect();
    let kinds = lower(&request.types_filter);
    let topic = bench.image.topic_named(TOPIC).map(Arc::clone);
    if let Some(topic) = topic {
        for index in 0..topic.partitions.len() as i32 {
            let partition = PartitionId {
                topic_id: topic.id,
                index,
            };
            let list = Request::List {
                states: states.clone(),
                kinds: kinds.clone(),
            };
            ask_partition(bench, gather, partition, list);
        }
    }
    Ok(gathered(bench, now, gather))
}

fn finish(bench: &mut Bench, _: Now, gather: Gather<Answer>) -> Reply {
    let Gather { call, answers, .. } = gather;
    let mut response = ListGroupsResponse::default();
    for answer in answers {
        match heard(answer, ErrorCode::UnknownServerError) {
            Response::Listed(groups) => {
                let groups = groups.into_iter().map(|it| ListedGroup {
                    group_id: it.group.to_string().into(),
                    protocol_type: it.protocol_type.to_string().into(),
                    group_state: it.state.into(),
                    group_type: it.kind.name().into(),
                });
                response.groups.extend(groups);
            }
            // Another node's, or nobody's now.
            Response::Refused(ErrorCode::NotCoordinator) => {}
            Response::Refused(error) => {
                response.error_code = code(bench, call.key, error);
                response.groups.clear();
                break;
            }
            _ => return Reply::Close,
        }
    }
    bench.encode(&call, |w, version| response.encode(w, version))
}
