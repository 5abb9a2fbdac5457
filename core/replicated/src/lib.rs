//! The runtime for replicated state: decide, append, replay, park, release. One for the controller, groups and
//! transactions. It knows offsets only: what a record means is its [`Replicated`](ottla_machine::Replicated)'s business, where it is written
//! its [`Tail`]'s.
//!
//! [`Runtime`] is the whole of it; `parking` keeps the answers that wait for the high watermark.
#![forbid(unsafe_code)]

pub mod limits;
mod parking;
mod runtime;
mod tail;

pub use runtime::{Outcome, Passed, Runtime};
pub use tail::{Refused, Tail};

#[cfg(test)]
mod tests;
