//! No two members of one generation own a partition: whoever syncs is given what the leader of that very generation has given him, and
//! all of a generation are given what one and the same request of its leader said.
//!
//! Who bears a static id is given what was meant for whoever bore it before.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::{Oracle, Scene, Verdict, excuses, fired};
use crate::groups::{Assignment, GroupAsk, GroupReply, Owned, Who};
use crate::history::{Ask, Asked, Reply, Seen};

/// A group in one of its generations.
type Of = (Arc<str>, i32);

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Ownership {
    /// What leaders have sent, by group and generation.
    plans: BTreeMap<Of, Vec<BTreeMap<Arc<str>, Bytes>>>,
    /// What members were told.
    told: BTreeMap<Of, Told>,
    /// The static id of a member, by group and id.
    instances: BTreeMap<(Arc<str>, Arc<str>), Arc<str>>,
    /// Groups whose end was asked for.
    deleted: Vec<Arc<str>>,
}

#[derive(Clone, Debug)]
struct Told {
    mark: Bytes,
    /// Who has a partition: his static id, or his own.
    owners: BTreeMap<Owned, Arc<str>>,
}

const NAME: &str = "ownership";

impl Oracle for Ownership {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        match seen {
            Seen::Asked(Asked {
                ask: Ask::Group(ask),
                ..
            }) => self.asked(ask),
            Seen::Answered(asked, Reply::Group(reply)) => {
                let Ask::Group(ask) = &asked.ask else {
                    return Ok(());
                };
                return self.answered(scene, asked.number, ask, reply);
            }
            _ => {}
        }
        Ok(())
    }
}

impl Ownership {
    fn asked(&mut self, ask: &GroupAsk) {
        match ask {
            GroupAsk::Sync { who, assignments } if !assignments.is_empty() => {
                let plan = assignments.iter().cloned().collect();
                let of = (Arc::clone(&who.group), who.generation);
                self.plans.entry(of).or_default().push(plan);
            }
            GroupAsk::Delete { group } => self.deleted.push(Arc::clone(group)),
            _ => {}
        }
    }

    fn answered(
        &mut self,
        scene: &Scene<'_>,
        number: u64,
        ask: &GroupAsk,
        reply: &GroupReply,
    ) -> Verdict {
        match (ask, reply) {
            (
                GroupAsk::Join { who, .. },
                GroupReply::Join {
                    member, members, ..
                },
            ) => {
                if let Some(instance) = &who.instance {
                    let of = (Arc::clone(&who.group), Arc::clone(member));
                    self.instances.insert(of, Arc::clone(instance));
                }
                for shown in members {
                    if let Some(instance) = &shown.instance {
                        let of = (Arc::clone(&who.group), Arc::clone(&shown.member));
                        self.instances.insert(of, Arc::clone(instance));
                    }
                }
                Ok(())
            }
            (
                GroupAsk::Sync { who, .. },
                GroupReply::Sync {
                    error: 0,
                    assignment,
                },
            ) => self.synced(scene, number, who, assignment),
            _ => Ok(()),
        }
    }

    fn synced(&mut self, scene: &Scene<'_>, number: u64, who: &Who, given: &Bytes) -> Verdict {
        let of = (Arc::clone(&who.group), who.generation);
        let name = |what: String| {
            format!(
                "#{number}: {} of {} in generation {} {what}",
                who.member, who.group, who.generation
            )
        };
        let holder = who.instance.as_ref().unwrap_or(&who.member);
        let mine = |member: &Arc<str>| {
            let of = (Arc::clone(&who.group), Arc::clone(member));
            *member == who.member
                || who.instance.as_ref().is_some_and(|instance| {
                    let known = self.instances.get(&of);
                    known.map_or_else(|| is_named(member, instance), |known| known == instance)
                })
        };
        // Of a generation that was only stored, after one that was lost, what was given before holds.
        let own = self.plans.contains_key(&of);
        let from = (Arc::clone(&who.group), if own { who.generation } else { 0 });
        let plans = self
            .plans
            .range(from..=of.clone())
            .flat_map(|(_, plans)| plans);
        let nothing = Bytes::new();
        let fits = |plan: &BTreeMap<Arc<str>, Bytes>| {
            let mut meant = plan.iter().filter(|(member, _)| mine(member)).peekable();
            match meant.peek() {
                None => *given == nothing,
                Some(_) => meant.any(|(_, bytes)| bytes == given),
            }
        };
        if !plans.clone().any(fits) {
            let plans = plans.count();
            return fired(
                NAME,
                name(format!(
                    "is given {:?}, which is in none of the {plans} divisions of its leaders",
                    Assignment::read(given)
                )),
            );
        }
        let Ok(assignment) = Assignment::read(given) else {
            return Ok(());
        };
        if assignment.mark.is_empty() {
            return Ok(());
        }
        let anew = excuses::may_be_forgotten(scene)
            || self.deleted.contains(&who.group)
            || excuses::hurt(scene)
            || !scene.atlas.flush_on_ack;
        let told = self.told.entry(of).or_insert_with(|| Told {
            mark: assignment.mark.clone(),
            owners: BTreeMap::new(),
        });
        if told.mark != assignment.mark {
            if !anew {
                let what = "is given one division, and others of its generation another".to_owned();
                return fired(NAME, name(what));
            }
            *told = Told {
                mark: assignment.mark.clone(),
                owners: BTreeMap::new(),
            };
        }
        for owned in assignment.owned {
            let owner = told
                .owners
                .entry(owned.clone())
                .or_insert_with(|| Arc::clone(holder));
            if owner != holder {
                let what = format!("is given {owned:?}, which is {owner}'s");
                return fired(NAME, name(what));
            }
        }
        Ok(())
    }
}

/// Whether an id is that of somebody with this static id, when nobody was shown both: as by Kafka, it begins with it.
fn is_named(member: &str, instance: &str) -> bool {
    let rest = member.strip_prefix(instance);
    rest.is_some_and(|rest| rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::super::rig::{Rig, fires, passes};
    use super::super::rig_groups::{fixed, plan, sync, synced, who};
    use super::*;

    #[test]
    fn a_member_is_given_what_its_leader_gave_it() {
        let mut rig = Rig::<Ownership>::new();
        let (a, b) = (who("a", 3), who("b", 3));
        let both = plan("1", &[("a", 0), ("b", 1)]);
        passes(rig.exchange(sync(&a, &both), &synced(&both, "a")));
        passes(rig.exchange(sync(&b, &[]), &synced(&both, "b")));
        fires(
            rig.exchange(sync(&b, &[]), &synced(&both, "a")),
            "in none of the 1 divisions",
        );
    }

    #[test]
    fn what_an_earlier_generation_was_given_is_not_given_now() {
        let mut rig = Rig::<Ownership>::new();
        let old = plan("1", &[("a", 0), ("b", 1)]);
        passes(rig.exchange(sync(&who("a", 3), &old), &synced(&old, "a")));
        let new = plan("2", &[("a", 1), ("b", 0)]);
        rig.ask(sync(&who("a", 4), &new));
        fires(
            rig.exchange(sync(&who("b", 4), &[]), &synced(&old, "b")),
            "in none of the 1 divisions",
        );
    }

    #[test]
    fn a_static_id_is_given_what_was_meant_for_its_bearer() {
        let mut rig = Rig::<Ownership>::new();
        // Its leader speaks a version that shows no static ids, and the answer to the bearer was lost.
        let both = plan("1", &[("i0-x", 0), ("i01-y", 1)]);
        passes(rig.exchange(sync(&who("i01-y", 3), &both), &synced(&both, "i01-y")));
        let again = fixed(who("i0-z", 3), "i0");
        passes(rig.exchange(sync(&again, &[]), &synced(&both, "i0-x")));
        let other = fixed(who("i1-z", 3), "i1");
        fires(
            rig.exchange(sync(&other, &[]), &synced(&both, "i0-x")),
            "in none of the 1 divisions",
        );
        fires(
            rig.exchange(sync(&again, &[]), &synced(&both, "i01-y")),
            "in none of the 1 divisions",
        );
    }

    #[test]
    fn one_generation_has_one_division() {
        let mut rig = Rig::<Ownership>::new();
        let one = plan("1", &[("a", 0), ("b", 1)]);
        let other = plan("2", &[("a", 1), ("b", 0)]);
        passes(rig.exchange(sync(&who("a", 3), &one), &synced(&one, "a")));
        rig.ask(sync(&who("a", 3), &other));
        fires(
            rig.exchange(sync(&who("b", 3), &[]), &synced(&other, "b")),
            "others of its generation another",
        );
    }

    #[test]
    fn a_partition_has_one_owner() {
        let mut rig = Rig::<Ownership>::new();
        let both = plan("1", &[("a", 0), ("b", 0)]);
        passes(rig.exchange(sync(&who("a", 3), &both), &synced(&both, "a")));
        fires(
            rig.exchange(sync(&who("b", 3), &[]), &synced(&both, "b")),
            "which is a's",
        );
    }
}
