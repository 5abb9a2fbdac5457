//! DescribeConfigs: key 32, versions 1 to 4.
//!
//! Topics (type 2), this broker (4, by its id), and the cluster's defaults for brokers (4, without a name): every value, where it
//! comes from, and the chain of values behind it. Other types are refused.
//!
//! Version notes: 3: the type of each value; documentation, which is always null here.

use std::collections::{BTreeMap, BTreeSet};

use ottla_machine::Now;
use ottla_metadata::config::{Entry, describe_broker, describe_cluster, describe_topic};
use ottla_metadata::resource_type::{BROKER, TOPIC};
use ottla_protocol::messages::DescribeConfigsRequest;
use ottla_protocol::messages::describe_configs_request::DescribeConfigsResource;
use ottla_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResponse, DescribeConfigsResult,
    DescribeConfigsSynonym,
};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader, Uuid};

use super::{Api, Outcome, never};
use crate::bench::Bench;
use crate::cluster;
use crate::gather::Call;

pub(super) const API: Api = Api {
    key: ApiKey::DescribeConfigs,
    advertised: 1,
    first: 1,
    last: 4,
    start,
    finish: never,
};

fn start(bench: &mut Bench, _: Now, call: Call) -> Result<Outcome, DecodeError> {
    let body = call.body.clone();
    let request = DescribeConfigsRequest::decode(&mut Reader::new(&body), call.version)?;
    let mut response = DescribeConfigsResponse::default();
    // Each resource is described once: an answer must not be thousands of times its question.
    let mut described = BTreeSet::new();
    for resource in request.resources {
        if !described.insert((resource.resource_type, resource.resource_name.clone())) {
            continue;
        }
        let mut said = DescribeConfigsResult {
            resource_type: resource.resource_type,
            ..DescribeConfigsResult::default()
        };
        match entries(bench, &resource) {
            Ok(entries) => {
                let keys = resource
                    .configuration_keys
                    .as_deref()
                    .filter(|keys| !keys.is_empty());
                said.configs = entries
                    .into_iter()
                    .filter(|entry| {
                        keys.is_none_or(|keys| keys.iter().any(|key| *key == entry.key.name))
                    })
                    .map(|entry| describe(entry, request.include_synonyms))
                    .collect();
            }
            Err((code, why)) => {
                bench.counters.error(ApiKey::DescribeConfigs, code);
                (said.error_code, said.error_message) = (code.code(), Some(why.into()));
            }
        }
        said.resource_name = resource.resource_name;
        response.results.push(said);
    }
    Ok(Outcome::Now(
        bench.encode(&call, |w, version| response.encode(w, version)),
    ))
}

fn entries(
    bench: &Bench,
    resource: &DescribeConfigsResource<'_>,
) -> Result<Vec<Entry>, (ErrorCode, String)> {
    let name = &*resource.resource_name;
    let node = bench.config.node_id;
    match resource.resource_type {
        TOPIC if !cluster::is_topic_name(name) => Err((
            ErrorCode::InvalidTopicException,
            format!("{name:?} cannot be a topic's name."),
        )),
        TOPIC if cluster::topic(&bench.image, name, Uuid::ZERO).is_none() => Err((
            ErrorCode::UnknownTopicOrPartition,
            format!("There is no topic {name}."),
        )),
        TOPIC => Ok(describe_topic(&cluster::layers(bench, Some(name)))),
        BROKER if name.is_empty() => Ok(describe_cluster(
            cluster::layers(bench, None)
                .cluster
                .unwrap_or(&BTreeMap::new()),
        )),
        BROKER if name.parse() == Ok(node.0) => Ok(describe_broker(&cluster::layers(bench, None))),
        BROKER => Err((
            ErrorCode::InvalidRequest,
            format!("This is broker {node}; only that one can be described here, not {name:?}."),
        )),
        other => Err((
            ErrorCode::InvalidRequest,
            format!("Resources of type {other} are not described here."),
        )),
    }
}

fn describe(entry: Entry, synonyms: bool) -> DescribeConfigsResourceResult<'static> {
    let chain = entry.synonyms.into_iter().filter(|_| synonyms);
    DescribeConfigsResourceResult {
        name: entry.key.name.into(),
        value: entry.value.map(Into::into),
        read_only: entry.read_only,
        config_source: entry.source.code(),
        is_sensitive: entry.key.is_sensitive(),
        synonyms: chain
            .map(|synonym| DescribeConfigsSynonym {
                name: synonym.name.into(),
                value: synonym.value.map(Into::into),
                source: synonym.source.code(),
            })
            .collect(),
        config_type: entry.key.kind.code(),
        documentation: None,
    }
}
