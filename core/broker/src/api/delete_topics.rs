//! DeleteTopics: key 20, versions 1 to 6.
//!
//! Passed on to the controller; answered when the records are committed, or after `timeout_ms`. The files go later. Internal
//! topics may be deleted.
//!
//! Version notes: 4 and 3: TOPIC_DELETION_DISABLED when delete.topic.enable is false (older: INVALID_REQUEST). 5: sentences.
//! 6: by name or by id.

use ottla_controller::{Deleted, Refusal, Request, Response};
use ottla_machine::Now;
use ottla_protocol::messages::DeleteTopicsRequest;
use ottla_protocol::messages::delete_topics_response::{
    DeletableTopicResult, DeleteTopicsResponse,
};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader, Uuid};

use super::{Api, Outcome, gathered, late};
use crate::bench::{Answer, Bench};
use crate::connection::Reply;
use crate::gather::{Call, Gather};

pub(super) const API: Api = Api {
    key: ApiKey::DeleteTopics,
    advertised: 1,
    first: 1,
    last: 6,
    start,
    finish,
};

/// Topics by name or id, and the time there is.
type Asked = (Vec<(Option<String>, Uuid)>, i32);

fn read(call: &Call) -> Result<Asked, DecodeError> {
    let request = DeleteTopicsRequest::decode(&mut Reader::new(&call.body), call.version)?;
    let topics = request
        .topics
        .iter()
        .map(|topic| (topic.name.as_deref().map(str::to_owned), topic.topic_id));
    let names = request
        .topic_names
        .iter()
        .map(|name| (Some(name.to_string()), Uuid::ZERO));
    Ok((topics.chain(names).collect(), request.timeout_ms))
}

fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let (topics, timeout_ms) = read(&call)?;
    if !bench.config.delete_topic_enable {
        let code = if call.version >= 3 {
            ErrorCode::TopicDeletionDisabled
        } else {
            ErrorCode::InvalidRequest
        };
        let why = "delete.topic.enable is false.";
        let refused = all(&call, &(code, why.to_owned()));
        return Ok(Outcome::Now(say(bench, &call, refused)));
    }
    let gather = bench
        .gathers
        .open(call, Some(now.mono.after_ms(timeout_ms.into())));
    let ticket = bench.gathers.expect(gather);
    bench
        .requests
        .push_back((ticket, Request::DeleteTopics { topics }));
    Ok(gathered(bench, now, gather))
}

fn finish(bench: &mut Bench, _: Now, gather: Gather<Answer>) -> Reply {
    let Gather { call, answers, .. } = gather;
    let results = match answers.into_iter().next().flatten() {
        Some(Answer::Controller(Response::DeleteTopics(results))) => results,
        Some(Answer::Controller(Response::Refused(refusal))) => all(&call, &refusal),
        _ => all(&call, &late()),
    };
    say(bench, &call, results)
}

/// Every topic of the request is refused.
fn all(call: &Call, refusal: &Refusal) -> Vec<Deleted> {
    // It was read once before, so it can be read again.
    let topics = read(call).map_or_else(|_| Vec::new(), |(topics, _)| topics);
    let refused = topics
        .into_iter()
        .map(|(name, id)| (name, id, Err(refusal.clone())));
    refused.collect()
}

fn say(bench: &mut Bench, call: &Call, results: Vec<Deleted>) -> Reply {
    let mut response = DeleteTopicsResponse::default();
    for (name, topic_id, result) in results {
        let mut said = DeletableTopicResult {
            name: name.map(Into::into),
            topic_id,
            ..DeletableTopicResult::default()
        };
        if let Err((code, why)) = result {
            bench.counters.error(ApiKey::DeleteTopics, code);
            (said.error_code, said.error_message) = (code.code(), Some(why.into()));
        }
        response.responses.push(said);
    }
    bench.encode(call, |w, version| response.encode(w, version))
}
