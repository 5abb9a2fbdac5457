//! Cluster metadata: what the records of `__cluster_metadata` add up to.
//!
//! Records come in one by one, in the order of the log, through a [`Fold`]; out comes an [`Image`] that is cheap to clone
//! and never changes, and the [`Delta`] between two of them. [`config`] is what Kafka can be told.
#![forbid(unsafe_code)]

pub mod config;

mod apply;
mod broker;
mod delta;
mod fold;
mod image;
mod kept;
mod print;
mod topic;

pub use broker::{Broker, ControllerNode, Endpoint, FeatureRange};
pub use delta::{Delta, TopicChange};
pub use fold::Fold;
pub use image::{Image, Resource, Unfit, resource_type};
pub use kept::Kept;
pub use print::Records;
pub use topic::{Partition, RecoveryState, Topic};
