//! ListOffsets: key 2, versions 1 to 11.
//!
//! One question to the shard per partition. Special timestamps: -1 the end, -2 the start, -3 (from version 7) the newest
//! timestamp, -4 (8) the earliest local, -5 (9) the latest tiered, -6 (11) the earliest not yet tiered; others, and these in
//! older versions, are answered UNSUPPORTED_VERSION per partition. Nothing is tiered here, so -6 finds nothing.
//!
//! Version notes: 2: isolation. 4: leader epochs.

use ottla_machine::Now;
use ottla_protocol::messages::ListOffsetsRequest;
use ottla_protocol::messages::list_offsets_request::ListOffsetsPartition;
use ottla_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsResponse, ListOffsetsTopicResponse,
};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader};
use ottla_shard::{Isolation, Question};

use super::{Api, Outcome, ask, epoch, gathered, isolation, refused};
use crate::bench::{Answer, Bench};
use crate::cluster;
use crate::connection::Reply;
use crate::gather::{Call, Gather};

pub(super) const API: Api = Api {
    key: ApiKey::ListOffsets,
    advertised: 1,
    first: 1,
    last: 11,
    start,
    finish,
};

/// The version that first knows each special timestamp, from -3 downwards.
const SPECIAL: [(i64, i16); 4] = [(-3, 7), (-4, 8), (-5, 9), (-6, 11)];

const FIRST_WITH_EPOCHS: i16 = 4;

fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let (body, version) = (call.body.clone(), call.version);
    let request = ListOffsetsRequest::decode(&mut Reader::new(&body), version)?;
    let gather = bench.gathers.open(call, None);
    for topic in &request.topics {
        for partition in &topic.partitions {
            let found = cluster::find_by_name(&bench.image, &topic.name, partition.partition_index);
            let isolation = isolation(request.isolation_level);
            ask(
                bench,
                gather,
                found,
                question(partition, isolation, version),
            );
        }
    }
    Ok(gathered(bench, now, gather))
}

/// What the shard is asked; or what is refused before.
fn question(
    partition: &ListOffsetsPartition,
    isolation: Isolation,
    version: i16,
) -> Result<Question, Answer> {
    let timestamp = partition.timestamp;
    let special = SPECIAL.iter().find(|(value, _)| *value == timestamp);
    let known = timestamp >= -2 || special.is_some_and(|(_, first)| version >= *first);
    if !known {
        return Err(refused(ErrorCode::UnsupportedVersion, None));
    }
    Ok(Question::ListOffset {
        current_leader_epoch: epoch(partition.current_leader_epoch),
        timestamp,
        isolation,
    })
}

fn finish(bench: &mut Bench, _: Now, gather: Gather<Answer>) -> Reply {
    let Gather { call, answers, .. } = gather;
    let body = call.body.clone();
    // It was read once before, so it can be read again.
    let Ok(request) = ListOffsetsRequest::decode(&mut Reader::new(&body), call.version) else {
        return Reply::Close;
    };
    let mut answers = answers.into_iter();
    let topics = request
        .topics
        .into_iter()
        .map(|topic| ListOffsetsTopicResponse {
            partitions: topic
                .partitions
                .iter()
                .map(|partition| say(bench, partition.partition_index, answers.next().flatten()))
                .collect(),
            name: topic.name,
        });
    let mut response = ListOffsetsResponse {
        throttle_time_ms: 0,
        topics: topics.collect(),
    };
    if call.version < FIRST_WITH_EPOCHS {
        let all = response
            .topics
            .iter_mut()
            .flat_map(|topic| &mut topic.partitions);
        all.for_each(|partition| partition.leader_epoch = -1);
    }
    bench.encode(&call, |w, version| response.encode(w, version))
}

fn say(
    bench: &mut Bench,
    partition_index: i32,
    answer: Option<Answer>,
) -> ListOffsetsPartitionResponse {
    let none = ListOffsetsPartitionResponse {
        partition_index,
        error_code: 0,
        timestamp: -1,
        offset: -1,
        leader_epoch: -1,
    };
    let code = match answer {
        Some(Answer::Shard(ottla_shard::Answer::Offset {
            timestamp,
            offset,
            leader_epoch,
        })) => {
            return ListOffsetsPartitionResponse {
                timestamp,
                offset: offset.0,
                leader_epoch: leader_epoch.0,
                ..none
            };
        }
        Some(Answer::Shard(ottla_shard::Answer::Refused(refused))) => refused.error,
        _ => ErrorCode::RequestTimedOut,
    };
    bench.counters.error(ApiKey::ListOffsets, code);
    ListOffsetsPartitionResponse {
        error_code: code.code(),
        ..none
    }
}
