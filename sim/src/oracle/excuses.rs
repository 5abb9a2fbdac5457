//! What several oracles of groups let pass, each for a reason of the atlas, the settings or the script.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Scene;
use crate::atlas::Entry;
use crate::group_log::TOPIC;
use crate::groups::GroupReply;
use crate::history::{Ask, Death, Reply, Seen};
use crate::script::{Fault, MS, Nanos, Operation};

/// How often groups that are gone are looked for when nobody says otherwise, milliseconds.
const CHECKS: u64 = 600_000;
/// How long a commit is kept when nobody says otherwise, minutes.
const RETENTION: u64 = 10_080;
/// In which a clock may have drifted, milliseconds.
const DRIFT: u64 = 60_000;

/// A setting of the broker that is a number.
pub(super) fn setting(scene: &Scene<'_>, name: &str, otherwise: u64) -> u64 {
    let value = scene.script.settings.get(name);
    value
        .and_then(|value| value.parse().ok())
        .unwrap_or(otherwise)
}

/// Whether something was done to the log of groups that may have changed what it says: the disk was emptied, or a segment of it damaged.
pub(super) fn hurt(scene: &Scene<'_>) -> bool {
    let of_groups =
        |entry: &Entry| matches!(entry, Entry::Damaged { path, .. } if path.starts_with(TOPIC));
    scene.atlas.wiped().is_some() || scene.atlas.entries().any(|(_, entry)| of_groups(entry))
}

/// Whether this death may lose what was acknowledged.
pub(super) fn loses(scene: &Scene<'_>, how: &Death) -> bool {
    let failed = |entry: &Entry| matches!(entry, Entry::Failed { .. });
    let hard = *how == Death::PowerCut || scene.atlas.entries().any(|(_, entry)| failed(entry));
    hard && !scene.atlas.flush_on_ack
}

/// Whether a group without members and commits may be forgotten within this run: then it begins anew. It is looked for from time to time,
/// and when a topic goes.
pub(super) fn may_be_forgotten(scene: &Scene<'_>) -> bool {
    let often = setting(scene, "offsets.retention.check.interval.ms", CHECKS);
    scene.at >= often * MS || !scene.ledger.unsure.is_empty()
}

/// Whether a commit may expire within this run.
pub(super) fn may_expire(scene: &Scene<'_>) -> bool {
    let jumps = scene.script.faults.iter().map(|fault| match fault.what {
        Fault::WallJump { ms } => ms.max(0).unsigned_abs(),
        _ => 0,
    });
    let kept = setting(scene, "offsets.retention.minutes", RETENTION) * 60_000;
    may_be_forgotten(scene) && kept <= scene.at / MS + jumps.sum::<u64>() + DRIFT
}

/// Since when the log of a group is known to be loaded in this life. Until then a heartbeat is answered blindly, as by Kafka.
#[derive(Clone, Debug, Default)]
pub(super) struct Loaded {
    since: BTreeMap<Arc<str>, Nanos>,
}

impl Loaded {
    /// Something happened.
    pub(super) fn see(&mut self, scene: &Scene<'_>, seen: &Seen<'_>) {
        match seen {
            Seen::Died { .. } => self.since.clear(),
            Seen::Answered(asked, Reply::Group(reply)) => {
                if let Ask::Group(ask) = &asked.ask
                    && let Some(group) = ask.group()
                    && !scene.ledger.died_since(asked.at)
                {
                    if is_loaded(reply) {
                        let since = self.since.entry(Arc::clone(group));
                        since.or_insert(scene.at);
                    } else if is_loading(reply) {
                        self.since.remove(group);
                    }
                }
            }
            _ => {}
        }
    }

    /// When it was known first.
    pub(super) fn since(&self, group: &Arc<str>) -> Option<Nanos> {
        self.since.get(group).copied()
    }

    /// Whether the answer to this heartbeat says something.
    pub(super) fn hears(&self, scene: &Scene<'_>, group: &Arc<str>, asked: Nanos) -> bool {
        let since = self.since(group).filter(|since| *since < asked);
        since.is_some_and(|since| !tenure_ended_since(scene, since))
    }
}

/// Whether an answer shows that the group's log is known.
fn is_loaded(reply: &GroupReply) -> bool {
    match reply {
        GroupReply::Join { error, .. }
        | GroupReply::Sync { error, .. }
        | GroupReply::Leave { error }
        | GroupReply::Fetch { error, .. } => *error == 0,
        GroupReply::Heartbeat { error } => matches!(error, 22 | 25 | 27),
        GroupReply::Commit { parts } => parts.iter().any(|(_, error)| *error == 0),
        _ => false,
    }
}

/// Whether an answer shows that the group's log is not known, or not any more.
fn is_loading(reply: &GroupReply) -> bool {
    let loading = |error: i16| matches!(error, 14 | 16);
    match reply {
        GroupReply::Join { error, .. }
        | GroupReply::Sync { error, .. }
        | GroupReply::Leave { error }
        | GroupReply::Fetch { error, .. }
        | GroupReply::Heartbeat { error } => loading(*error),
        GroupReply::Commit { parts } => parts.iter().any(|(_, error)| loading(*error)),
        _ => false,
    }
}

/// The longest session of a group, and the longest that one of its members gives the others.
pub(super) fn longest(scene: &Scene<'_>, wanted: &str) -> (Nanos, Nanos) {
    let ops = scene.script.clients.iter().flat_map(|client| &client.ops);
    let times = ops.filter_map(|op| match &op.what {
        Operation::JoinGroup {
            group,
            session_ms,
            rebalance_ms,
            ..
        } if *wanted == format!("g{group}") => Some((*session_ms, *rebalance_ms)),
        _ => None,
    });
    let nanos = |ms: i32| u64::from(ms.unsigned_abs()) * MS;
    times.fold((0, 0), |(session, rebalance), (one, other)| {
        (session.max(nanos(one)), rebalance.max(nanos(other)))
    })
}

/// Something that was said lately may be late by so much.
pub(super) fn shortly(scene: &Scene<'_>) -> Nanos {
    100 * MS + super::polls::turns(scene)
}

/// Whether a coordinator's tenure may have ended since then: with the process, or because a full disk undid what it had appended. What no
/// record says of its groups is gone with it.
pub(super) fn tenure_ended_since(scene: &Scene<'_>, since: Nanos) -> bool {
    scene.ledger.died_since(since) || undone_since(scene, since)
}

/// Whether what a coordinator had appended may have been undone since then, and its log read again. What failed in a life is over with it.
pub(super) fn undone_since(scene: &Scene<'_>, since: Nanos) -> bool {
    let undone = |(at, entry): (Nanos, &Entry)| match entry {
        Entry::Full { until } => *until >= since,
        Entry::Failed { .. } => !scene.ledger.died_since(at),
        _ => false,
    };
    scene.atlas.entries().any(undone)
}

/// Whether a life has ended since then that may have lost what was acknowledged.
pub(super) fn lossy_since(scene: &Scene<'_>, since: Nanos) -> bool {
    !scene.atlas.flush_on_ack && scene.ledger.lossy.is_some_and(|lossy| lossy >= since)
}

#[cfg(test)]
mod tests {
    use super::super::rig::{Rig, passes};
    use super::super::{Oracle, Verdict};
    use super::*;

    #[derive(Default)]
    struct Nobody;

    impl Oracle for Nobody {
        fn name(&self) -> &'static str {
            "nobody"
        }
    }

    #[test]
    fn what_failed_in_a_life_is_over_with_it() {
        let undone = |rig: &mut Rig<Nobody>, since: Nanos, wanted: bool| -> Verdict {
            rig.judge(None, |_, scene| {
                assert_eq!(undone_since(scene, since), wanted);
                Ok(())
            })
        };
        let mut rig = Rig::<Nobody>::new();
        passes(undone(&mut rig, 0, false));
        let what = "a sync of t0-0".to_owned();
        rig.atlas.note(5 * MS, Entry::Failed { what });
        rig.at = 9 * MS;
        passes(undone(&mut rig, 8 * MS, true));
        rig.die(Death::Offline("a sync failed".to_owned()));
        rig.start();
        passes(undone(&mut rig, 12 * MS, false));
        rig.atlas.note(20 * MS, Entry::Full { until: 30 * MS });
        passes(undone(&mut rig, 25 * MS, true));
        passes(undone(&mut rig, 35 * MS, false));
    }
}
