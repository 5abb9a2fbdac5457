//! The bounds of a coordinator, each with its why.

use ottla_machine::Limit;

/// How long a new member may be away once it has asked to join, milliseconds: it cannot send heartbeats while it waits, and nobody
/// sees it go. Kafka's number.
pub const NEW_MEMBER_MS: i64 = 5 * 60 * 1000;

/// Groups whose members are taken up at once when a tenure begins.
pub const REVIVED: Limit = Limit::new("groups revived", 256, 1);

/// Groups of one list that are looked at in one go; a question to each coordinator of a node is a list to each.
pub const LISTED: Limit = Limit::new("groups listed in one go", 256, 1);

/// Commits looked at in one go for what has expired.
pub const EXPIRY_COMMITS: Limit = Limit::new("commits looked at for expiry", 1024, 1);

/// Groups looked at in one go for what has expired.
pub const EXPIRY_GROUPS: Limit = Limit::new("groups looked at for expiry", 256, 1);
