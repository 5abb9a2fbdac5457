//! SyncGroup: the leader hands the assignment in, everybody fetches his own. It is told when it is stored.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use ottla_machine::{Emit, Ticket, planted, sometimes};
use ottla_protocol::ErrorCode;

use super::members::Membership;
use super::revival::take_up;
use crate::group::soft::Soft;
use crate::group::turn::Turn;
use crate::group::view::Timer;
use crate::group::words::{Response, State, Sync, Synced};

pub(in crate::group) fn sync<E: Emit>(
    soft: &mut Soft,
    turn: &mut Turn<'_, E>,
    ticket: Ticket,
    sync: Sync,
) {
    let group = Arc::clone(&sync.identity.group);
    if group.is_empty() {
        return turn.synced(ticket, Err(ErrorCode::InvalidGroupId));
    }
    let Some(membership) = take_up(soft, turn, &group) else {
        return turn.synced(ticket, Err(ErrorCode::UnknownMemberId));
    };
    if let Err(error) = membership.sync(turn, ticket, &sync) {
        turn.synced(ticket, Err(error));
    }
    membership.check();
    soft.drop_if_idle(turn, &group);
}

impl Membership {
    fn sync<E: Emit>(
        &mut self,
        turn: &mut Turn<'_, E>,
        ticket: Ticket,
        sync: &Sync,
    ) -> Result<(), ErrorCode> {
        let stored = turn.metadata(&self.group);
        let state = self.state(stored);
        if state == State::Empty {
            return Err(ErrorCode::UnknownMemberId);
        }
        let id = &sync.identity.member;
        self.validate(id, sync.identity.instance.as_deref())?;
        if sync.identity.generation != self.generation {
            return Err(ErrorCode::IllegalGeneration);
        }
        self.judge_protocol(sync)?;
        match state {
            State::Empty | State::PreparingRebalance => Err(ErrorCode::RebalanceInProgress),
            State::CompletingRebalance => {
                self.wait_for_assignment(turn, ticket, id);
                if self.is_leader(id) {
                    self.assign(turn, &sync.assignments);
                }
                Ok(())
            }
            State::Stable => {
                self.has_asked(turn, id);
                self.touch(turn, id);
                let mine = stored.and_then(|it| it.member(id));
                // What replaced it could not be stored: it has to join again.
                let mine = mine.ok_or(ErrorCode::UnknownMemberId)?;
                let synced = self.synced(mine.assignment.clone());
                let group = Arc::clone(&self.group);
                turn.answer_of(&group, ticket, Response::Synced(Ok(synced)));
                Ok(())
            }
        }
    }

    fn judge_protocol(&self, sync: &Sync) -> Result<(), ErrorCode> {
        let other = |said: Option<&Arc<str>>, mine: Option<&Arc<str>>| {
            said.is_some_and(|said| mine.is_some_and(|mine| mine != said))
        };
        let other_type = other(sync.protocol_type.as_ref(), Some(&self.protocol_type));
        if other_type || other(sync.protocol.as_ref(), self.protocol.as_ref()) {
            return Err(ErrorCode::InconsistentGroupProtocol);
        }
        Ok(())
    }

    fn wait_for_assignment<E: Emit>(
        &mut self,
        turn: &mut Turn<'_, E>,
        ticket: Ticket,
        id: &Arc<str>,
    ) {
        if let Some(member) = self.members.get_mut(id)
            && let Some(before) = member.syncing.replace(ticket)
        {
            sometimes!(
                turn.fx,
                "a member asked for its assignment again before it was answered"
            );
            turn.synced(before, Err(ErrorCode::RebalanceInProgress));
        }
        self.has_asked(turn, id);
    }

    fn has_asked<E: Emit>(&mut self, turn: &mut Turn<'_, E>, id: &Arc<str>) {
        if let Some(member) = self.members.get_mut(id) {
            member.owes_sync = false;
        }
        if !self.members.values().any(|member| member.owes_sync) {
            turn.cancel(Timer::Sync(Arc::clone(&self.group)));
        }
    }

    /// The leader's decision is stored, and told to whoever has asked.
    fn assign<E: Emit>(&mut self, turn: &mut Turn<'_, E>, assignments: &[(Arc<str>, Bytes)]) {
        let assignments: BTreeMap<&str, &Bytes> =
            assignments.iter().map(|(id, it)| (&**id, it)).collect();
        let assignment = |id: &str| assignments.get(id).copied().cloned().unwrap_or_default();
        let metadata = self.metadata(assignment);
        turn.store(&Arc::clone(&self.group), metadata);
        let mut late = false;
        for id in self.members.keys().cloned().collect::<Vec<_>>() {
            let old = turn.metadata(&self.group).and_then(|it| it.member(&id));
            let old = old.filter(|_| planted!(turn.fx, "sync-answers-the-old-assignment"));
            let given = old.map_or_else(|| assignment(&id), |it| it.assignment.clone());
            let synced = self.synced(given);
            let Some(member) = self.members.get_mut(&id) else {
                continue;
            };
            match member.syncing.take() {
                Some(ticket) => {
                    turn.answer_with_records(ticket, Response::Synced(Ok(synced)));
                    self.touch(turn, &id);
                }
                None => late = true,
            }
        }
        sometimes!(turn.fx, "the leader assigned before all had asked", if late);
    }

    fn synced(&self, assignment: Bytes) -> Synced {
        Synced {
            protocol_type: Some(Arc::clone(&self.protocol_type)),
            protocol: self.protocol.clone(),
            assignment,
        }
    }
}
