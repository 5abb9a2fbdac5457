//! OffsetFetch: what was committed. A commit of a topic that is no more, or that was made anew, is not shown.

use std::sync::Arc;

use ottla_machine::{Emit, Ticket, planted};
use ottla_protocol::ErrorCode;

use crate::group::record::Commit;
use crate::group::stored::Stored;
use crate::group::turn::Turn;
use crate::group::view::View;
use crate::group::words::{Fetched, FetchedTopic, Response};

pub(in crate::group) fn fetch<E: Emit>(
    turn: &mut Turn<'_, E>,
    ticket: Ticket,
    group: &Arc<str>,
    topics: Option<Vec<(Arc<str>, Vec<i32>)>>,
    require_stable: bool,
) {
    let stored = turn.stored(group);
    let open =
        |topic: &str, partition| require_stable && turn.hard.has_pending(group, topic, partition);
    let say = |topic: &str, partition, commit: Option<&Commit>| {
        if open(topic, partition) {
            return (partition, Err(ErrorCode::UnstableOffsetCommit));
        }
        (partition, Ok(commit.map_or_else(Fetched::none, fetched)))
    };
    let of_topic = |(topic, partitions): (Arc<str>, Vec<i32>)| {
        let commit = |partition| {
            stored
                .and_then(|it| it.commit(&topic, partition))
                .filter(|commit| is_current(turn.view, &topic, commit))
        };
        let said = partitions.into_iter();
        let said = said.map(|partition| say(&topic, partition, commit(partition)));
        let said: Vec<_> = said.collect();
        (topic, said)
    };
    let all: Vec<FetchedTopic> = match topics {
        Some(topics) => topics.into_iter().map(of_topic).collect(),
        None => shown(turn.view, stored)
            .map(|(topic, commits)| {
                let said = commits.into_iter();
                let said = said.map(|(partition, commit)| say(topic, partition, Some(commit)));
                (Arc::clone(topic), said.collect())
            })
            .collect(),
    };
    if planted!(turn.fx, "uncommitted-offset-shown") {
        return turn.answer(ticket, Response::Offsets(all));
    }
    turn.answer_of(group, ticket, Response::Offsets(all));
}

type OfTopic<'a> = (&'a Arc<str>, Vec<(i32, &'a Commit)>);

/// All commits that are shown.
fn shown<'a>(view: &'a View, stored: Option<&'a Stored>) -> impl Iterator<Item = OfTopic<'a>> + 'a {
    let topics = stored.into_iter().flat_map(|it| &it.topics);
    let topics = topics.map(|(topic, partitions)| {
        let commits = partitions.iter();
        let commits = commits.filter(|(_, commit)| is_current(view, topic, commit));
        let commits: Vec<_> = commits.map(|(at, commit)| (*at, commit)).collect();
        (topic, commits)
    });
    topics.filter(|(_, commits)| !commits.is_empty())
}

/// Whether the topic of a commit is still the one that it was made for.
pub(super) fn is_current(view: &View, topic: &str, commit: &Commit) -> bool {
    let now = view.image.topic_named(topic);
    now.is_some_and(|now| commit.topic_id.is_zero() || commit.topic_id == now.id)
}

fn fetched(commit: &Commit) -> Fetched {
    Fetched {
        offset: commit.offset,
        leader_epoch: commit.leader_epoch,
        metadata: commit.metadata.clone(),
    }
}
