//! The topics in which the cluster keeps its own state: how many partitions, how many replicas, which settings.

use ottla_metadata::config::StaticConfig;

use crate::NewTopic;

/// The internal topic of this name as it is to be created; `None` when it is not one.
pub fn internal_topic(name: &str, statics: &StaticConfig) -> Option<NewTopic> {
    let (keys, configs): (&str, &[(&str, &str)]) = match name {
        "__consumer_offsets" => (
            "offsets.topic",
            &[
                ("compression.type", "producer"),
                ("cleanup.policy", "compact"),
            ],
        ),
        "__transaction_state" => (
            "transaction.state.log",
            &[
                ("compression.type", "uncompressed"),
                ("cleanup.policy", "compact"),
                ("unclean.leader.election.enable", "false"),
            ],
        ),
        "__share_group_state" => (
            "share.coordinator.state.topic",
            &[
                ("compression.type", "producer"),
                ("cleanup.policy", "delete"),
                ("retention.ms", "-1"),
            ],
        ),
        _ => return None,
    };
    let number = |what: &str| statics.whole(&format!("{keys}.{what}"));
    let set = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
    let mut configs: Vec<_> = configs
        .iter()
        .map(|(name, value)| set(name, value))
        .collect();
    configs.push(set("segment.bytes", &number("segment.bytes").to_string()));
    if name != "__consumer_offsets" {
        configs.push(set("min.insync.replicas", &number("min.isr").to_string()));
    }
    Some(NewTopic {
        name: name.to_owned(),
        partitions: i32::try_from(number("num.partitions")).unwrap_or(i32::MAX),
        replication_factor: i16::try_from(number("replication.factor")).unwrap_or(i16::MAX),
        assignments: Vec::new(),
        configs,
    })
}
