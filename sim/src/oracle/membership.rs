//! Who is out is refused, who is in is not.
//!
//! N1: a member that has left, whose static id somebody else has taken, or that was silent for longer than its session, is not told that all
//! is well. When the node was down, the session begins when the group was known again; that of a static member begins with each generation,
//! whether it has joined it or not.
//! N2: a member that was told so, in a generation that it has synced, is known for as long as its session lasts from when it asked, whatever
//! happens to the node.
//! N3: who was told of a new generation is known for as long from when it asked to join, while the coordinator's tenure lasts.
//! N4: who never asks for what it was assigned is out when the longest rebalance of its group is over.
//! N5: a generation is over when one of its members was silent for longer than its session: nobody is well in it any more.
//! N6: while a generation with as many members as allowed goes on, nobody is given an id to join with.

mod shown;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Oracle, Scene, Verdict, excuses, fired, polls};
use crate::groups::{GroupAsk, GroupReply, Who};
use crate::history::{Ask, Asked, Death, Reply, Seen};
use crate::script::{MS, Nanos};
use shown::Shown;

const UNKNOWN_MEMBER_ID: i16 = 25;
const MEMBER_ID_REQUIRED: i16 = 79;
const FENCED_INSTANCE_ID: i16 = 82;

/// A member of a group, by its id.
type Of = (Arc<str>, Arc<str>);

#[derive(Clone, Debug, Default)]
struct Member {
    session: Nanos,
    rebalance: Nanos,
    /// Since when it is out, when what put it out had left, and why.
    out: Option<(Nanos, Nanos, &'static str)>,
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
    /// The newest generation that it was told of, when its join had left and when it was answered.
    told: Option<Told>,
    /// The newest generation in which it has asked for what it was assigned.
    asked: Option<i32>,
}

/// A member was told of a generation that is new to it.
#[derive(Clone, Copy, Debug)]
struct Told {
    generation: i32,
    /// When its join left. `None`: it has joined again since.
    asked: Option<Nanos>,
    at: Nanos,
}

impl Member {
    /// Whether its session was over when a request left, if nothing was heard of it since then.
    fn is_silent(&self, scene: &Scene<'_>, since: Nanos, left: Nanos) -> bool {
        let quiet = scene.atlas.quiet_since().max(polls::stalled(scene));
        let over = since + self.session + excuses::shortly(scene);
        self.open == 0 && !self.murky && self.session > 0 && since > quiet && left > over
    }

    /// N4: whether it should be out by now because it never asked for its assignment.
    fn is_overdue(&self, scene: &Scene<'_>, who: &Who, left: Nanos) -> bool {
        let told = self.told.filter(|told| told.generation == who.generation);
        let Some(told) = told.filter(|_| self.asked != Some(who.generation)) else {
            return false;
        };
        let quiet = scene.atlas.quiet_since().max(polls::stalled(scene));
        let (session, rebalance) = excuses::longest(scene, &who.group);
        let over = told.at + session.max(rebalance) + excuses::shortly(scene);
        // A static id is passed on with what its bearer had asked for.
        who.instance.is_none()
            && left > over
            && told.at > quiet
            && !excuses::tenure_ended_since(scene, told.at)
    }
}

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Membership {
    members: BTreeMap<Of, Member>,
    /// Who bears a static id, by group and id, and since when.
    bearers: BTreeMap<Of, (Arc<str>, Nanos)>,
    /// Joins with a static id that are under way, or were lost and may come late, by group and id.
    suitors: BTreeMap<Of, BTreeSet<u64>>,
    /// The newest generation of a group of which a leader was shown the members.
    shown: BTreeMap<Arc<str>, Shown>,
    loaded: excuses::Loaded,
    /// When the newest generation of a group may have begun at the latest.
    begun: BTreeMap<Arc<str>, Nanos>,
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
                if let Ask::Group(GroupAsk::Join { who, .. }) = &asked.ask {
                    self.begun.insert(Arc::clone(&who.group), scene.at);
                }
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
            let bears = (Arc::clone(&who.group), Arc::clone(instance));
            // Whoever bears it now may lose it to this one.
            let bearer = self.bearers.get(&bears).map(|(bearer, _)| bearer);
            if let Some(bearer) = bearer.filter(|bearer| **bearer != who.member) {
                let bearer = (Arc::clone(&who.group), Arc::clone(bearer));
                self.members.entry(bearer).or_default().doomed = true;
            }
            self.suitors.entry(bears).or_default().insert(asked.number);
        }
        let Some(who) = asker(asked) else {
            return;
        };
        let loaded = self.loaded.since(&who.group);
        let member = self.members.entry(of(who)).or_default();
        let begun = self.begun.get(&who.group).copied();
        let begun = begun.filter(|_| who.instance.is_some()).unwrap_or(0);
        let silent = |loaded| {
            let since = member.ended.max(loaded).max(begun);
            member.is_silent(scene, since, asked.at)
        };
        if loaded.is_some_and(silent) {
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
                if let Some(told) = &mut member.told {
                    told.asked = None;
                }
            }
            GroupAsk::Sync { who, .. } => member.asked = Some(who.generation),
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
            GroupReply::Join { error, member, .. },
        ) = (ask, reply)
        {
            if let Some(instance) = &who.instance {
                let bears = (Arc::clone(&who.group), Arc::clone(instance));
                self.suitors.entry(bears).or_default().remove(&asked.number);
            }
            if *error == 0 {
                self.begun.insert(Arc::clone(&who.group), scene.at);
                self.joined(scene, asked.at, who, member, *session_ms, *rebalance_ms);
            }
            self.shown(scene, asked, &who.group, reply);
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
        // Who asks for it as well may be heard later.
        let suitors = self.suitors.get(&bears);
        member.doomed |= suitors.is_some_and(|suitors| !suitors.is_empty());
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
                .get_or_insert((scene.at, asked, "somebody else has its static id"));
        }
    }

    /// A join was answered: what that says of the generation that others are in.
    fn shown(&mut self, scene: &Scene<'_>, asked: &Asked, group: &Arc<str>, reply: &GroupReply) {
        let GroupReply::Join {
            error,
            generation,
            member,
            members,
            ..
        } = reply
        else {
            return;
        };
        if *error == MEMBER_ID_REQUIRED
            && let Some(shown) = self.shown.get_mut(group)
        {
            shown.lets_in(scene, asked);
        }
        if *error != 0 {
            return;
        }
        let of = (Arc::clone(group), Arc::clone(member));
        let of = self.members.entry(of).or_default();
        if of.told.is_none_or(|told| told.generation != *generation) {
            of.told = Some(Told {
                generation: *generation,
                asked: Some(asked.at),
                at: scene.at,
            });
        }
        if !members.is_empty() {
            let shown = Shown::new(*generation, asked.at, scene.at, members);
            self.shown.insert(Arc::clone(group), shown);
        } else if let Some(shown) = self.shown.get_mut(group) {
            shown.joined();
        }
    }

    /// N5, N6: a member is well in its generation, and is proven to be in it.
    fn goes_on(&mut self, scene: &Scene<'_>, asked: &Asked, who: &Who, synced: bool) -> Verdict {
        let loaded = self.loaded.since(&who.group);
        let shown = self.shown.get_mut(&who.group);
        let Some(shown) = shown.filter(|shown| shown.is_of(who.generation)) else {
            return Ok(());
        };
        if synced {
            shown.synced(&who.member);
        }
        let said = shown.goes_on(scene, asked, &of(who), &self.members, loaded);
        said.or_else(|why| fired(NAME, why))
    }

    /// N1, N4, and what N2 will be judged by.
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
        if let Some((since, left, why)) = member.out
            && asked.at > since
            && !excuses::tenure_ended_since(scene, left)
        {
            return fired(NAME, name(why.to_owned()));
        }
        match ask {
            GroupAsk::Leave { .. } => {
                let why = "it has left";
                member.out.get_or_insert((scene.at, asked.at, why));
            }
            // What a life has said that has ended since may be lost already.
            GroupAsk::Sync { .. } if !excuses::lossy_since(scene, asked.at) => {
                member.synced = Some(who.generation);
                member.well = Some(asked.at);
            }
            GroupAsk::Heartbeat { .. } if member.synced == Some(who.generation) => {
                member.well = member.well.max(Some(asked.at));
            }
            GroupAsk::Heartbeat { .. } if member.is_overdue(scene, who, asked.at) => {
                let why = "has never asked for what it was assigned";
                return fired(NAME, name(why.to_owned()));
            }
            _ => {}
        }
        match ask {
            GroupAsk::Sync { .. } => self.goes_on(scene, asked, who, true),
            GroupAsk::Heartbeat { .. } => self.goes_on(scene, asked, who, false),
            _ => Ok(()),
        }
    }

    /// N2, N3.
    fn refused(&mut self, scene: &Scene<'_>, asked: &Asked, who: &Who, error: i16) -> Verdict {
        let Some(member) = self.members.get(&of(who)).filter(|it| !it.doomed) else {
            return Ok(());
        };
        let told = member.told.filter(|told| {
            told.generation == who.generation
                && !member.murky
                && !excuses::tenure_ended_since(scene, told.asked.unwrap_or(0))
        });
        let Some(well) = member.well.max(told.and_then(|told| told.asked)) else {
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
        self.suitors.clear();
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
    use super::super::rig::{Rig, fires, passes, script};
    use super::super::rig_groups::{
        Plan, fixed, heard, heartbeat, join, joined, joining, leave, left, plan, sync, synced, who,
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
    fn a_generation_begins_the_session_of_a_static_member() {
        let after = |instance: bool| {
            let mut rig = Rig::<Membership>::new();
            let id = |who| match instance {
                true => fixed(who, "i"),
                false => who,
            };
            let a = id(who("a", 3));
            passes(rig.exchange(join(&a), &joined(&a, &["a"])));
            passes(rig.exchange(sync(&a, &all()), &synced(&all(), "a")));
            rig.at += 900 * MS;
            let b = who("b", 4);
            passes(rig.exchange(join(&b), &joined(&b, &["a", "b"])));
            rig.at += 900 * MS;
            rig.exchange(join(&a), &joined(&id(who("a", 5)), &["a", "b"]))
        };
        passes(after(true));
        fires(after(false), "was silent for 180");
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

    #[test]
    fn who_was_told_of_a_generation_is_known() {
        let told = || {
            let mut rig = Rig::<Membership>::new();
            let a = fixed(who("a", 3), "i0");
            passes(rig.exchange(join(&a), &joined(&a, &["a"])));
            rig
        };
        let a = fixed(who("a", 3), "i0");
        let unknown = Reply::Group(GroupReply::Sync {
            error: 25,
            assignment: bytes::Bytes::new(),
        });
        fires(
            told().exchange(sync(&a, &all()), &unknown),
            "is answered 25",
        );
        // It is of another coordinator that has not heard of it.
        let mut rig = told();
        rig.die(Death::Kill);
        rig.start();
        passes(rig.exchange(sync(&a, &all()), &unknown));
        // Its session is over.
        let mut rig = told();
        rig.at += 1_000 * MS;
        passes(rig.exchange(sync(&a, &all()), &unknown));
        // Nothing of it is new: its session may have begun long ago.
        let mut rig = told();
        passes(rig.exchange(join(&a), &joined(&a, &["a"])));
        passes(rig.exchange(sync(&a, &all()), &unknown));
        // Somebody else has asked for its static id, and may have it now.
        let mut rig = Rig::<Membership>::new();
        rig.ask(join(&fixed(who("", -1), "i0")));
        passes(rig.exchange(join(&a), &joined(&a, &["a"])));
        passes(rig.exchange(sync(&a, &all()), &unknown));
    }

    #[test]
    fn who_never_asks_for_its_assignment_is_out() {
        let after = |ms: u64, asks: bool, dies: bool| {
            let mut rig = Rig::<Membership>::new();
            rig.script = Arc::new(script(vec![joining()]));
            let a = who("a", 3);
            passes(rig.exchange(join(&a), &joined(&a, &["a"])));
            if asks {
                rig.ask(sync(&a, &all()));
            }
            if dies {
                rig.die(Death::Kill);
                rig.start();
            }
            for _ in 0..ms / 500 {
                rig.at += 500 * MS;
                passes(rig.exchange(heartbeat(&a), &heard(22)));
            }
            rig.exchange(heartbeat(&a), &heard(0))
        };
        passes(after(1_500, false, false));
        passes(after(3_000, true, false));
        passes(after(3_000, false, true));
        fires(after(3_000, false, false), "has never asked");
    }
}
