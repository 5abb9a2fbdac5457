//! What a tenure knows of groups that no record says. It dies with the tenure.

use std::collections::BTreeMap;
use std::sync::Arc;

use ottla_machine::{Rng, Ticket};

use super::classic::Membership;
use super::list::Listing;
use super::stored::Stored;
use super::turn::Turn;
use super::words::State;

/// What a tenure knows beside the log.
#[derive(Clone, Debug)]
pub struct Soft {
    /// Who is here, of the groups in which anybody is or waits, or whose generation the log does not know.
    pub(super) memberships: BTreeMap<Arc<str>, Membership>,
    /// Where member ids come from.
    pub(super) rng: Rng,
    /// The last group whose members were taken up; `None` when all are.
    pub(super) reviving: Option<Arc<str>>,
    /// Where the search for what has expired goes on.
    pub(super) expiring: Place,
    /// Where the search for commits of deleted topics goes on.
    pub(super) forgetting: Place,
    /// Lists that are longer than one look.
    pub(super) listings: BTreeMap<Ticket, Listing>,
}

/// A place in the walk over all commits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The group to go on with; `None`: the next walk begins with the first.
    pub group: Option<Arc<str>>,
    /// The commit in it after which to go on.
    pub after: Option<(Arc<str>, i32)>,
}

impl Soft {
    pub(super) fn new(rng: Rng) -> Soft {
        Soft {
            memberships: BTreeMap::new(),
            rng,
            reviving: Some("".into()),
            expiring: Place::default(),
            forgetting: Place::default(),
            listings: BTreeMap::new(),
        }
    }

    /// Everybody who waits for other members, or for the rest of a list.
    pub(super) fn waiting(&self) -> Vec<Ticket> {
        let memberships = self.memberships.values();
        let waiting = memberships.flat_map(Membership::tickets);
        waiting.chain(self.listings.keys().copied()).collect()
    }

    /// Forgets a membership that says no more than the log.
    pub(super) fn drop_if_idle<E>(&mut self, turn: &Turn<'_, E>, group: &str) {
        let stored = turn.metadata(group);
        let idle = |it: &Membership| it.is_idle(stored);
        if self.memberships.get(group).is_some_and(idle) {
            self.memberships.remove(group);
        }
    }
}

/// Where a group is that is known, here or in the log.
pub(super) fn state_of<E>(soft: &Soft, turn: &Turn<'_, E>, group: &str) -> Option<State> {
    state(turn.stored(group), soft.memberships.get(group))
}

/// Where a group is, of which the log and this tenure know so much.
pub(super) fn state(stored: Option<&Stored>, membership: Option<&Membership>) -> Option<State> {
    let metadata = stored.and_then(|it| it.metadata.as_deref());
    if let Some(membership) = membership {
        return Some(membership.state(metadata));
    }
    let members = metadata.is_some_and(|it| !it.members.is_empty());
    let kept = stored?.kept.as_ref().is_some_and(|it| it.has_members());
    Some(match members || kept {
        true => State::Stable,
        false => State::Empty,
    })
}
