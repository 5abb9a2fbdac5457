//! Creates topics: names, settings and placement are judged one topic at a time, and what is good is written in one batch. The
//! answer leaves when that is committed.
//!
//! A topic is its TopicRecord, its settings, and its partitions, in this order; one of its settings being
//! min.insync.replicas, a ClearElr follows them as Kafka writes it.

use std::collections::BTreeMap;

use ottla_machine::{NodeId, Rng, planted};
use ottla_metadata::config::check_topic;
use ottla_metadata::{Image, resource_type};
use ottla_protocol::messages::{
    ClearElrRecord, ConfigRecord, MetadataRecord, PartitionRecord, TopicRecord,
};
use ottla_protocol::{ErrorCode, Uuid};

use crate::draft::Draft;
use crate::placement::{directory, is_active, judge, spread};
use crate::soft::Soft;
use crate::topic_name::check_topic_name;
use crate::view::At;
use crate::{Created, NewTopic, Refusal, limits};

/// The log that keeps the metadata; its directory is beside those of the topics.
const CLUSTER_METADATA: &str = "__cluster_metadata";

/// What became of each.
pub(crate) fn decide(
    draft: &mut Draft,
    soft: &mut Soft,
    at: &At<'_>,
    topics: Vec<NewTopic>,
) -> Vec<(String, Result<Created, Refusal>)> {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for topic in &topics {
        *times.entry(&topic.name).or_default() += 1;
    }
    let mut room = limits::PARTITIONS_PER_REQUEST;
    let mut results = Vec::new();
    for topic in &topics {
        let result = match times.remove(topic.name.as_str()) {
            Some(1) => create(draft, &mut soft.rng, at, topic, &mut room),
            Some(_) => Err((
                ErrorCode::InvalidRequest,
                "the request names this topic more than once".to_owned(),
            )),
            None => continue,
        };
        results.push((topic.name.clone(), result));
    }
    results
}

fn create(
    draft: &mut Draft,
    rng: &mut Rng,
    at: &At<'_>,
    topic: &NewTopic,
    room: &mut usize,
) -> Result<Created, Refusal> {
    check_name(draft.image(), &topic.name)?;
    let configs =
        check_topic(&topic.configs).map_err(|bad| (ErrorCode::InvalidConfig, bad.to_string()))?;
    let placed = place(draft.image(), rng, at, topic, *room)?;
    *room -= placed.len();
    let created = Created {
        id: if planted!(at.view.switch, "topic-recreated-keeps-id") {
            unused_id(draft.image(), &mut at.view.rng.clone())
        } else {
            unused_id(draft.image(), rng)
        },
        partitions: placed.len() as i32,
        replication_factor: placed.first().map_or(0, Vec::len) as i16,
    };
    draft.push(MetadataRecord::Topic(TopicRecord {
        name: topic.name.as_str().into(),
        topic_id: created.id,
    }));
    // In the order in which the client gave them.
    for (name, _) in &topic.configs {
        draft.push(MetadataRecord::Config(ConfigRecord {
            resource_type: resource_type::TOPIC,
            resource_name: topic.name.as_str().into(),
            name: name.as_str().into(),
            value: configs.get(name).map(|value| value.as_str().into()),
        }));
    }
    if configs.contains_key("min.insync.replicas") {
        let topic_name = topic.name.as_str().into();
        draft.push(MetadataRecord::ClearElr(ClearElrRecord { topic_name }));
    }
    for (index, replicas) in placed.iter().enumerate() {
        let record = partition(draft.image(), created.id, index as i32, replicas);
        draft.push(MetadataRecord::Partition(record));
    }
    Ok(created)
}

fn check_name(image: &Image, name: &str) -> Result<(), Refusal> {
    check_topic_name(name).map_err(|why| (ErrorCode::InvalidTopicException, why))?;
    if name == CLUSTER_METADATA {
        let why = format!("{name} is the cluster's own log");
        return Err((ErrorCode::InvalidRequest, why));
    }
    if image.topic_named(name).is_some() {
        let why = format!("the topic {name} already exists");
        return Err((ErrorCode::TopicAlreadyExists, why));
    }
    if let Some(other) = image.alike(name) {
        let why = format!(
            "topic {name} would be taken for {other} in metrics, where '.' and '_' are the same"
        );
        return Err((ErrorCode::InvalidTopicException, why));
    }
    Ok(())
}

/// The replicas of each partition.
fn place(
    image: &Image,
    rng: &mut Rng,
    at: &At<'_>,
    topic: &NewTopic,
    room: usize,
) -> Result<Vec<Vec<NodeId>>, Refusal> {
    let too_many = (
        ErrorCode::PolicyViolation,
        format!(
            "a request creates at most {} partitions",
            limits::PARTITIONS_PER_REQUEST
        ),
    );
    if !topic.assignments.is_empty() {
        if topic.partitions != -1 || topic.replication_factor != -1 {
            let why = "where the client places the replicas, partitions and replication factor must be -1";
            return Err((ErrorCode::InvalidRequest, why.to_owned()));
        }
        if topic.assignments.len() > room {
            return Err(too_many);
        }
        return judge(image, &topic.assignments);
    }
    let statics = &at.view.statics;
    let partitions = match topic.partitions {
        -1 => i32::try_from(statics.whole("num.partitions")).unwrap_or(i32::MAX),
        given if given > 0 => given,
        given => {
            let why = format!("a topic has at least one partition, not {given}; -1 is the default");
            return Err((ErrorCode::InvalidPartitions, why));
        }
    };
    let factor = match topic.replication_factor {
        -1 => i16::try_from(statics.whole("default.replication.factor")).unwrap_or(i16::MAX),
        given if given > 0 => given,
        given => {
            let why =
                format!("a partition has at least one replica, not {given}; -1 is the default");
            return Err((ErrorCode::InvalidReplicationFactor, why));
        }
    };
    if partitions as usize > room {
        return Err(too_many);
    }
    spread(image, partitions, factor, rng)
}

fn partition(image: &Image, topic_id: Uuid, index: i32, replicas: &[NodeId]) -> PartitionRecord {
    let isr: Vec<i32> = replicas
        .iter()
        .filter(|node| is_active(image, **node))
        .map(|node| node.0)
        .collect();
    PartitionRecord {
        partition_id: index,
        topic_id,
        leader: isr.first().copied().unwrap_or(-1),
        isr,
        replicas: replicas.iter().map(|node| node.0).collect(),
        leader_epoch: 0,
        partition_epoch: 0,
        directories: replicas
            .iter()
            .map(|node| directory(image, *node))
            .collect(),
        ..PartitionRecord::default()
    }
}

fn unused_id(image: &Image, rng: &mut Rng) -> Uuid {
    loop {
        let id = Uuid::from_random(rng.next_16());
        if image.topic(id).is_none() {
            return id;
        }
    }
}
