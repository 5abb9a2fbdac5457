//! OffsetFetch: key 9, versions 1 to 10.
//!
//! One question to a coordinator per group. Unknown groups, topics and partitions are answered offset -1 without an error.
//!
//! Version notes: 2: no topics means all; an error of the whole group. 5: leader epochs. 7: what a transaction has left open can be
//! refused. 8: many groups. 10: topics by id.

use std::sync::Arc;

use ottla_coordinator::{Fetched, Request, Response};
use ottla_machine::Now;
use ottla_metadata::Image;
use ottla_protocol::messages::OffsetFetchRequest;
use ottla_protocol::messages::offset_fetch_response::{
    OffsetFetchResponse, OffsetFetchResponseGroup, OffsetFetchResponsePartition,
    OffsetFetchResponsePartitions, OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Reader, Uuid};

use super::coordinate::{ask, code, heard, patience};
use super::{Api, Outcome, gathered};
use crate::bench::{Answer, Bench};
use crate::connection::Reply;
use crate::gather::{Call, Gather};

pub(super) const API: Api = Api {
    key: ApiKey::OffsetFetch,
    advertised: 1,
    first: 1,
    last: 10,
    start,
    finish,
};

const FIRST_WITH_GROUP_ERROR: i16 = 2;
const FIRST_WITH_GROUPS: i16 = 8;

/// What is asked about one group, whatever the version.
struct Asked {
    group: Arc<str>,
    /// `None`: all there are.
    topics: Option<Vec<AskedTopic>>,
}

/// A topic, by its name or its id.
struct AskedTopic {
    name: Arc<str>,
    id: Uuid,
    partitions: Vec<i32>,
}

fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let (body, version) = (call.body.clone(), call.version);
    let request = OffsetFetchRequest::decode(&mut Reader::new(&body), version)?;
    let until = patience(bench, now);
    let gather = bench.gathers.open(call, Some(until));
    let image = Arc::clone(&bench.image);
    let require_stable = request.require_stable;
    for Asked { group, topics } in asked(request, version) {
        let topics = topics.map(|topics| {
            let known = topics.into_iter();
            let known =
                known.filter_map(|topic| Some((name_of(&image, &topic)?, topic.partitions)));
            known.collect()
        });
        let fetch = Request::FetchOffsets {
            group: Arc::clone(&group),
            topics,
            require_stable,
        };
        ask(bench, gather, &group, fetch);
    }
    Ok(gathered(bench, now, gather))
}

fn asked(request: OffsetFetchRequest<'_>, version: i16) -> Vec<Asked> {
    let topic = |name: &str, id, partitions| AskedTopic {
        name: name.into(),
        id,
        partitions,
    };
    if version < FIRST_WITH_GROUPS {
        let topics = request.topics.map(|topics| {
            let topics = topics.into_iter();
            let topics = topics.map(|it| topic(&it.name, Uuid::ZERO, it.partition_indexes));
            topics.collect()
        });
        let group = (*request.group_id).into();
        return vec![Asked { group, topics }];
    }
    let groups = request.groups.into_iter().map(|group| Asked {
        group: (*group.group_id).into(),
        topics: group.topics.map(|topics| {
            let topics = topics.into_iter();
            let topics = topics.map(|it| topic(&it.name, it.topic_id, it.partition_indexes));
            topics.collect()
        }),
    });
    groups.collect()
}

/// What a topic is called that is asked for; `None`: by an id that nobody has.
fn name_of(image: &Image, topic: &AskedTopic) -> Option<Arc<str>> {
    if topic.id.is_zero() && !topic.name.is_empty() {
        return Some(Arc::clone(&topic.name));
    }
    image.topic(topic.id).map(|it| Arc::clone(&it.name))
}

/// What is said of a topic, whatever the version.
struct Said {
    name: Arc<str>,
    id: Uuid,
    partitions: Vec<(i32, Result<Fetched, ErrorCode>)>,
}

fn finish(bench: &mut Bench, _: Now, gather: Gather<Answer>) -> Reply {
    let Gather { call, answers, .. } = gather;
    let (body, version) = (call.body.clone(), call.version);
    // It was read once before, so it can be read again.
    let Ok(request) = OffsetFetchRequest::decode(&mut Reader::new(&body), version) else {
        return Reply::Close;
    };
    let image = Arc::clone(&bench.image);
    let mut response = OffsetFetchResponse::default();
    let asked = asked(request, version);
    for (asked, answer) in asked.iter().zip(answers) {
        let said = match heard(answer, ErrorCode::UnknownServerError) {
            Response::Offsets(offsets) => Ok(say(&image, asked, offsets)),
            Response::Refused(error) => Err(error),
            _ => return Reply::Close,
        };
        if version < FIRST_WITH_GROUPS {
            let (topics, error) = alone(bench, asked, said, version);
            (response.topics, response.error_code) = (topics, error);
        } else {
            let group = among_many(bench, asked, said);
            response.groups.push(group);
        }
    }
    bench.encode(&call, |w, version| response.encode(w, version))
}

/// What was fetched, with what nobody could be asked about in its place.
fn say(
    image: &Image,
    asked: &Asked,
    mut offsets: Vec<ottla_coordinator::FetchedTopic>,
) -> Vec<Said> {
    let Some(topics) = &asked.topics else {
        let all = offsets.into_iter().map(|(name, partitions)| Said {
            id: image.topic_named(&name).map_or(Uuid::ZERO, |it| it.id),
            name,
            partitions,
        });
        return all.collect();
    };
    let said = topics.iter().map(|topic| {
        // A topic that was there when it was asked for may be gone by now.
        let fetched = name_of(image, topic).and_then(|name| {
            let at = offsets.iter().position(|(of, _)| *of == name)?;
            Some(offsets.remove(at))
        });
        let unknown = || {
            let none = topic.partitions.iter();
            none.map(|it| (*it, Err(ErrorCode::UnknownTopicId)))
                .collect()
        };
        Said {
            name: Arc::clone(&topic.name),
            id: topic.id,
            partitions: fetched.map_or_else(unknown, |(_, partitions)| partitions),
        }
    });
    said.collect()
}

/// Before version 8: one group, and before version 2 an error in every partition.
fn alone<'a>(
    bench: &mut Bench,
    asked: &Asked,
    said: Result<Vec<Said>, ErrorCode>,
    version: i16,
) -> (Vec<OffsetFetchResponseTopic<'a>>, i16) {
    let said = match said {
        Err(error) if version >= FIRST_WITH_GROUP_ERROR => {
            return (Vec::new(), code(bench, ApiKey::OffsetFetch, error));
        }
        Err(error) => {
            let topics = asked.topics.iter().flatten();
            let topics = topics.map(|topic| Said {
                name: Arc::clone(&topic.name),
                id: topic.id,
                partitions: topic
                    .partitions
                    .iter()
                    .map(|it| (*it, Err(error)))
                    .collect(),
            });
            topics.collect()
        }
        Ok(said) => said,
    };
    let topics = said.into_iter().map(|topic| {
        let partitions = topic.partitions.into_iter();
        OffsetFetchResponseTopic {
            name: topic.name.to_string().into(),
            partitions: partitions
                .map(|it| {
                    let OffsetFetchResponsePartitions {
                        partition_index,
                        committed_offset,
                        committed_leader_epoch,
                        metadata,
                        error_code,
                    } = of_partition(bench, it);
                    OffsetFetchResponsePartition {
                        partition_index,
                        committed_offset,
                        committed_leader_epoch,
                        metadata,
                        error_code,
                    }
                })
                .collect(),
        }
    });
    (topics.collect(), 0)
}

fn among_many<'a>(
    bench: &mut Bench,
    asked: &Asked,
    said: Result<Vec<Said>, ErrorCode>,
) -> OffsetFetchResponseGroup<'a> {
    let mut group = OffsetFetchResponseGroup {
        group_id: asked.group.to_string().into(),
        ..OffsetFetchResponseGroup::default()
    };
    let said = match said {
        Ok(said) => said,
        Err(error) => {
            group.error_code = code(bench, ApiKey::OffsetFetch, error);
            return group;
        }
    };
    for topic in said {
        let partitions = topic.partitions.into_iter();
        group.topics.push(OffsetFetchResponseTopics {
            name: topic.name.to_string().into(),
            topic_id: topic.id,
            partitions: partitions.map(|it| of_partition(bench, it)).collect(),
        });
    }
    group
}

/// What is said of a partition. The versions before 8 have a type of their own for the same.
fn of_partition<'a>(
    bench: &mut Bench,
    (partition_index, fetched): (i32, Result<Fetched, ErrorCode>),
) -> OffsetFetchResponsePartitions<'a> {
    let (fetched, error_code) = match fetched {
        Ok(fetched) => (fetched, 0),
        Err(error) => (Fetched::none(), code(bench, ApiKey::OffsetFetch, error)),
    };
    OffsetFetchResponsePartitions {
        partition_index,
        committed_offset: fetched.offset,
        committed_leader_epoch: fetched.leader_epoch,
        metadata: Some(String::from(fetched.metadata).into()),
        error_code,
    }
}
