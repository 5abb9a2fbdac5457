//! The node as one machine: what its clients meet (`front`), the partitions it holds ([`ottla_shard::Shard`]), and the office (quorum and
//! controller). This file only carries words between them; it never sees a log.
//!
//! Connection events go to the front; completions go home by the part of their operation; the owner's words go to the stage they
//! begin or end. A turn ends with the front (fetches whose time is up), the shard (group commit), and the front again, which
//! sends what has been answered.
//!
//! K1: after a step or a settle no word is left between the front and the shard: what was asked in it has been carried down,
//! and what was told back has been carried up.
#![forbid(unsafe_code)]

mod api;
mod auth;
mod bench;
mod boot;
mod cluster;
pub mod config;
mod connection;
mod connections;
mod counters;
mod creating;
mod fetch_session;
mod front;
mod gather;
pub mod limits;
mod node;
mod office;
mod office_words;
mod producer_ids;
#[cfg(test)]
mod tests;
mod words;

pub use boot::{MetaProperties, clean_shutdown};
pub use node::Broker;
pub use office::MetadataLogView;
pub use office_words::{QuorumNode, QuorumReplica, QuorumView};
pub use ottla_log::{Phase, ProducerView};
pub use ottla_shard::{Held, PartitionId};
pub use words::{BrokerAsk, BrokerTell, Cause, StartBroker};
