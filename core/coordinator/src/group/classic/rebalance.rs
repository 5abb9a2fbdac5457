//! How a rebalance goes on: it is prepared, waits, and ends in the next generation.

use std::sync::Arc;

use ottla_machine::{Emit, planted, sometimes};
use ottla_protocol::ErrorCode;

use super::members::{Initial, Membership, Phase};
use crate::group::turn::Turn;
use crate::group::view::Timer;
use crate::group::words::{Joined, Response};

impl Membership {
    /// Something has changed: a rebalance begins, or the one under way is over when nobody is missing.
    pub(super) fn rebalance<E: Emit>(&mut self, turn: &mut Turn<'_, E>) {
        match self.phase {
            Phase::Preparing { .. } => self.complete_if_all_joined(turn),
            Phase::Empty | Phase::Joined => self.prepare(turn),
        }
    }

    /// Everybody is asked to join again.
    pub(super) fn prepare<E: Emit>(&mut self, turn: &mut Turn<'_, E>) {
        let mut told = Vec::new();
        for (id, member) in &mut self.members {
            member.owes_sync = false;
            if let Some(ticket) = member.syncing.take() {
                sometimes!(
                    turn.fx,
                    "a rebalance began while members waited for their assignment"
                );
                turn.synced(ticket, Err(ErrorCode::RebalanceInProgress));
                told.push(Arc::clone(id));
            }
        }
        for id in &told {
            // Its session may have ended while it waited, which does not count.
            self.touch(turn, id);
        }
        turn.cancel(Timer::Sync(Arc::clone(&self.group)));
        let delay = turn.view.settings.initial_rebalance_delay_ms;
        let waits = !planted!(turn.fx, "initial-delay-skipped");
        let initial = (self.phase == Phase::Empty && waits).then(|| Initial {
            delay,
            remaining: (self.rebalance_timeout_ms() - delay).max(0),
            added: false,
        });
        self.phase = Phase::Preparing { initial };
        self.since = turn.wall();
        if initial.is_some() {
            turn.set(Timer::Join(Arc::clone(&self.group)), delay);
        } else if self.has_all_joined() {
            self.complete(turn);
        } else {
            self.wait_for_joins(turn);
        }
    }

    /// Nobody is missing: there is nothing to wait for, but for the first members.
    pub(super) fn complete_if_all_joined<E: Emit>(&mut self, turn: &mut Turn<'_, E>) {
        if self.phase == (Phase::Preparing { initial: None }) && self.has_all_joined() {
            self.complete(turn);
        }
    }

    /// The delay of the first members is over: once more, if somebody has come meanwhile.
    pub(super) fn end_initial_delay<E: Emit>(&mut self, turn: &mut Turn<'_, E>, initial: Initial) {
        if !initial.added || initial.remaining == 0 {
            return self.complete(turn);
        }
        sometimes!(
            turn.fx,
            "the first members of a group waited for another one"
        );
        let most = turn.view.settings.initial_rebalance_delay_ms;
        let next = Initial {
            delay: most.min(initial.remaining),
            remaining: (initial.remaining - initial.delay).max(0),
            added: false,
        };
        self.phase = Phase::Preparing {
            initial: Some(next),
        };
        turn.set(Timer::Join(Arc::clone(&self.group)), next.delay);
    }

    fn wait_for_joins<E: Emit>(&self, turn: &mut Turn<'_, E>) {
        let timeout = self.rebalance_timeout_ms();
        turn.set(Timer::Join(Arc::clone(&self.group)), timeout);
    }

    /// Those who have joined are the next generation.
    pub(super) fn complete<E: Emit>(&mut self, turn: &mut Turn<'_, E>) {
        turn.cancel(Timer::Join(Arc::clone(&self.group)));
        let silent = self
            .members
            .iter()
            .filter(|(_, member)| member.joining.is_none() && member.instance.is_none());
        for id in silent.map(|(id, _)| Arc::clone(id)).collect::<Vec<_>>() {
            sometimes!(turn.fx, "a member did not join the next generation in time");
            self.remove(turn, &id);
        }
        if self.members.is_empty() {
            return self.become_empty(turn);
        }
        if !self.elect_who_has_joined() {
            // Static members only, and none of them here: their sessions decide.
            sometimes!(turn.fx, "a rebalance went on without anybody");
            self.phase = Phase::Preparing { initial: None };
            return self.wait_for_joins(turn);
        }
        self.begin_generation(turn);
    }

    fn become_empty<E: Emit>(&mut self, turn: &mut Turn<'_, E>) {
        self.generation += 1;
        self.protocol = None;
        self.leader = None;
        self.phase = Phase::Empty;
        self.since = turn.wall();
        let metadata = self.metadata(|_| Default::default());
        turn.store(&Arc::clone(&self.group), metadata);
    }

    fn begin_generation<E: Emit>(&mut self, turn: &mut Turn<'_, E>) {
        let raised = self.raise_generation(turn);
        self.protocol = self.select_protocol();
        self.phase = Phase::Joined;
        self.since = turn.wall();
        let ids: Vec<Arc<str>> = self.members.keys().cloned().collect();
        for id in &ids {
            let answer = self.current(id, self.is_leader(id));
            let Some(member) = self.members.get_mut(id) else {
                continue;
            };
            member.owes_sync = true;
            member.is_new = false;
            if let Some(ticket) = member.joining.take() {
                let response = Response::Joined(Box::new(answer));
                if raised {
                    turn.answer_with_records(ticket, response);
                } else {
                    // The generation before may have been stored just now.
                    turn.answer_of(&Arc::clone(&self.group), ticket, response);
                }
            }
            self.touch(turn, id);
        }
        let timeout = self.rebalance_timeout_ms();
        turn.set(Timer::Sync(Arc::clone(&self.group)), timeout);
    }

    /// M2: a generation that was told and never stored is stored before the next one is told: with the members that the log has, without
    /// assignments and without a leader, for nobody assigned it. Whoever loads that has all of them join anew.
    fn raise_generation<E: Emit>(&mut self, turn: &mut Turn<'_, E>) -> bool {
        let stored = turn.metadata(&self.group);
        let known = stored.map_or(0, |it| it.generation);
        let raised = self.generation > known;
        if raised {
            sometimes!(turn.fx, "a generation was told and never stored");
            let mut metadata = stored.cloned().unwrap_or_default();
            metadata.generation = self.generation;
            metadata.leader = None;
            for member in &mut metadata.members {
                member.assignment = Default::default();
            }
            turn.store(&Arc::clone(&self.group), metadata);
        }
        self.generation += i32::from(!planted!(turn.fx, "rebalance-keeps-the-generation"));
        raised
    }

    /// Whether somebody leads who has joined.
    fn elect_who_has_joined(&mut self) -> bool {
        let has_joined =
            |id: &Arc<str>| self.members.get(id).is_some_and(|it| it.joining.is_some());
        if !self.leader.as_ref().is_some_and(has_joined) {
            let joined = self.members.iter().find(|(_, it)| it.joining.is_some());
            let Some((id, _)) = joined else { return false };
            self.leader = Some(Arc::clone(id));
        }
        true
    }

    /// What a member is told of this generation.
    pub(super) fn current(&self, id: &Arc<str>, with_members: bool) -> Joined {
        let protocol = self.protocol.as_deref();
        let members = self.members.iter().map(|(id, member)| {
            let metadata = member.metadata(protocol);
            (Arc::clone(id), member.instance.clone(), metadata)
        });
        Joined {
            error: None,
            generation: self.generation,
            protocol_type: Some(Arc::clone(&self.protocol_type)),
            protocol: self.protocol.clone(),
            leader: self.leader.clone().unwrap_or_default(),
            skip_assignment: false,
            member: Arc::clone(id),
            members: if with_members {
                members.collect()
            } else {
                Vec::new()
            },
        }
    }
}
