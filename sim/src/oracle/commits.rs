//! An offset that was committed, and answered, is there: whoever asks for it after that is shown it, or one that may have come after it,
//! whatever ends a life. What was refused is never shown, and what was shown once counts as answered.
//!
//! D1: what is shown was committed, as it is shown, and not refused.
//! D2: what is shown is not certainly older than what had been answered when the question was asked: one was answered before the other was
//! asked, or both came over one connection, or its member was of an earlier generation.
//! D3: what was deleted, and answered, is not shown again.
//! D4: something is shown where something was answered, but for a deletion that somebody asked for, of the offset, of the group, or of the
//! topic; and for what has expired. It has not while a member is in who wants its topic, which his next heartbeat proves.
//! D5: a restart on what a life has left shows the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Oracle, Rehearsal, Scene, Verdict, excuses, fired};
use crate::group_log;
use crate::groups::{Commit, GroupAsk, GroupReply, Who};
use crate::history::{Ask, Asked, Named, Reply, Seen};
use crate::script::Nanos;

/// A partition, as a group commits to it.
type Key = (Arc<str>, Arc<str>, i32);

const UNKNOWN_TOPIC_OR_PARTITION: i16 = 3;
const UNKNOWN_TOPIC_ID: i16 = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It may be there, or come yet.
    Open,
    /// Since then somebody knows that it was there.
    Known(Nanos),
    /// It was never there.
    Refused,
}

/// One commit.
#[derive(Clone, Debug)]
struct Made {
    number: u64,
    link: u64,
    asked: Nanos,
    member: Arc<str>,
    generation: i32,
    offset: i64,
    fate: Fate,
}

/// When a deletion was asked for, and when it was answered.
#[derive(Clone, Copy, Debug)]
struct Deleted {
    asked: Nanos,
    done: Option<Nanos>,
}

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Commits {
    /// By partition, and what was written beside the offset.
    made: BTreeMap<Key, BTreeMap<Arc<str>, Made>>,
    /// Deletions of an offset, and of whole groups.
    deleted: BTreeMap<Key, BTreeMap<u64, Deleted>>,
    ended: BTreeMap<Arc<str>, BTreeMap<u64, Deleted>>,
    /// Topics that a member has wanted ever since its first join.
    wants: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    /// What a member misses that may have expired: it has not if the member is well still. When it asked, and what it misses.
    missing: BTreeMap<Arc<str>, (Nanos, String)>,
}

const NAME: &str = "commits";

impl Oracle for Commits {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        match seen {
            Seen::Asked(asked) => {
                if let Ask::Group(ask) = &asked.ask {
                    self.asked(asked, ask);
                }
            }
            Seen::Answered(asked, Reply::Group(reply)) => {
                if let Ask::Group(ask) = &asked.ask {
                    return self.answered(scene, asked, ask, reply);
                }
            }
            Seen::Died { how, .. } if excuses::loses(scene, how) => self.forget(),
            Seen::Started { .. } if excuses::hurt(scene) => self.forget(),
            _ => {}
        }
        Ok(())
    }

    fn rehearsed(&mut self, scene: &Scene<'_>, _rehearsal: &Rehearsal<'_>) -> Verdict {
        if self.made.is_empty() || excuses::hurt(scene) {
            return Ok(());
        }
        // D5: the disk is the copy's own, which has recovered what was left.
        let groups = match group_log::groups(scene.media) {
            Ok(groups) => groups,
            Err(what) => return fired(NAME, what),
        };
        // Everything that was answered until now was.
        let asked = scene.at + 1;
        for key in self.made.keys() {
            let (group, topic, index) = key;
            let of = (Arc::clone(topic), *index);
            let shown = groups.get(group).and_then(|group| group.commits.get(&of));
            let said = self.judge(scene, key, asked, shown);
            let said = said.map_err(|what| format!("after a restart {what}"));
            if let Err(what) = said {
                return fired(NAME, what);
            }
            let missing = shown.is_none().then(|| self.missing(scene, key, asked));
            if let Some(made) = missing.flatten()
                && !excuses::may_expire(scene)
            {
                let what = format!("{}, which was answered, is not there", made.number);
                return fired(NAME, format!("after a restart commit #{what}"));
            }
        }
        Ok(())
    }
}

fn key(group: &Arc<str>, named: &Named) -> Key {
    (Arc::clone(group), Arc::clone(&named.topic), named.index)
}

impl Commits {
    /// What was answered may be lost, and so may deletions.
    fn forget(&mut self) {
        for made in self.made.values_mut().flat_map(BTreeMap::values_mut) {
            if let Fate::Known(_) = made.fate {
                made.fate = Fate::Open;
            }
        }
        let of_groups = self.ended.values_mut().flat_map(BTreeMap::values_mut);
        let deleted = self.deleted.values_mut().flat_map(BTreeMap::values_mut);
        for deleted in deleted.chain(of_groups) {
            deleted.done = None;
        }
    }

    fn asked(&mut self, asked: &Asked, ask: &GroupAsk) {
        let deletion = Deleted {
            asked: asked.at,
            done: None,
        };
        match ask {
            GroupAsk::Commit { who, parts } => {
                for (named, commit) in parts {
                    let of = self.made.entry(key(&who.group, named)).or_default();
                    let made = Made {
                        number: asked.number,
                        link: asked.link,
                        asked: asked.at,
                        member: Arc::clone(&who.member),
                        generation: who.generation,
                        offset: commit.offset,
                        fate: Fate::Open,
                    };
                    of.insert(Arc::clone(&commit.metadata), made);
                }
            }
            GroupAsk::DeleteOffsets { group, parts } => {
                for named in parts {
                    let of = self.deleted.entry(key(group, named)).or_default();
                    of.insert(asked.number, deletion);
                }
            }
            GroupAsk::Delete { group } => {
                let of = self.ended.entry(Arc::clone(group)).or_default();
                of.insert(asked.number, deletion);
            }
            GroupAsk::Join { who, topics, .. } if !who.member.is_empty() => {
                let topics: BTreeSet<Arc<str>> = topics.iter().cloned().collect();
                let wants = self.wants.entry(Arc::clone(&who.member));
                let wants = wants.or_insert_with(|| topics.clone());
                wants.retain(|topic| topics.contains(topic));
            }
            _ => {}
        }
    }

    fn answered(
        &mut self,
        scene: &Scene<'_>,
        asked: &Asked,
        ask: &GroupAsk,
        reply: &GroupReply,
    ) -> Verdict {
        match (ask, reply) {
            (GroupAsk::Commit { who, parts }, GroupReply::Commit { parts: said }) => {
                for (named, error) in said {
                    let commit = parts.iter().find(|(of, _)| of == named);
                    if let Some((_, commit)) = commit {
                        self.decided(scene, &key(&who.group, named), commit, *error);
                    }
                }
                let well = said.iter().any(|(_, error)| *error == 0);
                self.is_in(asked, who, well)
            }
            (GroupAsk::Heartbeat { who }, GroupReply::Heartbeat { error }) => {
                self.is_in(asked, who, *error == 0)
            }
            (
                GroupAsk::DeleteOffsets { group, .. },
                GroupReply::DeleteOffsets { error: 0, parts },
            ) => {
                for (named, _) in parts.iter().filter(|(_, error)| *error == 0) {
                    let of = self.deleted.entry(key(group, named)).or_default();
                    if let Some(deleted) = of.get_mut(&asked.number) {
                        deleted.done = Some(scene.at);
                    }
                }
                Ok(())
            }
            (GroupAsk::Delete { group }, GroupReply::Delete { error: 0 }) => {
                let of = self.ended.entry(Arc::clone(group)).or_default();
                if let Some(deleted) = of.get_mut(&asked.number) {
                    deleted.done = Some(scene.at);
                }
                Ok(())
            }
            (
                GroupAsk::Fetch { group, parts, who },
                GroupReply::Fetch {
                    error: 0,
                    parts: said,
                },
            ) => self.shown(scene, asked, group, parts.as_deref(), who.as_ref(), said),
            _ => Ok(()),
        }
    }

    fn decided(&mut self, scene: &Scene<'_>, key: &Key, commit: &Commit, error: i16) {
        let of = self.made.get_mut(key);
        let Some(made) = of.and_then(|of| of.get_mut(&commit.metadata)) else {
            return;
        };
        let topic = matches!(error, UNKNOWN_TOPIC_OR_PARTITION | UNKNOWN_TOPIC_ID);
        let known = ottla_protocol::ErrorCode::from_code(error);
        let perhaps = known.is_none_or(ottla_protocol::ErrorCode::is_retriable);
        // An answer of a life that has ended since says nothing of what a lossy end has left.
        let late = excuses::lossy_since(scene, made.asked);
        made.fate = match error {
            0 if late => Fate::Open,
            0 => Fate::Known(scene.at),
            _ if perhaps && !topic => made.fate,
            _ => Fate::Refused,
        };
    }

    /// D4: it is a member still.
    fn is_in(&mut self, asked: &Asked, who: &Who, well: bool) -> Verdict {
        let misses = self.missing.get(&who.member);
        if misses.is_none_or(|(since, _)| asked.at < *since) {
            return Ok(());
        }
        match self.missing.remove(&who.member).filter(|_| well) {
            Some((_, what)) => fired(NAME, what),
            None => Ok(()),
        }
    }

    fn shown(
        &mut self,
        scene: &Scene<'_>,
        asked: &Asked,
        group: &Arc<str>,
        wanted: Option<&[Named]>,
        who: Option<&Who>,
        said: &[(Named, Commit, i16)],
    ) -> Verdict {
        if excuses::hurt(scene) {
            return Ok(());
        }
        let mut absent: BTreeSet<Key> = BTreeSet::new();
        if wanted.is_none() {
            let all = self.made.keys().filter(|(of, ..)| of == group);
            absent.extend(all.cloned());
        }
        for (named, commit, error) in said {
            let key = key(group, named);
            if *error != 0 {
                absent.remove(&key);
                continue;
            }
            if commit.offset < 0 {
                absent.insert(key);
                continue;
            }
            absent.remove(&key);
            if let Err(what) = self.judge(scene, &key, asked.at, Some(commit)) {
                return fired(NAME, format!("#{}: {what}", asked.number));
            }
            let lossy = excuses::lossy_since(scene, asked.at);
            let made = self.made.get_mut(&key);
            let made = made.and_then(|of| of.get_mut(&commit.metadata));
            if let Some(made) = made.filter(|made| made.fate == Fate::Open && !lossy) {
                made.fate = Fate::Known(scene.at);
            }
        }
        for key in absent {
            self.absent(scene, asked, who, &key)?;
        }
        Ok(())
    }

    /// D1 to D3, of a question that was asked at this time. An error is a sentence.
    fn judge(
        &self,
        scene: &Scene<'_>,
        key: &Key,
        asked: Nanos,
        shown: Option<&Commit>,
    ) -> Result<(), String> {
        let Some(commit) = shown else {
            return Ok(());
        };
        let (group, topic, index) = key;
        let name = |what: String| format!("{group} has for {topic}-{index} {what}");
        let of = self.made.get(key);
        let Some(made) = of.and_then(|of| of.get(&commit.metadata)) else {
            return Err(name(format!("{commit:?}, which nobody has committed")));
        };
        let said = format!("offset {} of commit #{}", commit.offset, made.number);
        if made.offset != commit.offset {
            let what = format!("{said}, which said {}", made.offset);
            return Err(name(what));
        }
        if made.fate == Fate::Refused {
            return Err(name(format!("{said}, which was refused")));
        }
        let anew = excuses::may_be_forgotten(scene) || self.ended.contains_key(group);
        let newer = of.into_iter().flat_map(BTreeMap::values).find(|other| {
            let known = matches!(other.fate, Fate::Known(since) if since < asked);
            known && certainly_before(made, other, anew)
        });
        if let Some(newer) = newer {
            let what = format!("{said}, and #{} came after it", newer.number);
            return Err(name(what));
        }
        let Fate::Known(known) = made.fate else {
            return Ok(());
        };
        let deletions = self.deleted.get(key).into_iter().flatten();
        let of_group = self.ended.get(group).into_iter().flatten();
        let deleted = deletions.chain(of_group).find(|(_, deleted)| {
            known < deleted.asked && deleted.done.is_some_and(|done| done < asked)
        });
        match deleted {
            Some((number, _)) => Err(name(format!("{said}, which #{number} has deleted"))),
            None => Ok(()),
        }
    }

    /// The newest commit that must be there when this was asked, and that nobody wanted away.
    fn missing(&self, scene: &Scene<'_>, key: &Key, asked: Nanos) -> Option<&Made> {
        let (group, topic, _) = key;
        let wanted_away = self.deleted.contains_key(key)
            || self.ended.contains_key(group)
            || scene.ledger.unsure.contains(topic);
        if wanted_away {
            return None;
        }
        let made = self.made.get(key)?.values();
        let mut known = made.filter(|made| matches!(made.fate, Fate::Known(at) if at < asked));
        known.next_back()
    }

    /// D4.
    fn absent(
        &mut self,
        scene: &Scene<'_>,
        asked: &Asked,
        who: Option<&Who>,
        key: &Key,
    ) -> Verdict {
        let Some(made) = self.missing(scene, key, asked.at) else {
            return Ok(());
        };
        let (group, topic, index) = key;
        let what = format!(
            "#{}: {group} has nothing for {topic}-{index}, and commit #{} was answered",
            asked.number, made.number
        );
        if !excuses::may_expire(scene) {
            return fired(NAME, what);
        }
        // Its member was in when it committed.
        let of_member = who.filter(|who| {
            made.member == who.member
                && made.generation >= 0
                && self
                    .wants
                    .get(&who.member)
                    .is_some_and(|wants| wants.contains(topic))
        });
        if let Some(who) = of_member {
            let misses = (scene.at, what);
            self.missing.insert(Arc::clone(&who.member), misses);
        }
        Ok(())
    }
}

/// Whether one is certainly older than the other. `anew`: generations may have begun anew in between.
fn certainly_before(one: &Made, other: &Made, anew: bool) -> bool {
    if one.number == other.number {
        return false;
    }
    let answered = matches!(one.fate, Fate::Known(at) if at < other.asked);
    let in_a_row = one.link == other.link && one.number < other.number;
    let older = !anew && one.generation >= 0 && one.generation < other.generation;
    answered || in_a_row || older
}

#[cfg(test)]
mod tests {
    use super::super::rig::{Rig, create, fires, node, passes, script};
    use super::super::rig_groups::{
        commit, committed, heard, heartbeat, join, look, part, shows, who,
    };
    use super::*;
    use crate::history::Death;
    use crate::script::MS;

    fn none() -> Reply {
        shows(-1, "")
    }

    /// Two commits of one member, answered.
    fn two() -> Rig<Commits> {
        let mut rig = Rig::new();
        let a = who("a", 3);
        passes(rig.exchange(commit(&a, 5, "one"), &committed(0)));
        passes(rig.exchange(commit(&a, 9, "two"), &committed(0)));
        rig
    }

    #[test]
    fn what_was_answered_last_is_shown() {
        passes(two().exchange(look(None), &shows(9, "two")));
        fires(
            two().exchange(look(None), &shows(5, "one")),
            "came after it",
        );
        fires(two().exchange(look(None), &none()), "has nothing for t1-0");
        fires(two().exchange(look(None), &shows(5, "two")), "which said 9");
        fires(
            two().exchange(look(None), &shows(9, "three")),
            "nobody has committed",
        );
    }

    #[test]
    fn it_outlives_the_node() {
        let after = |flush: bool| {
            let mut rig = two();
            rig.atlas.flush_on_ack = flush;
            rig.die(Death::PowerCut);
            rig.start();
            rig.exchange(look(None), &shows(5, "one"))
        };
        passes(after(false));
        fires(after(true), "came after it");
    }

    #[test]
    fn what_was_refused_is_never_shown_and_what_was_shown_stays() {
        let mut rig = two();
        let ask = commit(&who("a", 3), 11, "three");
        passes(rig.exchange(ask, &committed(22)));
        fires(rig.exchange(look(None), &shows(11, "three")), "was refused");
        let mut rig = two();
        rig.ask(commit(&who("b", 4), 11, "three"));
        passes(rig.exchange(look(None), &shows(9, "two")));
        passes(rig.exchange(look(None), &shows(11, "three")));
        fires(rig.exchange(look(None), &shows(9, "two")), "came after it");
    }

    #[test]
    fn a_zombie_overtakes_nobody() {
        let late = |generation: i32| {
            let mut rig = Rig::<Commits>::new();
            let lost = rig.ask(commit(&who("a", 3), 5, "old"));
            passes(rig.see(&Seen::Lost(&lost)));
            let asked = rig.ask(commit(&who("b", generation), 9, "new"));
            let asked = Asked { link: 2, ..asked };
            passes(rig.answer(&asked, &committed(0)));
            let of = rig.oracle.made.values_mut().flat_map(BTreeMap::values_mut);
            let lost = of.into_iter().find(|made| made.offset == 5);
            lost.expect("it is known").link = 7;
            rig.exchange(look(None), &shows(5, "old"))
        };
        passes(late(3));
        fires(late(4), "came after it");
    }

    #[test]
    fn what_was_deleted_stays_away() {
        let mut rig = two();
        let group: Arc<str> = Arc::from("g1");
        let parts = vec![part()];
        let ask = Ask::Group(GroupAsk::DeleteOffsets { group, parts });
        let parts = vec![(part(), 0)];
        let done = Reply::Group(GroupReply::DeleteOffsets { error: 0, parts });
        passes(rig.exchange(ask, &done));
        passes(rig.exchange(look(None), &none()));
        rig.die(Death::Kill);
        rig.start();
        fires(rig.exchange(look(None), &shows(9, "two")), "has deleted");
    }

    #[test]
    fn nothing_expires_while_a_member_is_in() {
        let mut rig = Rig::<Commits>::new();
        let settings = &mut Arc::make_mut(&mut rig.script).settings;
        for (name, value) in [
            ("offsets.retention.minutes", "1"),
            ("offsets.retention.check.interval.ms", "1"),
        ] {
            settings.insert(name.to_owned(), value.to_owned());
        }
        let a = who("a", 3);
        rig.ask(join(&a));
        passes(rig.exchange(commit(&a, 5, "one"), &committed(0)));
        rig.at += 100_000 * MS;
        passes(rig.exchange(look(None), &none()));
        passes(rig.exchange(look(Some(&a)), &none()));
        let mut other = rig;
        passes(other.exchange(heartbeat(&a), &heard(25)));
        passes(other.exchange(look(Some(&a)), &none()));
        fires(other.exchange(heartbeat(&a), &heard(0)), "has nothing for");
    }

    #[test]
    fn a_restart_shows_it() {
        let (broker, left) = node(script(vec![create(1)]));
        let shown = |commits: &[Option<(i64, &str)>]| {
            let mut rig = two();
            group_log::made::commits(&mut rig.media, commits);
            rig.rehearsed(&broker, &left)
        };
        passes(shown(&[Some((5, "one")), Some((9, "two"))]));
        fires(shown(&[Some((5, "one"))]), "after a restart");
        fires(shown(&[Some((9, "two")), None]), "is not there");
    }
}
