//! Classic groups: who is here, and how a rebalance goes on. [`Membership`] is soft state; what the log says of the same group is its
//! [`Metadata`](super::record::Metadata).
//!
//! | phase | on | becomes |
//! |---|---|---|
//! | Empty | a member joins | Preparing, with the initial delay |
//! | Preparing, initial | the delay is over, nobody has come meanwhile | as below |
//! | Preparing | all have joined, or the rebalance timeout | Joined in the next generation; Empty when nobody is left |
//! | Joined | a member joins with something new, leaves, is silent for too long, fetches no assignment in time; the leader joins | Preparing |
//!
//! Joined is CompletingRebalance until the log has this generation, then Stable: that the assignment is stored is read from the log, never
//! believed.
//!
//! M1: no member of an earlier generation is heard as one of this generation.
//! M2: no generation is told to anybody that is more than one above the log's: one that was told never comes back after a crash, but as
//!     itself.
//! M3: a static id has one member; who had it before is fenced at once.
//! M4: the leader is a member.

mod heartbeat;
mod join;
mod leave;
mod members;
mod reads;
mod rebalance;
mod revival;
mod sync;
mod timeouts;

pub(super) use heartbeat::heartbeat;
pub(super) use join::join;
pub(super) use leave::leave;
pub(super) use members::Membership;
pub(super) use reads::Reads;
pub(super) use revival::{revive, take_up};
pub(super) use sync::sync;
pub(super) use timeouts::{join_expired, member_expired, sync_expired};
