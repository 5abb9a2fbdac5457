//! Which broker keys a topic's key falls back on, and in which unit they are.

/// What a broker key's number is multiplied with to become the topic key's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// The same unit.
    Same,
    /// Minutes for milliseconds.
    Minutes,
    /// Hours for milliseconds.
    Hours,
}

impl Unit {
    /// How many of the topic key's units one is.
    pub const fn factor(self) -> i64 {
        match self {
            Unit::Same => 1,
            Unit::Minutes => 60_000,
            Unit::Hours => 3_600_000,
        }
    }
}

type Fallback = (&'static str, Unit);

/// The broker keys that a topic's key falls back on; the first that is set wins. None: only the topic has it.
pub fn topic_synonyms(topic_key: &str) -> &'static [Fallback] {
    use Unit::{Hours, Minutes, Same};
    match topic_key {
        "cleanup.policy" => &[("log.cleanup.policy", Same)],
        "compression.gzip.level" => &[("compression.gzip.level", Same)],
        "compression.lz4.level" => &[("compression.lz4.level", Same)],
        "compression.type" => &[("compression.type", Same)],
        "compression.zstd.level" => &[("compression.zstd.level", Same)],
        "delete.retention.ms" => &[("log.cleaner.delete.retention.ms", Same)],
        "file.delete.delay.ms" => &[("log.segment.delete.delay.ms", Same)],
        "flush.messages" => &[("log.flush.interval.messages", Same)],
        "flush.ms" => &[
            ("log.flush.interval.ms", Same),
            ("log.flush.scheduler.interval.ms", Same),
        ],
        "index.interval.bytes" => &[("log.index.interval.bytes", Same)],
        "local.retention.bytes" => &[("log.local.retention.bytes", Same)],
        "local.retention.ms" => &[("log.local.retention.ms", Same)],
        "max.compaction.lag.ms" => &[("log.cleaner.max.compaction.lag.ms", Same)],
        "max.message.bytes" => &[("message.max.bytes", Same)],
        "message.timestamp.after.max.ms" => &[("log.message.timestamp.after.max.ms", Same)],
        "message.timestamp.before.max.ms" => &[("log.message.timestamp.before.max.ms", Same)],
        "message.timestamp.type" => &[("log.message.timestamp.type", Same)],
        "min.cleanable.dirty.ratio" => &[("log.cleaner.min.cleanable.ratio", Same)],
        "min.compaction.lag.ms" => &[("log.cleaner.min.compaction.lag.ms", Same)],
        "min.insync.replicas" => &[("min.insync.replicas", Same)],
        "preallocate" => &[("log.preallocate", Same)],
        "retention.bytes" => &[("log.retention.bytes", Same)],
        "retention.ms" => &[
            ("log.retention.ms", Same),
            ("log.retention.minutes", Minutes),
            ("log.retention.hours", Hours),
        ],
        "segment.bytes" => &[("log.segment.bytes", Same)],
        "segment.index.bytes" => &[("log.index.size.max.bytes", Same)],
        "segment.jitter.ms" => &[
            ("log.roll.jitter.ms", Same),
            ("log.roll.jitter.hours", Hours),
        ],
        "segment.ms" => &[("log.roll.ms", Same), ("log.roll.hours", Hours)],
        "unclean.leader.election.enable" => &[("unclean.leader.election.enable", Same)],
        _ => &[],
    }
}

/// The broker keys that say the same as this one, itself among them, the strongest first.
pub fn broker_names(name: &'static str) -> Vec<&'static str> {
    match name {
        "log.roll.ms" | "log.roll.hours" => vec!["log.roll.ms", "log.roll.hours"],
        "log.roll.jitter.ms" | "log.roll.jitter.hours" => {
            vec!["log.roll.jitter.ms", "log.roll.jitter.hours"]
        }
        "log.flush.interval.ms" => {
            vec!["log.flush.interval.ms", "log.flush.scheduler.interval.ms"]
        }
        "log.retention.ms" | "log.retention.minutes" | "log.retention.hours" => vec![
            "log.retention.ms",
            "log.retention.minutes",
            "log.retention.hours",
        ],
        other => vec![other],
    }
}
