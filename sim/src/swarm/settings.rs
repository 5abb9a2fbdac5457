//! The broker's settings of a seed: everything that can be small is small in some of them.

use std::collections::BTreeMap;

use crate::draw::Stream;

/// Settings that are drawn from a range, each left alone in half of the seeds.
const NUMBERS: [(&str, u64, u64); 25] = [
    ("log.roll.ms", 50, 30_000),
    ("log.retention.ms", 200, 600_000),
    ("log.retention.bytes", 100, 1 << 20),
    ("log.retention.check.interval.ms", 50, 10_000),
    ("log.index.size.max.bytes", 12, 4_096),
    ("log.index.interval.bytes", 1, 4_096),
    ("log.flush.interval.messages", 1, 50),
    ("log.flush.interval.ms", 10, 5_000),
    ("log.flush.offset.checkpoint.interval.ms", 20, 60_000),
    ("log.segment.delete.delay.ms", 0, 60_000),
    ("log.cleaner.dedupe.buffer.size", 100, 1 << 20),
    ("producer.id.expiration.ms", 500, 86_400_000),
    ("queued.max.request.bytes", 4_096, 10 << 20),
    ("connections.max.idle.ms", 1_000, 60_000),
    ("max.connections", 3, 1_000),
    ("fetch.max.bytes", 1_024, 57_671_680),
    ("max.incremental.fetch.session.cache.slots", 0, 10),
    ("message.max.bytes", 4_096, 1_048_588),
    ("num.partitions", 1, 6),
    ("broker.heartbeat.interval.ms", 100, 2_000),
    ("broker.session.timeout.ms", 3_000, 9_000),
    (
        "metadata.log.max.record.bytes.between.snapshots",
        100,
        1 << 20,
    ),
    ("metadata.log.max.snapshot.interval.ms", 20, 60_000),
    ("internal.metadata.log.segment.bytes", 100, 1 << 20),
    ("metadata.log.segment.ms", 50, 60_000),
];

/// Settings by Kafka's names.
pub fn settings(stream: &mut Stream) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    let flush = !stream.one_in(4);
    settings.insert("log.flush.on.ack".to_owned(), flush.to_string());
    // Retention by anything takes away what oracles could look at: not in most seeds.
    let retains = stream.one_in(4);
    for (name, least, most) in NUMBERS {
        let (wanted, value) = (stream.coin(), stream.size(least, most));
        if wanted && (retains || !matches!(name, "log.retention.ms" | "log.retention.bytes")) {
            settings.insert(name.to_owned(), value.to_string());
        }
    }
    // Every five minutes, as nobody says otherwise, is never in a run of seconds.
    if !stream.one_in(4) {
        let name = "log.retention.check.interval.ms".to_owned();
        let often = stream.size(50, 10_000).to_string();
        settings.entry(name).or_insert(often);
    }
    // Every fifteen seconds, as nobody says otherwise, is seldom in a run of seconds.
    let name = "log.cleaner.backoff.ms".to_owned();
    settings.insert(name, stream.size(20, 5_000).to_string());
    if stream.one_in(8) {
        settings.insert("log.cleaner.enable".to_owned(), "false".to_owned());
    }
    if stream.one_in(4) {
        settings.insert("log.preallocate".to_owned(), "true".to_owned());
    }
    if stream.one_in(4) {
        settings.insert(
            "log.message.timestamp.type".to_owned(),
            "LogAppendTime".to_owned(),
        );
    }
    if stream.one_in(4) {
        settings.insert("produce.batch.validation".to_owned(), "strict".to_owned());
    }
    if stream.one_in(8) {
        settings.insert("auto.create.topics.enable".to_owned(), "false".to_owned());
    }
    settings
}
