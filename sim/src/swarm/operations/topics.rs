//! The topics of a seed: how many partitions, which settings, and that they come and go. In: the seed's features. Out: operations that
//! make and delete them. O2 is kept here.

use super::Features;
use crate::draw::Stream;
use crate::script::{Nanos, Operation, Place, SECOND};

/// The largest batch of a topic that sets nothing.
pub(super) const LARGEST: u64 = 1_048_588;

/// Least and most of a batch that is sent from its file.
pub(super) const LARGE: (u64, u64) = (16 << 10, 30 << 10);

/// A topic as the script has it.
#[derive(Clone, Debug)]
pub(super) struct Topic {
    pub(super) number: u32,
    pub(super) partitions: i32,
    /// It is created because somebody asks for its metadata.
    auto: bool,
    /// The largest batch that it takes.
    pub(super) largest: u64,
    settings: Vec<(String, String)>,
}

pub(super) fn topic(stream: &mut Stream, features: &Features, number: u32) -> Topic {
    let mut topic = Topic {
        number,
        partitions: if features.lookups {
            stream.within(1, 2) as i32
        } else if features.wide && stream.one_in(3) {
            stream.within(12, 24) as i32
        } else {
            stream.within(1, 6) as i32
        },
        auto: features.auto && stream.one_in(3),
        largest: LARGEST,
        settings: Vec::new(),
    };
    draw_settings(stream, features, &mut topic);
    topic
}

/// O2.
fn draw_settings(stream: &mut Stream, features: &Features, topic: &mut Topic) {
    draw_any(stream, features, topic);
    let mut set = |name: &str, value: u64| {
        topic.settings.retain(|(other, _)| other != name);
        topic.settings.push((name.to_owned(), value.to_string()));
    };
    if features.lookups {
        // An entry for every batch, or nearly.
        set("index.interval.bytes", stream.size(1, 500));
    }
    if features.laggards {
        // A few batches each, that are not kept in memory.
        set("internal.segment.bytes", stream.size(LARGE.1, 4 * LARGE.1));
        set("retention.bytes", stream.size(LARGE.1, 8 * LARGE.1));
    }
}

fn draw_any(stream: &mut Stream, features: &Features, topic: &mut Topic) {
    let settings = &mut topic.settings;
    settings.clear();
    topic.largest = LARGEST;
    let mut set = |name: &str, value: String| settings.push((name.to_owned(), value));
    // Without small segments a run of seconds rolls none.
    if !stream.one_in(4) {
        let least = if stream.one_in(8) { 200 } else { 3_000 };
        // What is to be taken away is whole segments.
        let most = if features.retention { 10_000 } else { 100_000 };
        set(
            "internal.segment.bytes",
            stream.size(least, most).to_string(),
        );
    }
    if features.large && stream.coin() {
        topic.largest = stream.size(500, 30_000);
        set("max.message.bytes", topic.largest.to_string());
    }
    if features.retention && stream.coin() {
        let (name, value) = match stream.below(2) {
            0 => ("retention.bytes", stream.size(1_000, 200_000)),
            _ => ("retention.ms", stream.size(500, 60_000)),
        };
        set(name, value.to_string());
    }
    // What is only compacted is kept whatever it takes: that shows where something else is not.
    let policy = features.settings && stream.one_in(4) || features.retention && stream.one_in(3);
    if policy {
        let policies = ["delete", "compact", "compact,delete"];
        set("cleanup.policy", stream.pick(&policies).to_string());
    }
    if features.compaction && !stream.one_in(4) {
        compact(stream, topic);
    }
    if !features.settings {
        return;
    }
    let settings = &mut topic.settings;
    let mut set = |name: &str, value: String| settings.push((name.to_owned(), value));
    for (name, least, most) in [
        ("segment.ms", 100, 10_000),
        ("segment.index.bytes", 24, 10_000),
        ("index.interval.bytes", 1, 8_192),
        ("flush.messages", 1, 100),
        ("flush.ms", 10, 5_000),
        ("file.delete.delay.ms", 1, 10_000),
        ("segment.jitter.ms", 1, 1_000),
    ] {
        let value = stream.size(least, most);
        if stream.one_in(3) {
            set(name, value.to_string());
        }
    }
    let words: [(&str, &[&str]); 3] = [
        ("message.timestamp.type", &["CreateTime", "LogAppendTime"]),
        (
            "compression.type",
            &["producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"],
        ),
        ("preallocate", &["true", "false"]),
    ];
    for (name, values) in words {
        let value = *stream.pick(values);
        if stream.one_in(4) {
            set(name, value.to_owned());
        }
    }
}

/// Small segments, of which little has to be dirty.
fn compact(stream: &mut Stream, topic: &mut Topic) {
    let ours = ["cleanup.policy", "internal.segment.bytes"];
    topic.settings.retain(|(name, _)| !ours.contains(&&**name));
    let mut set = |name: &str, value: String| topic.settings.push((name.to_owned(), value));
    let policies = ["compact", "compact,delete"];
    set("cleanup.policy", stream.pick(&policies).to_string());
    set(
        "internal.segment.bytes",
        stream.size(600, 8_000).to_string(),
    );
    let ratios = ["0", "0.01", "0.3", "0.5"];
    set(
        "min.cleanable.dirty.ratio",
        stream.pick(&ratios).to_string(),
    );
    for (name, least, most, seldom) in [
        ("delete.retention.ms", 0, 10_000, 2),
        ("min.compaction.lag.ms", 1, 3_000, 6),
        ("max.compaction.lag.ms", 3_000, 20_000, 6),
    ] {
        let value = stream.size(least, most).to_string();
        if stream.one_in(seldom) {
            set(name, value);
        }
    }
}

pub(super) fn creations(topics: &[Topic]) -> impl Iterator<Item = (Nanos, Operation)> {
    let scripted = topics.iter().filter(|topic| !topic.auto);
    scripted.map(|topic| (0, create(topic)))
}

fn create(topic: &Topic) -> Operation {
    Operation::CreateTopic {
        topic: topic.number,
        partitions: topic.partitions,
        settings: topic.settings.clone(),
    }
}

/// A topic is deleted, and mostly created again under its name.
pub(super) fn churn(
    stream: &mut Stream,
    features: &Features,
    topics: &[Topic],
    horizon: Nanos,
    ops: &mut Vec<(Nanos, Operation)>,
) {
    let topic = stream.pick(topics).clone();
    for _ in 0..stream.within(1, 3) {
        let at = stream.within(horizon / 5, horizon - horizon / 10);
        let by_id = stream.coin();
        ops.push((
            at,
            Operation::DeleteTopic {
                topic: topic.number,
                by_id,
            },
        ));
        if stream.one_in(8) && topics.len() > 1 {
            continue;
        }
        let mut again = topic.clone();
        if stream.coin() {
            draw_settings(stream, features, &mut again);
        }
        if stream.one_in(4) {
            again.partitions = stream.within(1, 6) as i32;
        }
        ops.push((at + stream.size(1, SECOND), create(&again)));
    }
}

pub(super) fn whole(topic: &Topic) -> Vec<Place> {
    let place = |partition| Place {
        topic: topic.number,
        partition,
    };
    (0..topic.partitions).map(place).collect()
}
