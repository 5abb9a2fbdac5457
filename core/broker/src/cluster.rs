//! The committed image as clients see it: topics by name or id, partitions, the addresses of a listener, features, settings.
//! Questions only; the image itself comes from the office.

use ottla_machine::NodeId;
use ottla_metadata::config::Layers;
use ottla_metadata::{Image, Topic};
use ottla_protocol::{ErrorCode, Uuid};
use ottla_shard::PartitionId;

use crate::bench::Bench;
use crate::fetch_session::TopicKey;

/// Topics that only the cluster itself writes.
const INTERNAL: [&str; 3] = [
    "__consumer_offsets",
    "__transaction_state",
    "__share_group_state",
];

/// The longest name of a topic: its directory's name must have room for the partition.
const LONGEST_NAME: usize = 249;

/// A broker as clients are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub id: i32,
    pub host: String,
    pub port: i32,
    pub rack: Option<String>,
    pub fenced: bool,
}

/// Whether only the cluster itself may write to it.
pub(crate) fn is_internal(name: &str) -> bool {
    INTERNAL.contains(&name)
}

/// The same of a topic's id.
pub(crate) fn is_internal_id(image: &Image, id: Uuid) -> bool {
    image
        .topic(id)
        .is_some_and(|topic| is_internal(&topic.name))
}

/// Whether a topic may be called so.
pub(crate) fn is_topic_name(name: &str) -> bool {
    let known = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-');
    !matches!(name, "" | "." | "..") && name.len() <= LONGEST_NAME && name.bytes().all(known)
}

/// A topic by its id, or by its name when it has none.
pub(crate) fn topic<'a>(image: &'a Image, name: &str, id: Uuid) -> Option<&'a Topic> {
    let found = if id.is_zero() {
        image.topic_named(name)
    } else {
        image.topic(id)
    };
    found.map(|topic| &**topic)
}

/// A topic as a fetch names it.
pub(crate) fn topic_of<'a>(image: &'a Image, key: &TopicKey) -> Option<&'a Topic> {
    match key {
        TopicKey::Name(name) => topic(image, name, Uuid::ZERO),
        TopicKey::Id(id) => image.topic(*id).map(|topic| &**topic),
    }
}

/// A partition as a fetch names it.
pub(crate) fn find(
    image: &Image,
    key: &TopicKey,
    partition: i32,
) -> Result<PartitionId, ErrorCode> {
    match key {
        TopicKey::Name(name) => find_by_name(image, name, partition),
        TopicKey::Id(id) => find_by_id(image, *id, partition),
    }
}

/// A partition by its topic's name.
pub(crate) fn find_by_name(
    image: &Image,
    name: &str,
    partition: i32,
) -> Result<PartitionId, ErrorCode> {
    within(
        image
            .topic_named(name)
            .ok_or(ErrorCode::UnknownTopicOrPartition)?,
        partition,
    )
}

/// A partition by its topic's id.
pub(crate) fn find_by_id(
    image: &Image,
    id: Uuid,
    partition: i32,
) -> Result<PartitionId, ErrorCode> {
    within(image.topic(id).ok_or(ErrorCode::UnknownTopicId)?, partition)
}

fn within(topic: &Topic, index: i32) -> Result<PartitionId, ErrorCode> {
    let known = usize::try_from(index).is_ok_and(|index| index < topic.partitions.len());
    if known {
        Ok(PartitionId {
            topic_id: topic.id,
            index,
        })
    } else {
        Err(ErrorCode::UnknownTopicOrPartition)
    }
}

/// Who leads a partition, in which epoch. That broker's address, at the listener a request came in by, goes to the others unless
/// it is there already.
pub(crate) fn leader(
    bench: &Bench,
    listener: u16,
    topic: Option<&Topic>,
    index: i32,
    addresses: &mut Vec<Node>,
) -> Option<(i32, i32)> {
    let partition = topic?.partitions.get(usize::try_from(index).ok()?)?;
    let leader = partition.leader.0;
    if !addresses.iter().any(|known| known.id == leader) {
        addresses.extend(node(bench, listener, leader));
    }
    Some((leader, partition.leader_epoch.0))
}

/// Whether a broker is registered and not fenced.
pub(crate) fn is_live(image: &Image, node: NodeId) -> bool {
    image.broker(node).is_some_and(|broker| !broker.fenced)
}

/// The brokers that have the listener a request came in by, with their addresses there.
pub(crate) fn nodes(bench: &Bench, listener: u16, fenced: bool) -> Vec<Node> {
    let brokers = bench
        .image
        .brokers()
        .filter(|broker| fenced || !broker.fenced);
    brokers
        .filter_map(|broker| node(bench, listener, broker.id.0))
        .collect()
}

/// One broker's address at the listener a request came in by.
pub(crate) fn node(bench: &Bench, listener: u16, id: i32) -> Option<Node> {
    let name = &bench.config.listeners.get(usize::from(listener))?.name;
    let broker = bench.image.broker(NodeId(id))?;
    let endpoint = broker
        .endpoints
        .iter()
        .find(|endpoint| endpoint.name == *name)?;
    Some(Node {
        id,
        host: endpoint.host.clone(),
        port: endpoint.port.into(),
        rack: broker.rack.clone(),
        fenced: broker.fenced,
    })
}

/// The finalized features and their levels; those at level 0 are not in use and not listed.
pub(crate) fn features(bench: &Bench) -> Vec<(String, i16)> {
    let kraft = ("kraft.version".to_owned(), bench.quorum.kraft_version);
    let of_image = bench
        .image
        .features()
        .map(|(name, level)| (name.to_owned(), level));
    of_image
        .chain([kraft])
        .filter(|(_, level)| *level > 0)
        .collect()
}

/// The settings that hold for a topic, or for this broker.
pub(crate) fn layers<'a>(bench: &'a Bench, topic: Option<&str>) -> Layers<'a> {
    bench
        .image
        .layers(topic, bench.config.node_id, &bench.config.statics)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_be_other_directories_are_none() {
        for bad in [
            "",
            ".",
            "..",
            "a/../b",
            "with space",
            "na\u{ef}ve",
            &"x".repeat(250),
        ] {
            assert!(!is_topic_name(bad), "{bad}");
        }
        for good in ["a", "a.b_c-D9", "...", &"x".repeat(249)] {
            assert!(is_topic_name(good), "{good}");
        }
    }
}
