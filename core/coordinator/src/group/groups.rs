//! The groups of one partition of `__consumer_offsets`, as replicated state: a fold of its log, and who decides what.
//!
//! G1: hard state is what the records say, nothing else: a commit of a transaction waits for its marker.
//! G2: of two commits of one partition the one that was written later holds, be it in a transaction or not.
//! G3: a commit makes a classic group, be it in an open transaction; with its last commit it is still there, and nobody in it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use ottla_machine::{
    Cause, Deadlines, Decision, Emit, Entry, NoJob, Now, Offset, ProducerId, Replicated, Ticket,
};

use super::record::Record;
use super::soft::{Place, Soft};
use super::stored::{self, Stored, Topics};
use super::turn::Turn;
use super::view::{Timer, View};
use super::words::{Request, Response};
use super::{classic, consumers, delete, describe, list, offsets};

/// The groups of one partition of `__consumer_offsets`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Groups {
    groups: BTreeMap<Arc<str>, Stored>,
    /// What open transactions have committed, by producer and group.
    pending: BTreeMap<ProducerId, BTreeMap<Arc<str>, Topics>>,
    /// Where the last record is that left nothing of its group.
    gone: Option<Offset>,
}

impl Groups {
    /// The groups of an empty log.
    pub fn new() -> Groups {
        Groups::default()
    }

    /// All groups, by name.
    pub fn groups(&self) -> &BTreeMap<Arc<str>, Stored> {
        &self.groups
    }

    /// One group.
    pub fn group(&self, group: &str) -> Option<&Stored> {
        self.groups.get(group)
    }

    /// Whether an open transaction has committed an offset of this partition.
    pub fn has_pending(&self, group: &str, topic: &str, partition: i32) -> bool {
        let of_group = self.pending.values().filter_map(|groups| groups.get(group));
        of_group
            .filter_map(|topics| topics.get(topic))
            .any(|partitions| partitions.contains_key(&partition))
    }

    /// Whether an open transaction has committed an offset of this group.
    pub(super) fn has_open_transaction(&self, group: &str) -> bool {
        self.pending
            .values()
            .any(|groups| groups.contains_key(group))
    }

    pub(super) fn last_gone(&self) -> Option<Offset> {
        self.gone
    }

    fn entry(&mut self, group: &Arc<str>, offset: Offset) -> &mut Stored {
        if !self.groups.contains_key(group) {
            self.groups.insert(Arc::clone(group), Stored::new(offset));
        }
        let stored = self.groups.get_mut(group).expect("it was just inserted");
        stored.changed = offset;
        stored
    }

    fn apply(&mut self, offset: Offset, producer: Option<ProducerId>, record: &Record) {
        let Some(group) = record.group() else {
            return;
        };
        match record {
            Record::Commit {
                topic,
                partition,
                commit: Some(commit),
                ..
            } => {
                let mut commit = commit.clone();
                commit.at = offset;
                self.make_if_new(group, offset);
                match producer {
                    Some(producer) => {
                        let groups = self.pending.entry(producer).or_default();
                        let topics = groups.entry(Arc::clone(group)).or_default();
                        stored::put(topics, topic, *partition, commit);
                    }
                    None => self.entry(group, offset).put(topic, *partition, commit),
                }
            }
            Record::Commit {
                topic, partition, ..
            } => {
                if let Some(stored) = self.groups.get_mut(group) {
                    stored.changed = offset;
                    stored.remove(topic, *partition);
                }
                for groups in self.pending.values_mut() {
                    if let Some(topics) = groups.get_mut(group) {
                        stored::remove(topics, topic, *partition);
                    }
                }
            }
            Record::Group {
                metadata: Some(metadata),
                ..
            } => {
                let stored = self.entry(group, offset);
                stored.is_classic = true;
                stored.metadata = Some(Arc::clone(metadata));
            }
            Record::Group { .. } => {
                if let Some(stored) = self.groups.get_mut(group) {
                    stored.changed = offset;
                    stored.is_classic = false;
                    stored.metadata = None;
                }
            }
            Record::Kept {
                kind,
                about,
                key,
                value,
                ..
            } => {
                if value.is_some() || self.groups.contains_key(group) {
                    let stored = self.entry(group, offset);
                    stored.keep(*kind, *about, key, value.as_ref());
                }
            }
            Record::Unknown => {}
        }
        self.drop_if_gone(group, offset);
    }

    /// G3.
    fn make_if_new(&mut self, group: &Arc<str>, offset: Offset) {
        if !self.groups.contains_key(group) {
            self.entry(group, offset).is_classic = true;
        }
    }

    fn drop_if_gone(&mut self, group: &str, offset: Offset) {
        if self.groups.get(group).is_some_and(Stored::is_gone) {
            self.groups.remove(group);
            self.gone = Some(offset);
        }
    }

    fn end_transaction(&mut self, offset: Offset, producer: ProducerId, commit: bool) {
        let groups = self.pending.remove(&producer).unwrap_or_default();
        if !commit {
            return;
        }
        for (group, topics) in groups {
            self.make_if_new(&group, offset);
            for (topic, partitions) in topics {
                for (partition, commit) in partitions {
                    let stored = self.entry(&group, offset);
                    let newer = stored.commit(&topic, partition).map(|it| it.at);
                    if newer.is_none_or(|at| at < commit.at) {
                        stored.put(&topic, partition, commit);
                    }
                }
            }
        }
    }

    fn on_request<E: Emit>(
        soft: &mut Soft,
        turn: &mut Turn<'_, E>,
        ticket: Ticket,
        request: Request,
    ) {
        match request {
            Request::Join(join) => classic::join(soft, turn, ticket, *join),
            Request::Sync(sync) => classic::sync(soft, turn, ticket, *sync),
            Request::Heartbeat(identity) => classic::heartbeat(soft, turn, ticket, &identity),
            Request::Leave { group, members } => {
                classic::leave(soft, turn, ticket, &group, &members);
            }
            Request::Commit(commit) => offsets::commit(soft, turn, ticket, *commit),
            Request::FetchOffsets {
                group,
                topics,
                require_stable,
            } => offsets::fetch(turn, ticket, &group, topics, require_stable),
            Request::DeleteOffsets { group, topics } => {
                offsets::delete(soft, turn, ticket, &group, &topics);
            }
            Request::Describe(group) => describe::describe(soft, turn, ticket, &group),
            Request::DescribeConsumers(group) => consumers::describe(turn, ticket, &group),
            Request::List { states, kinds } => list::list(soft, turn, ticket, states, kinds),
            Request::Delete(group) => delete::delete(soft, turn, ticket, &group),
        }
    }
}

impl Replicated for Groups {
    type Request = Request;
    type Response = Response;
    type Record = Record;
    type View = View;
    type Soft = Soft;
    type Call = Infallible;
    type Timer = Timer;
    type Job = NoJob;

    fn begin(&self, now: Now, view: &View) -> (Soft, Deadlines<Groups>) {
        let check = view.settings.offsets_retention_check_interval_ms;
        let deadlines = vec![
            (Timer::Revival, Some(now.mono)),
            (Timer::Expiry, Some(now.mono.after_ms(check))),
        ];
        (Soft::new(view.rng.clone()), deadlines)
    }

    fn decide(
        &self,
        soft: &mut Soft,
        now: Now,
        view: &View,
        cause: Cause<Groups>,
        fx: &mut impl Emit,
    ) -> Decision<Groups> {
        let mut turn = Turn::new(now, view, self, fx);
        match cause {
            Cause::Request(ticket, request) => Groups::on_request(soft, &mut turn, ticket, request),
            Cause::Expired(Timer::Member(group, member)) => {
                classic::member_expired(soft, &mut turn, &group, &member);
            }
            Cause::Expired(Timer::Join(group)) => classic::join_expired(soft, &mut turn, &group),
            Cause::Expired(Timer::Sync(group)) => classic::sync_expired(soft, &mut turn, &group),
            Cause::Expired(Timer::Expiry) => offsets::expire(soft, &mut turn),
            Cause::Expired(Timer::Deletion) => offsets::forget_deleted(soft, &mut turn),
            Cause::Expired(Timer::Revival) => classic::revive(soft, &mut turn),
            Cause::Expired(Timer::List(ticket)) => list::list_on(soft, &mut turn, ticket),
            // A topic is gone: so are its commits.
            Cause::ViewChanged => {
                soft.forgetting = Place::default();
                turn.go_on(Timer::Deletion);
            }
            Cause::Returned(never, _) => match never {},
            Cause::Computed(never) => match never {},
        }
        turn.decision
    }

    fn replay(&mut self, offset: Offset, entry: Entry<&Record>) {
        match entry {
            Entry::Record { producer, record } => {
                self.apply(offset, producer.map(|(id, _)| id), record);
            }
            Entry::Marker { producer, commit } => {
                self.end_transaction(offset, producer.0, commit);
            }
        }
    }

    fn committed(&self, _: &mut Soft, _: Offset, _: &mut Vec<Infallible>) {}

    fn waiting(soft: &Soft) -> Vec<Ticket> {
        soft.waiting()
    }
}

/// Why a request finds no answer with a group of another kind.
pub(super) fn is_foreign(stored: Option<&Stored>) -> bool {
    stored.is_some_and(|stored| stored.kept.is_some())
}
