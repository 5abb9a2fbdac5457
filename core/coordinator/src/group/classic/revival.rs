//! Taking up what the log says: the members of each group are here still, until their sessions say otherwise. A bounded number of groups at a
//! time; a group that is asked for before its turn is taken up at once.

use std::ops::Bound;
use std::sync::Arc;

use ottla_machine::{Emit, planted, sometimes};

use super::members::Membership;
use crate::group::groups::is_foreign;
use crate::group::limits;
use crate::group::record::Metadata;
use crate::group::soft::Soft;
use crate::group::turn::Turn;
use crate::group::view::Timer;

/// The membership of a group that is known, here or in the log; of none of another kind.
pub(in crate::group) fn take_up<'s, E: Emit>(
    soft: &'s mut Soft,
    turn: &mut Turn<'_, E>,
    group: &Arc<str>,
) -> Option<&'s mut Membership> {
    if !soft.memberships.contains_key(group) {
        let stored = turn.stored(group)?;
        if is_foreign(Some(stored)) {
            return None;
        }
        let mut membership = Membership::stored(group, stored.metadata.as_deref());
        for id in membership.members.keys().cloned().collect::<Vec<_>>() {
            if planted!(turn.fx, "loaded-members-have-no-session") {
                break;
            }
            membership.touch(turn, &id);
        }
        let too_large = membership.members.len() > turn.view.settings.max_size;
        let unassigned = stored
            .metadata
            .as_ref()
            .is_some_and(|it| it.is_unassigned());
        sometimes!(turn.fx, "a group was larger than it may be now", if too_large);
        sometimes!(turn.fx, "a generation that nobody had assigned was loaded", if unassigned);
        if too_large || unassigned {
            membership.prepare(turn);
        }
        soft.memberships.insert(Arc::clone(group), membership);
    }
    soft.memberships.get_mut(group)
}

/// Takes up the next groups that have members.
pub(in crate::group) fn revive<E: Emit>(soft: &mut Soft, turn: &mut Turn<'_, E>) {
    let Some(after) = soft.reviving.take() else {
        return;
    };
    let most = limits::REVIVED.of(turn.view.switch);
    let after: (Bound<&str>, Bound<&str>) = (Bound::Excluded(&after), Bound::Unbounded);
    let mut last = None;
    for (group, stored) in turn.hard.groups().range::<str, _>(after).take(most) {
        let has_members = |it: &Arc<Metadata>| !it.members.is_empty();
        if stored.metadata.as_ref().is_some_and(has_members) {
            take_up(soft, turn, group);
        }
        last = Some(Arc::clone(group));
    }
    if last.is_some() {
        turn.go_on(Timer::Revival);
    }
    soft.reviving = last;
}
