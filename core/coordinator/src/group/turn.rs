//! One decision in the making: what it looks at, and what has come of it so far.

use std::sync::Arc;

use ottla_machine::{Decision, Now, Release, Ticket, Time};

use super::groups::Groups;
use super::record::{Metadata, Record};
use super::stored::Stored;
use super::view::{Timer, View};
use super::words::{Joined, Response, Synced};

/// One decision in the making.
pub(super) struct Turn<'a, E> {
    /// When.
    pub now: Now,
    /// What it looks at besides the groups.
    pub view: &'a View,
    /// The groups as the log has them.
    pub hard: &'a Groups,
    /// What has come of it.
    pub decision: Decision<Groups>,
    /// What is counted.
    pub fx: &'a mut E,
}

impl<'a, E> Turn<'a, E> {
    pub fn new(now: Now, view: &'a View, hard: &'a Groups, fx: &'a mut E) -> Turn<'a, E> {
        Turn {
            now,
            view,
            hard,
            decision: Decision::default(),
            fx,
        }
    }

    /// What the log has of a group.
    pub fn stored(&self, group: &str) -> Option<&'a Stored> {
        self.hard.group(group)
    }

    /// What the log has of a classic group.
    pub fn metadata(&self, group: &str) -> Option<&'a Metadata> {
        self.stored(group)?.metadata.as_deref()
    }

    pub fn append(&mut self, record: Record) {
        self.decision.records.push(record);
    }

    /// A classic group as it is to be from now on.
    pub fn store(&mut self, group: &Arc<str>, metadata: Metadata) {
        self.append(Record::Group {
            group: Arc::clone(group),
            metadata: Some(Arc::new(metadata)),
        });
    }

    /// A deadline so many milliseconds from now.
    pub fn set(&mut self, timer: Timer, after_ms: i64) {
        self.set_at(timer, self.now.mono.after_ms(after_ms));
    }

    /// What was begun goes on when it is this machine's turn again: a deadline that has come already would be met at once.
    pub fn go_on(&mut self, timer: Timer) {
        self.set_at(timer, Time(self.now.mono.0 + 1));
    }

    pub fn set_at(&mut self, timer: Timer, at: Time) {
        self.decision.timers.push((timer, Some(at)));
    }

    pub fn cancel(&mut self, timer: Timer) {
        self.decision.timers.push((timer, None));
    }

    /// Answers at once: nothing that is not committed is told.
    pub fn answer(&mut self, ticket: Ticket, response: Response) {
        self.decision.replies.push((ticket, response, Release::Now));
    }

    /// Answers when the records of this decision are committed; without any, when all that there are are.
    pub fn answer_with_records(&mut self, ticket: Ticket, response: Response) {
        self.decision
            .replies
            .push((ticket, response, Release::WithRecords));
    }

    /// Answers when the records of this decision are committed; at once when there are none.
    pub fn answer_with_own_records(&mut self, ticket: Ticket, response: Response) {
        if self.decision.records.is_empty() {
            self.answer(ticket, response);
        } else {
            self.answer_with_records(ticket, response);
        }
    }

    /// Answers what the log says of a group, when that is committed.
    pub fn answer_of(&mut self, group: &str, ticket: Ticket, response: Response) {
        let last = self
            .stored(group)
            .map_or(self.hard.last_gone(), |stored| Some(stored.changed));
        let release = last.map_or(Release::Now, Release::After);
        self.decision.replies.push((ticket, response, release));
    }

    pub fn joined(&mut self, ticket: Ticket, joined: Joined) {
        self.answer(ticket, Response::Joined(Box::new(joined)));
    }

    pub fn synced(&mut self, ticket: Ticket, synced: Result<Synced, ottla_protocol::ErrorCode>) {
        self.answer(ticket, Response::Synced(synced));
    }

    /// The wall time, milliseconds.
    pub fn wall(&self) -> i64 {
        self.now.wall.0
    }
}
