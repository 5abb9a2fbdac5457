//! What has expired is forgotten (KIP-211): the commits of a group that has been empty for `offsets.retention.minutes`; of a stable group of
//! consumers those of topics that it does not read; of a group without members those that are as old as that; and at last the group
//! itself. The commits of a topic that is no more go at once, whoever is in the group. Each is a walk over all commits, a bounded number
//! of them at a time.
//!
//! X1: nothing of a group expires while it rebalances, nor is forgotten what an open transaction has committed anew.

use std::ops::Bound;
use std::sync::Arc;

use ottla_machine::{Emit, planted, sometimes};

use super::fetch::is_current;
use super::reads;
use crate::group::classic::Reads;
use crate::group::limits;
use crate::group::record::{CONSUMER, Commit, Record};
use crate::group::soft::{Place, Soft, state};
use crate::group::stored::Stored;
use crate::group::turn::Turn;
use crate::group::view::Timer;
use crate::group::words::State;

/// What a walk is after.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quest {
    /// Whatever has expired, groups too.
    Expired,
    /// The commits of topics that are no more, whoever is in the group.
    Deleted,
}

/// Goes on with the walk; at its end the next one is due after `offsets.retention.check.interval.ms`.
pub(in crate::group) fn expire<E: Emit>(soft: &mut Soft, turn: &mut Turn<'_, E>) {
    let place = std::mem::take(&mut soft.expiring);
    match walk(soft, turn, place, Quest::Expired) {
        Some(place) => {
            soft.expiring = place;
            turn.go_on(Timer::Expiry);
        }
        None => {
            let check = turn.view.settings.offsets_retention_check_interval_ms;
            turn.set(Timer::Expiry, check);
        }
    }
}

/// Goes on with the walk that the deletion of a topic has begun.
pub(in crate::group) fn forget_deleted<E: Emit>(soft: &mut Soft, turn: &mut Turn<'_, E>) {
    let place = std::mem::take(&mut soft.forgetting);
    if let Some(place) = walk(soft, turn, place, Quest::Deleted) {
        soft.forgetting = place;
        turn.go_on(Timer::Deletion);
    }
}

/// Goes on from a place for as long as it may; where the next one goes on, if this was not all.
fn walk<E: Emit>(
    soft: &mut Soft,
    turn: &mut Turn<'_, E>,
    mut place: Place,
    quest: Quest,
) -> Option<Place> {
    turn.decision.atomic = false;
    let mut left = limits::EXPIRY_COMMITS.of(turn.view.switch);
    let mut groups = limits::EXPIRY_GROUPS.of(turn.view.switch);
    let first = place.group.clone();
    let first = first.as_deref().map_or(Bound::Unbounded, Bound::Included);
    for (group, stored) in turn
        .hard
        .groups()
        .range::<str, _>((first, Bound::Unbounded))
    {
        if place.group.as_ref() != Some(group) {
            place = Place {
                group: Some(Arc::clone(group)),
                after: None,
            };
        }
        if left == 0 || groups == 0 {
            return Some(place);
        }
        groups -= 1;
        let Some(state) = state(Some(stored), soft.memberships.get(group)) else {
            continue;
        };
        let here = Here {
            group,
            stored,
            state,
            quest,
            reads: match quest {
                Quest::Expired => reads(soft.memberships.get(group), Some(stored)),
                Quest::Deleted => Reads::Nothing,
            },
        };
        let holds = here.forget_commits(turn, &mut place.after, &mut left);
        if place.after.is_some() {
            return Some(place);
        }
        if quest == Quest::Expired {
            forget_group(soft, turn, group, stored, state, holds);
        }
    }
    None
}

/// One group on the way.
struct Here<'a> {
    group: &'a Arc<str>,
    stored: &'a Stored,
    state: State,
    quest: Quest,
    reads: Reads,
}

impl Here<'_> {
    /// Goes on in the group behind a commit, which is set where it had to stop. Whether something is there that stays.
    fn forget_commits<E: Emit>(
        &self,
        turn: &mut Turn<'_, E>,
        place: &mut Option<(Arc<str>, i32)>,
        left: &mut usize,
    ) -> bool {
        let after = place.take();
        let from = after.as_ref().map(|(topic, _)| &**topic);
        let from = from.map_or(Bound::Unbounded, Bound::Included);
        // What is there still where the walk has been, has stayed or is new.
        let mut holds = after.as_ref().is_some_and(|after| self.has_before(after));
        for (topic, partitions) in self.stored.topics.range::<str, _>((from, Bound::Unbounded)) {
            let read = self.reads.has(topic);
            let behind = after.as_ref().filter(|(of, _)| of == topic);
            let behind = behind.map_or(Bound::Unbounded, |(_, partition)| {
                Bound::Excluded(*partition)
            });
            for (partition, commit) in partitions.range((behind, Bound::Unbounded)) {
                if *left == 0 {
                    // The one before was the last.
                    return holds;
                }
                *left -= 1;
                *place = Some((Arc::clone(topic), *partition));
                let goes = self.goes(turn, topic, commit, read)
                    && !turn.hard.has_pending(self.group, topic, *partition);
                holds |= !goes;
                if goes {
                    turn.append(Record::Commit {
                        group: Arc::clone(self.group),
                        topic: Arc::clone(topic),
                        partition: *partition,
                        commit: None,
                    });
                }
            }
        }
        *place = None;
        holds
    }

    fn has_before(&self, after: &(Arc<str>, i32)) -> bool {
        let first = self.stored.topics.first_key_value();
        let first = first.and_then(|(topic, partitions)| Some((topic, partitions.keys().next()?)));
        first.is_some_and(|(topic, partition)| (topic, partition) <= (&after.0, &after.1))
    }

    fn goes<E: Emit>(
        &self,
        turn: &mut Turn<'_, E>,
        topic: &str,
        commit: &Commit,
        read: bool,
    ) -> bool {
        if !is_current(turn.view, topic, commit) {
            return true;
        }
        let read = read && !planted!(turn.fx, "offsets-expire-while-they-are-read");
        self.quest == Quest::Expired && !read && has_expired(turn, self.state, self.stored, commit)
    }
}

/// The group itself goes when nobody is there and nothing is left.
fn forget_group<E: Emit>(
    soft: &mut Soft,
    turn: &mut Turn<'_, E>,
    group: &Arc<str>,
    stored: &Stored,
    state: State,
    holds: bool,
) {
    soft.drop_if_idle(turn, group);
    let here = soft.memberships.get(group);
    let expects = here.is_some_and(|it| it.expects_members());
    let open = turn.hard.has_open_transaction(group);
    let keeps = holds || expects || open || stored.kept.is_some();
    // A group that had commits alone goes by a record, too, as when it is deleted.
    if state == State::Empty && !keeps {
        sometimes!(turn.fx, "a group expired");
        soft.memberships.remove(group);
        turn.append(Record::Group {
            group: Arc::clone(group),
            metadata: None,
        });
    }
}

fn has_expired<E>(turn: &Turn<'_, E>, state: State, stored: &Stored, commit: &Commit) -> bool {
    let metadata = stored.metadata.as_deref();
    let speaks = metadata.filter(|it| !it.protocol_type.is_empty());
    let since = match (speaks, state) {
        // Since nobody is there; an old record does not say since when.
        (Some(metadata), State::Empty) if metadata.since >= 0 => metadata.since,
        (Some(_), State::Empty) | (None, _) => commit.commit_timestamp,
        (Some(metadata), State::Stable) if &*metadata.protocol_type == CONSUMER => {
            commit.commit_timestamp
        }
        (Some(_), _) => return false, // X1
    };
    let now = turn.wall();
    match commit.expire_timestamp {
        -1 => now.saturating_sub(since) >= turn.view.settings.offsets_retention_ms,
        at => now >= at,
    }
}
