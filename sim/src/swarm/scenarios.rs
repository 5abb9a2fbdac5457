//! What goes wrong in a row: faults at drawn distances from each other, where the second meets what the first has left. Drawn apart from each
//! other they meet once in thousands of seeds. Each row is off in most seeds.

use super::Profile;
use crate::draw::Stream;
use crate::script::{Damage, DamageKind, Fault, MS, Nanos, SECOND, Target, TimedFault};

/// A row of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    /// It is asked to stop while it still reads what a crash has left.
    StopWhileRecovering,
    /// What a sync should have covered reads well after a restart, and then the power goes.
    PowerCutAfterLostSync,
    /// It dies between the removals of what retention drops.
    DeathWhileRetaining,
    /// What a clean stop made durable is damaged, and the next life dies as well.
    DamageAfterStop,
    /// The power goes while the disk does nothing: nothing of what was said meanwhile is durable.
    PowerCutInStall,
}

/// Each with how seldom it is drawn.
const ROWS: [(Row, u64); 5] = [
    (Row::StopWhileRecovering, 3),
    (Row::PowerCutAfterLostSync, 6),
    (Row::DeathWhileRetaining, 4),
    (Row::DamageAfterStop, 12),
    (Row::PowerCutInStall, 8),
];

/// The faults of all rows of a seed.
pub fn faults(stream: &mut Stream, profile: Profile, horizon: Nanos) -> Vec<TimedFault> {
    let mut faults = Vec::new();
    let fits = matches!(profile, Profile::Crashes | Profile::Mixed);
    for (row, seldom) in ROWS {
        let (wanted, times) = (stream.one_in(seldom), stream.within(1, 3));
        if !wanted || !fits {
            continue;
        }
        for _ in 0..times {
            let mut at = stream.below(horizon);
            for (later, what) in in_a_row(row, stream) {
                at += later;
                faults.push(TimedFault { at, what });
            }
        }
    }
    faults.retain(|fault| fault.at < horizon);
    faults
}

/// Each with how long it comes after the one before.
fn in_a_row(row: Row, stream: &mut Stream) -> Vec<(Nanos, Fault)> {
    let patience = 30 * SECOND;
    match row {
        Row::StopWhileRecovering => {
            let after = stream.size(MS, 200 * MS);
            let power = !stream.one_in(4);
            // With little patience it does not wait for those who wait for a log.
            let patience = stream.size(2 * MS, patience);
            let files = stream.within(1, 6) as u32;
            vec![(
                0,
                Fault::StopRecovering {
                    power,
                    after,
                    files,
                    patience,
                },
            )]
        }
        Row::PowerCutAfterLostSync => vec![
            (0, Fault::SyncFails),
            (
                stream.size(100 * MS, 8 * SECOND),
                Fault::PowerCut { effects: None },
            ),
        ],
        Row::DeathWhileRetaining => {
            let (power, files) = (stream.coin(), stream.within(0, 5) as u32);
            vec![(0, Fault::DieRemoving { power, files })]
        }
        Row::DamageAfterStop => {
            let kinds = [DamageKind::Rot, DamageKind::Misdirected];
            let damage = Damage {
                target: Target::Segment,
                place: stream.bits(),
                kind: *stream.pick(&kinds),
            };
            vec![
                (0, Fault::Stop { patience }),
                (stream.size(100 * MS, 6 * SECOND), Fault::Damage(damage)),
            ]
        }
        Row::PowerCutInStall => {
            let lasts = stream.within(200 * MS, 3 * SECOND);
            let after = stream.within(lasts / 2, lasts);
            vec![
                (0, Fault::DiskStall { lasts }),
                (after, Fault::PowerCut { effects: None }),
            ]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::{Domain, Draw};

    fn drawn(seed: u64, profile: Profile) -> Vec<TimedFault> {
        let mut stream = Draw::new(seed).stream(Domain::Script, 9);
        faults(&mut stream, profile, 10 * SECOND)
    }

    #[test]
    fn most_seeds_have_no_row_and_every_row_is_drawn() {
        let all: Vec<Vec<TimedFault>> =
            (0..500).map(|seed| drawn(seed, Profile::Crashes)).collect();
        let with = |is: &dyn Fn(&Fault) -> bool| {
            let has = |faults: &&Vec<TimedFault>| faults.iter().any(|fault| is(&fault.what));
            all.iter().filter(has).count()
        };
        assert!(with(&|_| true) < 350);
        assert!(with(&|fault| matches!(fault, Fault::StopRecovering { .. })) > 40);
        assert!(with(&|fault| matches!(fault, Fault::SyncFails)) > 40);
        assert!(with(&|fault| matches!(fault, Fault::DieRemoving { .. })) > 60);
        assert!(with(&|fault| matches!(fault, Fault::Damage(_))) > 15);
        assert!(with(&|fault| matches!(fault, Fault::DiskStall { .. })) > 30);
    }

    #[test]
    fn nothing_of_a_row_comes_where_nothing_may_go_wrong() {
        assert!((0..200).all(|seed| drawn(seed, Profile::Calm).is_empty()));
        let of_all = (0..200).flat_map(|seed| drawn(seed, Profile::Mixed));
        assert!(of_all.into_iter().all(|fault| fault.at < 10 * SECOND));
    }
}
