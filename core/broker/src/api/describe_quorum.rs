//! DescribeQuorum: key 55, versions 0 to 2.
//!
//! The leader's view of the metadata quorum. There is one partition to ask about, `__cluster_metadata`-0; any other is unknown.
//!
//! Version notes: 1: fetch times. 2: directory ids, the voters' addresses, sentences with the errors.

use ottla_machine::Now;
use ottla_protocol::messages::DescribeQuorumRequest;
use ottla_protocol::messages::describe_quorum_response::{
    DescribeQuorumResponse, Listener, Node, PartitionData, ReplicaState, TopicData,
};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader, Uuid};

use super::{Api, Outcome, never};
use crate::bench::Bench;
use crate::gather::Call;
use crate::office_words::{QuorumReplica, QuorumView};

pub(super) const API: Api = Api {
    key: ApiKey::DescribeQuorum,
    advertised: 0,
    first: 0,
    last: 2,
    start,
    finish: never,
};

fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let body = call.body.clone();
    let request = DescribeQuorumRequest::decode(&mut Reader::new(&body), call.version)?;
    let mut view = bench.quorum.clone();
    // The leader has everything that it has, now.
    for leader in view
        .voters
        .iter_mut()
        .filter(|voter| voter.id == view.leader_id)
    {
        leader.last_fetch_ms = now.wall.0;
        leader.last_caught_up_ms = now.wall.0;
    }
    let topics = request.topics.into_iter().map(|topic| TopicData {
        partitions: topic
            .partitions
            .iter()
            .map(|partition| {
                say(
                    bench,
                    &call,
                    &view,
                    &topic.topic_name,
                    partition.partition_index,
                )
            })
            .collect(),
        topic_name: topic.topic_name,
    });
    let mut response = DescribeQuorumResponse {
        topics: topics.collect(),
        ..DescribeQuorumResponse::default()
    };
    if call.version >= 2 {
        response.nodes = view
            .nodes
            .iter()
            .map(|node| Node {
                node_id: node.id,
                listeners: node
                    .listeners
                    .iter()
                    .map(|(name, host, port)| Listener {
                        name: name.into(),
                        host: host.into(),
                        port: *port,
                    })
                    .collect(),
            })
            .collect();
    }
    Ok(Outcome::Now(
        bench.encode(&call, |w, version| response.encode(w, version)),
    ))
}

fn say(
    bench: &mut Bench,
    call: &Call,
    view: &QuorumView,
    topic: &str,
    partition_index: i32,
) -> PartitionData<'static> {
    let none = PartitionData {
        partition_index,
        ..PartitionData::default()
    };
    if topic != "__cluster_metadata" || partition_index != 0 {
        let code = ErrorCode::UnknownTopicOrPartition;
        bench.counters.error(ApiKey::DescribeQuorum, code);
        return PartitionData {
            error_code: code.code(),
            ..none
        };
    }
    PartitionData {
        leader_id: view.leader_id,
        leader_epoch: view.leader_epoch,
        high_watermark: view.high_watermark,
        current_voters: view
            .voters
            .iter()
            .map(|of| replica(of, call.version))
            .collect(),
        observers: view
            .observers
            .iter()
            .map(|of| replica(of, call.version))
            .collect(),
        ..none
    }
}

fn replica(of: &QuorumReplica, version: i16) -> ReplicaState {
    ReplicaState {
        replica_id: of.id,
        replica_directory_id: if version >= 2 {
            of.directory_id
        } else {
            Uuid::ZERO
        },
        log_end_offset: of.log_end_offset,
        last_fetch_timestamp: of.last_fetch_ms,
        last_caught_up_timestamp: of.last_caught_up_ms,
    }
}
