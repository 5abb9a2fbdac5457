//! This node's copy of one partition and its role. Inputs come from the shard that owns it (the image's word on who leads, appends,
//! completions of its log); answers for waiting producers go back to it as [`Released`]. It emits only what its log emits.
//!
//! [`Replica`] is the copy: a [`ottla_log::Log`] and who waits for it; [`Leader`] is the tenure of one leader epoch: ISR, promises,
//! high watermark.
#![forbid(unsafe_code)]

mod leader;
mod replica;
mod waiters;

pub use leader::{Leader, Tenure};
pub use replica::{Acks, Promise, Released, Replica};
