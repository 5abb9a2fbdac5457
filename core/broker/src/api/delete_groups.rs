//! DeleteGroups: key 42, versions 0 to 2.
//!
//! One question to a coordinator per group; answered when it is durably gone.

use std::borrow::Cow;
use std::collections::BTreeSet;

use ottla_coordinator::{Request, Response};
use ottla_machine::Now;
use ottla_protocol::messages::DeleteGroupsRequest;
use ottla_protocol::messages::delete_groups_response::{
    DeletableGroupResult, DeleteGroupsResponse,
};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader};

use super::coordinate::{ask, code, heard, patience};
use super::{Api, Outcome, gathered};
use crate::bench::{Answer, Bench};
use crate::connection::Reply;
use crate::gather::{Call, Gather};

pub(super) const API: Api = Api {
    key: ApiKey::DeleteGroups,
    advertised: 0,
    first: 0,
    last: 2,
    start,
    finish,
};

fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let body = call.body.clone();
    let request = DeleteGroupsRequest::decode(&mut Reader::new(&body), call.version)?;
    let until = patience(bench, now);
    let gather = bench.gathers.open(call, Some(until));
    for group in distinct(request.groups_names) {
        ask(bench, gather, &group, Request::Delete((*group).into()));
    }
    Ok(gathered(bench, now, gather))
}

/// A group that is named twice is asked for once: the second answer would be that it is not there.
fn distinct<'a>(names: Vec<Cow<'a, str>>) -> Vec<Cow<'a, str>> {
    let mut seen = BTreeSet::new();
    let is_new = |name: &Cow<'a, str>| seen.insert(name.clone());
    names.into_iter().filter(is_new).collect()
}

fn finish(bench: &mut Bench, _: Now, gather: Gather<Answer>) -> Reply {
    let Gather { call, answers, .. } = gather;
    let body = call.body.clone();
    // It was read once before, so it can be read again.
    let Ok(request) = DeleteGroupsRequest::decode(&mut Reader::new(&body), call.version) else {
        return Reply::Close;
    };
    let mut response = DeleteGroupsResponse::default();
    for (group_id, answer) in distinct(request.groups_names).into_iter().zip(answers) {
        let error = match heard(answer, ErrorCode::UnknownServerError) {
            Response::Deleted(deleted) => deleted.err().unwrap_or(ErrorCode::None),
            Response::Refused(error) => error,
            _ => return Reply::Close,
        };
        response.results.push(DeletableGroupResult {
            group_id,
            error_code: code(bench, call.key, error),
            error_message: None,
        });
    }
    bench.encode(&call, |w, version| response.encode(w, version))
}
