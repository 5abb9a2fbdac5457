//! The settings of one log, by Kafka's topic configuration names.

use ottla_record::Compression;

/// What a topic's configuration says about its logs. Shared by all partitions of the topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// `segment.bytes`: a segment that would grow past this is rolled.
    pub segment_bytes: u64,
    /// `segment.ms`: a segment whose first record is older than this is rolled at the next append.
    pub segment_ms: i64,
    /// `segment.jitter.ms`, drawn once by the owner: taken off `segment_ms`.
    pub segment_jitter_ms: i64,
    /// `segment.index.bytes`: a segment whose index would grow past this is rolled.
    pub segment_index_bytes: u32,
    /// `index.interval.bytes`: how many bytes lie between two index entries, about.
    pub index_interval_bytes: u32,
    /// `retention.ms`; negative: for ever.
    pub retention_ms: i64,
    /// `retention.bytes`; negative: without limit.
    pub retention_bytes: i64,
    /// `cleanup.policy` holds `delete`.
    pub delete: bool,
    /// `cleanup.policy` holds `compact`: every record needs a key.
    pub compact: bool,
    /// `min.cleanable.dirty.ratio`, in millionths: a log is compacted when more of it is dirty.
    pub min_cleanable_dirty_ratio: u32,
    /// `min.compaction.lag.ms`: younger segments are not compacted.
    pub min_compaction_lag_ms: i64,
    /// `max.compaction.lag.ms`: what is older is compacted however little it is.
    pub max_compaction_lag_ms: i64,
    /// `delete.retention.ms`: how long a tombstone stays after a compaction has met it.
    pub delete_retention_ms: i64,
    /// `max.message.bytes`: the largest batch.
    pub max_message_bytes: usize,
    /// `message.timestamp.type` is `LogAppendTime`.
    pub append_time: bool,
    /// `message.timestamp.before.max.ms`.
    pub timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`.
    pub timestamp_after_max_ms: i64,
    /// `compression.type`: `None` is `producer`, else the codec and its level.
    pub compression: Option<(Compression, Option<i32>)>,
    /// `produce.batch.validation` is `strict`: compressed batches are unpacked before they are believed.
    pub strict_validation: bool,
    /// `producer.id.expiration.ms`.
    pub producer_id_expiration_ms: i64,
    /// No setting: a life begins one epoch, once all before it is durable. So it is with the metadata log.
    pub one_epoch_a_life: bool,
    /// No setting: the last stop was clean, so all of the log was durable, although it is read again.
    pub was_durable: bool,
}

impl Default for LogConfig {
    /// Kafka's defaults.
    fn default() -> LogConfig {
        LogConfig {
            segment_bytes: 1 << 30,
            segment_ms: 604_800_000,
            segment_jitter_ms: 0,
            segment_index_bytes: 10 << 20,
            index_interval_bytes: 4096,
            retention_ms: 604_800_000,
            retention_bytes: -1,
            delete: true,
            compact: false,
            min_cleanable_dirty_ratio: 500_000,
            min_compaction_lag_ms: 0,
            max_compaction_lag_ms: i64::MAX,
            delete_retention_ms: 86_400_000,
            max_message_bytes: 1_048_588,
            append_time: false,
            timestamp_before_max_ms: i64::MAX,
            timestamp_after_max_ms: 3_600_000,
            compression: None,
            strict_validation: false,
            producer_id_expiration_ms: 86_400_000,
            one_epoch_a_life: false,
            was_durable: false,
        }
    }
}
