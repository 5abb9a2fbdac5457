//! ListGroups: the groups of every kind that are known here, a bounded number of them at a time. Each that is there all the while is in
//! the list once.

use std::ops::Bound;
use std::sync::Arc;

use ottla_machine::{Emit, Ticket, sometimes};

use super::classic::Membership;
use super::consumers;
use super::limits;
use super::record::Kind;
use super::soft::{Soft, state};
use super::stored::Stored;
use super::turn::Turn;
use super::view::Timer;
use super::words::{Listed, Response};

/// A list in the making.
#[derive(Clone, Debug)]
pub(super) struct Listing {
    states: Vec<String>,
    kinds: Vec<String>,
    /// The last group that was looked at.
    after: Option<Arc<str>>,
    found: Vec<Listed>,
}

pub(super) fn list<E: Emit>(
    soft: &mut Soft,
    turn: &mut Turn<'_, E>,
    ticket: Ticket,
    states: Vec<String>,
    kinds: Vec<String>,
) {
    let listing = Listing {
        states,
        kinds,
        after: None,
        found: Vec::new(),
    };
    go_on(soft, turn, ticket, listing);
}

/// The next groups of a list.
pub(super) fn list_on<E: Emit>(soft: &mut Soft, turn: &mut Turn<'_, E>, ticket: Ticket) {
    if let Some(listing) = soft.listings.remove(&ticket) {
        sometimes!(turn.fx, "a list of groups took several looks");
        go_on(soft, turn, ticket, listing);
    }
}

fn go_on<E: Emit>(soft: &mut Soft, turn: &mut Turn<'_, E>, ticket: Ticket, mut listing: Listing) {
    let after = listing.after.take();
    let after = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
    let range = (after, Bound::Unbounded);
    let mut known = turn.hard.groups().range::<str, _>(range).peekable();
    let mut here = soft.memberships.range::<str, _>(range).peekable();
    for _ in 0..limits::LISTED.of(turn.view.switch) {
        let first = known.peek().map(|(group, _)| *group);
        let first = first
            .into_iter()
            .chain(here.peek().map(|(group, _)| *group));
        let Some(group) = first.min() else {
            break;
        };
        let stored = known.next_if(|(name, _)| *name == group);
        let membership = here.next_if(|(name, _)| *name == group);
        let (stored, membership) = (stored.map(|it| it.1), membership.map(|it| it.1));
        listing.look_at(group, stored, membership);
        listing.after = Some(Arc::clone(group));
    }
    if known.peek().is_none() && here.peek().is_none() {
        // Of all groups at once: it waits for all that is not committed.
        return turn.answer_with_records(ticket, Response::Listed(listing.found));
    }
    soft.listings.insert(ticket, listing);
    turn.go_on(Timer::List(ticket));
}

impl Listing {
    fn look_at(
        &mut self,
        group: &Arc<str>,
        stored: Option<&Stored>,
        membership: Option<&Membership>,
    ) {
        let kind = stored.map_or(Kind::Classic, |it| it.kind());
        if !self.kinds.is_empty() && !self.kinds.iter().any(|it| it == kind.name()) {
            return;
        }
        let state = match stored.and_then(consumers::progress_of) {
            Some(progress) => Some(progress.name()),
            None => state(stored, membership).map(|it| it.name()),
        };
        let wanted =
            |state: &&str| self.states.is_empty() || self.states.contains(&state.to_lowercase());
        let Some(state) = state.filter(wanted) else {
            return;
        };
        let metadata = stored.and_then(|it| it.metadata.as_ref());
        self.found.push(Listed {
            group: Arc::clone(group),
            protocol_type: match (kind, membership, metadata) {
                (Kind::Classic, Some(membership), _) => Arc::clone(&membership.protocol_type),
                (Kind::Classic, None, Some(metadata)) => Arc::clone(&metadata.protocol_type),
                (Kind::Classic, None, None) => Arc::default(),
                (kind, ..) => kind.name().into(),
            },
            state,
            kind,
        });
    }
}
