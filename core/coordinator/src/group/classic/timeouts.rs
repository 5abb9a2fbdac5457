//! What happens when somebody is waited for no longer.

use std::sync::Arc;

use ottla_machine::{Emit, planted, sometimes};

use super::members::{Membership, Phase};
use crate::group::soft::Soft;
use crate::group::turn::Turn;

/// A member has been silent for its session, or has not come again with its id.
pub(in crate::group) fn member_expired<E: Emit>(
    soft: &mut Soft,
    turn: &mut Turn<'_, E>,
    group: &Arc<str>,
    id: &Arc<str>,
) {
    let Some(membership) = soft.memberships.get_mut(group) else {
        return;
    };
    membership.expire(turn, id);
    membership.check();
    soft.drop_if_idle(turn, group);
}

/// The members of a group have had time enough to join.
pub(in crate::group) fn join_expired<E: Emit>(
    soft: &mut Soft,
    turn: &mut Turn<'_, E>,
    group: &Arc<str>,
) {
    let Some(membership) = soft.memberships.get_mut(group) else {
        return;
    };
    match membership.phase {
        Phase::Preparing {
            initial: Some(initial),
        } => membership.end_initial_delay(turn, initial),
        Phase::Preparing { initial: None } => membership.complete(turn),
        Phase::Empty | Phase::Joined => {}
    }
    membership.check();
    soft.drop_if_idle(turn, group);
}

/// The members of a generation have had time enough to ask for their assignments.
pub(in crate::group) fn sync_expired<E: Emit>(
    soft: &mut Soft,
    turn: &mut Turn<'_, E>,
    group: &Arc<str>,
) {
    let Some(membership) = soft.memberships.get_mut(group) else {
        return;
    };
    let late = membership.members.iter().filter(|(_, it)| it.owes_sync);
    let late: Vec<Arc<str>> = late.map(|(id, _)| Arc::clone(id)).collect();
    let gives_up = !planted!(turn.fx, "missing-sync-waited-for-forever");
    if membership.phase == Phase::Joined && !late.is_empty() && gives_up {
        sometimes!(turn.fx, "a member never asked for its assignment");
        for id in &late {
            membership.remove(turn, id);
        }
        membership.prepare(turn);
    }
    membership.check();
    soft.drop_if_idle(turn, group);
}

impl Membership {
    fn expire<E: Emit>(&mut self, turn: &mut Turn<'_, E>, id: &Arc<str>) {
        if self.pending.contains(id) && planted!(turn.fx, "pending-member-never-expires") {
            return;
        }
        if self.pending.contains(id) {
            sometimes!(turn.fx, "a member did not come again with its id");
            self.remove(turn, id);
            return self.complete_if_all_joined(turn);
        }
        let Some(member) = self.members.get(id) else {
            return;
        };
        // Who waits here cannot send heartbeats. A new member may be gone without anybody knowing.
        let waits = member.joining.is_some() || member.syncing.is_some();
        if waits && !member.is_new {
            return;
        }
        sometimes!(turn.fx, "a member was silent for too long");
        self.remove(turn, id);
        self.rebalance(turn);
    }
}
