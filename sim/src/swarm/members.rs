//! Who belongs to consumer groups in a seed: a third of the seeds have members, beside all others, who join, commit, leave, freeze and come
//! back; and somebody who asks about groups. In: the script so far, whose weather says which timeouts are long enough. Out: more clients,
//! and the settings of groups. Each feature is off with probability one half.
//!
//! M1: what is drawn here comes behind everything else and moves nothing of it: a seed without groups is what it was.
//! M2: a session lasts several times as long as a heartbeat takes when nothing is wrong, and longer than the log of a group takes to roll:
//! members that are alive come together in the end.

use crate::draw::Stream;
use crate::script::{
    Assignor, ClientScript, MS, Nanos, Operation, Place, SECOND, Script, Span, TimedOp, Versions,
};

/// More than any topic of a seed has of these matter to nobody.
const PARTITIONS: u64 = 6;

/// A heartbeat, said and answered, with all that is around it, bytes.
const HEARTBEAT: u64 = 600;

/// So often somebody looks at the offsets of a group who does nothing else.
const LOOKS: u64 = 60;

/// What members may do.
#[derive(Clone, Copy, Debug)]
struct Features {
    statics: bool,
    cooperative: bool,
    changes: bool,
    freezes: bool,
    leaves: bool,
    vanishes: bool,
    late: bool,
    dawdles: bool,
    reads: bool,
    alone: bool,
    asks: bool,
    /// It takes away what oracles could look at.
    deletes: bool,
    drawn_versions: bool,
    impatient: bool,
    /// Ids are given out that nobody uses.
    knocks: bool,
    /// Somebody looks at the offsets of a group all the time.
    watches: bool,
    /// Much more time for a rebalance than for a session, as Kafka's clients give.
    unhurried: bool,
}

impl Features {
    fn draw(stream: &mut Stream) -> Features {
        Features {
            statics: stream.coin(),
            cooperative: stream.coin(),
            changes: stream.coin(),
            freezes: stream.coin(),
            leaves: stream.coin(),
            vanishes: stream.coin(),
            late: stream.coin(),
            dawdles: stream.coin(),
            reads: stream.coin(),
            alone: stream.coin(),
            asks: stream.coin(),
            deletes: stream.one_in(4),
            drawn_versions: stream.one_in(3),
            impatient: stream.one_in(3),
            knocks: stream.coin(),
            unhurried: stream.one_in(3),
            watches: stream.coin(),
        }
    }
}

/// A group of a seed.
#[derive(Clone, Debug)]
struct Group {
    number: u32,
    session_ms: u64,
    rebalance_ms: u64,
    assignors: Vec<Assignor>,
}

/// Adds members to a script, or nothing.
pub(super) fn add(stream: &mut Stream, script: &mut Script) {
    if !stream.one_in(3) {
        return;
    }
    let features = Features::draw(stream);
    settings(stream, script);
    let groups: Vec<Group> = (1..=stream.within(1, 3) as u32)
        .map(|number| group(stream, &features, script, number))
        .collect();
    let mut id = script.clients.iter().map(|client| client.id).max();
    let mut next = || {
        id = Some(id.unwrap_or(0) + 1);
        id.unwrap_or(1)
    };
    for group in &groups {
        for nth in 0..stream.within(1, 4) as u32 {
            let mut member = client(stream, &features, next());
            member.ops = numbered(life(stream, &features, group, nth, script.horizon));
            script.clients.push(member);
        }
    }
    if features.knocks {
        let mut other = client(stream, &features, next());
        other.ops = numbered(knocks(stream, &groups, script.horizon));
        script.clients.push(other);
    }
    if features.watches {
        let mut other = client(stream, &features, next());
        let group = stream.pick(&groups).number;
        other.ops = numbered(looks(group, script.horizon));
        script.clients.push(other);
    }
    if features.asks || features.alone || features.deletes {
        let mut other = client(stream, &features, next());
        let ops = others(stream, &features, &groups, script.horizon);
        other.ops = numbered(ops);
        script.clients.push(other);
    }
}

fn numbered(mut ops: Vec<(Nanos, Operation)>) -> Vec<TimedOp> {
    ops.sort_by_key(|(at, _)| *at);
    let ops = (1..).zip(ops);
    ops.map(|(number, (at, what))| TimedOp { at, number, what })
        .collect()
}

/// Everything that can be short is short in some seeds. Members keep their connections: there is room for all of them.
fn settings(stream: &mut Stream, script: &mut Script) {
    script.settings.remove("max.connections");
    let mut set = |name: &str, value: u64| {
        script.settings.insert(name.to_owned(), value.to_string());
    };
    set("group.min.session.timeout.ms", 10);
    set("offsets.topic.num.partitions", stream.within(1, 3));
    if stream.coin() {
        set("group.initial.rebalance.delay.ms", stream.size(1, 3_000));
    }
    if stream.one_in(4) {
        set("group.max.size", stream.within(1, 3));
    }
    // Groups and offsets go: that takes away what oracles could look at.
    if stream.one_in(3) {
        let often = stream.size(50, 5_000);
        set("offsets.retention.check.interval.ms", often);
        if stream.coin() {
            set("offsets.retention.minutes", 1);
        }
    }
}

/// M2.
fn group(stream: &mut Stream, features: &Features, script: &Script, number: u32) -> Group {
    let weather = &script.weather;
    let usual = |span: Span| span.least + span.spread;
    let window = weather.segment.min(weather.socket).max(1);
    let trip = 2 * usual(weather.latency) * (HEARTBEAT / window + 2) + 64 * usual(weather.wake);
    // A sync may have to wait until a log has rolled.
    let commit = 16 * (usual(weather.sync) + usual(weather.disk)) / MS;
    let least = 100 + 8 * trip / MS + commit;
    let session_ms = stream.size(least, (8 * least).max(4_000));
    let assignors: &[&[Assignor]] = match features.cooperative {
        false => &[&[Assignor::Range]],
        true => &[
            &[Assignor::Cooperative],
            &[Assignor::Cooperative, Assignor::Range],
        ],
    };
    Group {
        number,
        session_ms,
        rebalance_ms: match features.unhurried {
            true => session_ms + stream.within(2_000, 8_000),
            false => stream.within(session_ms, 2 * session_ms),
        } + commit,
        assignors: stream.pick(assignors).to_vec(),
    }
}

fn client(stream: &mut Stream, features: &Features, id: u32) -> ClientScript {
    ClientScript {
        id,
        idempotent: false,
        in_flight: stream.within(1, 4) as u32,
        versions: if features.drawn_versions {
            Versions::Drawn
        } else {
            Versions::Newest
        },
        sessions: stream.coin(),
        committed: false,
        retries: stream.within(1, 10) as u32,
        patience: if features.impatient {
            stream.size(SECOND, 8 * SECOND)
        } else {
            stream.within(8, 30) * SECOND
        },
        listener: stream.below(2) as u16,
        ops: Vec::new(),
    }
}

fn topics(stream: &mut Stream) -> Vec<u32> {
    let many = stream.within(1, 3);
    let topics = (0..many).map(|_| stream.within(1, 4) as u32);
    let mut topics: Vec<u32> = topics.collect();
    topics.sort_unstable();
    topics.dedup();
    topics
}

fn place(stream: &mut Stream) -> Place {
    Place {
        topic: stream.within(1, 4) as u32,
        partition: stream.below(PARTITIONS) as i32,
    }
}

fn places(stream: &mut Stream) -> Vec<Place> {
    (0..stream.within(1, 4)).map(|_| place(stream)).collect()
}

/// What a member does, from its first join on.
fn life(
    stream: &mut Stream,
    features: &Features,
    group: &Group,
    nth: u32,
    horizon: Nanos,
) -> Vec<(Nanos, Operation)> {
    // Two may say that they are the same.
    let instance = (features.statics && !stream.one_in(4)).then(|| match stream.below(4) {
        0 => 0,
        _ => nth,
    });
    let join = |stream: &mut Stream| Operation::JoinGroup {
        group: group.number,
        topics: topics(stream),
        instance,
        session_ms: group.session_ms as i32,
        rebalance_ms: group.rebalance_ms as i32,
        assignors: group.assignors.clone(),
        dawdle: match (features.dawdles, stream.below(4)) {
            (true, 0) => stream.size(1, 2 * group.rebalance_ms) * MS,
            // It never asks.
            (true, 1) => 8 * group.rebalance_ms * MS,
            _ => 0,
        },
    };
    let begin = match stream.one_in(4) {
        true => stream.below(horizon / 2),
        false => stream.below((horizon / 10).min(SECOND)),
    };
    let mut ops = vec![(begin, join(stream))];
    let end = horizon - horizon / 20;
    for _ in 0..stream.size(5, 60) {
        let at = stream.within(begin.min(end - 1), end);
        let soon = at + stream.size(MS, 3 * SECOND);
        let what = match stream.below(16) {
            0 if features.changes => Operation::Subscribe {
                topics: topics(stream),
            },
            1 if features.freezes => {
                let lasts = stream.size(group.session_ms / 4, 3 * group.session_ms) * MS;
                // What it does first when it wakes is a commit.
                ops.push((at + 1, commit(stream, features)));
                Operation::Freeze { lasts }
            }
            2 if features.leaves => {
                ops.push((soon, join(stream)));
                Operation::LeaveGroup
            }
            3 if features.vanishes => {
                ops.push((soon, join(stream)));
                let closes = stream.coin();
                Operation::Vanish { closes }
            }
            4 | 5 if features.reads => Operation::Fetch {
                places: Vec::new(),
                max_wait_ms: stream.size(1, 500) as i32,
                min_bytes: 1,
                max_bytes: 1 << 20,
                partition_max_bytes: 1 << 16,
            },
            6 => Operation::FetchOffsets {
                group: group.number,
                places: (!stream.one_in(4)).then(|| places(stream)),
            },
            7 if stream.coin() => Operation::Reconnect,
            _ => commit(stream, features),
        };
        ops.push((at, what));
    }
    ops.retain(|(at, _)| *at < horizon);
    ops
}

fn commit(stream: &mut Stream, features: &Features) -> Operation {
    let reads = features.reads && stream.coin();
    Operation::CommitOffsets {
        ahead: (!reads).then(|| match stream.below(16) {
            0 => -(stream.size(1, 20) as i64),
            1 => 0,
            _ => stream.size(1, 100) as i64,
        }),
        late: match features.late && stream.one_in(4) {
            true => stream.size(MS, 3 * SECOND),
            false => 0,
        },
    }
}

/// Who asks for ids and never comes back with them.
fn knocks(stream: &mut Stream, groups: &[Group], horizon: Nanos) -> Vec<(Nanos, Operation)> {
    let mut ops = Vec::new();
    for _ in 0..stream.size(2, 20) {
        let at = stream.below(horizon - horizon / 20);
        let group = stream.pick(groups);
        let what = Operation::KnockAtGroup {
            group: group.number,
            session_ms: group.session_ms as i32,
            assignors: group.assignors.clone(),
        };
        ops.push((at, what));
    }
    ops
}

/// Who looks again and again at what was committed.
fn looks(group: u32, horizon: Nanos) -> Vec<(Nanos, Operation)> {
    let look = Operation::FetchOffsets {
        group,
        places: None,
    };
    let looks = (1..LOOKS).map(|nth| (nth * (horizon / LOOKS), look.clone()));
    looks.collect()
}

/// What somebody does who is no member: in groups that have members, and in one that has none.
fn others(
    stream: &mut Stream,
    features: &Features,
    groups: &[Group],
    horizon: Nanos,
) -> Vec<(Nanos, Operation)> {
    let mut ops = Vec::new();
    let end = horizon - horizon / 20;
    for _ in 0..stream.size(5, 60) {
        let at = stream.below(end);
        let nobodys = groups.len() as u32 + 1;
        let group = stream.within(1, nobodys.into()) as u32;
        let what = match stream.below(8) {
            0..=2 if features.alone => Operation::CommitAlone {
                group: if stream.one_in(4) { group } else { nobodys },
                places: places(stream),
                ahead: stream.size(1, 100) as i64,
            },
            3 if features.asks => Operation::DescribeGroup { group },
            4 if features.asks => Operation::ListGroups,
            5 if features.deletes => Operation::DeleteGroup { group },
            6 if features.deletes => Operation::DeleteOffsets {
                group,
                places: places(stream),
            },
            _ => Operation::FetchOffsets {
                group,
                places: stream.coin().then(|| places(stream)),
            },
        };
        ops.push((at, what));
    }
    ops
}

#[cfg(test)]
mod tests {
    use super::super::{Profile, script};

    #[test]
    fn a_third_of_the_seeds_has_groups_and_every_operation_is_there() {
        let names = [
            "JoinGroup",
            "KnockAtGroup",
            "Subscribe",
            "CommitOffsets",
            "Freeze",
            "LeaveGroup",
            "Vanish",
            "CommitAlone",
            "FetchOffsets",
            "DeleteOffsets",
            "DescribeGroup",
            "ListGroups",
            "DeleteGroup",
        ];
        let mut counts = vec![0; names.len()];
        for seed in 0..600 {
            let script = script(seed, Profile::Mixed);
            let ops = script.clients.iter().flat_map(|client| &client.ops);
            let ops: Vec<String> = ops.map(|op| format!("{:?}", op.what)).collect();
            for (name, count) in names.iter().zip(&mut counts) {
                *count += usize::from(ops.iter().any(|op| op.starts_with(name)));
            }
        }
        assert!((150..250).contains(&counts[0]), "{counts:?}");
        for (name, count) in names.iter().zip(&counts) {
            assert!(*count > 20, "{name}: {count} of 600 seeds");
        }
    }
}
