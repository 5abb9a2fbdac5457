//! What requests are about, as clients name it: topics and partitions.

use std::sync::Arc;

/// A topic's id.
pub type TopicId = [u8; 16];

/// A partition, by the identity that survives recreation under the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition {
    /// The topic's id.
    pub topic: TopicId,
    /// The partition's index.
    pub index: i32,
}

/// A partition as a client speaks of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// The topic's name.
    pub topic: Arc<str>,
    /// The topic's id as the client knew it when it asked.
    pub id: TopicId,
    /// Whether the request named the topic by its id; else by its name.
    pub by_id: bool,
    /// The partition's index.
    pub index: i32,
}
