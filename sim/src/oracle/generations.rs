//! A generation never goes back: whoever is told that all is well is of the newest generation that anybody had been told of when he asked.
//!
//! G2: a leader that joins again when it has synced is in a newer one.
//! G3: when a member has left, nobody is well in its generation any more.
//!
//! What a sync told is durable. What was told before it may be gone with the coordinator's tenure, but not the generation before that; and so may
//! that somebody has left.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Oracle, Scene, Verdict, excuses, fired};
use crate::groups::{GroupAsk, GroupReply, Who};
use crate::history::{Ask, Asked, Reply, Seen};
use crate::script::Nanos;

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Generations {
    told: BTreeMap<Arc<str>, Vec<Told>>,
    loaded: excuses::Loaded,
    /// Groups whose end was asked for: they begin anew.
    deleted: Vec<Arc<str>>,
    /// Who leads a generation and has synced in it.
    leaders: BTreeMap<(Arc<str>, Arc<str>), i32>,
    synced: BTreeMap<(Arc<str>, Arc<str>), (i32, Nanos)>,
    /// The newest generation that somebody has left, and when.
    left: BTreeMap<Arc<str>, (i32, Nanos)>,
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
        self.loaded.see(scene, seen);
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
        let (who, generation) = match (ask, reply) {
            (
                GroupAsk::Join { who, .. },
                GroupReply::Join {
                    error: 0,
                    generation,
                    ..
                },
            ) => (who, *generation),
            (GroupAsk::Sync { who, .. }, GroupReply::Sync { error: 0, .. }) => {
                (who, who.generation)
            }
            (GroupAsk::Heartbeat { who }, GroupReply::Heartbeat { error: 0 })
                if self.loaded.hears(scene, &who.group, asked.at) =>
            {
                (who, who.generation)
            }
            (GroupAsk::Commit { who, .. }, GroupReply::Commit { parts })
                if who.generation >= 0 && parts.iter().any(|(_, error)| *error == 0) =>
            {
                (who, who.generation)
            }
            (GroupAsk::Leave { who }, GroupReply::Leave { error: 0 }) => {
                if self.stands(scene, who) {
                    self.left
                        .insert(Arc::clone(&who.group), (who.generation, scene.at));
                }
                return Ok(());
            }
            _ => return Ok(()),
        };
        let anew = excuses::may_be_forgotten(scene)
            || excuses::hurt(scene)
            || self.deleted.contains(&who.group);
        if !anew {
            self.leads(scene, asked, ask, reply)?;
            self.stays(scene, asked, ask, generation)?;
        }
        let told = self.told.entry(Arc::clone(&who.group)).or_default();
        // What was told before it was synced comes back after a crash as the one before it.
        let least =
            |told: &Told| match told.durable || !excuses::tenure_ended_since(scene, told.asked) {
                true => told.generation,
                false if scene.atlas.flush_on_ack => told.generation - 1,
                false => i32::MIN,
            };
        let mut earlier = told.iter().filter(|told| told.at < asked.at);
        let newer = earlier.find(|told| least(told) > generation);
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
            told.generation == generation && !excuses::tenure_ended_since(scene, told.asked)
        });
        if !known {
            let now = Told {
                generation,
                asked: asked.at,
                at: scene.at,
                // The answer may have been on its way when the power was cut.
                durable: matches!(reply, GroupReply::Sync { .. })
                    && !excuses::lossy_since(scene, asked.at),
            };
            // The first and the last of a number tell all: one that is lost may be another's afterwards.
            let mut same = told.iter_mut().filter(|it| it.generation == generation);
            match same.nth(1) {
                Some(last) => {
                    let durable = now.durable || last.durable;
                    *last = Told { durable, ..now };
                }
                None => told.push(now),
            }
        }
        Ok(())
    }
}

impl Generations {
    /// G2.
    fn leads(
        &mut self,
        scene: &Scene<'_>,
        asked: &Asked,
        ask: &GroupAsk,
        reply: &GroupReply,
    ) -> Verdict {
        match (ask, reply) {
            (GroupAsk::Sync { who, .. }, _) => {
                let of = (Arc::clone(&who.group), Arc::clone(&who.member));
                self.synced.insert(of, (who.generation, scene.at));
            }
            (
                GroupAsk::Join { who, .. },
                GroupReply::Join {
                    generation,
                    leader,
                    member,
                    ..
                },
            ) => {
                let of = (Arc::clone(&who.group), Arc::clone(member));
                let led = self.leaders.get(&of) == Some(generation);
                let synced = self.synced.get(&of);
                let synced = synced.is_some_and(|(of, at)| of == generation && *at < asked.at);
                if led && synced && who.member == *member && !excuses::lossy_since(scene, 0) {
                    return fired(
                        NAME,
                        format!(
                            "#{}: {member} leads {} in generation {generation}, joins again, and is in it still",
                            asked.number, who.group
                        ),
                    );
                }
                if leader == member {
                    self.leaders.insert(of, *generation);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether the generation that it believes to be in is one of the group's: what no sync told may be gone, and its number be another's.
    fn stands(&self, scene: &Scene<'_>, who: &Who) -> bool {
        let told = self.told.get(&who.group).into_iter().flatten();
        let mut same = told.filter(|told| told.generation == who.generation);
        same.all(|told| told.durable || !excuses::tenure_ended_since(scene, told.asked))
    }

    /// G3.
    fn stays(&self, scene: &Scene<'_>, asked: &Asked, ask: &GroupAsk, generation: i32) -> Verdict {
        let (GroupAsk::Sync { who, .. } | GroupAsk::Heartbeat { who }) = ask else {
            return Ok(());
        };
        let left = self.left.get(&who.group);
        let left = left.filter(|(of, at)| *of == generation && *at < asked.at);
        match left.filter(|(_, at)| !excuses::tenure_ended_since(scene, *at)) {
            Some((_, at)) => fired(
                NAME,
                format!(
                    "#{}: {} is well in generation {generation} of {}, {} ms after another member of it has left",
                    asked.number,
                    who.member,
                    who.group,
                    (asked.at - at) / crate::script::MS
                ),
            ),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rig::{Rig, fires, passes};
    use super::super::rig_groups::{
        commit, committed, heard, heartbeat, join, joined, leave, left, plan, sync, synced, who,
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
    fn what_was_told_outlives_the_node() {
        let after = |flush: bool, generation: i32| {
            let mut rig = Rig::<Generations>::new();
            rig.atlas.flush_on_ack = flush;
            let a = who("a", 5);
            passes(rig.exchange(join(&a), &joined(&a, &["a"])));
            rig.die(Death::PowerCut);
            rig.start();
            let again = who("a", generation);
            rig.exchange(join(&again), &joined(&again, &["a"]))
        };
        passes(after(true, 4));
        passes(after(false, 3));
        fires(after(true, 3), "was told of 5");
    }

    #[test]
    fn a_leader_that_joins_again_begins_a_generation() {
        let again = |generation: i32| {
            let mut rig = Rig::<Generations>::new();
            let a = who("a", 5);
            passes(rig.exchange(join(&a), &joined(&a, &["a"])));
            // It has not heard of it.
            passes(rig.exchange(join(&a), &joined(&a, &["a"])));
            let all = plan("1", &[("a", 0)]);
            passes(rig.exchange(sync(&a, &all), &synced(&all, "a")));
            rig.exchange(join(&a), &joined(&who("a", generation), &["a"]))
        };
        passes(again(6));
        fires(again(5), "is in it still");
    }

    #[test]
    fn who_leaves_ends_a_generation() {
        let mut rig = Rig::<Generations>::new();
        let (a, b) = (who("a", 5), who("b", 5));
        passes(rig.exchange(heartbeat(&a), &heard(0)));
        passes(rig.exchange(leave(&b), &left()));
        passes(rig.exchange(heartbeat(&a), &heard(27)));
        fires(rig.exchange(heartbeat(&a), &heard(0)), "has left");
    }

    #[test]
    fn a_generation_that_was_lost_is_left_by_nobody() {
        let after = |dies: bool| {
            let mut rig = Rig::<Generations>::new();
            let (a, b) = (who("a", 5), who("b", 5));
            passes(rig.exchange(join(&b), &joined(&b, &["b"])));
            if dies {
                rig.die(Death::PowerCut);
                rig.start();
            }
            passes(rig.exchange(leave(&b), &left()));
            passes(rig.exchange(join(&a), &joined(&a, &["a"])));
            let all = plan("1", &[("a", 0)]);
            rig.exchange(sync(&a, &all), &synced(&all, "a"))
        };
        passes(after(true));
        fires(after(false), "has left");
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
