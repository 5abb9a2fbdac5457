//! OffsetCommit: a member of the current generation says how far it is; or anybody, while the group is empty.

use ottla_machine::{Emit, Offset, Ticket, planted};
use ottla_protocol::ErrorCode;

use crate::group::classic::take_up;
use crate::group::groups::is_foreign;
use crate::group::record::{Commit, Record};
use crate::group::soft::{Soft, state_of};
use crate::group::turn::Turn;
use crate::group::words::{CommitOffsets, Response, Said, State};

pub(in crate::group) fn commit<E: Emit>(
    soft: &mut Soft,
    turn: &mut Turn<'_, E>,
    ticket: Ticket,
    commit: CommitOffsets,
) {
    if let Err(error) = judge(soft, turn, &commit) {
        return turn.answer(ticket, Response::Committed(Err(error)));
    }
    let now = turn.wall();
    let expire_timestamp = match commit.retention_ms {
        -1 => -1,
        retention => now.saturating_add(retention),
    };
    let most = turn.view.settings.offset_metadata_max_bytes;
    let mut said = Vec::with_capacity(commit.commits.len());
    for new in commit.commits {
        // Java counts UTF-16.
        let too_large = new.metadata.encode_utf16().count() > most;
        said.push(Said {
            topic: new.topic.clone(),
            topic_id: new.topic_id,
            partition: new.partition,
            error: match too_large {
                true => ErrorCode::OffsetMetadataTooLarge,
                false => ErrorCode::None,
            },
        });
        if too_large {
            continue;
        }
        turn.append(Record::Commit {
            group: commit.identity.group.clone(),
            topic: new.topic,
            partition: new.partition,
            commit: Some(Commit {
                offset: new.offset,
                leader_epoch: new.leader_epoch,
                metadata: new.metadata,
                commit_timestamp: now,
                expire_timestamp,
                topic_id: new.topic_id,
                at: Offset(-1),
            }),
        });
    }
    if planted!(turn.fx, "commit-answered-before-durable") {
        return turn.answer(ticket, Response::Committed(Ok(said)));
    }
    turn.answer_with_own_records(ticket, Response::Committed(Ok(said)));
}

fn judge<E: Emit>(
    soft: &mut Soft,
    turn: &mut Turn<'_, E>,
    commit: &CommitOffsets,
) -> Result<(), ErrorCode> {
    let who = &commit.identity;
    let by_nobody = who.generation < 0;
    let Some(state) = state_of(soft, turn, &who.group) else {
        return match by_nobody {
            true => Ok(()),
            false if commit.knows_group_not_found => Err(ErrorCode::GroupIdNotFound),
            false => Err(ErrorCode::IllegalGeneration),
        };
    };
    if by_nobody && state == State::Empty {
        return Ok(());
    }
    if is_foreign(turn.stored(&who.group)) {
        return Err(ErrorCode::UnknownMemberId);
    }
    let membership = take_up(soft, turn, &who.group).ok_or(ErrorCode::UnknownMemberId)?;
    if !planted!(turn.fx, "commit-of-anybody-taken") {
        membership.validate(&who.member, who.instance.as_deref())?;
    }
    let current = who.generation == membership.generation;
    if !current && !planted!(turn.fx, "commit-of-an-old-generation-taken") {
        return Err(ErrorCode::IllegalGeneration);
    }
    if state == State::CompletingRebalance {
        return Err(ErrorCode::RebalanceInProgress);
    }
    membership.touch(turn, &who.member);
    Ok(())
}
