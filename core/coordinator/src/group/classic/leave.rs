//! LeaveGroup: members go, by themselves or by an operator's hand (by their static ids).

use std::sync::Arc;

use ottla_machine::{Emit, Ticket, planted};
use ottla_protocol::ErrorCode;

use super::members::{Membership, Phase};
use super::revival::take_up;
use crate::group::soft::Soft;
use crate::group::turn::Turn;
use crate::group::words::Response;

pub(in crate::group) fn leave<E: Emit>(
    soft: &mut Soft,
    turn: &mut Turn<'_, E>,
    ticket: Ticket,
    group: &Arc<str>,
    members: &[(Arc<str>, Option<Arc<str>>)],
) {
    if group.is_empty() {
        return turn.answer(ticket, Response::Refused(ErrorCode::InvalidGroupId));
    }
    let Some(membership) = take_up(soft, turn, group) else {
        let unknown = vec![ErrorCode::UnknownMemberId; members.len()];
        return turn.answer(ticket, Response::Left(unknown));
    };
    let said: Vec<ErrorCode> = members
        .iter()
        .map(|(id, instance)| {
            let left = membership.leave(turn, id, instance.as_ref());
            left.err().unwrap_or(ErrorCode::None)
        })
        .collect();
    if said.contains(&ErrorCode::None) {
        match membership.phase {
            Phase::Joined if planted!(turn.fx, "leave-does-not-rebalance") => {}
            Phase::Joined => membership.prepare(turn),
            Phase::Preparing { .. } => membership.complete_if_all_joined(turn),
            Phase::Empty => {}
        }
    }
    membership.check();
    turn.answer_with_own_records(ticket, Response::Left(said));
    soft.drop_if_idle(turn, group);
}

impl Membership {
    fn leave<E: Emit>(
        &mut self,
        turn: &mut Turn<'_, E>,
        id: &Arc<str>,
        instance: Option<&Arc<str>>,
    ) -> Result<(), ErrorCode> {
        let id = match instance {
            Some(instance) if id.is_empty() => self.instances.get(instance).cloned(),
            _ if id.is_empty() => None,
            _ if self.pending.contains(id) => Some(Arc::clone(id)),
            _ => {
                self.validate(id, instance.map(|it| &**it))?;
                Some(Arc::clone(id))
            }
        };
        let id = id.ok_or(ErrorCode::UnknownMemberId)?;
        self.remove(turn, &id);
        Ok(())
    }
}
