//! OffsetCommit: key 8, versions 2 to 10.
//!
//! Which topics there are is judged here, the rest by the group's coordinator. Answered when the commits are durable.
//!
//! Version notes: 2 to 4: a retention of their own. 6: leader epochs. 7: static members. 9: GROUP_ID_NOT_FOUND. 10: topics by id.

use std::sync::Arc;

use ottla_coordinator::{CommitOffsets, NewCommit, Request, Response, Said};
use ottla_machine::Now;
use ottla_metadata::{Image, Topic};
use ottla_protocol::messages::OffsetCommitRequest;
use ottla_protocol::messages::offset_commit_request::OffsetCommitRequestTopic;
use ottla_protocol::messages::offset_commit_response::{
    OffsetCommitResponse, OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader};

use super::coordinate::{ask, code, heard, identity, patience, refused};
use super::{Api, Outcome, gathered};
use crate::bench::{Answer, Bench};
use crate::connection::Reply;
use crate::gather::{Call, Gather};

pub(super) const API: Api = Api {
    key: ApiKey::OffsetCommit,
    advertised: 2,
    first: 2,
    last: 10,
    start,
    finish,
};

const FIRST_WITH_GROUP_NOT_FOUND: i16 = 9;
const FIRST_WITH_TOPIC_IDS: i16 = 10;

fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let (body, version) = (call.body.clone(), call.version);
    let request = OffsetCommitRequest::decode(&mut Reader::new(&body), version)?;
    let until = patience(bench, now);
    let gather = bench.gathers.open(call, Some(until));
    let mut commits = Vec::new();
    for topic in &request.topics {
        let Ok(known) = find(&bench.image, topic, version) else {
            continue;
        };
        for partition in &topic.partitions {
            if !has(known, partition.partition_index) {
                continue;
            }
            commits.push(NewCommit {
                topic: Arc::clone(&known.name),
                topic_id: known.id,
                partition: partition.partition_index,
                offset: partition.committed_offset,
                leader_epoch: partition.committed_leader_epoch,
                metadata: partition
                    .committed_metadata
                    .as_deref()
                    .unwrap_or_default()
                    .into(),
            });
        }
    }
    if commits.is_empty() {
        // Nothing is left to be committed, so nobody is asked; the answer says why of each.
        bench.gathers.settle(gather, refused(ErrorCode::None));
        return Ok(gathered(bench, now, gather));
    }
    let commit = CommitOffsets {
        identity: identity(
            &request.group_id,
            request.generation_id_or_member_epoch,
            &request.member_id,
            request.group_instance_id.as_ref(),
        ),
        knows_group_not_found: version >= FIRST_WITH_GROUP_NOT_FOUND,
        retention_ms: request.retention_time_ms,
        commits,
    };
    let commit = Request::Commit(Box::new(commit));
    ask(bench, gather, &request.group_id, commit);
    let known = Answer::Known(Arc::clone(&bench.image));
    bench.gathers.settle(gather, known);
    Ok(gathered(bench, now, gather))
}

fn find<'a>(
    image: &'a Image,
    topic: &OffsetCommitRequestTopic<'_>,
    version: i16,
) -> Result<&'a Topic, ErrorCode> {
    let (found, error) = match version {
        FIRST_WITH_TOPIC_IDS.. => (image.topic(topic.topic_id), ErrorCode::UnknownTopicId),
        _ => (
            image.topic_named(&topic.name),
            ErrorCode::UnknownTopicOrPartition,
        ),
    };
    found.map(|topic| &**topic).ok_or(error)
}

fn has(topic: &Topic, partition: i32) -> bool {
    usize::try_from(partition).is_ok_and(|index| index < topic.partitions.len())
}

fn finish(bench: &mut Bench, _: Now, gather: Gather<Answer>) -> Reply {
    let Gather { call, answers, .. } = gather;
    let (body, version) = (call.body.clone(), call.version);
    // It was read once before, so it can be read again.
    let Ok(request) = OffsetCommitRequest::decode(&mut Reader::new(&body), version) else {
        return Reply::Close;
    };
    let mut answers = answers.into_iter();
    let answer = answers.next().flatten();
    // A topic that has gone since was passed on: what is said of all is said of it, too.
    let image = match answers.next() {
        Some(Some(Answer::Known(image))) => image,
        _ => Arc::clone(&bench.image),
    };
    let said = match heard(answer, ErrorCode::InvalidCommitOffsetSize) {
        Response::Committed(said) => said,
        Response::Refused(error) => Err(error),
        _ => return Reply::Close,
    };
    let (each, all) = match said {
        Ok(each) => (each, None),
        Err(all) => (Vec::new(), Some(all)),
    };
    let mut each = each.into_iter().peekable();
    let mut response = OffsetCommitResponse::default();
    for topic in request.topics {
        // What was not known when it was asked was not passed on, whatever is known by now.
        let unknown = match find(&image, &topic, version) {
            Ok(_) => ErrorCode::UnknownTopicOrPartition,
            Err(error) => error,
        };
        let mut answer = OffsetCommitResponseTopic {
            topic_id: topic.topic_id,
            ..OffsetCommitResponseTopic::default()
        };
        for partition in &topic.partitions {
            let index = partition.partition_index;
            let is_it = |said: &Said| {
                let same = match version {
                    FIRST_WITH_TOPIC_IDS.. => said.topic_id == topic.topic_id,
                    _ => *said.topic == *topic.name,
                };
                same && said.partition == index
            };
            let known = find(&image, &topic, version).is_ok_and(|known| has(known, index));
            let error = match (each.next_if(is_it), all) {
                (Some(said), _) => said.error,
                (None, Some(all)) if known => all,
                (None, _) => unknown,
            };
            answer.partitions.push(OffsetCommitResponsePartition {
                partition_index: index,
                error_code: code(bench, call.key, error),
            });
        }
        answer.name = topic.name;
        response.topics.push(answer);
    }
    bench.encode(&call, |w, version| response.encode(w, version))
}
