//! Produce: key 0, versions 3 to 13, advertised from 0.
//!
//! Every partition's batch is put to the shard with a ticket; the answer leaves when all are answered or `timeout_ms` is over.
//! acks=0 is never answered; any error closes its connection. Consecutive requests of a connection are in work together.
//!
//! Version notes: librdkafka looks for version 0 in ApiVersions before it believes in acks, so 0 is advertised, as Kafka does,
//! and versions 0 to 2 end the connection. 5: log start offset. 8: errors per record. 10: the new leader. 13: topics by id.

use std::borrow::Cow;
use std::sync::Arc;

use ottla_machine::{Level, Now, planted};
use ottla_protocol::messages::ProduceRequest;
use ottla_protocol::messages::produce_request::TopicProduceData;
use ottla_protocol::messages::produce_response::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse,
    ProduceResponse, TopicProduceResponse,
};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader, Records};
use ottla_shard::{Append, Appended, PartitionId, Refused, ShardAsk};

use super::{Api, Outcome, gathered, refused};
use crate::bench::{Answer, Bench};
use crate::cluster::{self, Node};
use crate::connection::Reply;
use crate::gather::{Call, Gather};

pub(super) const API: Api = Api {
    key: ApiKey::Produce,
    advertised: 0,
    first: 3,
    last: 13,
    start,
    finish,
};

fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let (body, version, pins) = (call.body.clone(), call.version, call.pins);
    let request = ProduceRequest::decode(&mut Reader::new(&body), version)?;
    let transactional_id: Option<Arc<str>> = request.transactional_id.as_deref().map(Arc::from);
    let deadline = (request.acks != 0).then(|| now.mono.after_ms(request.timeout_ms.into()));
    let gather = bench.gathers.open(call, deadline);
    let all = batch_bytes(&request);
    for topic in &request.topic_data {
        for partition in &topic.partition_data {
            let judged = judge(bench, version, request.acks, topic, partition.index);
            match (judged, partition.records) {
                (Err((code, message)), _) => bench.gathers.settle(gather, refused(code, message)),
                (Ok(partition), Some(Records::Bytes(records))) => {
                    let append = Append {
                        partition,
                        records: body.slice_ref(records),
                        // The buffer is charged once: to each batch its share.
                        pins: pins * records.len() / all.max(1),
                        acks: request.acks,
                        transactional_id: transactional_id.clone(),
                    };
                    let ticket = bench.gathers.expect(gather);
                    bench.asks.push_back(ShardAsk::Append(ticket, append));
                }
                (Ok(_), _) => {
                    let message = "The records of a partition must not be null.";
                    bench
                        .gathers
                        .settle(gather, refused(ErrorCode::InvalidRecord, Some(message)));
                }
            }
        }
    }
    Ok(gathered(bench, now, gather))
}

fn batch_bytes(request: &ProduceRequest<'_>) -> usize {
    let partitions = request
        .topic_data
        .iter()
        .flat_map(|topic| &topic.partition_data);
    partitions
        .map(|partition| match partition.records {
            Some(Records::Bytes(records)) => records.len(),
            _ => 0,
        })
        .sum()
}

type Judged = Result<PartitionId, (ErrorCode, Option<&'static str>)>;

fn judge(
    bench: &Bench,
    version: i16,
    acks: i16,
    topic: &TopicProduceData<'_>,
    partition: i32,
) -> Judged {
    let found = if version >= 13 {
        cluster::find_by_id(&bench.image, topic.topic_id, partition)
    } else {
        cluster::find_by_name(&bench.image, &topic.name, partition)
    };
    let id = found.map_err(|code| (code, None))?;
    if cluster::is_internal_id(&bench.image, id.topic_id) {
        return Err((
            ErrorCode::InvalidTopicException,
            Some("This topic is written by the cluster itself."),
        ));
    }
    if !matches!(acks, -1..=1) {
        return Err((ErrorCode::InvalidRequiredAcks, None));
    }
    Ok(id)
}

fn finish(bench: &mut Bench, _: Now, gather: Gather<Answer>) -> Reply {
    let Gather { call, answers, .. } = gather;
    let body = call.body.clone();
    // It was read once before, so it can be read again.
    let Ok(request) = ProduceRequest::decode(&mut Reader::new(&body), call.version) else {
        return Reply::Close;
    };
    let mut response = ProduceResponse::default();
    let mut answers = answers.into_iter();
    let mut worst = None;
    let mut leaders = Vec::new();
    for topic in &request.topic_data {
        let mut partition_responses = Vec::with_capacity(topic.partition_data.len());
        for partition in &topic.partition_data {
            let mut said = say(partition.index, answers.next().flatten());
            let late = said.error_code == ErrorCode::RequestTimedOut.code();
            if late && planted!(bench.switch, "timed-out-produce-acknowledged") {
                said.error_code = 0;
            }
            match ErrorCode::from_code(said.error_code) {
                Some(ErrorCode::None) => {
                    bench.counters.produced_bytes +=
                        partition.records.map_or(0, |records| records.len()) as u64;
                }
                Some(code) => {
                    bench.counters.error(ApiKey::Produce, code);
                    worst = Some(code);
                    if call.version >= 10 && code == ErrorCode::NotLeaderOrFollower {
                        let topic = cluster::topic(&bench.image, &topic.name, topic.topic_id);
                        let leader =
                            cluster::leader(bench, call.listener, topic, said.index, &mut leaders);
                        if let Some((leader_id, leader_epoch)) = leader {
                            said.current_leader = LeaderIdAndEpoch {
                                leader_id,
                                leader_epoch,
                            };
                        }
                    }
                }
                None => {}
            }
            partition_responses.push(said);
        }
        let (name, topic_id) = (topic.name.clone(), topic.topic_id);
        response.responses.push(TopicProduceResponse {
            name,
            topic_id,
            partition_responses,
        });
    }
    response.node_endpoints = leaders.into_iter().map(endpoint).collect();
    match (request.acks, worst) {
        (0, None) => Reply::Silent,
        (0, Some(_)) if planted!(bench.switch, "acks-0-error-does-not-close") => Reply::Silent,
        (0, Some(code)) => {
            bench.note(
                Level::Info,
                format!("a connection was closed: {code} for a batch with acks=0"),
            );
            Reply::Close
        }
        _ => bench.encode(&call, |w, version| response.encode(w, version)),
    }
}

/// One partition's answer; without one its time is up.
fn say(index: i32, answer: Option<Answer>) -> PartitionProduceResponse<'static> {
    let none = PartitionProduceResponse {
        index,
        base_offset: -1,
        ..PartitionProduceResponse::default()
    };
    match answer {
        Some(Answer::Shard(ottla_shard::Answer::Appended(Appended {
            base_offset,
            log_append_time_ms,
            log_start_offset,
        }))) => PartitionProduceResponse {
            base_offset: base_offset.0,
            log_append_time_ms,
            log_start_offset: log_start_offset.0,
            ..none
        },
        Some(Answer::Shard(ottla_shard::Answer::Refused(Refused {
            error,
            message,
            record_errors,
            log_start_offset,
        }))) => PartitionProduceResponse {
            error_code: error.code(),
            log_start_offset: log_start_offset.0,
            error_message: message.map(Cow::Owned),
            record_errors: record_errors
                .into_iter()
                .map(|(batch_index, message)| BatchIndexAndErrorMessage {
                    batch_index,
                    batch_index_error_message: message.map(Cow::Owned),
                })
                .collect(),
            ..none
        },
        _ => PartitionProduceResponse {
            error_code: ErrorCode::RequestTimedOut.code(),
            ..none
        },
    }
}

fn endpoint(node: Node) -> NodeEndpoint<'static> {
    NodeEndpoint {
        node_id: node.id,
        host: node.host.into(),
        port: node.port,
        rack: node.rack.map(Cow::Owned),
    }
}
