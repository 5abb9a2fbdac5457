//! From a seed to a script. Every class of fault and every feature of a workload is off with probability one half, then its ranges are
//! drawn: what a run leaves out shows as much as what it does.

mod faults;
mod members;
pub(crate) mod operations;
mod scenarios;
mod settings;

use crate::draw::{Domain, Draw, Stream};
use crate::script::{Arm, MS, Nanos, SECOND, Script, Span, US, Weather};

/// How hard a campaign is on the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// All of the below, drawn per seed.
    Mixed,
    /// Nothing goes wrong: what fires here is wrong in broad daylight.
    Calm,
    /// Processes die, power goes, disks fail.
    Crashes,
    /// Connections break and clients are slow.
    Network,
    /// Long, with little to do: time passes.
    Idle,
}

impl Profile {
    /// All, by name.
    pub const ALL: [(&'static str, Profile); 5] = [
        ("mixed", Profile::Mixed),
        ("calm", Profile::Calm),
        ("crashes", Profile::Crashes),
        ("network", Profile::Network),
        ("idle", Profile::Idle),
    ];
}

/// The script of a seed.
pub fn script(seed: u64, profile: Profile) -> Script {
    let draw = Draw::new(seed);
    let stream = |of: u64| draw.stream(Domain::Script, of);
    let profile = match profile {
        Profile::Mixed => match stream(0).below(8) {
            0 => Profile::Calm,
            1..=4 => Profile::Crashes,
            5 => Profile::Network,
            6 => Profile::Idle,
            _ => Profile::Mixed,
        },
        other => other,
    };
    let horizon = match profile {
        Profile::Idle => stream(1).within(60, 900) * SECOND,
        _ => stream(1).within(2, 20) * SECOND,
    };
    let arm = if stream(2).coin() {
        Arm::Contract
    } else {
        Arm::Desk
    };
    let clients = operations::clients(&mut stream(3), horizon);
    let mut script = Script {
        seed,
        planted: None,
        limits: stream(8).coin().then_some(seed),
        arm,
        horizon,
        settings: settings::settings(&mut stream(4)),
        weather: weather(&mut stream(5)),
        chances: faults::chances(&mut stream(6), profile),
        faults: Vec::new(),
        clients,
    };
    members::add(&mut stream(10), &mut script);
    script.faults = faults::faults(&mut stream(7), profile, &script);
    let rows = scenarios::faults(&mut stream(9), profile, horizon);
    script.faults.extend(rows);
    script.faults.sort_by_key(|fault| fault.at);
    script
}

fn span(stream: &mut Stream, least: Nanos, most: Nanos) -> Span {
    Span {
        least: stream.size(least, most),
        spread: stream.size(least, most),
        rare: if stream.coin() {
            0
        } else {
            stream.within(20, 2_000)
        },
    }
}

fn weather(stream: &mut Stream) -> Weather {
    let mut latency = span(stream, US, 20 * MS);
    let tiny = stream.one_in(4);
    if tiny {
        // A network of single bytes must be quick, or no answer is ever whole.
        latency.least = latency.least.min(20 * US);
        latency.spread = latency.spread.min(20 * US);
        latency.rare = 0;
    }
    Weather {
        latency,
        segment: stream.size(1, 64 << 10).max(if tiny { 1 } else { 1_000 }),
        socket: stream.size(512, 1 << 20),
        disk: span(stream, US, 5 * MS),
        sync: span(stream, 10 * US, 30 * MS),
        job: span(stream, US, 20 * MS),
        wake: span(stream, 1, 500 * US),
        turn: stream.size(1, 256),
        capacity: 1 << 32,
        wall: 1_700_000_000_000 + stream.below(1_000_000_000) as i64,
        drift: stream.below(1_000) as i64 - 500,
    }
}
