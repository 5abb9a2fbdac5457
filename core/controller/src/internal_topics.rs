//! The topics in which the cluster keeps its own state: how many partitions, how many replicas, which settings.

use ottla_metadata::config::StaticConfig;

use crate::NewTopic;

/// The internal topic of this name as it is to be created; `None` when it is not one.
pub fn internal_topic(name: &str, statics: &StaticConfig) -> Option<NewTopic> {
    let (keys, configs) = match name {
        "__consumer_offsets" => ("offsets.topic", CONSUMER_OFFSETS),
        "__transaction_state" => ("transaction.state.log", TRANSACTION_STATE),
        "__share_group_state" => ("share.coordinator.state.topic", SHARE_GROUP_STATE),
        _ => return None,
    };
    let number = |what: &str| statics.whole(&format!("{keys}.{what}"));
    let value = |value: &From| match value {
        From::Fixed(text) => (*text).to_owned(),
        From::Setting(what) => number(what).to_string(),
    };
    let configs = configs.iter();
    Some(NewTopic {
        name: name.to_owned(),
        partitions: i32::try_from(number("num.partitions")).unwrap_or(i32::MAX),
        replication_factor: i16::try_from(number("replication.factor")).unwrap_or(i16::MAX),
        assignments: Vec::new(),
        configs: configs
            .map(|(key, from)| ((*key).to_owned(), Some(value(from))))
            .collect(),
    })
}

/// Where the value of a topic's setting comes from.
enum From {
    /// It is always this.
    Fixed(&'static str),
    /// It is the broker's setting of this name, after the topic's own prefix.
    Setting(&'static str),
}

type Configs = &'static [(&'static str, From)];

const SEGMENT: (&str, From) = ("segment.bytes", From::Setting("segment.bytes"));
const MIN_ISR: (&str, From) = ("min.insync.replicas", From::Setting("min.isr"));

const CONSUMER_OFFSETS: Configs = &[
    ("compression.type", From::Fixed("producer")),
    ("cleanup.policy", From::Fixed("compact")),
    SEGMENT,
];
const TRANSACTION_STATE: Configs = &[
    ("compression.type", From::Fixed("uncompressed")),
    ("cleanup.policy", From::Fixed("compact")),
    MIN_ISR,
    SEGMENT,
    ("unclean.leader.election.enable", From::Fixed("false")),
];
const SHARE_GROUP_STATE: Configs = &[
    ("compression.type", From::Fixed("producer")),
    ("cleanup.policy", From::Fixed("delete")),
    MIN_ISR,
    SEGMENT,
    ("retention.ms", From::Fixed("-1")),
];
