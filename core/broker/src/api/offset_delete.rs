//! OffsetDelete: key 47, version 0.
//!
//! Which topics there are is judged here; that nobody in the group reads them, by its coordinator.

use std::sync::Arc;

use ottla_coordinator::{Request, Response, Said};
use ottla_machine::Now;
use ottla_protocol::messages::OffsetDeleteRequest;
use ottla_protocol::messages::offset_delete_response::{
    OffsetDeleteResponse, OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader};

use super::coordinate::{ask, code, heard, patience};
use super::{Api, Outcome, gathered};
use crate::bench::{Answer, Bench};
use crate::cluster;
use crate::connection::Reply;
use crate::gather::{Call, Gather};

pub(super) const API: Api = Api {
    key: ApiKey::OffsetDelete,
    advertised: 0,
    first: 0,
    last: 0,
    start,
    finish,
};

fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let body = call.body.clone();
    let request = OffsetDeleteRequest::decode(&mut Reader::new(&body), call.version)?;
    let until = patience(bench, now);
    let gather = bench.gathers.open(call, Some(until));
    let image = Arc::clone(&bench.image);
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|it| it.partition_index);
        let known = partitions.filter(|it| cluster::find_by_name(&image, &topic.name, *it).is_ok());
        ((*topic.name).into(), known.collect())
    });
    let delete = Request::DeleteOffsets {
        group: (*request.group_id).into(),
        topics: topics.collect(),
    };
    ask(bench, gather, &request.group_id, delete);
    Ok(gathered(bench, now, gather))
}

fn finish(bench: &mut Bench, _: Now, gather: Gather<Answer>) -> Reply {
    let Gather { call, answers, .. } = gather;
    let body = call.body.clone();
    // It was read once before, so it can be read again.
    let Ok(request) = OffsetDeleteRequest::decode(&mut Reader::new(&body), call.version) else {
        return Reply::Close;
    };
    let answer = answers.into_iter().next().flatten();
    let mut response = OffsetDeleteResponse::default();
    let said = match heard(answer, ErrorCode::UnknownServerError) {
        Response::OffsetsDeleted(said) => said,
        Response::Refused(error) => Err(error),
        _ => return Reply::Close,
    };
    let mut said = match said {
        Ok(said) => said.into_iter().peekable(),
        Err(error) => {
            response.error_code = code(bench, call.key, error);
            return bench.encode(&call, |w, version| response.encode(w, version));
        }
    };
    for topic in request.topics {
        let mut answer = OffsetDeleteResponseTopic::default();
        for partition in &topic.partitions {
            let index = partition.partition_index;
            // What was not known when it was asked was not passed on, whatever is known by now.
            let is_it = |said: &Said| *said.topic == *topic.name && said.partition == index;
            let said = said.next_if(is_it);
            let error = said.map_or(ErrorCode::UnknownTopicOrPartition, |said| said.error);
            answer.partitions.push(OffsetDeleteResponsePartition {
                partition_index: index,
                error_code: code(bench, call.key, error),
            });
        }
        answer.name = topic.name;
        response.topics.push(answer);
    }
    bench.encode(&call, |w, version| response.encode(w, version))
}
