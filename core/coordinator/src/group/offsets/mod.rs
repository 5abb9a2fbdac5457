//! How far a group is: commits, written, read, forgotten, expired.

mod commit;
mod delete;
mod expiry;
mod fetch;

pub(super) use commit::commit;
pub(super) use delete::delete;
pub(super) use expiry::{expire, forget_deleted};
pub(super) use fetch::fetch;

use crate::group::record::CONSUMER;
use crate::group::stored::Stored;

use super::classic::{Membership, subscribed};

/// Whether the members of a group read a topic, as far as can be told. Of a stable group nobody has asked for yet, its record tells.
fn is_read(membership: Option<&Membership>, stored: Option<&Stored>, topic: &str) -> bool {
    if let Some(membership) = membership {
        return membership.reads(topic);
    }
    let Some(metadata) = stored.and_then(|it| it.metadata.as_ref()) else {
        return false;
    };
    let said = metadata.members.iter().map(|it| it.subscription.clone());
    &*metadata.protocol_type == CONSUMER && subscribed(said, topic).unwrap_or(true)
}
