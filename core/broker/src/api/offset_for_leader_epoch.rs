//! OffsetForLeaderEpoch: key 23, versions 2 to 4.
//!
//! Where did a leader's epoch end? One question to the shard per partition; a consumer asks it to find out that its log was
//! truncated. An epoch that is not known is answered -1, -1 without an error.

use ottla_machine::Now;
use ottla_protocol::messages::OffsetForLeaderEpochRequest;
use ottla_protocol::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderEpochResponse, OffsetForLeaderTopicResult,
};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader};
use ottla_shard::Question;

use super::{Api, Outcome, ask, epoch, gathered};
use crate::bench::{Answer, Bench};
use crate::cluster;
use crate::connection::Reply;
use crate::gather::{Call, Gather};

pub(super) const API: Api = Api {
    key: ApiKey::OffsetForLeaderEpoch,
    advertised: 2,
    first: 2,
    last: 4,
    start,
    finish,
};

fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let body = call.body.clone();
    let request = OffsetForLeaderEpochRequest::decode(&mut Reader::new(&body), call.version)?;
    let gather = bench.gathers.open(call, None);
    for topic in &request.topics {
        for partition in &topic.partitions {
            let found = cluster::find_by_name(&bench.image, &topic.topic, partition.partition);
            let question = Question::EpochEnd {
                current_leader_epoch: epoch(partition.current_leader_epoch),
                leader_epoch: epoch(partition.leader_epoch),
            };
            ask(bench, gather, found, Ok(question));
        }
    }
    Ok(gathered(bench, now, gather))
}

fn finish(bench: &mut Bench, _: Now, gather: Gather<Answer>) -> Reply {
    let Gather { call, answers, .. } = gather;
    let body = call.body.clone();
    // It was read once before, so it can be read again.
    let Ok(request) = OffsetForLeaderEpochRequest::decode(&mut Reader::new(&body), call.version)
    else {
        return Reply::Close;
    };
    let mut answers = answers.into_iter();
    let topics = request
        .topics
        .into_iter()
        .map(|topic| OffsetForLeaderTopicResult {
            partitions: topic
                .partitions
                .iter()
                .map(|partition| say(bench, partition.partition, answers.next().flatten()))
                .collect(),
            topic: topic.topic,
        });
    let response = OffsetForLeaderEpochResponse {
        throttle_time_ms: 0,
        topics: topics.collect(),
    };
    bench.encode(&call, |w, version| response.encode(w, version))
}

fn say(bench: &mut Bench, partition: i32, answer: Option<Answer>) -> EpochEndOffset {
    let none = EpochEndOffset {
        error_code: 0,
        partition,
        leader_epoch: -1,
        end_offset: -1,
    };
    let code = match answer {
        Some(Answer::Shard(ottla_shard::Answer::EpochEnd {
            leader_epoch,
            end_offset,
        })) => {
            return EpochEndOffset {
                leader_epoch: leader_epoch.0,
                end_offset: end_offset.0,
                ..none
            };
        }
        Some(Answer::Shard(ottla_shard::Answer::Refused(refused))) => refused.error,
        _ => ErrorCode::RequestTimedOut,
    };
    bench.counters.error(ApiKey::OffsetForLeaderEpoch, code);
    EpochEndOffset {
        error_code: code.code(),
        ..none
    }
}
