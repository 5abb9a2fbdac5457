//! ConsumerGroupDescribe: key 69, versions 0 and 1.
//!
//! One question to a coordinator per group. Groups of consumers (KIP-848) are not joined here; a directory may hold those of Apache Kafka,
//! and what its records say of them is told. A classic group is not found: who asks then asks DescribeGroups.
//!
//! Version notes: 1: which protocol a member speaks.

use ottla_coordinator::{Consumer, Consumers, Request, Response};
use ottla_machine::Now;
use ottla_metadata::Image;
use ottla_protocol::messages::ConsumerGroupDescribeRequest;
use ottla_protocol::messages::consumer_group_describe_response::{
    Assignment, ConsumerGroupDescribeResponse, DescribedGroup, Member, TopicPartitions,
};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader, Uuid};

use super::coordinate::{ask, code, heard, refused};
use super::describe_groups::{ALL_OPERATIONS, NOT_ASKED, why_not};
use super::{Api, Outcome, gathered};
use crate::bench::{Answer, Bench};
use crate::connection::Reply;
use crate::gather::{Call, Gather};

pub(super) const API: Api = Api {
    key: ApiKey::ConsumerGroupDescribe,
    advertised: 0,
    first: 0,
    last: 1,
    start,
    finish,
};

/// What is said of the protocol that a member speaks.
const CLASSIC: i8 = 0;
const CONSUMER: i8 = 1;

fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let body = call.body.clone();
    let request = ConsumerGroupDescribeRequest::decode(&mut Reader::new(&body), call.version)?;
    let gather = bench.gathers.open(call, None);
    for group in &request.group_ids {
        match group.is_empty() {
            true => bench
                .gathers
                .settle(gather, refused(ErrorCode::InvalidGroupId)),
            false => {
                let describe = Request::DescribeConsumers((**group).into());
                ask(bench, gather, group, describe);
            }
        }
    }
    Ok(gathered(bench, now, gather))
}

fn finish(bench: &mut Bench, _: Now, gather: Gather<Answer>) -> Reply {
    let Gather { call, answers, .. } = gather;
    let (body, version) = (call.body.clone(), call.version);
    // It was read once before, so it can be read again.
    let Ok(request) = ConsumerGroupDescribeRequest::decode(&mut Reader::new(&body), version) else {
        return Reply::Close;
    };
    let operations = match request.include_authorized_operations {
        true => ALL_OPERATIONS,
        false => NOT_ASKED,
    };
    let mut response = ConsumerGroupDescribeResponse::default();
    for (group_id, answer) in request.group_ids.into_iter().zip(answers) {
        let mut said = DescribedGroup {
            authorized_operations: NOT_ASKED,
            ..DescribedGroup::default()
        };
        match heard(answer, ErrorCode::UnknownServerError) {
            Response::ConsumersDescribed(Ok(described)) => {
                said = say(bench, *described);
                said.authorized_operations = operations;
            }
            Response::ConsumersDescribed(Err(why)) => {
                said.error_code = code(bench, call.key, ErrorCode::GroupIdNotFound);
                said.error_message = Some(why_not(&group_id, why, "consumer").into());
            }
            Response::Refused(error) => said.error_code = code(bench, call.key, error),
            _ => return Reply::Close,
        }
        said.group_id = group_id;
        response.groups.push(said);
    }
    // Kafka names first what it need not ask about.
    response
        .groups
        .sort_by_key(|said| !said.group_id.is_empty());
    bench.encode(&call, |w, version| response.encode(w, version))
}

fn say<'a>(bench: &Bench, group: Consumers) -> DescribedGroup<'a> {
    let assignors = bench.config.statics.list("group.consumer.assignors");
    let members = group.members.into_iter();
    DescribedGroup {
        group_state: group.progress.name().into(),
        group_epoch: group.epoch,
        assignment_epoch: group.assignment_epoch,
        assignor_name: match group.assignor {
            Some(wanted) => wanted.to_string().into(),
            None => assignors
                .first()
                .map_or_else(String::new, |it| (*it).to_owned())
                .into(),
        },
        members: members.map(|it| member(&bench.image, it)).collect(),
        ..DescribedGroup::default()
    }
}

fn member<'a>(image: &Image, member: Consumer) -> Member<'a> {
    let topics = member.topics.iter();
    Member {
        member_id: member.id.to_string().into(),
        instance_id: member.instance.map(|it| it.to_string().into()),
        rack_id: member.rack.map(|it| it.to_string().into()),
        member_epoch: member.epoch,
        client_id: member.client_id.to_string().into(),
        client_host: member.client_host.to_string().into(),
        subscribed_topic_names: topics.map(|it| it.to_string().into()).collect(),
        subscribed_topic_regex: member.pattern.map(|it| it.to_string().into()),
        assignment: assignment(image, member.assigned),
        target_assignment: assignment(image, member.target),
        member_type: match member.is_classic {
            true => CLASSIC,
            false => CONSUMER,
        },
    }
}

/// Partitions by their topics' names; not those of topics that are no more.
fn assignment<'a>(image: &Image, partitions: Vec<(Uuid, Vec<i32>)>) -> Assignment<'a> {
    let named = partitions.into_iter().filter_map(|(id, partitions)| {
        let topic = image.topic(id)?;
        Some(TopicPartitions {
            topic_id: id,
            topic_name: topic.name.to_string().into(),
            partitions,
        })
    });
    Assignment {
        topic_partitions: named.collect(),
    }
}
