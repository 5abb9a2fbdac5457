//! Coordinators: state whose truth is a partition of an internal topic, decided in `ottla_replicated::Runtime`. Today groups
//! (`__consumer_offsets`): [`Groups`] is one partition's share of them.
//!
//! What is asked comes in as a [`Request`] with a ticket and leaves as a [`Response`]; what is decided is written as [`Record`]s, Kafka's
//! own. Knows no log: the shard reads and writes it.
#![forbid(unsafe_code)]

mod group;

pub use group::*;
