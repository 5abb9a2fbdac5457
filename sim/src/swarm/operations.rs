//! Who uses the broker in a seed, and what for: topics with tiny settings, producers and readers that aim at them, and now and then
//! somebody who does what is wrong. Each feature of a workload is off with probability one half.
//!
//! O1: what a seed uses exists before most of its operations, and is read where it is written.
//! O2: settings are of Kafka's catalogue, and allowed.

use crate::draw::Stream;
use crate::script::{ClientScript, MS, Nanos, Operation, Place, SECOND, TimedOp, Versions};

/// The largest batch of a topic that sets nothing.
const LARGEST: u64 = 1_048_588;

/// What a workload may have.
#[derive(Clone, Debug)]
struct Features {
    idempotence: bool,
    pipelining: bool,
    sessions: bool,
    committed: bool,
    acks_0: bool,
    acks_1: bool,
    random_versions: bool,
    churn: bool,
    times: bool,
    wrong: bool,
    large: bool,
    compressed: bool,
    wide: bool,
    auto: bool,
    settings: bool,
    retention: bool,
    skew: bool,
    reconnects: bool,
    configs: bool,
    impatient: bool,
    bursts: bool,
    patient: bool,
}

impl Features {
    fn draw(stream: &mut Stream) -> Features {
        Features {
            idempotence: stream.coin(),
            pipelining: stream.coin(),
            sessions: stream.coin(),
            committed: stream.coin(),
            acks_0: stream.coin(),
            acks_1: stream.coin(),
            random_versions: stream.one_in(4),
            churn: stream.coin(),
            times: stream.coin(),
            wrong: stream.coin(),
            large: stream.coin(),
            compressed: stream.coin(),
            wide: stream.coin(),
            auto: stream.coin(),
            settings: stream.coin(),
            // It takes away what oracles could look at.
            retention: stream.one_in(4),
            skew: stream.coin(),
            reconnects: stream.coin(),
            configs: stream.coin(),
            impatient: stream.coin(),
            bursts: stream.coin(),
            patient: stream.coin(),
        }
    }
}

/// A topic as the script has it.
#[derive(Clone, Debug)]
struct Topic {
    number: u32,
    partitions: i32,
    /// It is created because somebody asks for its metadata.
    auto: bool,
    /// The largest batch that it takes.
    largest: u64,
    settings: Vec<(String, String)>,
}

/// The clients of a seed.
pub fn clients(stream: &mut Stream, horizon: Nanos) -> Vec<ClientScript> {
    let features = Features::draw(stream);
    let topics: Vec<Topic> = (1..=stream.within(1, 4) as u32)
        .map(|number| topic(stream, &features, number))
        .collect();
    let count = stream.within(2, 6) as u32;
    let all = stream.size(50, 400);
    // Time to boot, and to create what will be used.
    let begin = (horizon / 10).min(300 * MS);
    let mut clients = Vec::with_capacity(count as usize);
    for id in 1..=count {
        let mut client = client(stream, &features, id);
        let mut writer = Writer {
            features: &features,
            topics: &topics,
            client: &client,
            role: *stream.pick(&[Role::Writes, Role::Reads, Role::Both]),
            reads: Vec::new(),
        };
        if id == 1 {
            writer.role = Role::Both;
        }
        writer.reads = writer.assignment(stream);
        let mut ops = Vec::new();
        if id == 1 {
            ops.extend(creations(&topics));
        }
        for at in times(stream, &features, all / u64::from(count), begin, horizon) {
            ops.push((at, writer.operation(stream)));
        }
        if features.patient {
            // The last poll may be long: it holds nothing up.
            let mut last = writer.fetch(stream);
            if let Operation::Fetch { max_wait_ms, .. } = &mut last {
                *max_wait_ms = stream.size(500, 8_000) as i32;
            }
            ops.push((horizon - horizon / 20, last));
        }
        if features.churn && (id == 1 || stream.one_in(4)) {
            churn(stream, &features, &topics, horizon, &mut ops);
        }
        ops.sort_by_key(|(at, _)| *at);
        let ops = (1..).zip(ops);
        client.ops = ops
            .map(|(number, (at, what))| TimedOp { at, number, what })
            .collect();
        clients.push(client);
    }
    clients
}

fn client(stream: &mut Stream, features: &Features, id: u32) -> ClientScript {
    let idempotent = features.idempotence && !stream.one_in(4);
    let pipelined = features.pipelining && !stream.one_in(4);
    let most = if idempotent { 5 } else { 16 };
    let patience = if features.impatient {
        stream.size(SECOND, 8 * SECOND)
    } else {
        stream.within(8, 30) * SECOND
    };
    ClientScript {
        id,
        idempotent,
        in_flight: if pipelined {
            stream.within(2, most) as u32
        } else {
            1
        },
        versions: if features.random_versions {
            Versions::Drawn
        } else {
            Versions::Newest
        },
        sessions: features.sessions && !stream.one_in(4),
        committed: features.committed && stream.coin(),
        retries: match idempotent {
            true => stream.within(3, 20) as u32,
            false if stream.coin() => 0,
            false => stream.size(1, 10) as u32,
        },
        patience,
        listener: stream.below(2) as u16,
        ops: Vec::new(),
    }
}

fn topic(stream: &mut Stream, features: &Features, number: u32) -> Topic {
    let mut topic = Topic {
        number,
        partitions: if features.wide && stream.one_in(3) {
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
    if !features.settings {
        return;
    }
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

fn creations(topics: &[Topic]) -> impl Iterator<Item = (Nanos, Operation)> {
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

/// When a client does something: all over the time there is, or in bursts.
fn times(
    stream: &mut Stream,
    features: &Features,
    count: u64,
    begin: Nanos,
    horizon: Nanos,
) -> Vec<Nanos> {
    let end = horizon - horizon / 20;
    let bursts = (features.bursts && stream.coin()).then(|| stream.size(1, 10));
    let starts: Vec<Nanos> = match bursts {
        Some(bursts) => (0..bursts).map(|_| stream.within(begin, end)).collect(),
        None => Vec::new(),
    };
    let times = (0..count).map(|_| match starts.is_empty() {
        true => stream.within(begin, end),
        false => stream.pick(&starts) + stream.below(50 * MS),
    });
    times.collect()
}

/// A topic is deleted, and mostly created again under its name.
fn churn(
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Writes,
    Reads,
    Both,
}

/// Writes down what one client does.
struct Writer<'a> {
    features: &'a Features,
    topics: &'a [Topic],
    client: &'a ClientScript,
    role: Role,
    /// The partitions it reads, mostly.
    reads: Vec<Place>,
}

impl Writer<'_> {
    fn operation(&self, stream: &mut Stream) -> Operation {
        let writes = match self.role {
            Role::Writes => 14,
            Role::Both => 7,
            Role::Reads => 1,
        };
        match stream.below(20) {
            0 => self.question(stream),
            1 => self.special(stream),
            2 if stream.coin() => self.special(stream),
            drawn if drawn < 3 + writes => self.produce(stream),
            _ => self.fetch(stream),
        }
    }

    fn topic(&self, stream: &mut Stream) -> &Topic {
        stream.pick(self.topics)
    }

    fn place_in(stream: &mut Stream, topic: &Topic) -> Place {
        Place {
            topic: topic.number,
            partition: stream.below(topic.partitions as u64) as i32,
        }
    }

    fn place(&self, stream: &mut Stream) -> Place {
        let topic = self.topic(stream);
        Writer::place_in(stream, topic)
    }

    /// A few partitions, or those of a whole topic.
    fn places(&self, stream: &mut Stream, most: u64) -> Vec<Place> {
        if stream.one_in(100) {
            return Vec::new();
        }
        let topic = self.topic(stream);
        if self.features.wide && stream.one_in(8) {
            return whole(topic);
        }
        (0..stream.size(1, most))
            .map(|_| self.place(stream))
            .collect()
    }

    /// What a reader reads: O1.
    fn assignment(&self, stream: &mut Stream) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::new();
        for topic in self.topics {
            if stream.one_in(3) {
                continue;
            }
            let all = stream.coin();
            places.extend(whole(topic).into_iter().filter(|_| all || stream.coin()));
        }
        if places.is_empty() {
            places = whole(&self.topics[0]);
        }
        places
    }

    fn produce(&self, stream: &mut Stream) -> Operation {
        let places = self.places(stream, 6);
        let largest = places
            .first()
            .and_then(|place| self.topics.iter().find(|topic| topic.number == place.topic))
            .map_or(LARGEST, |topic| topic.largest);
        let records = stream.size(1, 20) as u32;
        let mut bytes = stream.size(100, 2_500).min(largest);
        let mut codec = 0;
        let mut records_of = records;
        if self.features.large && self.is_to_be_large(stream, largest) {
            // The largest that is taken, or one byte more.
            bytes = largest + stream.below(2);
            records_of = records.min(4);
        } else if self.features.compressed && stream.coin() {
            codec = stream.below(5) as u8;
        }
        Operation::Produce {
            places,
            acks: self.acks(stream),
            records: records_of,
            bytes: bytes as u32,
            codec,
            skew: self.skew(stream),
        }
    }

    fn is_to_be_large(&self, stream: &mut Stream, largest: u64) -> bool {
        match largest {
            LARGEST => stream.one_in(200),
            _ => stream.one_in(6),
        }
    }

    fn acks(&self, stream: &mut Stream) -> i16 {
        match stream.below(6) {
            0 if self.features.acks_0 => 0,
            1 | 2 if self.features.acks_1 => 1,
            _ => -1,
        }
    }

    fn skew(&self, stream: &mut Stream) -> i64 {
        if !self.features.skew || stream.coin() {
            return 0;
        }
        let skew = stream.size(1, 600_000) as i64;
        match stream.below(8) {
            0 => skew,
            // A day back, where no producer is to be remembered; farther ahead than is allowed.
            1 if !self.client.idempotent => -86_400_000,
            2 if stream.one_in(4) => 3_700_000,
            _ => -skew,
        }
    }

    fn fetch(&self, stream: &mut Stream) -> Operation {
        let places = match stream.below(8) {
            0 => self.places(stream, 8),
            1 => self
                .reads
                .iter()
                .filter(|_| stream.coin())
                .copied()
                .collect(),
            _ => self.reads.clone(),
        };
        Operation::Fetch {
            places,
            max_wait_ms: match stream.below(8) {
                0 | 1 => 0,
                2 => stream.size(1, 3_000) as i32,
                3 if self.features.patient && stream.one_in(16) => stream.size(500, 4_000) as i32,
                _ => stream.size(1, 200) as i32,
            },
            min_bytes: match stream.below(4) {
                0 => 0,
                1 => stream.size(1, 20_000) as i32,
                _ => 1,
            },
            max_bytes: stream.size(100, 10 << 20) as i32,
            partition_max_bytes: match stream.below(4) {
                0 => stream.size(1, 2_000) as i32,
                _ => stream.size(1_000, 1 << 20) as i32,
            },
        }
    }

    /// Somebody wants to know something.
    fn question(&self, stream: &mut Stream) -> Operation {
        match stream.below(8) {
            0 | 1 => Operation::Metadata {
                topics: match stream.below(4) {
                    0 => None,
                    1 if stream.one_in(4) => Some(Vec::new()),
                    _ => Some(vec![self.topic(stream).number]),
                },
            },
            2 if self.features.configs => Operation::DescribeConfigs {
                topic: self.topic(stream).number,
            },
            3 => Operation::EpochEnd {
                place: self.place(stream),
                epoch: stream.below(4) as i32,
            },
            4 | 5 if self.features.times => Operation::ListTaken {
                back: stream.below(7) as u32,
                record: stream.below(20) as u32,
                ms: match stream.below(8) {
                    0 => -1,
                    1 => 1,
                    _ => 0,
                },
            },
            _ => Operation::ListOffsets {
                places: self.places(stream, 6),
                timestamp: self.timestamp(stream),
            },
        }
    }

    fn timestamp(&self, stream: &mut Stream) -> i64 {
        match stream.below(4) {
            0 => -1,
            1 => -2,
            2 if self.features.times => -(stream.within(3, 6) as i64),
            _ if self.features.times => stream.size(1, 30_000) as i64,
            _ => -1 - stream.below(2) as i64,
        }
    }

    /// What is seldom done, or wrong.
    fn special(&self, stream: &mut Stream) -> Operation {
        let place = self.place(stream);
        match stream.below(12) {
            0 | 1 if self.features.reconnects => Operation::Reconnect,
            2 => Operation::InitProducerId,
            3 | 4 => Operation::Seek {
                place,
                to_end: stream.one_in(4),
            },
            5 | 6 if self.features.wrong => Operation::Resend {
                back: stream.below(7) as u32,
            },
            7 | 8 if self.features.wrong && self.client.idempotent => {
                Operation::SequenceGap { place }
            }
            9 if self.features.wrong => Operation::CorruptBatch { place },
            _ if self.role == Role::Writes => self.produce(stream),
            _ => self.fetch(stream),
        }
    }
}

fn whole(topic: &Topic) -> Vec<Place> {
    let place = |partition| Place {
        topic: topic.number,
        partition,
    };
    (0..topic.partitions).map(place).collect()
}

#[cfg(test)]
mod tests {
    use ottla_metadata::config::check_topic;

    use super::*;
    use crate::draw::{Domain, Draw};

    fn drawn(seed: u64) -> Vec<ClientScript> {
        let mut stream = Draw::new(seed).stream(Domain::Script, 3);
        clients(&mut stream, 10 * SECOND)
    }

    #[test]
    fn settings_are_those_that_kafka_allows() {
        let mut set = 0;
        for seed in 0..300 {
            for op in drawn(seed).iter().flat_map(|client| &client.ops) {
                if let Operation::CreateTopic { settings, .. } = &op.what {
                    let wanted = settings.iter();
                    let wanted = wanted.map(|(name, value)| (name.clone(), Some(value.clone())));
                    let wanted: Vec<_> = wanted.collect();
                    check_topic(&wanted).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
                    set += settings.len();
                }
            }
        }
        assert!(set > 1_000);
    }

    #[test]
    fn scripts_are_in_order_and_of_the_size_that_was_wanted() {
        for seed in 0..300 {
            let clients = drawn(seed);
            assert!((2..=6).contains(&clients.len()));
            let ops: usize = clients.iter().map(|client| client.ops.len()).sum();
            assert!((40..=450).contains(&ops), "seed {seed}: {ops}");
            for client in &clients {
                assert!(client.ops.windows(2).all(|two| two[0].at <= two[1].at));
                let numbers = client.ops.iter().map(|op| op.number);
                assert!(numbers.eq(1..=client.ops.len() as u32));
            }
        }
    }

    #[test]
    fn every_operation_is_there_in_some_seeds_and_not_in_others() {
        let names = [
            "CreateTopic",
            "DeleteTopic",
            "Produce",
            "Fetch",
            "Seek",
            "ListOffsets",
            "ListTaken",
            "EpochEnd",
            "Metadata",
            "DescribeConfigs",
            "InitProducerId",
            "Resend",
            "SequenceGap",
            "CorruptBatch",
            "Reconnect",
        ];
        let mut counts = vec![0; names.len()];
        for seed in 0..300 {
            let clients = drawn(seed);
            for (name, count) in names.iter().zip(&mut counts) {
                let is = |op: &TimedOp| format!("{:?}", op.what).starts_with(name);
                *count += usize::from(clients.iter().flat_map(|client| &client.ops).any(is));
            }
        }
        for (name, count) in names.iter().zip(counts) {
            assert!(count > 20, "{name}: {count} of 300 seeds");
        }
    }
}
