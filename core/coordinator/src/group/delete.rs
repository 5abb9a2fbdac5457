//! DeleteGroups: an empty group goes, with its commits.

use std::sync::Arc;

use ottla_machine::{Emit, Ticket, planted};
use ottla_protocol::ErrorCode;

use super::record::Record;
use super::soft::{Soft, state_of};
use super::stored::Stored;
use super::turn::Turn;
use super::words::{Response, State};

pub(super) fn delete<E: Emit>(
    soft: &mut Soft,
    turn: &mut Turn<'_, E>,
    ticket: Ticket,
    group: &Arc<str>,
) {
    let deleted = match state_of(soft, turn, group) {
        None => Err(ErrorCode::GroupIdNotFound),
        Some(State::Empty) => Ok(()),
        Some(_) => Err(ErrorCode::NonEmptyGroup),
    };
    if deleted.is_ok() {
        soft.memberships.remove(group);
        if let Some(stored) = turn.stored(group) {
            forget(turn, group, stored);
        }
    }
    turn.answer_with_own_records(ticket, Response::Deleted(deleted));
}

fn forget<E: Emit>(turn: &mut Turn<'_, E>, group: &Arc<str>, stored: &Stored) {
    for (topic, partitions) in &stored.topics {
        if planted!(turn.fx, "deleted-group-keeps-its-offsets") {
            break;
        }
        for partition in partitions.keys() {
            turn.append(Record::Commit {
                group: Arc::clone(group),
                topic: Arc::clone(topic),
                partition: *partition,
                commit: None,
            });
        }
    }
    for (about, key) in stored.kept.iter().flat_map(|it| it.records.keys()) {
        turn.append(Record::Kept {
            group: Arc::clone(group),
            kind: stored.kind(),
            about: *about,
            key: key.clone(),
            value: None,
        });
    }
    // Also of a group that had commits alone: Apache Kafka has made a group of them, which it forgets by this record.
    if stored.metadata.is_some() || stored.kept.is_none() {
        turn.append(Record::Group {
            group: Arc::clone(group),
            metadata: None,
        });
    }
}
