//! What a member of a group asks, and what clients ask of groups who are no members, as requests; and what the answers change.
//!
//! K1: an answer counts for the member that the client is when it comes, not for one that it has been.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use ottla_protocol::ApiKey;

use super::member::{
    COORDINATOR_NOT_AVAILABLE, Joined, NOT_COORDINATOR, State, Step, Terms, takes_id,
};
use super::sending::Places;
use super::task::{OWN, Task, What};
use super::topics::{self, Found};
use super::{Act, Client, Sent, is_retriable};
use crate::groups::{Assignment, Commit, GroupAsk, GroupReply, NO_GENERATION, Subscription, Who};
use crate::history::{Ask, Named};
use crate::script::{Assignor, MS, Nanos, Operation, Place};

/// Longer than any broker takes beside an offset.
const TOO_LONG: usize = 5_000;

/// A join that waits for others may take so much longer than they were given.
const JOINING: Nanos = 5_000 * MS;

/// A commit that has begun: of whom, and of what.
#[derive(Clone, Debug)]
pub(crate) struct Committing {
    pub who: Who,
    pub offsets: Vec<(Place, i64)>,
    /// What is written beside the offsets is longer than allowed.
    pub long: bool,
}

impl Client {
    /// What the script's operations of groups begin, if anything.
    pub(super) fn begin_grouping(
        &mut self,
        number: u32,
        index: usize,
        until: Nanos,
        operation: &Operation,
        acts: &mut Vec<Act>,
    ) {
        let now = self.now;
        match operation {
            Operation::JoinGroup {
                group,
                topics,
                instance,
                session_ms,
                rebalance_ms,
                assignors,
                dawdle,
            } => {
                let terms = Terms {
                    group: group_name(*group),
                    instance: instance.map(|number| format!("i{number}").into()),
                    topics: self.names(topics),
                    session_ms: *session_ms,
                    rebalance_ms: *rebalance_ms,
                    assignors: assignors.clone(),
                    dawdle: *dawdle,
                };
                self.member.join(now, terms);
            }
            Operation::Subscribe { topics } => {
                let topics = self.names(topics);
                self.member.subscribe(topics);
            }
            Operation::Freeze { lasts } => self.member.frozen = now + lasts,
            Operation::LeaveGroup => self.member.leave(),
            Operation::Vanish { closes } => {
                self.member.vanish();
                if *closes {
                    self.end_line(acts);
                }
            }
            Operation::CommitOffsets { ahead, late } => {
                let Some(mut committing) = self.as_member(*ahead) else {
                    return;
                };
                let mut stream = self.stream(number);
                committing.long = stream.one_in(32);
                let mut task = self.task(number, until, What::Commit(committing));
                task.not_before = now + late;
                self.put(task);
            }
            Operation::CommitAlone {
                group,
                places,
                ahead,
            } => {
                let committing = self.as_nobody(*group, places, *ahead);
                let task = self.task(number, until, What::Commit(committing));
                self.put(task);
            }
            Operation::KnockAtGroup { .. }
            | Operation::FetchOffsets { .. }
            | Operation::DeleteOffsets { .. }
            | Operation::DescribeGroup { .. }
            | Operation::ListGroups
            | Operation::DeleteGroup { .. } => {
                let task = self.task(number, until, What::Group(index));
                self.put(task);
            }
            // Others had nothing to begin with.
            _ => {}
        }
    }

    fn names(&mut self, topics: &[u32]) -> Vec<Arc<str>> {
        topics
            .iter()
            .map(|topic| self.topics.name(*topic))
            .collect()
    }

    /// A commit of what this member owns.
    fn as_member(&mut self, ahead: Option<i64>) -> Option<Committing> {
        let who = self.member.who()?;
        if self.member.state != State::In || self.member.owned.is_empty() {
            return None;
        }
        let mut offsets = Vec::new();
        for place in self.owned() {
            let offset = match ahead {
                Some(ahead) => {
                    let position = self.member.positions.entry(place).or_insert(0);
                    *position = (*position + ahead).max(0);
                    *position
                }
                None => match self.reader.position(place) {
                    Some(position) => position.offset,
                    None => continue,
                },
            };
            offsets.push((place, offset));
        }
        (!offsets.is_empty()).then_some(Committing {
            who,
            offsets,
            long: false,
        })
    }

    /// What the member was assigned, of the script's topics.
    pub(super) fn owned(&self) -> Vec<Place> {
        let owned = self.member.owned.iter();
        let owned = owned.filter_map(|(topic, partition)| {
            let topic = topics::number(topic)?;
            let partition = *partition;
            Some(Place { topic, partition })
        });
        owned.collect()
    }

    fn as_nobody(&mut self, group: u32, places: &[Place], ahead: i64) -> Committing {
        let mut places = places.to_vec();
        places.sort_unstable();
        places.dedup();
        let offsets = places.into_iter().map(|place| {
            let position = self.member.alone.entry((group, place)).or_insert(0);
            *position = (*position + ahead).max(0);
            (place, *position)
        });
        Committing {
            offsets: offsets.collect(),
            who: nobody(group_name(group)),
            long: false,
        }
    }

    /// The member's next step leaves, if it may. Whether something was done.
    pub(super) fn send_member(&mut self, acts: &mut Vec<Act>) -> bool {
        let Some(step) = self.member.next(self.now) else {
            return false;
        };
        let (Some(who), Some(terms)) = (self.member.who(), self.member.terms.clone()) else {
            return false;
        };
        let partitions = match step {
            Step::Sync => match self.led_partitions() {
                Some(partitions) => partitions,
                None => return false,
            },
            _ => BTreeMap::new(),
        };
        self.member.busy = true;
        let task = self.task(OWN, Nanos::MAX, What::Member);
        match step {
            Step::FindCoordinator => self.send_find(task, who.group, acts),
            Step::Join => self.send_join(task, who, &terms, acts),
            Step::Sync => self.send_sync(task, who, &partitions, acts),
            Step::Fetch => {
                let owned = self.owned();
                self.send_offset_fetch(task, who.group.clone(), Some(&owned), Some(who), acts);
            }
            Step::Heartbeat => self.send_heartbeat(task, who, acts),
            Step::Leave => self.send_leave(task, who, acts),
        }
        true
    }

    /// How many partitions the topics have that those want whom this member leads; none while that is being asked for.
    fn led_partitions(&mut self) -> Option<BTreeMap<Arc<str>, i32>> {
        let mut partitions = BTreeMap::new();
        let mut known = true;
        for topic in self.member.led_topics() {
            let Some(number) = topics::number(&topic) else {
                continue;
            };
            match self.topics.find(self.now, number) {
                Found::Unknown => known = false,
                Found::Missing => {}
                Found::Here { partitions: many } => {
                    partitions.insert(topic, many);
                }
            }
        }
        known.then_some(partitions)
    }

    pub(super) fn send_find(&mut self, mut task: Task, group: Arc<str>, acts: &mut Vec<Act>) {
        let version = self.version(ApiKey::FindCoordinator, &mut task.stream, 0, i16::MAX);
        let frame = self.frame(ApiKey::FindCoordinator, version);
        let bytes = frame.find_coordinator(&group);
        let ask = Ask::Group(GroupAsk::FindCoordinator { group });
        self.leave(task, frame, ask, bytes, 0, acts);
    }

    fn send_join(&mut self, mut task: Task, who: Who, terms: &Terms, acts: &mut Vec<Act>) {
        let who = Who {
            generation: NO_GENERATION,
            ..who
        };
        let least = if who.instance.is_some() { 5 } else { 0 };
        let version = self.version(ApiKey::JoinGroup, &mut task.stream, least, i16::MAX);
        let frame = self.frame(ApiKey::JoinGroup, version);
        let protocols = terms.assignors.iter().map(|assignor| {
            let name = Arc::from(assignor.name());
            (name, self.member.subscription(*assignor).bytes())
        });
        let protocols: Vec<(Arc<str>, Bytes)> = protocols.collect();
        let bytes = frame.join_group(&who, terms.session_ms, terms.rebalance_ms, &protocols);
        let ask = Ask::Group(GroupAsk::Join {
            who,
            session_ms: terms.session_ms,
            // Version 0 has none: the session's is taken.
            rebalance_ms: if version == 0 {
                terms.session_ms
            } else {
                terms.rebalance_ms
            },
            topics: terms.topics.clone(),
            protocols,
        });
        let waits = u64::from(terms.rebalance_ms.unsigned_abs()) * MS + JOINING;
        self.leave(task, frame, ask, bytes, waits, acts);
    }

    /// An id to join with is asked for, by somebody who wants nothing: later versions give one out before anybody is in.
    fn send_knock(
        &mut self,
        mut task: Task,
        group: Arc<str>,
        session_ms: i32,
        assignors: &[Assignor],
        acts: &mut Vec<Act>,
    ) {
        let who = nobody(group);
        let version = self.version(ApiKey::JoinGroup, &mut task.stream, 4, i16::MAX);
        let frame = self.frame(ApiKey::JoinGroup, version);
        let wants = Subscription::default().bytes();
        let protocols = assignors.iter().map(|it| (it.name().into(), wants.clone()));
        let protocols: Vec<(Arc<str>, Bytes)> = protocols.collect();
        let bytes = frame.join_group(&who, session_ms, session_ms, &protocols);
        let ask = Ask::Group(GroupAsk::Join {
            who,
            session_ms,
            rebalance_ms: session_ms,
            topics: Vec::new(),
            protocols,
        });
        self.leave(task, frame, ask, bytes, 0, acts);
    }

    fn send_sync(
        &mut self,
        mut task: Task,
        who: Who,
        partitions: &BTreeMap<Arc<str>, i32>,
        acts: &mut Vec<Act>,
    ) {
        let least = if who.instance.is_some() { 3 } else { 0 };
        let version = self.version(ApiKey::SyncGroup, &mut task.stream, least, i16::MAX);
        let frame = self.frame(ApiKey::SyncGroup, version);
        let mark = Bytes::from(format!("{}.{}", self.id(), task.order));
        let assignments = self.member.divide(partitions, &mark);
        let protocol = self.member.assignor.map(|assignor| assignor.name());
        let bytes = frame.sync_group(&who, protocol, &assignments);
        let rebalance = self.member.terms.as_ref();
        let rebalance = rebalance.map_or(0, |terms| terms.rebalance_ms);
        let waits = u64::from(rebalance.unsigned_abs()) * MS;
        let ask = Ask::Group(GroupAsk::Sync { who, assignments });
        self.leave(task, frame, ask, bytes, waits, acts);
    }

    fn send_heartbeat(&mut self, mut task: Task, who: Who, acts: &mut Vec<Act>) {
        let least = if who.instance.is_some() { 3 } else { 0 };
        let version = self.version(ApiKey::Heartbeat, &mut task.stream, least, i16::MAX);
        let frame = self.frame(ApiKey::Heartbeat, version);
        let bytes = frame.heartbeat(&who);
        let ask = Ask::Group(GroupAsk::Heartbeat { who });
        self.leave(task, frame, ask, bytes, 0, acts);
    }

    fn send_leave(&mut self, mut task: Task, who: Who, acts: &mut Vec<Act>) {
        let least = if who.instance.is_some() { 3 } else { 0 };
        let version = self.version(ApiKey::LeaveGroup, &mut task.stream, least, i16::MAX);
        let frame = self.frame(ApiKey::LeaveGroup, version);
        let bytes = frame.leave_group(&who);
        let ask = Ask::Group(GroupAsk::Leave { who });
        self.leave(task, frame, ask, bytes, 0, acts);
    }

    /// A commit: what is written beside an offset says which request it was.
    pub(super) fn send_commit(&mut self, mut task: Task, acts: &mut Vec<Act>) -> Sent {
        let What::Commit(committing) = &task.what else {
            return Sent::Gone;
        };
        let committing = committing.clone();
        let who = committing.who;
        let places: Vec<Place> = committing.offsets.iter().map(|(place, _)| *place).collect();
        if !task.raw {
            match self.resolve(false, &places) {
                Places::At(_) => {}
                Places::Later => return Sent::Waits(task),
                Places::Nowhere => return self.wait_for_topic(task),
            }
        }
        let least = if who.instance.is_some() { 7 } else { 0 };
        let named = |by_id: bool, client: &mut Client| -> Vec<Named> {
            let places = places.iter();
            places
                .map(|place| client.topics.named(*place, by_id))
                .collect()
        };
        let ids = named(true, self).iter().all(|named| named.by_id);
        let most = if ids { i16::MAX } else { 9 };
        let version = self.version(ApiKey::OffsetCommit, &mut task.stream, least, most);
        let frame = self.frame(ApiKey::OffsetCommit, version);
        let mut metadata = format!("{:x}", self.number(frame));
        if committing.long {
            metadata.extend(std::iter::repeat_n('.', TOO_LONG));
        }
        let metadata: Arc<str> = metadata.into();
        let parts = named(version >= 10, self)
            .into_iter()
            .zip(committing.offsets);
        let parts = parts.map(|(named, (_, offset))| {
            let metadata = Arc::clone(&metadata);
            (named, Commit { offset, metadata })
        });
        let parts: Vec<(Named, Commit)> = parts.collect();
        let bytes = frame.offset_commit(&who, &parts);
        let ask = Ask::Group(GroupAsk::Commit { who, parts });
        self.leave(task, frame, ask, bytes, 0, acts);
        Sent::Gone
    }

    /// What anybody may ask of a group.
    pub(super) fn send_group(
        &mut self,
        mut task: Task,
        operation: &Operation,
        acts: &mut Vec<Act>,
    ) -> Sent {
        let (key, ask, group) = match operation {
            Operation::KnockAtGroup {
                group,
                session_ms,
                assignors,
            } => {
                self.send_knock(task, group_name(*group), *session_ms, assignors, acts);
                return Sent::Gone;
            }
            Operation::FetchOffsets { group, places } => {
                if let Some(places) = places
                    && let Places::Later = self.resolve(task.raw, places)
                {
                    return Sent::Waits(task);
                }
                let group = group_name(*group);
                let who = self.member.who().filter(|who| who.group == group);
                self.send_offset_fetch(task, group, places.as_deref(), who, acts);
                return Sent::Gone;
            }
            Operation::DeleteOffsets { group, places } => {
                let group = group_name(*group);
                let mut places = places.clone();
                places.sort_unstable();
                places.dedup();
                let parts = places.iter().map(|place| self.topics.named(*place, false));
                let parts: Vec<Named> = parts.collect();
                let version = self.version(ApiKey::OffsetDelete, &mut task.stream, 0, i16::MAX);
                let frame = self.frame(ApiKey::OffsetDelete, version);
                let bytes = frame.offset_delete(&group, &parts);
                let ask = Ask::Group(GroupAsk::DeleteOffsets { group, parts });
                self.leave(task, frame, ask, bytes, 0, acts);
                return Sent::Gone;
            }
            Operation::DescribeGroup { group } => {
                let group = group_name(*group);
                let ask = GroupAsk::Describe {
                    group: group.clone(),
                };
                (ApiKey::DescribeGroups, ask, group)
            }
            Operation::DeleteGroup { group } => {
                let group = group_name(*group);
                let ask = GroupAsk::Delete {
                    group: group.clone(),
                };
                (ApiKey::DeleteGroups, ask, group)
            }
            _ => (ApiKey::ListGroups, GroupAsk::List, Arc::from("")),
        };
        let version = self.version(key, &mut task.stream, 0, i16::MAX);
        let frame = self.frame(key, version);
        let bytes = match key {
            ApiKey::DescribeGroups => frame.describe_group(&group),
            ApiKey::DeleteGroups => frame.delete_group(&group),
            _ => frame.list_groups(),
        };
        self.leave(task, frame, Ask::Group(ask), bytes, 0, acts);
        Sent::Gone
    }

    fn send_offset_fetch(
        &mut self,
        mut task: Task,
        group: Arc<str>,
        places: Option<&[Place]>,
        who: Option<Who>,
        acts: &mut Vec<Act>,
    ) {
        let mut places = places.map(<[Place]>::to_vec);
        if let Some(places) = &mut places {
            places.sort_unstable();
            places.dedup();
        }
        let mut known = places.iter().flatten();
        let ids = known.all(|place| self.topics.named(*place, true).by_id);
        // Who asks for all in the newest version is given ids that he may not know.
        let (least, most) = match places {
            None => (2, 9),
            Some(_) if ids => (1, i16::MAX),
            Some(_) => (1, 9),
        };
        let version = self.version(ApiKey::OffsetFetch, &mut task.stream, least, most);
        let frame = self.frame(ApiKey::OffsetFetch, version);
        let parts = places.map(|places| {
            let places = places.iter();
            let named = places.map(|place| self.topics.named(*place, version >= 10));
            named.collect::<Vec<Named>>()
        });
        let bytes = frame.offset_fetch(&group, parts.as_deref(), task.stream.coin());
        let ask = Ask::Group(GroupAsk::Fetch { group, parts, who });
        self.leave(task, frame, ask, bytes, 0, acts);
    }

    /// An answer about groups.
    pub(super) fn on_group(&mut self, task: Task, ask: &Ask, reply: &GroupReply, sent: Nanos) {
        let Ask::Group(ask) = ask else {
            return;
        };
        match &task.what {
            What::Member => {
                self.member.busy = false;
                if self.on_member(ask, reply, sent) {
                    self.member_failed();
                }
            }
            What::Commit(committing) => {
                let GroupReply::Commit { parts } = reply else {
                    return;
                };
                let who = committing.who.clone();
                let of_topics = |error: i16| matches!(error, 3 | 100);
                self.old(parts.iter().map(|(named, error)| (named, *error)));
                let error = parts.iter().map(|(_, error)| *error);
                let error = error.filter(|error| !of_topics(*error) && *error != 12);
                let error = error.max().unwrap_or(0);
                if error != 0 && self.member.is(&who) {
                    self.member.refused(error);
                }
                self.again_if_found(task, &who.group, error);
            }
            _ => {
                let error = match reply {
                    GroupReply::FindCoordinator { error, .. }
                    | GroupReply::Join { error, .. }
                    | GroupReply::Fetch { error, .. }
                    | GroupReply::DeleteOffsets { error, .. }
                    | GroupReply::Describe { error, .. }
                    | GroupReply::List { error, .. }
                    | GroupReply::Delete { error } => *error,
                    _ => 0,
                };
                let group = ask.group().cloned().unwrap_or_default();
                self.again_if_found(task, &group, error);
            }
        }
    }

    /// What was refused for now is asked again; the coordinator is looked for first when it was not the one that was asked.
    fn again_if_found(&mut self, task: Task, group: &Arc<str>, error: i16) {
        if error == 0 || !is_retriable(error) {
            return;
        }
        let looks = |task: &Task| matches!(task.what, What::Find(_));
        let elsewhere = matches!(error, COORDINATOR_NOT_AVAILABLE | NOT_COORDINATOR);
        if elsewhere && !group.is_empty() && !looks(&task) && !self.tasks.iter().any(looks) {
            let find = self.task(OWN, task.until, What::Find(Arc::clone(group)));
            self.put(find);
        }
        self.again_a_few_times(task);
    }

    /// A step was answered. Whether it is to be taken again, a while later.
    fn on_member(&mut self, ask: &GroupAsk, reply: &GroupReply, sent: Nanos) -> bool {
        let now = self.now;
        match (ask, reply) {
            (_, GroupReply::FindCoordinator { error: 0, .. }) => self.member.on_found(),
            (GroupAsk::FindCoordinator { .. }, GroupReply::FindCoordinator { error, .. }) => {
                // Nobody is told that it is not there for good.
                return is_retriable(*error) || self.member.refused(*error);
            }
            (
                GroupAsk::Join { who, .. },
                GroupReply::Join {
                    error,
                    generation,
                    protocol,
                    leader,
                    member,
                    skip_assignment,
                    members,
                },
            ) => {
                let asking = self.member.who().map(|now| Who {
                    generation: NO_GENERATION,
                    ..now
                });
                if asking.as_ref() != Some(who) || self.member.state != State::Joining {
                    return false;
                }
                if !takes_id(*error) {
                    return self.member.refused(*error);
                }
                let joined = Joined {
                    error: *error,
                    generation: *generation,
                    protocol: protocol.as_deref(),
                    leader,
                    member,
                    skip_assignment: *skip_assignment,
                    members,
                };
                self.member.on_joined(now, joined);
            }
            (GroupAsk::Sync { who, .. }, GroupReply::Sync { error, assignment }) => {
                if !self.member.is(who) || self.member.state != State::Syncing {
                    return false;
                }
                if *error != 0 {
                    return self.member.refused(*error);
                }
                let assignment = Assignment::read(assignment).unwrap_or_default();
                self.member.on_synced(now, assignment);
            }
            (GroupAsk::Heartbeat { who }, GroupReply::Heartbeat { error }) => {
                if !self.member.is(who) {
                    return false;
                }
                match error {
                    0 => self.member.on_heartbeat(sent, now),
                    error => return self.member.refused(*error),
                }
            }
            (GroupAsk::Fetch { who: Some(who), .. }, GroupReply::Fetch { error, parts }) => {
                if !self.member.is(who) || self.member.state != State::In {
                    return false;
                }
                return self.on_committed(*error, parts);
            }
            (GroupAsk::Leave { who }, GroupReply::Leave { error }) => {
                if !self.member.is(who) {
                    return false;
                }
                match error {
                    0 => self.member.vanish(),
                    error => return self.member.refused(*error),
                }
            }
            _ => {}
        }
        false
    }

    /// What was committed of what it owns.
    fn on_committed(&mut self, error: i16, parts: &[(Named, Commit, i16)]) -> bool {
        if error != 0 {
            return self.member.refused(error);
        }
        if let Some((.., error)) = parts.iter().find(|(.., error)| is_retriable(*error)) {
            let errors = parts.iter().map(|(named, _, error)| (named, *error));
            self.old(errors);
            // What there is no topic for any more has no offset.
            if !matches!(error, 3 | 100) {
                return self.member.refused(*error);
            }
        }
        let known = parts.iter().filter(|(.., error)| *error == 0);
        let known = known.filter_map(|(named, commit, _)| {
            let place = topics::place(named)?;
            Some((place, commit.offset.max(0)))
        });
        let known: Vec<(Place, i64)> = known.collect();
        for (place, offset) in &known {
            self.reader.seek(*place, *offset);
        }
        self.member.on_fetched(known.into_iter());
        false
    }

    /// The member's step was lost, or is refused for now.
    pub(super) fn member_failed(&mut self) {
        self.member.busy = false;
        let rest = self.rest(self.member.failures, self.orders);
        self.member.failed(self.now + rest);
    }
}

/// Somebody who is no member of a group.
fn nobody(group: Arc<str>) -> Who {
    Who {
        group,
        generation: NO_GENERATION,
        member: Arc::from(""),
        instance: None,
    }
}

/// The group of this number.
pub(super) fn group_name(number: u32) -> Arc<str> {
    format!("g{number}").into()
}
