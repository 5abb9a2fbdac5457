//! ListGroups: the groups of every kind that are known here.

use std::sync::Arc;

use ottla_machine::{Emit, Ticket};

use super::classic::state_of;
use super::consumers;
use super::record::Kind;
use super::soft::Soft;
use super::turn::Turn;
use super::words::{Listed, Response};

pub(super) fn list<E: Emit>(
    soft: &Soft,
    turn: &mut Turn<'_, E>,
    ticket: Ticket,
    states: &[String],
    kinds: &[String],
) {
    let known = turn.hard.groups().keys();
    let only_here = soft.memberships.keys();
    let only_here = only_here.filter(|group| turn.hard.group(group).is_none());
    let listed = known
        .chain(only_here)
        .filter_map(|group| entry(soft, turn, group))
        .filter(|it| states.is_empty() || states.contains(&it.state.to_lowercase()))
        .filter(|it| kinds.is_empty() || kinds.iter().any(|kind| kind == it.kind.name()))
        .collect();
    // Of all groups at once: it waits for all that is not committed.
    turn.answer_with_records(ticket, Response::Listed(listed));
}

fn entry<E>(soft: &Soft, turn: &Turn<'_, E>, group: &Arc<str>) -> Option<Listed> {
    let stored = turn.hard.group(group);
    let kind = stored.map_or(Kind::Classic, |it| it.kind());
    let protocol_type = match (kind, soft.memberships.get(group)) {
        (Kind::Classic, Some(membership)) => Arc::clone(&membership.protocol_type),
        (Kind::Classic, None) => stored
            .and_then(|it| it.metadata.as_ref())
            .map(|it| Arc::clone(&it.protocol_type))
            .unwrap_or_default(),
        (kind, _) => kind.name().into(),
    };
    Some(Listed {
        group: Arc::clone(group),
        protocol_type,
        state: match stored.and_then(consumers::progress_of) {
            Some(progress) => progress.name(),
            None => state_of(soft, turn, group)?.name(),
        },
        kind,
    })
}
