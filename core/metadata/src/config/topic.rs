//! A topic's settings: what a client may set on one, and what holds for one.

use std::collections::BTreeMap;
use std::fmt;

use super::check::entries;
use super::{BadValue, Layers, Scope, lookup, nearest};

/// Why a topic's setting is refused (INVALID_CONFIG).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadTopicConfig {
    /// There is no such key.
    Unknown(String),
    /// It was given no value at all.
    Null(String),
    /// The same key twice.
    Twice(String),
    /// The key has no such value.
    Value(BadValue),
    /// Two values, or a value and the cluster, contradict each other.
    Conflict(&'static str),
}

impl fmt::Display for BadTopicConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadTopicConfig::Unknown(name) => {
                write!(f, "Unknown topic config name: {name}")?;
                match nearest(Scope::Topic, name) {
                    Some(nearest) => write!(f, " (the nearest is {nearest})"),
                    None => Ok(()),
                }
            }
            BadTopicConfig::Null(name) => write!(f, "the config {name} has no value"),
            BadTopicConfig::Twice(name) => write!(f, "the config {name} is given twice"),
            BadTopicConfig::Value(bad) => bad.fmt(f),
            BadTopicConfig::Conflict(sentence) => f.write_str(sentence),
        }
    }
}

impl std::error::Error for BadTopicConfig {}

/// Judges the settings that a client wants on a topic.
pub fn check_topic(
    wanted: &[(String, Option<String>)],
) -> Result<BTreeMap<String, String>, BadTopicConfig> {
    let mut taken = BTreeMap::new();
    for (name, value) in wanted {
        let Some(key) = lookup(Scope::Topic, name) else {
            return Err(BadTopicConfig::Unknown(name.clone()));
        };
        let Some(value) = value else {
            return Err(BadTopicConfig::Null(name.clone()));
        };
        key.check(value).map_err(BadTopicConfig::Value)?;
        if taken.insert(name.clone(), value.clone()).is_some() {
            return Err(BadTopicConfig::Twice(name.clone()));
        }
    }
    let number = |name: &str| {
        taken
            .get(name)
            .and_then(|text| text.trim().parse::<i64>().ok())
    };
    let (least, most) = (
        number("min.compaction.lag.ms"),
        number("max.compaction.lag.ms"),
    );
    if least.unwrap_or(0) > most.unwrap_or(i64::MAX) {
        return Err(BadTopicConfig::Conflict(
            "min.compaction.lag.ms is greater than max.compaction.lag.ms",
        ));
    }
    let tiered = taken.get("remote.storage.enable");
    if tiered.is_some_and(|value| value.trim().eq_ignore_ascii_case("true")) {
        return Err(BadTopicConfig::Conflict(
            "remote.storage.enable needs a cluster with tiered storage, which this is not",
        ));
    }
    Ok(taken)
}

/// What holds for one topic on one node, typed.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicConfig {
    /// Old segments go.
    pub delete: bool,
    /// Only the last value of each key stays.
    pub compact: bool,
    /// `producer`, `uncompressed`, or a codec's name.
    pub compression_type: String,
    /// gzip's level; -1 is its own default.
    pub compression_gzip_level: i32,
    /// lz4's level.
    pub compression_lz4_level: i32,
    /// zstd's level.
    pub compression_zstd_level: i32,
    /// How long a tombstone stays after the first pass.
    pub delete_retention_ms: i64,
    /// How long a removed file stays.
    pub file_delete_delay_ms: i64,
    /// An index entry per so many bytes.
    pub index_interval_bytes: i32,
    /// A batch may be so large.
    pub max_message_bytes: i32,
    /// A client's time may lie so far ahead.
    pub timestamp_after_max_ms: i64,
    /// A client's time may lie so far back.
    pub timestamp_before_max_ms: i64,
    /// The broker's time counts, not the client's.
    pub append_time: bool,
    /// Compacted when so much of the log is dirty.
    pub min_cleanable_dirty_ratio: f64,
    /// Not compacted before.
    pub min_compaction_lag_ms: i64,
    /// Compacted at the latest.
    pub max_compaction_lag_ms: i64,
    /// acks=all needs so many replicas in sync.
    pub min_insync_replicas: i32,
    /// So many bytes stay; -1 is all.
    pub retention_bytes: i64,
    /// So long records stay; -1 is for ever.
    pub retention_ms: i64,
    /// A segment is full at so many bytes.
    pub segment_bytes: i32,
    /// Its indexes may be so large.
    pub segment_index_bytes: i32,
    /// It is rolled up to so much earlier, so that not all are at once.
    pub segment_jitter_ms: i64,
    /// It is rolled after so long.
    pub segment_ms: i64,
    /// A replica that may lack records may lead when no other can.
    pub unclean_leader_election: bool,
}

impl TopicConfig {
    /// What holds.
    pub fn resolve(layers: &Layers<'_>) -> TopicConfig {
        // The catalogue keeps each of these keys within 32 bits.
        let int = |name| i32::try_from(layers.whole(name)).unwrap_or(i32::MAX);
        let policy = layers.text("cleanup.policy").unwrap_or_default();
        let policies: Vec<&str> = entries(&policy).collect();
        let segment_bytes = match layers.text("internal.segment.bytes") {
            Some(_) => int("internal.segment.bytes").max(1),
            None => int("segment.bytes"),
        };
        let ratio = layers.text("min.cleanable.dirty.ratio").unwrap_or_default();
        let time = layers.text("message.timestamp.type").unwrap_or_default();
        TopicConfig {
            delete: policies.contains(&"delete"),
            compact: policies.contains(&"compact"),
            compression_type: layers.text("compression.type").unwrap_or_default(),
            compression_gzip_level: int("compression.gzip.level"),
            compression_lz4_level: int("compression.lz4.level"),
            compression_zstd_level: int("compression.zstd.level"),
            delete_retention_ms: layers.whole("delete.retention.ms"),
            file_delete_delay_ms: layers.whole("file.delete.delay.ms"),
            index_interval_bytes: int("index.interval.bytes"),
            max_message_bytes: int("max.message.bytes"),
            timestamp_after_max_ms: layers.whole("message.timestamp.after.max.ms"),
            timestamp_before_max_ms: layers.whole("message.timestamp.before.max.ms"),
            append_time: time == "LogAppendTime",
            min_cleanable_dirty_ratio: ratio.parse().unwrap_or(0.5),
            min_compaction_lag_ms: layers.whole("min.compaction.lag.ms"),
            max_compaction_lag_ms: layers.whole("max.compaction.lag.ms"),
            min_insync_replicas: int("min.insync.replicas"),
            retention_bytes: layers.whole("retention.bytes"),
            retention_ms: layers.whole("retention.ms"),
            segment_bytes,
            segment_index_bytes: int("segment.index.bytes"),
            segment_jitter_ms: layers.whole("segment.jitter.ms"),
            segment_ms: layers.whole("segment.ms"),
            unclean_leader_election: layers.is("unclean.leader.election.enable"),
        }
    }
}
