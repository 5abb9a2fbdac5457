//! A topic's settings as a shard needs them: what its logs are told, when flushing is forced, how many replicas acks=all demands. Made
//! from the image's layers once per change and shared by the topic's partitions.

use std::collections::BTreeMap;
use std::sync::Arc;

use ottla_log::LogConfig;
use ottla_metadata::config::{Layers, StaticConfig, TopicConfig};
use ottla_record::Compression;

use crate::Start;

/// What holds for one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// For its logs.
    pub log: Arc<LogConfig>,
    /// `min.insync.replicas`.
    pub min_insync_replicas: usize,
    /// `flush.messages`: so many offsets may be written and not flushed.
    pub flush_messages: i64,
    /// `flush.ms`: so long may they stay so.
    pub flush_ms: i64,
}

impl Settings {
    /// Resolves the layers.
    pub fn resolve(layers: &Layers<'_>, start: &Start) -> Settings {
        let topic = TopicConfig::resolve(layers);
        let whole = |number: i32| u32::try_from(number).unwrap_or(0);
        let log = LogConfig {
            segment_bytes: u64::from(whole(topic.segment_bytes)),
            // What is overdue for compaction must not stay in the active segment.
            segment_ms: match topic.compact {
                true => topic.segment_ms.min(topic.max_compaction_lag_ms),
                false => topic.segment_ms,
            },
            segment_jitter_ms: topic.segment_jitter_ms,
            segment_index_bytes: whole(topic.segment_index_bytes),
            index_interval_bytes: whole(topic.index_interval_bytes),
            retention_ms: topic.retention_ms,
            retention_bytes: topic.retention_bytes,
            delete: topic.delete,
            compact: topic.compact,
            min_cleanable_dirty_ratio: (topic.min_cleanable_dirty_ratio * 1e6) as u32,
            min_compaction_lag_ms: topic.min_compaction_lag_ms,
            max_compaction_lag_ms: topic.max_compaction_lag_ms,
            delete_retention_ms: topic.delete_retention_ms,
            max_message_bytes: whole(topic.max_message_bytes) as usize,
            append_time: topic.append_time,
            timestamp_before_max_ms: topic.timestamp_before_max_ms,
            timestamp_after_max_ms: topic.timestamp_after_max_ms,
            compression: compression(&topic),
            strict_validation: start.strict_validation,
            producer_id_expiration_ms: start.producer_id_expiration_ms,
            one_epoch_a_life: false,
            was_durable: false,
        };
        Settings {
            log: Arc::new(log),
            min_insync_replicas: whole(topic.min_insync_replicas) as usize,
            flush_messages: layers.whole("flush.messages"),
            flush_ms: layers.whole("flush.ms"),
        }
    }
}

fn compression(topic: &TopicConfig) -> Option<(Compression, Option<i32>)> {
    let levelled = |codec, level: i32| Some((codec, Some(level)));
    match topic.compression_type.as_str() {
        "uncompressed" => Some((Compression::None, None)),
        "gzip" => Some((
            Compression::Gzip,
            Some(topic.compression_gzip_level).filter(|level| *level >= 0),
        )),
        "snappy" => Some((Compression::Snappy, None)),
        "lz4" => levelled(Compression::Lz4, topic.compression_lz4_level),
        "zstd" => levelled(Compression::Zstd, topic.compression_zstd_level),
        _ => None,
    }
}

/// The operator's settings as the resolver takes them. What is not in the catalogue was judged by whoever read it.
pub(crate) fn statics(map: &BTreeMap<String, String>) -> StaticConfig {
    let mut statics = StaticConfig::new();
    for (name, value) in map {
        let _ = statics.set(name, value);
    }
    statics
}

/// The jitter of one partition, below `most`: partitions of a topic roll at different times, each always at the same.
pub(crate) fn jitter(topic_id: &[u8; 16], index: i32, most: i64) -> i64 {
    if most <= 0 {
        return 0;
    }
    let mut mixed = u128::from_be_bytes(*topic_id) as u64 ^ (index as u64);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) % most.unsigned_abs()) as i64
}
