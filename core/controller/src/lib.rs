//! Metadata decisions: which brokers there are, which topics, who leads what. The controller is replicated state: requests
//! come in through `ottla_replicated::Runtime`, records go out to the metadata log, and everything it knows is the
//! fold of that log to its tail.
//!
//! | tenure | request | becomes |
//! |---|---|---|
//! | begun: the log may end in an open transaction, or be empty | `Bootstrap` | ready: the transaction is aborted, the first features are there |
//! | begun | any other | (refused NOT_CONTROLLER) |
//! | ready | any | (decided) |
//!
//! | broker | on | becomes |
//! |---|---|---|
//! | unknown | `RegisterBroker` | fenced |
//! | fenced | heartbeat, caught up with its registration | active; leaderless partitions are elected |
//! | active | heartbeat, wants to stop | leaving; it leads nothing, is in no ISR |
//! | active, leaving | its session ends, or it registers in another life | fenced; as above |
//! | leaving | heartbeat, leads nothing, others have seen it | fenced; it may stop |
//!
//! C1: records with one effect are one batch.
//! C2: what is decided fits: every record was applied to a draft of the image before it left.
//! C3: a leader is in the ISR; the ISR and the ELR are replicas, and no replica is in both; a leader is replaced only in a new
//!     leader epoch; neither epoch of a partition goes back ([`check`], [`check_step`]).
//! C4: a fenced broker leads nothing and is in no ISR.
//! C5: a broker epoch is the offset of the first record of the append that registered the broker; a request with another one
//!     is stale.
//! C6: no producer id is leased twice.
#![forbid(unsafe_code)]

mod allocate_producer_ids;
mod bootstrap;
mod broker_heartbeat;
mod check;
mod controller;
mod create_topics;
mod delete_topics;
mod draft;
mod election;
mod features;
mod internal_topics;
pub mod limits;
mod membership;
mod placement;
mod register_broker;
mod register_controller;
mod sessions;
mod soft;
mod topic_name;
mod view;
mod words;

pub use bootstrap::feature_values;
pub use check::{check, check_step};
pub use controller::Controller;
pub use features::{FRESH_FEATURES, READABLE_FEATURES};
pub use internal_topics::internal_topic;
pub use soft::Soft;
pub use topic_name::check_topic_name;
pub use view::{ControllerView, Timer};
pub use words::{
    Created, Deleted, Heartbeat, HeartbeatAnswer, NewTopic, Refusal, Registration, Request,
    Response, refusal,
};
