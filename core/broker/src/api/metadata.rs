//! Metadata: key 3, versions 0 to 13.
//!
//! Brokers (by the addresses of the listener that was asked) and topics, from the committed image. A name that is not known is
//! answered UNKNOWN_TOPIC_OR_PARTITION, and, where allowed, created meanwhile: it is there a moment later.
//!
//! Version notes: 0: no topics means all; 1: null does. 4: auto-creation can be forbidden. 8: authorized operations. 10 and 11
//! carry topic ids but cannot look topics up by them (INVALID_REQUEST); 12 can: the id wins over the name. 13: an error at the
//! top.

use std::collections::BTreeSet;

use ottla_machine::Now;
use ottla_metadata::Topic;
use ottla_protocol::messages::MetadataRequest;
use ottla_protocol::messages::metadata_request::MetadataRequestTopic;
use ottla_protocol::messages::metadata_response::{
    MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader, Uuid};

use super::{Api, Outcome, auto_create, never};
use crate::bench::Bench;
use crate::connection::Reply;
use crate::gather::Call;
use crate::{auth, cluster};

pub(super) const API: Api = Api {
    key: ApiKey::Metadata,
    advertised: 0,
    first: 0,
    last: 13,
    start,
    finish: never,
};

fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let body = call.body.clone();
    let request = MetadataRequest::decode(&mut Reader::new(&body), call.version)?;
    let asked = match request.topics {
        Some(topics) if topics.is_empty() && call.version == 0 => None,
        topics => topics,
    };
    let by_id =
        |topic: &MetadataRequestTopic<'_>| !topic.topic_id.is_zero() || topic.name.is_none();
    if let Some(topics) = &asked
        && call.version < 12
        && topics.iter().any(by_id)
    {
        return Ok(Outcome::Now(no_ids_yet(bench, &call, topics)));
    }
    let operations = if request.include_topic_authorized_operations {
        auth::TOPIC_OPERATIONS
    } else {
        auth::NOT_ASKED
    };
    let topics = match asked {
        None => bench
            .image
            .topics()
            .map(|topic| describe(bench, topic))
            .collect(),
        Some(topics) => {
            let creates =
                request.allow_auto_topic_creation && bench.config.auto_create_topics_enable;
            look_up(bench, now, &topics, creates)
        }
    };
    let mut response = response(bench, &call, topics);
    response
        .topics
        .iter_mut()
        .for_each(|topic| topic.topic_authorized_operations = operations);
    if request.include_cluster_authorized_operations {
        response.cluster_authorized_operations = auth::CLUSTER_OPERATIONS;
    }
    Ok(Outcome::Now(
        bench.encode(&call, |w, version| response.encode(w, version)),
    ))
}

fn response(
    bench: &Bench,
    call: &Call,
    topics: Vec<MetadataResponseTopic<'static>>,
) -> MetadataResponse<'static> {
    let nodes = cluster::nodes(bench, call.listener, false);
    MetadataResponse {
        // Any live broker does: it passes on what is for the controller.
        controller_id: nodes.first().map_or(-1, |node| node.id),
        brokers: nodes
            .into_iter()
            .map(|node| MetadataResponseBroker {
                node_id: node.id,
                host: node.host.into(),
                port: node.port,
                rack: node.rack.map(Into::into),
            })
            .collect(),
        cluster_id: Some(bench.cluster_id.to_string().into()),
        topics,
        cluster_authorized_operations: auth::NOT_ASKED,
        ..MetadataResponse::default()
    }
}

fn no_ids_yet(bench: &mut Bench, call: &Call, topics: &[MetadataRequestTopic<'_>]) -> Reply {
    bench
        .counters
        .error(ApiKey::Metadata, ErrorCode::InvalidRequest);
    let topics = topics.iter().map(|topic| MetadataResponseTopic {
        name: Some(topic.name.as_deref().unwrap_or("").to_owned().into()),
        topic_id: topic.topic_id,
        topic_authorized_operations: auth::NOT_ASKED,
        ..error(ErrorCode::InvalidRequest)
    });
    let response = MetadataResponse {
        topics: topics.collect(),
        controller_id: -1,
        cluster_authorized_operations: auth::NOT_ASKED,
        ..MetadataResponse::default()
    };
    bench.encode(call, |w, version| response.encode(w, version))
}

fn error(code: ErrorCode) -> MetadataResponseTopic<'static> {
    MetadataResponseTopic {
        error_code: code.code(),
        ..MetadataResponseTopic::default()
    }
}

/// The topics that were asked for, each once.
fn look_up(
    bench: &mut Bench,
    now: Now,
    asked: &[MetadataRequestTopic<'_>],
    creates: bool,
) -> Vec<MetadataResponseTopic<'static>> {
    let mut answered: BTreeSet<(Uuid, &str)> = BTreeSet::new();
    let mut unknown = Vec::new();
    let mut topics = Vec::new();
    for wanted in asked {
        let by_id = !wanted.topic_id.is_zero();
        let name = wanted.name.as_deref().filter(|_| !by_id);
        if !answered.insert((wanted.topic_id, name.unwrap_or(""))) {
            continue;
        }
        let code = match (
            cluster::topic(&bench.image, name.unwrap_or(""), wanted.topic_id),
            name,
        ) {
            (Some(topic), _) => {
                topics.push(describe(bench, topic));
                continue;
            }
            (None, None) if by_id => ErrorCode::UnknownTopicId,
            (None, None) => ErrorCode::InvalidRequest,
            (None, Some(name)) if !cluster::is_topic_name(name) => ErrorCode::InvalidTopicException,
            (None, Some(name)) => {
                unknown.push(name.to_owned());
                ErrorCode::UnknownTopicOrPartition
            }
        };
        bench.counters.error(ApiKey::Metadata, code);
        let name = name.map(|name| name.to_owned().into());
        topics.push(MetadataResponseTopic {
            name,
            topic_id: wanted.topic_id,
            ..error(code)
        });
    }
    if creates {
        auto_create::create(bench, now, unknown);
    }
    topics
}

fn describe(bench: &Bench, topic: &Topic) -> MetadataResponseTopic<'static> {
    let partitions = topic
        .partitions
        .iter()
        .enumerate()
        .map(|(index, partition)| {
            let leaderless = !partition.has_leader();
            MetadataResponsePartition {
                error_code: if leaderless {
                    ErrorCode::LeaderNotAvailable.code()
                } else {
                    0
                },
                partition_index: index as i32,
                leader_id: partition.leader.0,
                leader_epoch: partition.leader_epoch.0,
                replica_nodes: partition.replicas.iter().map(|node| node.0).collect(),
                isr_nodes: partition.isr.iter().map(|node| node.0).collect(),
                offline_replicas: partition
                    .replicas
                    .iter()
                    .filter(|node| !cluster::is_live(&bench.image, **node))
                    .map(|node| node.0)
                    .collect(),
            }
        });
    MetadataResponseTopic {
        name: Some(topic.name.to_string().into()),
        topic_id: topic.id,
        is_internal: cluster::is_internal(&topic.name),
        partitions: partitions.collect(),
        ..MetadataResponseTopic::default()
    }
}
