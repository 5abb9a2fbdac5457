//! OffsetDelete: commits of topics that nobody in the group reads are forgotten.

use std::sync::Arc;

use ottla_machine::{Emit, Ticket};
use ottla_protocol::{ErrorCode, Uuid};

use super::reads;
use crate::group::record::{CONSUMER, Record};
use crate::group::soft::{Soft, state_of};
use crate::group::turn::Turn;
use crate::group::words::{Response, Said, State};

pub(in crate::group) fn delete<E: Emit>(
    soft: &mut Soft,
    turn: &mut Turn<'_, E>,
    ticket: Ticket,
    group: &Arc<str>,
    topics: &[(Arc<str>, Vec<i32>)],
) {
    if let Err(error) = judge(soft, turn, group) {
        return turn.answer(ticket, Response::OffsetsDeleted(Err(error)));
    }
    let mut said = Vec::new();
    let reads = reads(soft.memberships.get(group), turn.stored(group));
    for (topic, partitions) in topics {
        let read = reads.has(topic);
        for partition in partitions {
            said.push(Said {
                topic: Arc::clone(topic),
                topic_id: Uuid::ZERO,
                partition: *partition,
                error: match read {
                    true => ErrorCode::GroupSubscribedToTopic,
                    false => ErrorCode::None,
                },
            });
            if read {
                continue;
            }
            let stored = turn.stored(group);
            let committed = stored.is_some_and(|it| it.commit(topic, *partition).is_some());
            if committed || turn.hard.has_pending(group, topic, *partition) {
                turn.append(Record::Commit {
                    group: Arc::clone(group),
                    topic: Arc::clone(topic),
                    partition: *partition,
                    commit: None,
                });
            }
        }
    }
    turn.answer_with_own_records(ticket, Response::OffsetsDeleted(Ok(said)));
}

fn judge<E>(soft: &Soft, turn: &Turn<'_, E>, group: &str) -> Result<(), ErrorCode> {
    if group.is_empty() {
        return Err(ErrorCode::InvalidGroupId);
    }
    let state = state_of(soft, turn, group).ok_or(ErrorCode::GroupIdNotFound)?;
    let stored = turn.stored(group);
    let consumes = match soft.memberships.get(group) {
        Some(membership) => &*membership.protocol_type == CONSUMER,
        None => {
            let metadata = stored.and_then(|it| it.metadata.as_ref());
            metadata.is_some_and(|it| &*it.protocol_type == CONSUMER)
        }
    };
    if state != State::Empty && !consumes {
        return Err(ErrorCode::NonEmptyGroup);
    }
    Ok(())
}
