//! What a tenure knows of groups that no record says. It dies with the tenure.

use std::collections::BTreeMap;
use std::sync::Arc;

use ottla_machine::{Rng, Ticket};

use super::classic::Membership;

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
        }
    }

    /// Everybody who waits for other members.
    pub(super) fn waiting(&self) -> Vec<Ticket> {
        let memberships = self.memberships.values();
        memberships.flat_map(Membership::tickets).collect()
    }
}
