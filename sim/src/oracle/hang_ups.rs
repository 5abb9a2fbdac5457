//! The node does not close a connection while a request on it is in work, however long that takes: a connection that waits for an answer is
//! not idle.
//!
//! Excused is a node that is being stopped or has ended (the atlas says so), a request that may not have come when the connection was
//! closed, a connection that never served (there may be too many), one that carried a request whose refusal is the end of its
//! connection (acks=0, versions of Produce from before there were answers to them), and one of which nothing was heard for as long as a connection
//! may be idle while the disk may stall under its answer: the node cannot tell that from a peer that takes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

use super::{Oracle, Scene, Verdict, fired};
use crate::groups::GroupAsk;
use crate::history::{Ask, Asked, Seen};
use crate::script::{MS, Nanos};

/// See above.
#[derive(Clone, Debug, Default)]
pub struct HangUps {
    /// Connections on which something was answered.
    served: BTreeSet<u64>,
    /// Connections that the node may end for what they carried.
    ended: BTreeSet<u64>,
}

const NAME: &str = "hang-ups";

/// The first version of Produce that is served.
const PRODUCE_SINCE: i16 = 3;

impl Oracle for HangUps {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        match seen {
            Seen::Asked(asked) => {
                if let Ask::Produce { acks, .. } = &asked.ask
                    && (*acks == 0 || asked.version < PRODUCE_SINCE)
                {
                    self.ended.insert(asked.link);
                }
                Ok(())
            }
            Seen::Answered(asked, _) => {
                self.served.insert(asked.link);
                Ok(())
            }
            Seen::HungUp { open, .. } => match open.first() {
                Some(oldest) => self.judge(scene, oldest),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

impl HangUps {
    fn judge(&self, scene: &Scene<'_>, asked: &Asked) -> Verdict {
        let may_end = !self.served.contains(&asked.link) || self.ended.contains(&asked.link);
        let disturbed = scene.ledger.died_since(asked.at) || scene.atlas.quiet_since() > asked.at;
        let cramped = super::polls::is_cramped(scene);
        let age = scene.at - asked.at;
        if may_end || disturbed || cramped || stuck(scene, age) || age <= journey(scene, asked) {
            return Ok(());
        }
        fired(
            NAME,
            format!(
                "the connection of #{} was closed by the node {} ms after the request left, and before it was answered",
                asked.number,
                age / MS
            ),
        )
    }
}

/// Whether an answer may have been on its way for as long as a connection may be idle, because its bytes were not to be had.
fn stuck(scene: &Scene<'_>, age: Nanos) -> bool {
    let idle = scene.script.settings.get("connections.max.idle.ms");
    let idle = idle.and_then(|value| value.parse::<u64>().ok());
    idle.is_some_and(|idle| age >= idle * MS && scene.at - age < super::polls::stalled(scene))
}

/// How long a request may be on its way, and word of the end on its way back.
fn journey(scene: &Scene<'_>, asked: &Asked) -> Nanos {
    let bytes = match &asked.ask {
        Ask::Produce { parts, .. } => parts.iter().map(|(_, batch)| batch.bytes).sum(),
        Ask::Fetch { wanted, .. } => 100 * wanted.len(),
        Ask::ListOffsets { parts, .. } => 50 * parts.len(),
        Ask::Group(ask) => told_by_a_member(ask),
        _ => 0,
    };
    let weather = &scene.script.weather;
    weather.travel(bytes as u64 + 500) + weather.travel(0) + 100 * MS + super::polls::turns(scene)
}

/// What a member says of itself and of others, bytes.
fn told_by_a_member(ask: &GroupAsk) -> usize {
    let words =
        |words: &[(Arc<str>, Bytes)]| words.iter().map(|(_, bytes)| 100 + bytes.len()).sum();
    match ask {
        GroupAsk::Join { protocols, .. } => words(protocols),
        GroupAsk::Sync { assignments, .. } => words(assignments),
        GroupAsk::Commit { parts, .. } => {
            let each = parts.iter().map(|(_, commit)| 50 + commit.metadata.len());
            each.sum()
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::rig::{self, Rig, fires, passes};
    use super::super::rig_groups::{commit, who};
    use super::*;
    use crate::atlas::Entry;
    use crate::history::{Death, Reply};
    use crate::script::{Chance, SECOND};

    const VERSIONS: Reply = Reply::ApiVersions {
        error: 0,
        ranges: Vec::new(),
    };

    /// A poll on a connection that has served is open for so long when the node closes it, and this happens meanwhile.
    fn hung_up(age: Nanos, meanwhile: impl FnOnce(&mut Rig<HangUps>)) -> Verdict {
        let mut rig = Rig::new();
        passes(rig.exchange(Ask::ApiVersions, &VERSIONS));
        let asked = rig.ask(rig::fetch(&rig::topic("t0", 1), 0));
        meanwhile(&mut rig);
        rig.at += age;
        let open = [Arc::new(asked)];
        rig.see(&Seen::HungUp {
            client: 1,
            open: &open,
        })
    }

    #[test]
    fn a_connection_that_waits_for_an_answer_is_not_idle() {
        fires(hung_up(SECOND, |_| {}), "closed by the node 1000 ms");
        // The request may have crossed the end on its way.
        passes(hung_up(MS, |_| {}));
        let mut rig = Rig::<HangUps>::new();
        passes(rig.exchange(Ask::ApiVersions, &VERSIONS));
        rig.at += SECOND;
        let idle = Seen::HungUp {
            client: 1,
            open: &[],
        };
        passes(rig.see(&idle));
    }

    #[test]
    fn a_large_commit_is_long_on_its_way() {
        let after = |words: usize| {
            let mut rig = Rig::<HangUps>::new();
            let weather = &mut Arc::make_mut(&mut rig.script).weather;
            (weather.latency.least, weather.socket) = (MS, 1_000);
            passes(rig.exchange(Ask::ApiVersions, &VERSIONS));
            let asked = rig.ask(commit(&who("a", 1), 7, &"x".repeat(words)));
            rig.at += SECOND;
            let open = [Arc::new(asked)];
            rig.see(&Seen::HungUp {
                client: 1,
                open: &open,
            })
        };
        passes(after(10_000_000));
        fires(after(10), "closed by the node 1000 ms");
    }

    #[test]
    fn what_excuses_it() {
        passes(hung_up(SECOND, |rig| {
            let until = rig.at + SECOND;
            rig.atlas.note(rig.at, Entry::Late { until });
        }));
        passes(hung_up(SECOND, |rig| rig.die(Death::Kill)));
        passes(hung_up(SECOND, |rig| {
            let batch = rig::batch(1, 1);
            rig.ask(rig::produce(&rig::topic("t0", 1), &batch, 0));
        }));
        let stalled = |age| {
            hung_up(age, |rig| {
                let script = Arc::make_mut(&mut rig.script);
                let idle = ("connections.max.idle.ms".to_owned(), "900".to_owned());
                script.settings.extend([idle]);
                script.chances.rates.insert(Chance::Stall, 300);
            })
        };
        passes(stalled(SECOND));
        fires(stalled(800 * MS), "closed by the node 800 ms");
    }
}
