//! The members of a generation, as its leader was shown them, and what cannot be while one of them is well in it: such a generation goes on.
//!
//! Members are known by their ids, which nobody has twice: whoever is among those shown and is well in a generation of that number is in the
//! very generation that was shown, although a group that was forgotten counts anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::{Scene, excuses};
use super::{Member, Of};
use crate::groups::MemberShown;
use crate::history::Asked;
use crate::script::{MS, Nanos};

/// See above.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    generation: i32,
    members: BTreeSet<Arc<str>>,
    /// When the leader's join left, and when it was answered.
    asked: Nanos,
    at: Nanos,
    /// Somebody has synced in it: it outlives the coordinator.
    stored: bool,
    /// Somebody was given an id although there was no room: which request, and when it was answered.
    let_in: Option<(u64, Nanos)>,
}

impl Shown {
    /// A leader was shown these.
    pub fn new(generation: i32, asked: Nanos, at: Nanos, members: &[MemberShown]) -> Shown {
        let members = members.iter().map(|shown| Arc::clone(&shown.member));
        Shown {
            generation,
            members: members.collect(),
            asked,
            at,
            stored: false,
            let_in: None,
        }
    }

    /// Whether this is of the same generation.
    pub fn is_of(&self, generation: i32) -> bool {
        self.generation == generation
    }

    /// Somebody has joined a generation: whoever was let in may be in it.
    pub fn joined(&mut self) {
        self.let_in = None;
    }

    /// Somebody has synced in it.
    pub fn synced(&mut self, by: &Arc<str>) {
        self.stored |= self.members.contains(by);
    }

    /// N6: somebody was given an id to join with.
    pub fn lets_in(&mut self, scene: &Scene<'_>, asked: &Asked) {
        let most = excuses::setting(scene, "group.max.size", u64::MAX);
        if self.members.len() as u64 >= most && asked.at > self.at {
            self.let_in.get_or_insert((asked.number, scene.at));
        }
    }

    /// N5, N6: one of its members is well in it. What cannot be then, in words.
    pub fn goes_on(
        &self,
        scene: &Scene<'_>,
        asked: &Asked,
        (group, by): &Of,
        members: &BTreeMap<Of, Member>,
        loaded: Option<Nanos>,
    ) -> Result<(), String> {
        if !self.members.contains(by) {
            return Ok(());
        }
        let name = |why: String| {
            let (number, generation) = (asked.number, self.generation);
            format!("#{number}: generation {generation} of {group} goes on, and {why}")
        };
        let ended = excuses::tenure_ended_since(scene, self.asked);
        if let Some((number, at)) = self.let_in
            && asked.at > at
            && !ended
        {
            let many = self.members.len();
            let why = format!("has {many} members, but #{number} was given an id to join it with");
            return Err(name(why));
        }
        let lost = excuses::undone_since(scene, self.asked)
            || excuses::lossy_since(scene, self.asked)
            || excuses::hurt(scene);
        let Some(loaded) = loaded.filter(|_| !ended || (self.stored && !lost)) else {
            return Ok(());
        };
        for id in self.members.iter().filter(|id| *id != by) {
            let Some(member) = members.get(&(Arc::clone(group), Arc::clone(id))) else {
                continue;
            };
            let since = member.ended.max(self.at).max(loaded);
            if !member.doomed && member.is_silent(scene, since, asked.at) {
                let (silent, session) = ((asked.at - member.ended) / MS, member.session / MS);
                let why = format!(
                    "its member {id} was silent for {silent} ms, in a session of {session}"
                );
                return Err(name(why));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::super::rig::{Rig, fires, passes};
    use super::super::super::rig_groups::{
        heard, heartbeat, join, joined, plan, required, sync, synced, who,
    };
    use super::super::Membership;
    use crate::history::{Ask, Death};
    use crate::script::MS;

    /// `a` leads a generation of `a` and `b`, and both have synced.
    fn two(settings: &[(&str, &str)]) -> Rig<Membership> {
        let mut rig = Rig::new();
        for (name, value) in settings {
            let settings = &mut Arc::make_mut(&mut rig.script).settings;
            settings.insert((*name).to_owned(), (*value).to_owned());
        }
        let all = plan("1", &[("a", 0), ("b", 1)]);
        let (a, b) = (who("a", 3), who("b", 3));
        passes(rig.exchange(join(&b), &joined(&b, &[])));
        passes(rig.exchange(join(&a), &joined(&a, &["a", "b"])));
        passes(rig.exchange(sync(&a, &all), &synced(&all, "a")));
        passes(rig.exchange(sync(&b, &all), &synced(&all, "b")));
        rig
    }

    fn knock() -> Ask {
        join(&who("", -1))
    }

    #[test]
    fn a_full_group_lets_nobody_in() {
        let of = |most: &str| {
            let mut rig = two(&[("group.max.size", most)]);
            passes(rig.exchange(knock(), &required("c")));
            rig
        };
        let a = who("a", 3);
        passes(of("3").exchange(heartbeat(&a), &heard(0)));
        passes(of("2").exchange(heartbeat(&a), &heard(27)));
        fires(of("2").exchange(heartbeat(&a), &heard(0)), "has 2 members");
        // Whoever was let in may have ended the generation, and another began.
        let mut rig = of("2");
        passes(rig.exchange(join(&a), &joined(&who("a", 4), &[])));
        passes(rig.exchange(heartbeat(&who("a", 4)), &heard(0)));
        // It was another coordinator that let it in.
        let mut rig = two(&[("group.max.size", "2")]);
        rig.die(Death::Kill);
        rig.start();
        passes(rig.exchange(knock(), &required("c")));
        passes(rig.exchange(heartbeat(&a), &heard(0)));
    }

    #[test]
    fn a_generation_ends_with_the_silence_of_a_member() {
        let after = |ms: u64, dies: bool, alive: bool| {
            let mut rig = two(&[]);
            let (a, b) = (who("a", 3), who("b", 3));
            if dies {
                rig.die(Death::PowerCut);
                rig.start();
                // Now it is known again.
                passes(rig.exchange(heartbeat(&a), &heard(22)));
            }
            for _ in 0..ms / 400 {
                rig.at += 400 * MS;
                passes(rig.exchange(heartbeat(&a), &heard(22)));
                if alive {
                    passes(rig.exchange(heartbeat(&b), &heard(0)));
                }
            }
            rig.exchange(heartbeat(&a), &heard(0))
        };
        passes(after(800, false, false));
        passes(after(800, true, false));
        passes(after(2_000, true, true));
        fires(after(2_000, false, false), "its member b was silent");
        fires(after(2_000, true, false), "its member b was silent");
    }
}
