//! How the new segment takes the place of the old ones: the row `swap` of the table above it, one operation at a time, each made sure of
//! before the next.

use std::collections::VecDeque;

use ottla_machine::{DiskOp, Emit, Name, Now, Offset, planted};

use super::{Cleaning, Group, Step};
use crate::file_names::name;
use crate::ops::Waiting;
use crate::{Log, Phase};

impl Log {
    pub(super) fn can_commit(&self, cleaning: &Cleaning) -> bool {
        let warming = |base: &i64| self.warming.iter().any(|warming| warming.base() == *base);
        let group = cleaning.group.as_ref();
        let indexed = |base: &i64| self.rewrites.owe_index(*base);
        group.is_some_and(|group| {
            let mut bases = group.bases.iter();
            !bases.any(|base| warming(base) || indexed(base))
        })
    }

    /// The swap goes on when it may, and what there was no room for is tried again.
    pub(crate) fn settle_cleaning(&mut self, now: Now, fx: &mut impl Emit) {
        let Some(cleaning) = self.cleaning.as_deref_mut() else {
            return;
        };
        if cleaning.retry_at.take_if(|at| *at <= now.mono).is_some() {
            let step = cleaning.step;
            return self.take_step(step, fx);
        }
        let ready = cleaning.step == Step::Ready;
        if ready && self.cleaning.as_deref().is_some_and(|c| self.can_commit(c)) {
            self.take_step(Step::Committing, fx);
        }
    }

    /// What comes after a step that is done.
    pub(super) fn on_step(&mut self, done: Step, fx: &mut impl Emit) {
        let named = !planted!(fx, "swap-name-not-synced");
        let next = match done {
            Step::Syncing => Step::Offering,
            Step::Offering if named => Step::Offered,
            Step::Offering => Step::Ready,
            Step::Offered => Step::Ready,
            Step::Committing if named => Step::Committed,
            Step::Committing | Step::Committed => {
                self.replace_segments();
                Step::Clearing
            }
            Step::Clearing if self.has_more_to_go() => Step::Clearing,
            Step::Clearing => Step::Cleared,
            Step::Discarding if self.has_more_to_go() => Step::Discarding,
            Step::Discarding => {
                self.made_left = None;
                let next = self.cleaning.as_deref().map(|cleaning| cleaning.next);
                return next.into_iter().for_each(|next| self.group_from(next, fx));
            }
            Step::Cleared => Step::Naming,
            Step::Naming => Step::Named,
            Step::Named => return self.on_group_replaced(fx),
            Step::Making
            | Step::Opening
            | Step::Reading
            | Step::Working
            | Step::Writing
            | Step::Easing
            | Step::Ready => return,
        };
        self.take_step(next, fx);
    }

    /// A file is gone; whether there are more.
    pub(super) fn has_more_to_go(&mut self) -> bool {
        self.cleaning.as_deref_mut().is_some_and(|cleaning| {
            cleaning.gone.pop_front();
            !cleaning.gone.is_empty()
        })
    }

    /// One operation of a swap.
    pub(super) fn take_step(&mut self, step: Step, fx: &mut impl Emit) {
        let dir = self.dir;
        let Some(cleaning) = self.cleaning.as_deref_mut() else {
            return;
        };
        let remove = |name: Name| DiskOp::Remove { dir, name };
        let gone = cleaning.gone.front().cloned().map(remove);
        let op = match (step, &cleaning.group) {
            (Step::Discarding | Step::Clearing, _) => gone,
            (_, None) => None,
            (step, Some(group)) => {
                let named = |suffix: &str| name(group.made.base, suffix);
                let rename = |from: &str, to: &str| DiskOp::Rename {
                    from: (dir, named(from)),
                    to: (dir, named(to)),
                };
                match step {
                    Step::Easing | Step::Syncing => Some(DiskOp::SyncAside(group.file)),
                    Step::Offering => Some(rename("log.cleaned", "log.swap")),
                    Step::Committing => Some(remove(named("log"))),
                    Step::Naming => Some(rename("log.swap", "log")),
                    Step::Offered | Step::Committed | Step::Cleared | Step::Named => {
                        Some(DiskOp::SyncDir(dir))
                    }
                    _ => None,
                }
            }
        };
        cleaning.step = step;
        if let Some(op) = op {
            self.ops.issue(Waiting::Cleaning, op, fx);
        }
    }

    /// The new segment counts from now on; what else is there of the old ones goes.
    pub(super) fn replace_segments(&mut self) {
        let group = self
            .cleaning
            .as_deref()
            .and_then(|cleaning| cleaning.group.clone());
        let Some(Group { bases, made, .. }) = group else {
            return;
        };
        let base = made.base;
        for old in &bases {
            let Some(segment) = self.segments.remove(old) else {
                continue;
            };
            self.warmed.retain(|warm| warm != old);
            self.proof = self.proof.take().filter(|proof| proof.base != *old);
            self.aborted.forget(Offset(*old), segment.end);
            self.cache.forget(segment.end);
            if let Some(opened) = segment.opened {
                self.unsynced
                    .retain(|unsynced| unsynced.file != opened.file);
                self.let_go.push(opened.file);
            }
            if *old != base {
                self.snapshots.remove(old);
            }
        }
        self.segments.insert(base, made);
        self.warmed.push_back(base);
        let mut gone = VecDeque::new();
        for old in bases {
            let all = ["index", "timeindex", "txnindex", "log", "snapshot"];
            let suffixes = if old == base { &all[..3] } else { &all[..] };
            gone.extend(suffixes.iter().map(|suffix| name(old, suffix)));
        }
        if let Some(cleaning) = self.cleaning.as_deref_mut() {
            cleaning.gone = gone;
        }
    }

    /// A group's new segment has its name.
    pub(super) fn on_group_replaced(&mut self, fx: &mut impl Emit) {
        let Some(cleaning) = self.cleaning.as_deref_mut() else {
            return;
        };
        let base = cleaning.group.take().map_or(0, |group| group.made.base);
        let asked = std::mem::take(&mut cleaning.asked);
        self.warm_again.extend(asked);
        self.write_indexes(base);
        self.cool(fx);
        if self.phase == Phase::Closing {
            return self.end_cleaning(None);
        }
        self.group_from(base + 1, fx);
    }
}
