//! Deletes topics, by name or by id, in one batch. Settings go with their topic; files go when the brokers have seen it.

use std::collections::BTreeSet;

use ottla_protocol::messages::{MetadataRecord, RemoveTopicRecord};
use ottla_protocol::{ErrorCode, Uuid};

use crate::draft::Draft;
use crate::{Deleted, Refusal};

/// What became of each.
pub(crate) fn decide(draft: &mut Draft, topics: Vec<(Option<String>, Uuid)>) -> Vec<Deleted> {
    let mut asked = BTreeSet::new();
    let mut twice = BTreeSet::new();
    for topic in &topics {
        if !asked.insert(topic.clone()) {
            twice.insert(topic.clone());
        }
    }
    let mut results = Vec::new();
    for topic in topics {
        if !asked.remove(&topic) {
            continue;
        }
        let is_twice = twice.contains(&topic);
        let (name, id) = topic;
        match find(draft, name.as_deref(), id, is_twice) {
            Ok((name, topic_id)) => {
                let removed = RemoveTopicRecord { topic_id };
                draft.push(MetadataRecord::RemoveTopic(removed));
                results.push((Some(name), topic_id, Ok(())));
            }
            Err(refusal) => results.push((name, id, Err(refusal))),
        }
    }
    results
}

fn find(
    draft: &Draft,
    name: Option<&str>,
    id: Uuid,
    is_twice: bool,
) -> Result<(String, Uuid), Refusal> {
    let invalid = |why: &str| Err((ErrorCode::InvalidRequest, why.to_owned()));
    if is_twice {
        return invalid("the request names this topic more than once");
    }
    let image = draft.image();
    let (found, code) = match (name, id.is_zero()) {
        (Some(name), true) => (image.topic_named(name), ErrorCode::UnknownTopicOrPartition),
        (None, false) => (image.topic(id), ErrorCode::UnknownTopicId),
        (Some(_), false) => {
            return invalid("a topic is named by its name or by its id, not by both");
        }
        (None, true) => return invalid("a topic is named by its name or by its id"),
    };
    match found {
        Some(topic) => Ok((topic.name.to_string(), topic.id)),
        None => Err((code, "there is no such topic".to_owned())),
    }
}
