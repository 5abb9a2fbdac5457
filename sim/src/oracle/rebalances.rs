//! How a rebalance goes: when it is over, and with how many.
//!
//! B1: a join or sync that was alone on its connection is answered when the longest rebalance timeout of its group is over, or the initial
//! delay if that is longer, plus what the weather takes at worst. Time counts from the end of whatever the atlas says was done to the node.
//! B2: a generation has no more members than `group.max.size`, and none of its static ids twice. A static id that has not asked for it is one
//! more: who stays away keeps its place until its session ends, and what counts is who asks.
//! B3: nobody is told of a group's first generation before `group.initial.rebalance.delay.ms` has passed since somebody asked to join it.
//! B4: when faults have stopped, and whoever was gone before has been given up, a join waits for nobody who is not alive.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::polls::{is_cramped, stalled, turns};
use super::{Oracle, Scene, Verdict, excuses, fired};
use crate::groups::{GroupAsk, GroupReply, MemberShown};
use crate::history::{Ask, Asked, Reply, Seen};
use crate::on_disk;
use crate::script::{MS, Nanos, Operation, SECOND};

/// A member's subscription or assignment, and what is around it, bytes.
const WORDS: u64 = 600;

/// Whoever was gone before faults stopped is given up when the longest session or rebalance has passed so often.
const GIVEN_UP: u64 = 2;

/// Whoever is alive has sent a heartbeat after so many thirds of a session.
const HEARD: u64 = 2;

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Rebalances {
    ready: Nanos,
    /// How many requests are under way, by connection.
    links: BTreeMap<u64, u32>,
    /// Joins and syncs that were alone when they left.
    alone: BTreeSet<u64>,
    /// When somebody asked first to join a group, and with which rebalance timeout at most since.
    first: BTreeMap<Arc<str>, (Nanos, Nanos)>,
    /// When each static id asked last to join its group.
    asked: BTreeMap<(Arc<str>, Arc<str>), Nanos>,
    /// The newest generation that somebody was told of, and when the one before it was told first.
    told: BTreeMap<Arc<str>, Told>,
    /// Groups of which somebody was told that they have begun.
    begun: BTreeSet<Arc<str>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Told {
    generation: i32,
    at: Nanos,
    before: Nanos,
}

const NAME: &str = "rebalances";

impl Oracle for Rebalances {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        match seen {
            Seen::Ready { .. } => self.ready = scene.at,
            Seen::Asked(asked) => self.asked(scene, asked),
            Seen::Lost(asked) => return self.ended(scene, asked),
            Seen::Answered(asked, reply) => {
                self.ended(scene, asked)?;
                if let Reply::Group(reply) = reply {
                    return self.answered(scene, asked, reply);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The group that is waited for.
fn waits_for(asked: &Asked) -> Option<&Arc<str>> {
    match &asked.ask {
        Ask::Group(GroupAsk::Join { who, .. } | GroupAsk::Sync { who, .. }) => Some(&who.group),
        _ => None,
    }
}

impl Rebalances {
    fn asked(&mut self, scene: &Scene<'_>, asked: &Asked) {
        if scene
            .script
            .clients
            .iter()
            .all(|client| !is_member(&client.ops))
        {
            return;
        }
        let open = self.links.entry(asked.link).or_default();
        *open += 1;
        if *open == 1 && waits_for(asked).is_some() {
            self.alone.insert(asked.number);
        }
        if let Ask::Group(GroupAsk::Join {
            who, rebalance_ms, ..
        }) = &asked.ask
        {
            let patience = u64::from(rebalance_ms.unsigned_abs()) * MS;
            let first = self.first.entry(Arc::clone(&who.group));
            let (_, least) = first.or_insert((scene.at, patience));
            *least = patience.min(*least);
            if let Some(instance) = &who.instance {
                let place = (Arc::clone(&who.group), Arc::clone(instance));
                self.asked.insert(place, scene.at);
            }
        }
    }

    /// B1.
    fn ended(&mut self, scene: &Scene<'_>, asked: &Asked) -> Verdict {
        if let Some(open) = self.links.get_mut(&asked.link) {
            *open -= 1;
            if *open == 0 {
                self.links.remove(&asked.link);
            }
        }
        let alone = self.alone.remove(&asked.number);
        let Some(group) = waits_for(asked).filter(|_| alone) else {
            return Ok(());
        };
        let other_life = asked.at < self.ready || scene.ledger.died_since(asked.at);
        if other_life || is_cramped(scene) {
            return Ok(());
        }
        let quiet = scene.atlas.quiet_since().max(stalled(scene));
        let delay = setting(scene, "group.initial.rebalance.delay.ms").unwrap_or(0) * MS;
        let (session, rebalance) = excuses::longest(scene, group);
        let longest = session.max(rebalance).max(delay);
        // Everybody who is alive hears of a rebalance with his next heartbeat.
        let healed = scene.script.horizon.max(quiet).max(self.ready) + GIVEN_UP * longest;
        let waits = if asked.at > healed {
            (session * HEARD / 3 + 2 * delay).min(longest)
        } else {
            longest
        };
        let due = asked.at.max(quiet) + waits + slack(scene);
        if scene.at <= due {
            return Ok(());
        }
        fired(
            NAME,
            format!(
                "#{}: {group} waits {} ms at most, and its member {} ms",
                asked.number,
                waits / MS,
                (scene.at - asked.at) / MS
            ),
        )
    }

    fn answered(&mut self, scene: &Scene<'_>, asked: &Asked, reply: &GroupReply) -> Verdict {
        if let (Ask::Group(GroupAsk::Join { who, .. }), GroupReply::Join { error: 1.., .. }) =
            (&asked.ask, reply)
            && let Some(instance) = &who.instance
        {
            // Who was refused has not asked for it.
            let place = (Arc::clone(&who.group), Arc::clone(instance));
            self.asked.remove(&place);
        }
        let (
            Some(group),
            GroupReply::Join {
                error: 0,
                generation,
                members,
                ..
            },
        ) = (waits_for(asked), reply)
        else {
            return Ok(());
        };
        let most = setting(scene, "group.max.size").unwrap_or(u64::MAX);
        let told = self.told.entry(Arc::clone(group)).or_default();
        if told.generation != *generation {
            *told = Told {
                generation: *generation,
                at: scene.at,
                before: told.at,
            };
        }
        let keeps_a_place = |member: &&MemberShown| {
            let place = member.instance.clone().map(|id| (Arc::clone(group), id));
            place.is_some_and(|place| self.asked.get(&place).is_none_or(|at| *at <= told.before))
        };
        let kept = members.iter().filter(keeps_a_place).count();
        if (members.len() - kept) as u64 > most {
            let what = format!("#{}: {group} has {} members", asked.number, members.len());
            return fired(NAME, format!("{what}, {most} are allowed"));
        }
        let instances = members.iter().filter_map(|member| member.instance.as_ref());
        let many = instances.clone().count();
        if instances.collect::<BTreeSet<_>>().len() < many {
            let what = format!(
                "#{}: {group} has a static id twice: {members:?}",
                asked.number
            );
            return fired(NAME, what);
        }
        let Some((first, least)) = self.first.get(group).copied() else {
            return Ok(());
        };
        if !self.begun.insert(Arc::clone(group)) {
            return Ok(());
        }
        let delay = setting(scene, "group.initial.rebalance.delay.ms").unwrap_or(0) * MS;
        if scene.at < first + delay.min(least) {
            return fired(
                NAME,
                format!(
                    "#{}: {group} begins {} ms after somebody asked to join it; it is to wait for others for {} ms",
                    asked.number,
                    (scene.at - first) / MS,
                    delay.min(least) / MS
                ),
            );
        }
        Ok(())
    }
}

fn is_member(ops: &[crate::script::TimedOp]) -> bool {
    let joins = |op: &crate::script::TimedOp| matches!(op.what, Operation::JoinGroup { .. });
    ops.iter().any(joins)
}

fn setting(scene: &Scene<'_>, name: &str) -> Option<u64> {
    scene.script.settings.get(name)?.parse().ok()
}

/// Syncs of a partition whose log begins a new segment, with all that goes with one.
const ROLL: u64 = 6;

/// What it takes at worst, besides waiting: every partition may begin a segment just then, and a desk's syncs go one behind the other.
fn slack(scene: &Scene<'_>) -> Nanos {
    let weather = &scene.script.weather;
    let many = scene.script.clients.len() as u64;
    let partitions = on_disk::names(scene.media, "").len() as u64;
    SECOND
        + 2 * weather.travel(WORDS * many)
        + 16 * weather.disk.most()
        + (16 + ROLL * partitions) * weather.sync.most()
        + 16 * weather.job.most()
        + turns(scene)
}

#[cfg(test)]
mod tests {
    use super::super::rig::{Rig, fires, passes, script};
    use super::super::rig_groups::{fixed, join, joined, joining, required, who};
    use super::*;

    fn rig(settings: &[(&str, &str)]) -> Rig<Rebalances> {
        let mut rig = Rig::new();
        let mut script = script(vec![joining()]);
        for (name, value) in settings {
            script
                .settings
                .insert((*name).to_owned(), (*value).to_owned());
        }
        rig.script = Arc::new(script);
        rig
    }

    #[test]
    fn a_join_is_answered_in_time() {
        let after = |ms: u64| {
            let mut rig = rig(&[]);
            let a = who("a", 1);
            let asked = rig.ask(join(&a));
            rig.at += ms * MS;
            rig.answer(&asked, &joined(&a, &["a"]))
        };
        passes(after(2_900));
        fires(after(4_000), "waits 2000 ms at most");
    }

    #[test]
    fn a_rebalance_waits_for_nobody_who_is_gone() {
        let after = |healed: u64, ms: u64| {
            let mut rig = rig(&[]);
            rig.at = rig.script.horizon + healed * MS;
            let a = who("a", 1);
            let asked = rig.ask(join(&a));
            rig.at += ms * MS;
            rig.answer(&asked, &joined(&a, &["a"]))
        };
        passes(after(3_000, 2_500));
        passes(after(5_000, 1_600));
        fires(after(5_000, 2_500), "waits 666 ms at most");
    }

    #[test]
    fn a_group_is_no_larger_than_allowed() {
        let mut rig = rig(&[("group.max.size", "2")]);
        let a = who("a", 1);
        passes(rig.exchange(join(&a), &joined(&a, &["a", "b"])));
        fires(
            rig.exchange(join(&a), &joined(&a, &["a", "b", "c"])),
            "2 are allowed",
        );
    }

    #[test]
    fn a_static_member_that_stays_away_keeps_its_place() {
        let third = |asks: bool, refused: bool| {
            let mut rig = rig(&[("group.max.size", "2")]);
            let (a, i) = (who("a", 1), fixed(who("i", 1), "i"));
            rig.ask(join(&i));
            passes(rig.exchange(join(&a), &joined(&a, &["a"])));
            rig.at += MS;
            if asks {
                let asked = rig.ask(join(&i));
                if refused {
                    passes(rig.answer(&asked, &required("i")));
                }
            }
            let next = who("a", 2);
            let mut reply = joined(&next, &["a", "i", "b"]);
            if let Reply::Group(GroupReply::Join { members, .. }) = &mut reply {
                members[1].instance = Some(Arc::from("i"));
            }
            rig.exchange(join(&next), &reply)
        };
        passes(third(false, false));
        passes(third(true, true));
        fires(third(true, false), "2 are allowed");
    }

    #[test]
    fn a_new_group_waits_for_others() {
        let after = |ms: u64| {
            let mut rig = rig(&[("group.initial.rebalance.delay.ms", "500")]);
            let a = who("a", 1);
            let asked = rig.ask(join(&a));
            rig.at += ms * MS;
            rig.answer(&asked, &joined(&a, &["a"]))
        };
        passes(after(600));
        fires(after(100), "it is to wait for others for 500 ms");
    }
}
