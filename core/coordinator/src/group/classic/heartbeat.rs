//! Heartbeat: a member is still here, and hears whether it has to join again. Never waits.

use ottla_machine::{Emit, Ticket, planted};
use ottla_protocol::ErrorCode;

use super::revival::take_up;
use crate::group::soft::Soft;
use crate::group::turn::Turn;
use crate::group::words::{Identity, Response, State};

pub(in crate::group) fn heartbeat<E: Emit>(
    soft: &mut Soft,
    turn: &mut Turn<'_, E>,
    ticket: Ticket,
    who: &Identity,
) {
    let heard = hear(soft, turn, who);
    turn.answer(ticket, Response::Heartbeat(heard));
    soft.drop_if_idle(turn, &who.group);
}

fn hear<E: Emit>(soft: &mut Soft, turn: &mut Turn<'_, E>, who: &Identity) -> Result<(), ErrorCode> {
    if who.group.is_empty() {
        return Err(ErrorCode::InvalidGroupId);
    }
    let membership = take_up(soft, turn, &who.group).ok_or(ErrorCode::UnknownMemberId)?;
    membership.validate(&who.member, who.instance.as_deref())?;
    if who.generation != membership.generation {
        return Err(ErrorCode::IllegalGeneration);
    }
    if !planted!(turn.fx, "heartbeat-does-not-prolong-the-session") {
        membership.touch(turn, &who.member);
    }
    match membership.state(turn.metadata(&who.group)) {
        State::Empty => Err(ErrorCode::UnknownMemberId),
        State::PreparingRebalance if !planted!(turn.fx, "heartbeat-hides-the-rebalance") => {
            Err(ErrorCode::RebalanceInProgress)
        }
        State::PreparingRebalance | State::CompletingRebalance | State::Stable => Ok(()),
    }
}
