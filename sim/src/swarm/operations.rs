//! Who uses the broker in a seed, and what for: topics with tiny settings, producers and readers that aim at them, and now and then
//! somebody who does what is wrong. Each feature of a workload is off with probability one half.
//!
//! O1: what a seed uses exists before most of its operations, and is read where it is written.
//! O2: settings are of Kafka's catalogue, and allowed.

mod topics;
mod writer;

use topics::{Topic, churn, creations, topic};
use writer::{Role, Writer};

use crate::draw::Stream;
use crate::script::{ClientScript, MS, Nanos, Operation, SECOND, TimedOp, Versions};

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
    deletions: bool,
    compaction: bool,
    /// Small batches come a millisecond apart, and are looked up by the times of their records.
    lookups: bool,
    /// Readers begin again and again at the oldest, and wait for more than there is, while the oldest goes.
    laggards: bool,
}

impl Features {
    fn draw(stream: &mut Stream) -> Features {
        let mut features = Features {
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
            // They take away what oracles could look at, too.
            deletions: stream.one_in(4),
            compaction: stream.one_in(4),
            lookups: stream.one_in(12),
            laggards: stream.one_in(12),
        };
        features.bursts |= features.lookups;
        features.pipelining |= features.lookups;
        features.retention |= features.laggards;
        features.compaction &= !features.laggards;
        features
    }
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

/// When a client does something: all over the time there is, or in bursts.
fn times(
    stream: &mut Stream,
    features: &Features,
    count: u64,
    begin: Nanos,
    horizon: Nanos,
) -> Vec<Nanos> {
    let end = horizon - horizon / 20;
    let bursts =
        (features.bursts && (stream.coin() || features.lookups)).then(|| stream.size(1, 10));
    let starts: Vec<Nanos> = match bursts {
        Some(bursts) => (0..bursts).map(|_| stream.within(begin, end)).collect(),
        None => Vec::new(),
    };
    let length = if features.lookups { 10 * MS } else { 50 * MS };
    let times = (0..count).map(|_| match starts.is_empty() {
        true => stream.within(begin, end),
        false => stream.pick(&starts) + stream.below(length),
    });
    times.collect()
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
            "DeleteRecords",
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
