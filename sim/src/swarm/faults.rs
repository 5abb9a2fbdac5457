//! What goes wrong in a seed: at any call with a drawn chance, and at drawn times.

use std::collections::BTreeMap;

use super::Profile;
use crate::draw::Stream;
use crate::script::{
    BreakHow, Chance, Chances, Damage, DamageKind, Fault, MS, Nanos, SECOND, Script, Target,
    TimedFault,
};

/// What may go wrong at any call.
pub fn chances(stream: &mut Stream, profile: Profile) -> Chances {
    let mut rates = BTreeMap::new();
    for (chance, ..) in Chance::ALL {
        let (wanted, many) = (stream.coin(), stream.size(least(chance), 20_000));
        let fits = match profile {
            Profile::Calm => matches!(
                chance,
                Chance::ShortRead | Chance::ShortWrite | Chance::Interrupted
            ),
            Profile::Network => !of_the_disk(chance),
            Profile::Crashes | Profile::Mixed => true,
            Profile::Idle => !of_the_disk(chance) || stream.one_in(4),
        };
        if wanted && fits {
            rates.insert(chance, many);
        }
    }
    Chances { rates, only: None }
}

/// How often it may happen at most: what takes a log directory offline must leave time to do something.
fn least(chance: Chance) -> u64 {
    match chance {
        Chance::ShortWrite | Chance::ShortRead | Chance::Interrupted => 3,
        Chance::SegmentBreaks | Chance::AcceptRefused | Chance::Busy | Chance::Full => 30,
        _ => 300,
    }
}

fn of_the_disk(chance: Chance) -> bool {
    !matches!(
        chance,
        Chance::ShortWrite
            | Chance::ShortRead
            | Chance::Interrupted
            | Chance::SegmentBreaks
            | Chance::AcceptRefused
    )
}

/// Classes of faults; each is off in half of the seeds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Kill,
    PowerCut,
    Stop,
    Pause,
    RestartLoop,
    WallJump,
    WallFreeze,
    DiskStall,
    DiskFull,
    Break,
    Cut,
    SlowReader,
    Damage,
    Wipe,
}

const CLASSES: [Class; 14] = [
    Class::Kill,
    Class::PowerCut,
    Class::Stop,
    Class::Pause,
    Class::RestartLoop,
    Class::WallJump,
    Class::WallFreeze,
    Class::DiskStall,
    Class::DiskFull,
    Class::Break,
    Class::Cut,
    Class::SlowReader,
    Class::Damage,
    Class::Wipe,
];

/// What goes wrong at drawn times.
pub fn faults(stream: &mut Stream, profile: Profile, script: &Script) -> Vec<TimedFault> {
    let mut faults = Vec::new();
    for class in CLASSES {
        let (wanted, many) = (stream.coin(), stream.size(1, 8));
        // Producer ids begin anew on an empty disk: producers of before would be taken for those of after.
        let fits_clients =
            class != Class::Wipe || script.clients.iter().all(|client| !client.idempotent);
        if !wanted || !fits(class, profile, stream) || !fits_clients {
            continue;
        }
        let many = match class {
            Class::Damage => many.min(2),
            Class::Wipe => 1,
            _ => many,
        };
        for _ in 0..many {
            let at = stream.below(script.horizon);
            let what = fault(class, stream, script);
            faults.push(TimedFault { at, what });
        }
    }
    faults.sort_by_key(|fault| fault.at);
    faults
}

fn fits(class: Class, profile: Profile, stream: &mut Stream) -> bool {
    let network = matches!(class, Class::Break | Class::Cut | Class::SlowReader);
    let rare = matches!(class, Class::Wipe | Class::Damage);
    match profile {
        Profile::Calm => false,
        Profile::Network => network || class == Class::Pause,
        Profile::Crashes => !network && (!rare || stream.one_in(4)),
        Profile::Mixed | Profile::Idle => !rare || stream.one_in(4),
    }
}

fn fault(class: Class, stream: &mut Stream, script: &Script) -> Fault {
    let lasts = |stream: &mut Stream| stream.size(MS, 10 * SECOND);
    let effects = |stream: &mut Stream| {
        let number = stream.size(1, 40) as u32 - 1;
        stream.coin().then_some(number)
    };
    match class {
        Class::Kill => Fault::Kill {
            effects: effects(stream),
        },
        Class::PowerCut => Fault::PowerCut {
            effects: effects(stream),
        },
        Class::Stop => Fault::Stop {
            patience: stream.size(MS, 30 * SECOND),
        },
        Class::Pause => Fault::Pause {
            lasts: lasts(stream),
        },
        Class::RestartLoop => Fault::RestartLoop {
            times: stream.within(1, 5) as u32,
        },
        Class::WallJump => {
            let ms = stream.size(1, 86_400_000) as i64;
            Fault::WallJump {
                ms: if stream.coin() { ms } else { -ms },
            }
        }
        Class::WallFreeze => Fault::WallFreeze {
            lasts: lasts(stream),
        },
        Class::DiskStall => Fault::DiskStall {
            lasts: lasts(stream),
        },
        Class::DiskFull => Fault::DiskFull {
            lasts: lasts(stream),
        },
        Class::Break => Fault::Break {
            client: somebody(stream, script),
            how: break_how(stream),
        },
        Class::Cut => Fault::Cut {
            client: somebody(stream, script),
            lasts: lasts(stream),
        },
        Class::SlowReader => Fault::SlowReader {
            client: somebody(stream, script).unwrap_or(1),
            lasts: lasts(stream),
        },
        Class::Damage => Fault::Damage(damage(stream)),
        Class::Wipe => Fault::Wipe,
    }
}

fn somebody(stream: &mut Stream, script: &Script) -> Option<u32> {
    let ids: Vec<u32> = script.clients.iter().map(|client| client.id).collect();
    (!ids.is_empty() && !stream.one_in(3)).then(|| *stream.pick(&ids))
}

fn break_how(stream: &mut Stream) -> BreakHow {
    let lasts: Nanos = stream.size(MS, 30 * SECOND);
    match stream.below(4) {
        0 => BreakHow::Reset,
        1 => BreakHow::Finish,
        2 => BreakHow::HalfOpen { lasts },
        _ => BreakHow::LateRequest { after: lasts },
    }
}

fn damage(stream: &mut Stream) -> Damage {
    let targets = [
        Target::OffsetIndex,
        Target::TimeIndex,
        Target::ProducerSnapshot,
        Target::LeaderEpochs,
        Target::Segment,
    ];
    let kinds = [
        DamageKind::Rot,
        DamageKind::Cut,
        DamageKind::Gone,
        DamageKind::Misdirected,
    ];
    Damage {
        target: *stream.pick(&targets),
        place: stream.bits(),
        kind: *stream.pick(&kinds),
    }
}
