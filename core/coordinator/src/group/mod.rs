//! Groups: who consumes together, and how far they are.
//!
//! `groups` is the replicated state and says who decides what; `stored` is what the log says of a group, `classic` who is here now and how a
//! rebalance goes on, `consumers` the groups of the newer protocol as far as their records tell, `offsets` the commits. One file per
//! request.

mod classic;
mod consumers;
mod delete;
mod describe;
mod groups;
pub mod limits;
mod list;
mod offsets;
mod record;
mod soft;
mod stored;
mod turn;
mod view;
mod words;

pub use groups::Groups;
pub use record::{Commit, Kind, Metadata, Record, StoredMember};
pub use soft::Soft;
pub use stored::Stored;
pub use view::{Settings, Timer, View};
pub use words::*;

/// Which partition of `__consumer_offsets` has a group, of so many: Java's hash of the name, made positive.
pub fn partition_of(group: &str, partitions: i32) -> i32 {
    let hash = group.encode_utf16().fold(0_i32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    });
    hash.checked_abs().unwrap_or(0) % partitions.max(1)
}
