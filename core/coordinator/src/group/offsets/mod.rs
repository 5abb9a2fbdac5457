//! How far a group is: commits, written, read, forgotten, expired.

mod commit;
mod delete;
mod expiry;
mod fetch;

pub(super) use commit::commit;
pub(super) use delete::delete;
pub(super) use expiry::{expire, forget_deleted};
pub(super) use fetch::fetch;

use super::classic::{Membership, Reads};
use super::stored::Stored;

/// What the members of a group read. Of a group that nobody has asked for yet its record tells.
fn reads(membership: Option<&Membership>, stored: Option<&Stored>) -> Reads {
    membership.map_or_else(
        || Reads::stored(stored.and_then(|it| it.metadata.as_deref())),
        Membership::reads,
    )
}
