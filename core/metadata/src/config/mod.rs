//! What Kafka can be told: every key of its brokers, topics, groups and client metrics, with type, default and range;
//! which value holds where several are set; and what DescribeConfigs says of it.
//!
//! Values come in as text: from the operator ([`StaticConfig`]), and from the metadata image ([`Layers`]). Nothing here
//! changes state.
//!
//! C1: whatever is taken from an operator or a client passes [`Definition::check`]; what already stands in a
//! directory is kept as it is, and where it cannot be used the next lower layer holds.

mod check;
mod definition;
mod describe;
mod keys;
mod layers;
mod nearest;
mod statics;
mod synonyms;
mod topic;

pub use check::BadValue;
pub use definition::{Definition, Importance, Kind, Mode, Preset, Scope, Valid};
pub use describe::{Entry, Source, Synonym, describe_broker, describe_cluster, describe_topic};
pub use keys::{definitions, lookup};
pub use layers::{Layers, Resolved};
pub use nearest::nearest;
pub use statics::{BadSetting, SHIPPED, StaticConfig};
pub use synonyms::{Unit, broker_names, topic_synonyms};
pub use topic::{BadTopicConfig, TopicConfig, check_topic};

#[cfg(test)]
mod tests;
