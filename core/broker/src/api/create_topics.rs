//! CreateTopics: key 19, versions 2 to 7.
//!
//! Passed on to the controller; answered when the records are committed, or after `timeout_ms`. A name that is asked for twice
//! is answered once, INVALID_REQUEST.
//!
//! Version notes: 5: partitions, replication factor and all settings of the new topic. 7: its id.

use std::collections::{BTreeMap, BTreeSet};

use ottla_controller::{Created, NewTopic, Refusal, Request, Response};
use ottla_machine::Now;
use ottla_metadata::config::{Layers, describe_topic};
use ottla_protocol::messages::CreateTopicsRequest;
use ottla_protocol::messages::create_topics_request::CreatableTopic;
use ottla_protocol::messages::create_topics_response::{
    CreatableTopicConfigs, CreatableTopicResult, CreateTopicsResponse,
};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader};

use super::{Api, Outcome, gathered, late};
use crate::bench::{Answer, Bench};
use crate::cluster;
use crate::connection::Reply;
use crate::gather::{Call, Gather, Home};

pub(super) const API: Api = Api {
    key: ApiKey::CreateTopics,
    advertised: 2,
    first: 2,
    last: 7,
    start,
    finish,
};

fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let body = call.body.clone();
    let request = CreateTopicsRequest::decode(&mut Reader::new(&body), call.version)?;
    let times = count(&request.topics);
    let once = request
        .topics
        .iter()
        .filter(|topic| times.get(&*topic.name) == Some(&1));
    let topics = once.map(new_topic).collect();
    let gather = bench
        .gathers
        .open(call, Some(now.mono.after_ms(request.timeout_ms.into())));
    let ticket = bench.gathers.expect(gather);
    bench.requests.push_back((
        ticket,
        Request::CreateTopics {
            topics,
            validate_only: request.validate_only,
        },
    ));
    Ok(gathered(bench, now, gather))
}

fn count<'a>(topics: &'a [CreatableTopic<'_>]) -> BTreeMap<&'a str, usize> {
    let mut times = BTreeMap::new();
    topics
        .iter()
        .for_each(|topic| *times.entry(&*topic.name).or_default() += 1);
    times
}

fn new_topic(wanted: &CreatableTopic<'_>) -> NewTopic {
    NewTopic {
        name: wanted.name.to_string(),
        partitions: wanted.num_partitions,
        replication_factor: wanted.replication_factor,
        assignments: wanted
            .assignments
            .iter()
            .map(|assigned| (assigned.partition_index, assigned.broker_ids.clone()))
            .collect(),
        configs: wanted
            .configs
            .iter()
            .map(|config| {
                (
                    config.name.to_string(),
                    config.value.as_deref().map(str::to_owned),
                )
            })
            .collect(),
    }
}

fn finish(bench: &mut Bench, _: Now, gather: Gather<Answer>) -> Reply {
    let Gather { call, answers, .. } = gather;
    if call.home == Home::Nobody {
        bench.creating.done(call.correlation_id);
        return Reply::Silent;
    }
    let body = call.body.clone();
    // It was read once before, so it can be read again.
    let Ok(request) = CreateTopicsRequest::decode(&mut Reader::new(&body), call.version) else {
        return Reply::Close;
    };
    let (mut results, otherwise) = match answers.into_iter().next().flatten() {
        Some(Answer::Controller(Response::CreateTopics(results))) => {
            (results.into_iter().collect::<BTreeMap<_, _>>(), late())
        }
        Some(Answer::Controller(Response::Refused(refusal))) => (BTreeMap::new(), refusal),
        _ => (BTreeMap::new(), late()),
    };
    let times = count(&request.topics);
    let mut said_of = BTreeSet::new();
    let mut response = CreateTopicsResponse::default();
    for topic in &request.topics {
        if !said_of.insert(&*topic.name) {
            continue;
        }
        let result = if times.get(&*topic.name) == Some(&1) {
            let refused = || Err(otherwise.clone());
            results.remove(&*topic.name).unwrap_or_else(refused)
        } else {
            Err((
                ErrorCode::InvalidRequest,
                "The request names this topic more than once.".to_owned(),
            ))
        };
        let said = say(bench, topic, result);
        response.topics.push(said);
    }
    bench.encode(&call, |w, version| response.encode(w, version))
}

fn say<'a>(
    bench: &mut Bench,
    topic: &CreatableTopic<'a>,
    result: Result<Created, Refusal>,
) -> CreatableTopicResult<'a> {
    let none = CreatableTopicResult {
        name: topic.name.clone(),
        error_message: None,
        num_partitions: -1,
        replication_factor: -1,
        ..CreatableTopicResult::default()
    };
    match result {
        Ok(created) => CreatableTopicResult {
            topic_id: created.id,
            num_partitions: created.partitions,
            replication_factor: created.replication_factor,
            configs: Some(configs(bench, topic)),
            ..none
        },
        Err((code, why)) => {
            bench.counters.error(ApiKey::CreateTopics, code);
            CreatableTopicResult {
                error_code: code.code(),
                error_message: Some(why.into()),
                ..none
            }
        }
    }
}

/// All settings of the new topic: what was asked for, over what holds for every topic.
fn configs(bench: &Bench, topic: &CreatableTopic<'_>) -> Vec<CreatableTopicConfigs<'static>> {
    let set = topic
        .configs
        .iter()
        .filter_map(|config| Some((config.name.to_string(), config.value.as_deref()?.to_owned())));
    let own: BTreeMap<String, String> = set.collect();
    let layers = Layers {
        topic: Some(&own),
        ..cluster::layers(bench, None)
    };
    let configs = describe_topic(&layers)
        .into_iter()
        .map(|entry| CreatableTopicConfigs {
            name: entry.key.name.into(),
            value: entry.value.map(Into::into),
            read_only: entry.read_only,
            config_source: entry.source.code(),
            is_sensitive: entry.key.is_sensitive(),
        });
    configs.collect()
}
