//! When faults have stopped, does the node recover? The phases' bounds in virtual time, what may be an excuse, and the last client.

use std::collections::BTreeSet;

use crate::atlas::{Atlas, Entry};
use crate::history::Death;
use crate::oracle::{Verdict, Violation};
use crate::script::{ClientScript, Nanos, Operation, SECOND, Script, Span, TimedOp, Versions};

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Things go wrong.
    Faulty,
    /// Nothing goes wrong any more; what was under way must end.
    Healing,
    /// A last client writes everywhere and reads everything.
    Checking,
    /// Nobody asks for anything; what is left is the node's own: logs to open, topics of clients that are gone.
    Resting,
    /// The node was asked to stop.
    Stopping,
    /// The run has ended.
    Over,
}

/// From the horizon until the node serves and no call is open: a recovery, plus the longest patience of a client.
pub const HEALING: Nanos = 180 * SECOND;
/// Until the last client has written everywhere and read everything.
pub const CHECKING: Nanos = 180 * SECOND;
/// How long nothing is asked before the node is asked to stop ..
pub const REST: Nanos = SECOND;
/// .. and until it has opened every log.
pub const RESTING: Nanos = 60 * SECOND;
/// Until the node has stopped cleanly, when nothing is left to be written.
const STOPPING: Nanos = 60 * SECOND;
/// Files that recovery makes anew beside a segment, and what each waits for: it is synced, and so is its name.
const SIDECARS: u64 = 3;
const SYNCS: u64 = 2;

/// Until the node has stopped cleanly: a log writes what its recovery has found one file after the other, and a disk may be slow.
pub fn stopping(segments: u64, sync: &Span) -> Nanos {
    STOPPING + segments * SIDECARS * SYNCS * (sync.least + sync.spread)
}

const ORACLE: &str = "liveness";

/// A phase did not end in time.
pub fn late(phase: Phase, pending: &str) -> Violation {
    let what = match phase {
        Phase::Healing => "faults have stopped, and the node does not come to rest",
        Phase::Checking => "faults have stopped, and fresh calls do not all succeed",
        Phase::Resting => "nobody asks for anything, and the node does not open its logs",
        Phase::Stopping => "the node was asked to stop, and does not",
        Phase::Faulty | Phase::Over => "a phase without a bound was late",
    };
    Violation {
        oracle: ORACLE,
        what: format!("{what}: {pending}"),
    }
}

/// Nothing is on the agenda any more.
pub fn stuck(phase: Phase) -> Violation {
    Violation {
        oracle: ORACLE,
        what: format!("nothing will ever happen again, in phase {phase:?}"),
    }
}

/// Whether the last stop may end like this: cleanly, unless something was made to fail before and only came back now.
pub fn may_stop(how: &Death, atlas: &Atlas) -> Verdict {
    let failed = |entry: &Entry| matches!(entry, Entry::Failed { .. });
    let late = matches!(how, Death::Offline(_)) && atlas.entries().any(|(_, entry)| failed(entry));
    if late || *how == (Death::Stopped { clean: true }) {
        return Ok(());
    }
    Err(not_clean(how))
}

/// The last stop was no clean one.
pub fn not_clean(how: &Death) -> Violation {
    Violation {
        oracle: ORACLE,
        what: format!("with nothing going wrong, a stop did not end cleanly: {how:?}"),
    }
}

/// Whether a process may end like this: by itself it may only for what the atlas says was done to its disk.
pub fn may_end(how: &Death, atlas: &Atlas) -> Verdict {
    let hurt = |entry: &Entry| matches!(entry, Entry::Failed { .. } | Entry::Full { .. });
    let damaged = |entry: &Entry| matches!(entry, Entry::Damaged { .. });
    let excused = match how {
        Death::Kill | Death::PowerCut | Death::Stopped { .. } => true,
        Death::Offline(_) => atlas
            .entries()
            .any(|(_, entry)| hurt(entry) || damaged(entry)),
        Death::Refused(_) => atlas
            .entries()
            .any(|(_, entry)| hurt(entry) || damaged(entry)),
        Death::Panicked(_) => false,
    };
    if excused {
        return Ok(());
    }
    Err(Violation {
        oracle: ORACLE,
        what: format!("the node gave up by itself, and nothing was done to it: {how:?}"),
    })
}

/// The script with one more client, which begins now: it writes everywhere and reads everything.
pub fn last_client(script: &Script, now: Nanos) -> Script {
    let mut script = script.clone();
    let id = script.clients.iter().map(|client| client.id).max();
    let op = |number, what| TimedOp {
        at: now,
        number,
        what,
    };
    let mut ops = vec![
        op(1, Operation::ProduceEverywhere),
        op(2, Operation::ReadEverything),
    ];
    // Behind what it reads it asks every group what was committed.
    let groups = groups(&script).into_iter().zip(3..);
    ops.extend(groups.map(|(group, number)| {
        let places = None;
        op(number, Operation::FetchOffsets { group, places })
    }));
    script.clients.push(ClientScript {
        id: id.unwrap_or(0) + 1,
        idempotent: true,
        in_flight: 1,
        versions: Versions::Newest,
        sessions: false,
        committed: false,
        retries: u32::MAX,
        patience: CHECKING,
        listener: 0,
        ops,
    });
    script
}

/// The groups that anybody uses.
fn groups(script: &Script) -> BTreeSet<u32> {
    let ops = script.clients.iter().flat_map(|client| &client.ops);
    let groups = ops.filter_map(|op| match op.what {
        Operation::JoinGroup { group, .. } | Operation::CommitAlone { group, .. } => Some(group),
        _ => None,
    });
    groups.collect()
}

#[cfg(test)]
mod tests {
    use super::{Atlas, Death, Entry, may_end, may_stop};
    use crate::oracle::rig::{fires, passes};

    fn atlas(entries: &[Entry]) -> Atlas {
        let mut atlas = Atlas::new(true);
        for entry in entries {
            atlas.note(1, entry.clone());
        }
        atlas
    }

    fn failed() -> Entry {
        let what = "a sync of t0-0".to_owned();
        Entry::Failed { what }
    }

    #[test]
    fn a_node_gives_up_only_for_what_was_done_to_its_disk() {
        let by_itself = "the node gave up by itself";
        let why = || "no such file".to_owned();
        for how in [Death::Offline(why()), Death::Refused(why())] {
            fires(may_end(&how, &atlas(&[])), by_itself);
            fires(may_end(&how, &atlas(&[Entry::Wiped])), by_itself);
            passes(may_end(&how, &atlas(&[failed()])));
            passes(may_end(&how, &atlas(&[Entry::Full { until: 2 }])));
        }
        fires(
            may_end(&Death::Panicked(why()), &atlas(&[failed()])),
            by_itself,
        );
        for how in [
            Death::Kill,
            Death::PowerCut,
            Death::Stopped { clean: false },
        ] {
            passes(may_end(&how, &atlas(&[])));
        }
    }

    #[test]
    fn the_last_stop_is_clean() {
        let not_clean = "a stop did not end cleanly";
        let offline = Death::Offline("a sync failed".to_owned());
        passes(may_stop(&Death::Stopped { clean: true }, &atlas(&[])));
        fires(
            may_stop(&Death::Stopped { clean: false }, &atlas(&[])),
            not_clean,
        );
        fires(may_stop(&offline, &atlas(&[])), not_clean);
        passes(may_stop(&offline, &atlas(&[failed()])));
    }
}
