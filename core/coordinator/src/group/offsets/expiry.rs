//! What has expired is forgotten (KIP-211): the commits of a group that has been empty for `offsets.retention.minutes`; of a stable group of
//! consumers those of topics that it does not read; of a group without members those that are as old as that; those of topics that
//! are no more; and at last the group itself. A walk over all commits, a bounded number of them at a time.
//!
//! X1: nothing of a group is forgotten while it rebalances, nor what an open transaction has committed anew.

use std::ops::Bound;
use std::sync::Arc;

use ottla_machine::{Emit, planted, sometimes};

use super::fetch::is_current;
use super::is_read;
use crate::group::classic::state_of;
use crate::group::limits;
use crate::group::record::{CONSUMER, Commit, Record};
use crate::group::soft::{Place, Soft};
use crate::group::stored::Stored;
use crate::group::turn::Turn;
use crate::group::view::Timer;
use crate::group::words::State;

/// Goes on with the walk; at its end the next one is due after `offsets.retention.check.interval.ms`.
pub(in crate::group) fn expire<E: Emit>(soft: &mut Soft, turn: &mut Turn<'_, E>) {
    turn.decision.atomic = false;
    let place = std::mem::take(&mut soft.expiring);
    let mut left = limits::EXPIRY_COMMITS.of(turn.view.switch);
    let mut groups = limits::EXPIRY_GROUPS.of(turn.view.switch);
    let first = match &place.group {
        Some(group) => Bound::Included(&**group),
        None => Bound::Unbounded,
    };
    let mut within = place.clone();
    for (group, stored) in turn
        .hard
        .groups()
        .range::<str, _>((first, Bound::Unbounded))
    {
        if within.group.as_ref() != Some(group) {
            within = Place {
                group: Some(Arc::clone(group)),
                ..Place::default()
            };
        }
        if left == 0 || groups == 0 {
            soft.expiring = within;
            return turn.set(Timer::Expiry, 0);
        }
        groups -= 1;
        expire_group(soft, turn, group, stored, &mut within, &mut left);
        if within.after.is_some() {
            soft.expiring = within;
            return turn.set(Timer::Expiry, 0);
        }
    }
    let check = turn.view.settings.offsets_retention_check_interval_ms;
    turn.set(Timer::Expiry, check);
}

fn expire_group<E: Emit>(
    soft: &mut Soft,
    turn: &mut Turn<'_, E>,
    group: &Arc<str>,
    stored: &Stored,
    place: &mut Place,
    left: &mut usize,
) {
    let Some(state) = state_of(soft, turn, group) else {
        return;
    };
    let after = place.after.take();
    let from = after.as_ref().map(|(topic, _)| &**topic);
    let from = from.map_or(Bound::Unbounded, Bound::Included);
    for (topic, partitions) in stored.topics.range::<str, _>((from, Bound::Unbounded)) {
        let read = is_read(soft.memberships.get(group), Some(stored), topic);
        for (partition, commit) in partitions {
            let key = (Arc::clone(topic), *partition);
            if after.as_ref().is_some_and(|after| key <= *after) {
                continue;
            }
            if *left == 0 {
                // The one before was the last.
                return;
            }
            *left -= 1;
            place.after = Some(key);
            let topic_gone = !is_current(turn.view, topic, commit);
            let read = read && !planted!(turn.fx, "offsets-expire-while-they-are-read");
            let expired = !read && has_expired(turn, state, stored, commit);
            if (topic_gone || expired) && !turn.hard.has_pending(group, topic, *partition) {
                turn.append(Record::Commit {
                    group: Arc::clone(group),
                    topic: Arc::clone(topic),
                    partition: *partition,
                    commit: None,
                });
            } else {
                place.holds = true;
            }
        }
    }
    place.after = None;
    forget_group(soft, turn, group, stored, state, place.holds);
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
