//! A generation never goes back: whoever is told that all is well is of the newest generation that anybody had been told of when he asked.
//!
//! What a member was told after its sync is durable. What it was told before is forgotten when the node dies, and may be given again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Oracle, Scene, Verdict, excuses, fired};
use crate::groups::{GroupAsk, GroupReply};
use crate::history::{Ask, Asked, Reply, Seen};
use crate::script::Nanos;

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Generations {
    told: BTreeMap<Arc<str>, Vec<Told>>,
    /// Groups whose end was asked for: they begin anew.
    deleted: Vec<Arc<str>>,
}

/// Somebody was told of a generation.
#[derive(Clone, Copy, Debug)]
struct Told {
    generation: i32,
    /// When the request left, and when it was answered.
    asked: Nanos,
    at: Nanos,
    durable: bool,
}

const NAME: &str = "generations";

impl Oracle for Generations {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        match seen {
            Seen::Asked(Asked {
                ask: Ask::Group(GroupAsk::Delete { group }),
                ..
            }) => self.deleted.push(Arc::clone(group)),
            Seen::Answered(asked, Reply::Group(reply)) => {
                return self.answered(scene, asked, reply);
            }
            Seen::Died { how, .. } if excuses::loses(scene, how) => {
                for told in self.told.values_mut().flatten() {
                    told.durable = false;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Generations {
    fn answered(&mut self, scene: &Scene<'_>, asked: &Asked, reply: &GroupReply) -> Verdict {
        let Ask::Group(ask) = &asked.ask else {
            return Ok(());
        };
        let (who, generation, durable) = match (ask, reply) {
            (
                GroupAsk::Join { who, .. },
                GroupReply::Join {
                    error: 0,
                    generation,
                    ..
                },
            ) => (who, *generation, false),
            (GroupAsk::Sync { who, .. }, GroupReply::Sync { error: 0, .. }) => {
                (who, who.generation, true)
            }
            (GroupAsk::Heartbeat { who }, GroupReply::Heartbeat { error: 0 }) => {
                (who, who.generation, false)
            }
            (GroupAsk::Commit { who, .. }, GroupReply::Commit { parts })
                if who.generation >= 0 && parts.iter().any(|(_, error)| *error == 0) =>
            {
                (who, who.generation, false)
            }
            _ => return Ok(()),
        };
        let told = self.told.entry(Arc::clone(&who.group)).or_default();
        let anew = excuses::may_be_forgotten(scene)
            || excuses::hurt(scene)
            || self.deleted.contains(&who.group);
        let lives = |told: &&Told| told.durable || !scene.ledger.died_since(told.asked);
        let newer = told
            .iter()
            .filter(|told| told.at < asked.at && told.generation > generation)
            .find(lives);
        if let Some(newer) = newer.filter(|_| !anew) {
            return fired(
                NAME,
                format!(
                    "#{}: {} is well in generation {generation} of {}, {} ms after somebody was told of {}",
                    asked.number,
                    who.member,
                    who.group,
                    (asked.at - newer.at) / crate::script::MS,
                    newer.generation
                ),
            );
        }
        let known = told.iter().any(|told| {
            told.generation == generation
                && told.durable >= durable
                && !scene.ledger.died_since(told.asked)
        });
        if !known {
            told.push(Told {
                generation,
                asked: asked.at,
                at: scene.at,
                durable,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::rig::{Rig, fires, passes};
    use super::super::rig_groups::{
        commit, committed, heard, heartbeat, join, joined, plan, sync, synced, who,
    };
    use super::*;
    use crate::history::Death;

    #[test]
    fn nobody_is_well_in_an_old_generation() {
        let mut rig = Rig::<Generations>::new();
        let (old, new) = (who("a", 3), who("b", 4));
        passes(rig.exchange(heartbeat(&old), &heard(0)));
        passes(rig.exchange(join(&new), &joined(&new, &["b"])));
        passes(rig.exchange(heartbeat(&old), &heard(22)));
        fires(
            rig.exchange(heartbeat(&old), &heard(0)),
            "is well in generation 3",
        );
        fires(
            rig.exchange(commit(&old, 7, "x"), &committed(0)),
            "is well in generation 3",
        );
    }

    #[test]
    fn what_was_synced_outlives_the_node() {
        let after = |synced_first: bool| {
            let mut rig = Rig::<Generations>::new();
            let a = who("a", 5);
            passes(rig.exchange(join(&a), &joined(&a, &["a"])));
            if synced_first {
                let all = plan("1", &[("a", 0)]);
                passes(rig.exchange(sync(&a, &all), &synced(&all, "a")));
            }
            rig.die(Death::PowerCut);
            rig.start();
            let again = who("a", 4);
            rig.exchange(join(&again), &joined(&again, &["a"]))
        };
        passes(after(false));
        fires(after(true), "was told of 5");
    }

    #[test]
    fn a_group_that_was_deleted_begins_anew() {
        let mut rig = Rig::<Generations>::new();
        let a = who("a", 5);
        passes(rig.exchange(join(&a), &joined(&a, &["a"])));
        let group = Arc::from("g1");
        rig.ask(Ask::Group(GroupAsk::Delete { group }));
        let again = who("a", 1);
        passes(rig.exchange(join(&again), &joined(&again, &["a"])));
    }
}
