//! Who is out is refused, who is in is not.
//!
//! N1: a member that has left, whose static id somebody else has taken, or that was silent for longer than its session, is not told that all
//! is well. When the node was down, the session begins when the group was known again.
//! N2: a member that was told so, in a generation that it has synced, is known for as long as its session lasts from when it asked, whatever
//! happens to the node.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Oracle, Scene, Verdict, excuses, fired, polls};
use crate::groups::{GroupAsk, GroupReply, Who};
use crate::history::{Ask, Asked, Death, Reply, Seen};
use crate::script::{MS, Nanos};

const UNKNOWN_MEMBER_ID: i16 = 25;
const FENCED_INSTANCE_ID: i16 = 82;

/// A member of a group, by its id.
type Of = (Arc<str>, Arc<str>);

#[derive(Clone, Debug, Default)]
struct Member {
    session: Nanos,
    rebalance: Nanos,
    /// Since when it is out, and why.
    out: Option<(Nanos, &'static str)>,
    /// Somebody may have put it out.
    doomed: bool,
    /// The generation that it has synced.
    synced: Option<i32>,
    /// When the last request left that was answered well in that generation.
    well: Option<Nanos>,
    /// How many of its requests are under way, and when the last one came to its end.
    open: u32,
    ended: Nanos,
    /// One was lost: it may come late.
    murky: bool,
}

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Membership {
    members: BTreeMap<Of, Member>,
    /// Who bears a static id, by group and id, and since when.
    bearers: BTreeMap<Of, (Arc<str>, Nanos)>,
    loaded: excuses::Loaded,
    /// Requests that left after more than a session of silence.
    silent: BTreeMap<u64, Nanos>,
}

const NAME: &str = "membership";

impl Oracle for Membership {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        self.loaded.see(scene, seen);
        match seen {
            Seen::Asked(asked) => self.asked(scene, asked),
            Seen::Lost(asked) => {
                if let Some(member) = self.of(asked) {
                    member.open = member.open.saturating_sub(1);
                    member.murky = true;
                }
                self.silent.remove(&asked.number);
            }
            Seen::Answered(asked, Reply::Group(reply)) => {
                return self.answered(scene, asked, reply);
            }
            Seen::Died { how, .. } => self.died(scene, how),
            _ => {}
        }
        Ok(())
    }
}

/// Who asks as a member, if anybody does.
fn asker(asked: &Asked) -> Option<&Who> {
    match &asked.ask {
        Ask::Group(
            GroupAsk::Join { who, .. }
            | GroupAsk::Sync { who, .. }
            | GroupAsk::Heartbeat { who }
            | GroupAsk::Leave { who }
            | GroupAsk::Commit { who, .. },
        ) => (!who.member.is_empty()).then_some(who),
        _ => None,
    }
}

fn of(who: &Who) -> Of {
    (Arc::clone(&who.group), Arc::clone(&who.member))
}

impl Membership {
    fn of(&mut self, asked: &Asked) -> Option<&mut Member> {
        self.members.get_mut(&of(asker(asked)?))
    }

    fn asked(&mut self, scene: &Scene<'_>, asked: &Asked) {
        let Ask::Group(ask) = &asked.ask else {
            return;
        };
        if let GroupAsk::Join { who, .. } = ask
            && let Some(instance) = &who.instance
        {
            // Whoever bears it now may lose it to this one.
            let bearer = self
                .bearers
                .get(&(Arc::clone(&who.group), Arc::clone(instance)));
            let bearer = bearer.map(|(bearer, _)| bearer);
            if let Some(bearer) = bearer.filter(|bearer| **bearer != who.member) {
                let bearer = (Arc::clone(&who.group), Arc::clone(bearer));
                self.members.entry(bearer).or_default().doomed = true;
            }
        }
        let Some(who) = asker(asked) else {
            return;
        };
        let loaded = self.loaded.since(&who.group);
        let member = self.members.entry(of(who)).or_default();
        let quiet = scene.atlas.quiet_since().max(polls::stalled(scene));
        let slack = excuses::shortly(scene);
        let silent = member.open == 0
            && !member.murky
            && member.session > 0
            && loaded.is_some_and(|loaded| {
                let since = member.ended.max(loaded);
                since > quiet && asked.at > since + member.session + slack
            });
        if silent {
            self.silent.insert(asked.number, asked.at - member.ended);
        }
        member.open += 1;
        match ask {
            GroupAsk::Leave { .. } => member.doomed = true,
            GroupAsk::Join {
                session_ms,
                rebalance_ms,
                ..
            } => {
                member.session = u64::from(session_ms.unsigned_abs()) * MS;
                member.rebalance = u64::from(rebalance_ms.unsigned_abs()) * MS;
                member.well = None;
            }
            _ => {}
        }
    }

    fn answered(&mut self, scene: &Scene<'_>, asked: &Asked, reply: &GroupReply) -> Verdict {
        let Ask::Group(ask) = &asked.ask else {
            return Ok(());
        };
        let silent = self.silent.remove(&asked.number);
        if let Some(member) = self.of(asked) {
            member.open = member.open.saturating_sub(1);
            member.ended = scene.at;
        }
        if let (
            GroupAsk::Join {
                who,
                session_ms,
                rebalance_ms,
                ..
            },
            GroupReply::Join {
                error: 0, member, ..
            },
        ) = (ask, reply)
        {
            self.joined(scene, asked.at, who, member, *session_ms, *rebalance_ms);
        }
        let Some(who) = asker(asked) else {
            return Ok(());
        };
        let error = match reply {
            GroupReply::Heartbeat { error: 0 }
                if !self.loaded.hears(scene, &who.group, asked.at) =>
            {
                return Ok(());
            }
            GroupReply::Join { error, .. }
            | GroupReply::Sync { error, .. }
            | GroupReply::Heartbeat { error }
            | GroupReply::Leave { error } => *error,
            GroupReply::Commit { parts } => match parts.first() {
                Some((_, error)) => *error,
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        match error {
            0 => self.well(scene, asked, who, silent, ask),
            UNKNOWN_MEMBER_ID | FENCED_INSTANCE_ID => self.refused(scene, asked, who, error),
            _ => Ok(()),
        }
    }

    fn joined(
        &mut self,
        scene: &Scene<'_>,
        asked: Nanos,
        who: &Who,
        id: &Arc<str>,
        session_ms: i32,
        rebalance_ms: i32,
    ) {
        let group = &who.group;
        let member = self
            .members
            .entry((Arc::clone(group), Arc::clone(id)))
            .or_default();
        member.session = u64::from(session_ms.unsigned_abs()) * MS;
        member.rebalance = u64::from(rebalance_ms.unsigned_abs()) * MS;
        member.ended = scene.at;
        let Some(instance) = &who.instance else {
            return;
        };
        let bears = (Arc::clone(group), Arc::clone(instance));
        let bearer = (Arc::clone(id), scene.at);
        let Some((before, since)) = self.bearers.insert(bears, bearer) else {
            return;
        };
        if before == *id {
            return;
        }
        // Of two that asked at the same time either may have been the later one.
        let ordered = since < asked;
        if !ordered {
            self.members
                .entry((Arc::clone(group), Arc::clone(id)))
                .or_default()
                .doomed = true;
        }
        let before = self.members.entry((Arc::clone(group), before)).or_default();
        before.doomed = true;
        if ordered {
            before
                .out
                .get_or_insert((scene.at, "somebody else has its static id"));
        }
    }

    /// N1, and what N2 will be judged by.
    fn well(
        &mut self,
        scene: &Scene<'_>,
        asked: &Asked,
        who: &Who,
        silent: Option<Nanos>,
        ask: &GroupAsk,
    ) -> Verdict {
        let member = self.members.entry(of(who)).or_default();
        let name = |why: String| {
            let number = asked.number;
            format!(
                "#{number}: {} of {} is well, but {why}",
                who.member, who.group
            )
        };
        if let Some(silent) = silent
            && !scene.ledger.died_since(asked.at)
            && !matches!(ask, GroupAsk::Leave { .. })
        {
            let session = member.session / MS;
            let silent = silent / MS;
            let why = format!("was silent for {silent} ms in a session of {session}");
            return fired(NAME, name(why));
        }
        if let Some((since, why)) = member.out
            && asked.at > since
            && !excuses::tenure_ended_since(scene, since)
        {
            return fired(NAME, name(why.to_owned()));
        }
        match ask {
            GroupAsk::Leave { .. } => {
                member.out.get_or_insert((scene.at, "it has left"));
            }
            GroupAsk::Sync { .. } => {
                member.synced = Some(who.generation);
                member.well = Some(asked.at);
            }
            GroupAsk::Heartbeat { .. } if member.synced == Some(who.generation) => {
                member.well = member.well.max(Some(asked.at));
            }
            _ => {}
        }
        Ok(())
    }

    /// N2.
    fn refused(&mut self, scene: &Scene<'_>, asked: &Asked, who: &Who, error: i16) -> Verdict {
        let Some(member) = self.members.get(&of(who)) else {
            return Ok(());
        };
        let Some(well) = member.well.filter(|_| !member.doomed) else {
            return Ok(());
        };
        let lasts = member.session.min(member.rebalance);
        if scene.at >= well + lasts || excuses::hurt(scene) || asked.at < well {
            return Ok(());
        }
        fired(
            NAME,
            format!(
                "#{}: {} of {} is answered {error}, {} ms after it asked and was well, in a session of {}",
                asked.number,
                who.member,
                who.group,
                (scene.at - well) / MS,
                member.session / MS
            ),
        )
    }

    fn died(&mut self, scene: &Scene<'_>, how: &Death) {
        let loses = excuses::loses(scene, how);
        self.silent.clear();
        for member in self.members.values_mut() {
            if loses {
                member.well = None;
                member.synced = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rig::{Rig, fires, passes};
    use super::super::rig_groups::{
        Plan, fixed, heard, heartbeat, join, joined, leave, left, plan, sync, synced, who,
    };
    use super::*;

    fn all() -> Plan {
        plan("1", &[("a", 0)])
    }

    /// `a` has joined and synced.
    fn in_group() -> Rig<Membership> {
        let mut rig = Rig::new();
        let a = who("a", 3);
        passes(rig.exchange(join(&a), &joined(&a, &["a"])));
        passes(rig.exchange(sync(&a, &all()), &synced(&all(), "a")));
        rig
    }

    #[test]
    fn who_has_left_is_out() {
        let mut rig = in_group();
        let a = who("a", 3);
        passes(rig.exchange(leave(&a), &left()));
        fires(rig.exchange(heartbeat(&a), &heard(0)), "it has left");
    }

    #[test]
    fn who_was_silent_is_out() {
        let after = |ms: u64| {
            let mut rig = in_group();
            rig.at += ms * MS;
            rig.exchange(heartbeat(&who("a", 3)), &heard(0))
        };
        passes(after(900));
        fires(after(2_000), "was silent for 200");
    }

    #[test]
    fn a_static_id_has_one_bearer() {
        let mut rig = Rig::<Membership>::new();
        let (a, b) = (fixed(who("a", 3), "i0"), fixed(who("b", 3), "i0"));
        passes(rig.exchange(join(&a), &joined(&a, &["a"])));
        passes(rig.exchange(join(&b), &joined(&b, &["b"])));
        fires(rig.exchange(heartbeat(&a), &heard(0)), "static id");
        passes(rig.exchange(heartbeat(&b), &heard(0)));
    }

    #[test]
    fn who_is_in_is_known() {
        let after = |ms: u64, dies: bool| {
            let mut rig = in_group();
            if dies {
                rig.die(Death::PowerCut);
                rig.start();
            }
            rig.at += ms * MS;
            rig.exchange(heartbeat(&who("a", 3)), &heard(25))
        };
        fires(after(100, false), "is answered 25");
        fires(after(100, true), "is answered 25");
        passes(after(1_000, false));
        let mut rig = in_group();
        rig.ask(leave(&who("a", 3)));
        passes(rig.exchange(heartbeat(&who("a", 3)), &heard(25)));
    }
}
