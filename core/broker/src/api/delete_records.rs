//! DeleteRecords: key 21, versions 0 to 2.
//!
//! Everything below an offset is given up; -1 stands for the high watermark. One question to the shard per partition; it is answered, with
//! where the log starts then, once no crash brings the records back. Refused: offsets beyond the high watermark (OFFSET_OUT_OF_RANGE), internal topics
//! (INVALID_TOPIC_EXCEPTION), topics that are only compacted (POLICY_VIOLATION).
//!
//! Version notes: 2: flexible.

use ottla_machine::Now;
use ottla_protocol::messages::DeleteRecordsRequest;
use ottla_protocol::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsResponse, DeleteRecordsTopicResult,
};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader};
use ottla_shard::Question;

use super::{Api, Outcome, ask, gathered, refused};
use crate::bench::{Answer, Bench};
use crate::cluster;
use crate::connection::Reply;
use crate::gather::{Call, Gather};

pub(super) const API: Api = Api {
    key: ApiKey::DeleteRecords,
    advertised: 0,
    first: 0,
    last: 2,
    start,
    finish,
};

fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let body = call.body.clone();
    let request = DeleteRecordsRequest::decode(&mut Reader::new(&body), call.version)?;
    let deadline = now.mono.after_ms(request.timeout_ms.into());
    let gather = bench.gathers.open(call, Some(deadline));
    for topic in &request.topics {
        for partition in &topic.partitions {
            let found = cluster::find_by_name(&bench.image, &topic.name, partition.partition_index);
            let question = if cluster::is_internal(&topic.name) {
                Err(refused(ErrorCode::InvalidTopicException, None))
            } else {
                Ok(Question::DeleteRecords {
                    before: partition.offset,
                })
            };
            ask(bench, gather, found, question);
        }
    }
    Ok(gathered(bench, now, gather))
}

fn finish(bench: &mut Bench, _: Now, gather: Gather<Answer>) -> Reply {
    let Gather { call, answers, .. } = gather;
    let body = call.body.clone();
    // It was read once before, so it can be read again.
    let Ok(request) = DeleteRecordsRequest::decode(&mut Reader::new(&body), call.version) else {
        return Reply::Close;
    };
    let mut answers = answers.into_iter();
    let topics = request
        .topics
        .into_iter()
        .map(|topic| DeleteRecordsTopicResult {
            partitions: topic
                .partitions
                .iter()
                .map(|partition| say(bench, partition.partition_index, answers.next().flatten()))
                .collect(),
            name: topic.name,
        });
    let response = DeleteRecordsResponse {
        throttle_time_ms: 0,
        topics: topics.collect(),
    };
    bench.encode(&call, |w, version| response.encode(w, version))
}

fn say(
    bench: &mut Bench,
    partition_index: i32,
    answer: Option<Answer>,
) -> DeleteRecordsPartitionResult {
    let (low_watermark, code) = match answer {
        Some(Answer::Shard(ottla_shard::Answer::Deleted { low_watermark })) => {
            (low_watermark.0, ErrorCode::None)
        }
        Some(Answer::Shard(ottla_shard::Answer::Refused(refused))) => (-1, refused.error),
        _ => (-1, ErrorCode::RequestTimedOut),
    };
    if code != ErrorCode::None {
        bench.counters.error(ApiKey::DeleteRecords, code);
    }
    DeleteRecordsPartitionResult {
        partition_index,
        low_watermark,
        error_code: code.code(),
    }
}
