//! What leaves, and when it may: a task is sent when all that it needs is known, and nothing that must go before it waits.

use std::sync::Arc;

use bytes::Bytes;
use ottla_protocol::ApiKey;

use super::line::{Seat, State};
use super::speak::Frame;
use super::task::{List, Meant, OWN, Task, What};
use super::topics::{Found, NO_ID};
use super::{Act, Client, Sent};
use crate::draw::{Domain, Stream};
use crate::history::{Ask, Asked};
use crate::script::{MS, NEVER, Nanos, Operation, Place};

/// The longest time a client gives the node for a request of its own.
const LONGEST_MS: u64 = 30_000;

/// How often a task looks for its topic.
const LOOKS: u32 = 4;

/// What a task needs of topics.
pub(super) enum Places {
    /// It can go there.
    At(Vec<Place>),
    /// Metadata is being asked for.
    Later,
    /// There are no such topics.
    Nowhere,
}

impl Client {
    /// The next request leaves, if one may. Whether something was done.
    pub(super) fn send(&mut self, acts: &mut Vec<Act>) -> bool {
        let up = matches!(self.line.state, State::Up { .. });
        if !up
            || self.member.frozen > self.now
            || !self.line.greeted
            || self.line.draining
            || self.is_full()
        {
            return false;
        }
        self.send_own(acts)
            || self.send_whole(acts)
            || self.send_member(acts)
            || self.send_tasks(acts)
            || self.send_own(acts)
    }

    fn is_full(&self) -> bool {
        self.line.seats.len() >= self.in_flight()
    }

    /// What must be known for others to be sent.
    fn send_own(&mut self, acts: &mut Vec<Act>) -> bool {
        if self.topics.wants() && self.topics.not_before <= self.now {
            let (topics, creates) = self.topics.next();
            let task = self.task(OWN, Nanos::MAX, What::Refresh { topics, creates });
            self.topics.asking = true;
            self.send_refresh(task, acts);
            return true;
        }
        let waits = |task: &Task| matches!(&task.what, What::Produce(produce) if produce.meant != Meant::Twice);
        let needs_id = self.me().idempotent && self.producer.id.is_none() && !self.producer.asking;
        if needs_id && self.tasks.iter().any(waits) {
            self.producer.asking = true;
            let until = self.now.saturating_add(self.me().patience);
            let task = self.task(OWN, until, What::ProducerId { anew: false });
            self.put(task);
            return true;
        }
        false
    }

    fn send_tasks(&mut self, acts: &mut Vec<Act>) -> bool {
        let mut at = 0;
        while at < self.tasks.len() {
            if self.tasks[at].not_before <= self.now {
                let task = self.tasks.remove(at);
                // It may have begun others, behind it.
                match self.send_task(task, acts) {
                    Sent::Gone => return true,
                    Sent::Waits(task) => self.tasks.insert(at, task),
                }
            }
            at += 1;
        }
        false
    }

    fn send_task(&mut self, mut task: Task, acts: &mut Vec<Act>) -> Sent {
        let script = Arc::clone(&self.script);
        let operation = |index: usize| &script.clients[self.place].ops[index].what;
        match &mut task.what {
            What::ProducerId { anew } => {
                if *anew && !self.producer.is_quiet() {
                    return Sent::Waits(task);
                }
                self.send_producer_id(task, acts);
            }
            What::Create(index) => {
                if let Operation::CreateTopic {
                    topic,
                    partitions,
                    settings,
                } = operation(*index)
                {
                    self.send_create(task, *topic, *partitions, settings, acts);
                }
            }
            What::Delete(index) => {
                if let Operation::DeleteTopic { topic, by_id } = operation(*index) {
                    return self.send_delete(task, *topic, *by_id, acts);
                }
            }
            What::Metadata(index) => {
                if let Operation::Metadata { topics } = operation(*index) {
                    let creates = topics.is_some() && task.stream.one_in(16);
                    self.send_metadata(task, topics.as_deref(), creates, acts);
                }
            }
            What::Configs(index) => {
                if let Operation::DescribeConfigs { topic } = operation(*index) {
                    self.send_configs(task, *topic, acts);
                }
            }
            What::EpochEnd(index) => {
                if let Operation::EpochEnd { place, epoch } = operation(*index) {
                    return self.send_epoch_end(task, *place, *epoch, acts);
                }
            }
            What::DeleteRecords(index) => {
                if let Operation::DeleteRecords { place, back } = operation(*index) {
                    return self.send_delete_records(task, *place, *back, acts);
                }
            }
            What::List(list) => {
                let list = list.clone();
                return self.send_seek(task, list, acts);
            }
            What::Fetch { .. } => return self.send_fetch(task, acts),
            What::Produce(_) => return self.send_produce(task, acts),
            What::Commit(_) => return self.send_commit(task, acts),
            What::Group(index) => {
                let index = *index;
                return self.send_group(task, operation(index), acts);
            }
            What::Find(group) => {
                let group = Arc::clone(group);
                self.send_find(task, group, acts);
            }
            What::Versions | What::Refresh { .. } | What::Whole(_) | What::Member => {
                unreachable!("sent when it is begun")
            }
        }
        Sent::Gone
    }

    /// Where a task goes: its places, as far as metadata knows them.
    pub(super) fn resolve(&mut self, raw: bool, places: &[Place]) -> Places {
        let mut at = Vec::with_capacity(places.len());
        for place in places {
            match self.topics.find(self.now, place.topic) {
                _ if raw => at.push(*place),
                Found::Unknown => return Places::Later,
                Found::Missing => {}
                Found::Here { partitions } => at.push(Place {
                    topic: place.topic,
                    partition: place.partition % partitions.max(1),
                }),
            }
        }
        if at.is_empty() && !places.is_empty() {
            // Perhaps somebody creates them.
            places
                .iter()
                .for_each(|place| self.topics.stale(place.topic, false));
            return Places::Nowhere;
        }
        at.sort_unstable();
        at.dedup();
        Places::At(at)
    }

    /// A task that found no topic waits a while, or is given up.
    pub(super) fn wait_for_topic(&mut self, task: Task) -> Sent {
        // What was sent before waits for its topic as long as it may wait for an answer.
        let sent = matches!(&task.what, What::Produce(produce) if produce.first.is_some());
        let most = if sent { self.me().retries } else { LOOKS };
        if task.tries < most {
            self.again(task);
        } else {
            self.give_up(task);
        }
        Sent::Gone
    }

    pub(super) fn frame(&mut self, key: ApiKey, version: i16) -> Frame {
        Frame {
            key,
            version,
            correlation: self.line.correlate(),
        }
    }

    /// Told, sent, and under way: C1.
    pub(super) fn leave(
        &mut self,
        task: Task,
        frame: Frame,
        ask: Ask,
        bytes: Bytes,
        waits: Nanos,
        acts: &mut Vec<Act>,
    ) {
        let State::Up { link } = self.line.state else {
            unreachable!("requests leave over a connection");
        };
        let asked = Arc::new(Asked {
            number: self.number(frame),
            client: self.id(),
            link: link.0,
            at: self.now,
            version: frame.version,
            ask,
        });
        acts.push(Act::Asked(Arc::clone(&asked)));
        acts.push(Act::Send(link, bytes));
        if matches!(asked.ask, Ask::Produce { acks: 0, .. }) {
            acts.push(Act::Lost(asked));
            return;
        }
        let patience = self.patience();
        let seat = Seat {
            correlation: frame.correlation,
            key: frame.key,
            version: frame.version,
            asked,
            task,
            expected: 0,
            deadline: 0,
        };
        self.line.sit(self.now, waits, patience, seat);
    }

    pub(super) fn number(&self, frame: Frame) -> u64 {
        u64::from(self.id()) << 32 | u64::from(frame.correlation as u32)
    }

    /// A new connection: which versions does the node serve? Sometimes it is not asked, or in a version that nobody knows.
    pub(super) fn greet(&mut self, acts: &mut Vec<Act>) {
        let entity = u64::from(self.id()) << 32 | self.line.opened;
        let mut stream = self.draw.stream(Domain::ClientVersion, entity);
        if stream.one_in(8) {
            self.line.greeted = true;
            return;
        }
        let version = if stream.one_in(8) {
            *stream.pick(&[5, 6, 77, i16::MAX])
        } else {
            self.version(ApiKey::ApiVersions, &mut stream, 0, i16::MAX)
        };
        self.send_versions(version, acts);
    }

    pub(super) fn send_versions(&mut self, version: i16, acts: &mut Vec<Act>) {
        let task = self.task(OWN, Nanos::MAX, What::Versions);
        let known = ottla_protocol::versions(ApiKey::ApiVersions).expect("messages of ApiVersions");
        let frame = self.frame(ApiKey::ApiVersions, version);
        let bytes = frame.api_versions(version.min(*known.end()));
        self.leave(task, frame, Ask::ApiVersions, bytes, 0, acts);
    }

    fn send_refresh(&mut self, mut task: Task, acts: &mut Vec<Act>) {
        let What::Refresh { topics, creates } = &task.what else {
            return;
        };
        let (topics, creates) = (topics.clone(), *creates);
        let least = match (self.topics.wants_ids, creates) {
            (true, _) => 10,
            (false, true) => 0,
            (false, false) => 4,
        };
        let version = self.version(ApiKey::Metadata, &mut task.stream, least, i16::MAX);
        self.send_metadata_in(version, task, Some(&topics), creates, acts);
    }

    pub(super) fn send_metadata(
        &mut self,
        mut task: Task,
        topics: Option<&[u32]>,
        creates: bool,
        acts: &mut Vec<Act>,
    ) {
        let least = match topics {
            None => 0,
            // Version 0 takes no topics for all of them, and versions to 3 create what they are asked about.
            Some([]) => 1,
            Some(_) if creates => 0,
            Some(_) => 4,
        };
        let version = self.version(ApiKey::Metadata, &mut task.stream, least, i16::MAX);
        self.send_metadata_in(version, task, topics, creates, acts);
    }

    fn send_metadata_in(
        &mut self,
        version: i16,
        task: Task,
        topics: Option<&[u32]>,
        creates: bool,
        acts: &mut Vec<Act>,
    ) {
        let topics = topics.map(|numbers| {
            let names = numbers.iter().map(|number| self.topics.name(*number));
            names.collect::<Vec<_>>()
        });
        let frame = self.frame(ApiKey::Metadata, version);
        let names = topics
            .as_ref()
            .map(|names| names.iter().map(|name| &**name));
        let bytes = frame.metadata(names, creates);
        self.leave(
            task,
            frame,
            Ask::Metadata { topics, creates },
            bytes,
            0,
            acts,
        );
    }

    pub(super) fn send_producer_id(&mut self, mut task: Task, acts: &mut Vec<Act>) {
        let version = self.version(ApiKey::InitProducerId, &mut task.stream, 0, i16::MAX);
        let frame = self.frame(ApiKey::InitProducerId, version);
        self.leave(
            task,
            frame,
            Ask::InitProducerId,
            frame.init_producer_id(),
            0,
            acts,
        );
    }

    /// How long the node is given, mostly as long as the client waits, and now and then no longer than a disk may take.
    pub(super) fn timeout_ms(&self, stream: &mut Stream) -> i32 {
        let longest = (self.me().patience / MS).clamp(1, LONGEST_MS);
        let timeout = if stream.one_in(16) {
            stream.size(1, longest)
        } else {
            longest
        };
        timeout as i32
    }

    fn send_create(
        &mut self,
        mut task: Task,
        topic: u32,
        partitions: i32,
        settings: &[(String, String)],
        acts: &mut Vec<Act>,
    ) {
        let version = self.version(ApiKey::CreateTopics, &mut task.stream, 0, i16::MAX);
        let replicas = if version >= 4 && task.stream.coin() {
            -1
        } else {
            1
        };
        let timeout = self.timeout_ms(&mut task.stream);
        let name = self.topics.name(topic);
        let frame = self.frame(ApiKey::CreateTopics, version);
        let bytes = frame.create_topic(&name, partitions, replicas, settings, timeout);
        let ask = Ask::CreateTopic {
            name,
            partitions,
            settings: settings.to_vec(),
        };
        self.leave(task, frame, ask, bytes, 0, acts);
    }

    fn send_delete(
        &mut self,
        mut task: Task,
        topic: u32,
        by_id: bool,
        acts: &mut Vec<Act>,
    ) -> Sent {
        if by_id && self.topics.find(self.now, topic) == Found::Unknown {
            return Sent::Waits(task);
        }
        let id = self.topics.id(topic);
        let by_id = by_id && id != NO_ID;
        let least = if by_id { 6 } else { 0 };
        let version = self.version(ApiKey::DeleteTopics, &mut task.stream, least, i16::MAX);
        let timeout = self.timeout_ms(&mut task.stream);
        let name = self.topics.name(topic);
        let frame = self.frame(ApiKey::DeleteTopics, version);
        let bytes = frame.delete_topic(&name, by_id.then_some(id), timeout);
        self.leave(
            task,
            frame,
            Ask::DeleteTopic { name, id, by_id },
            bytes,
            0,
            acts,
        );
        Sent::Gone
    }

    fn send_configs(&mut self, mut task: Task, topic: u32, acts: &mut Vec<Act>) {
        let version = self.version(ApiKey::DescribeConfigs, &mut task.stream, 0, i16::MAX);
        let name = self.topics.name(topic);
        let frame = self.frame(ApiKey::DescribeConfigs, version);
        let bytes = frame.describe_configs(&name, task.stream.coin());
        self.leave(task, frame, Ask::DescribeConfigs { name }, bytes, 0, acts);
    }

    fn send_epoch_end(
        &mut self,
        mut task: Task,
        place: Place,
        epoch: i32,
        acts: &mut Vec<Act>,
    ) -> Sent {
        let place = match self.resolve(task.raw, &[place]) {
            Places::At(places) => places[0],
            Places::Later => return Sent::Waits(task),
            Places::Nowhere => return self.wait_for_topic(task),
        };
        let version = self.version(ApiKey::OffsetForLeaderEpoch, &mut task.stream, 0, i16::MAX);
        let named = self.topics.named(place, false);
        let leader_epoch = match version {
            2.. => self.leader_epoch(&mut task.stream, place),
            _ => -1,
        };
        let frame = self.frame(ApiKey::OffsetForLeaderEpoch, version);
        let bytes = frame.epoch_end(&named, epoch, leader_epoch);
        let ask = Ask::EpochEnd {
            parts: vec![(named, epoch)],
            epochs: vec![leader_epoch],
        };
        self.leave(task, frame, ask, bytes, 0, acts);
        Sent::Gone
    }

    fn send_delete_records(
        &mut self,
        mut task: Task,
        place: Place,
        back: Option<u32>,
        acts: &mut Vec<Act>,
    ) -> Sent {
        let place = match self.resolve(task.raw, &[place]) {
            Places::At(places) => places[0],
            Places::Later => return Sent::Waits(task),
            Places::Nowhere => return self.wait_for_topic(task),
        };
        let read = self
            .reader
            .position(place)
            .map_or(0, |position| position.offset);
        // Now and then far behind everything that there will ever be.
        let beyond = i64::from(task.stream.one_in(16)) * NEVER;
        let before = back.map_or(-1, |back| (read - i64::from(back)).max(beyond));
        let version = self.version(ApiKey::DeleteRecords, &mut task.stream, 0, i16::MAX);
        let timeout = self.timeout_ms(&mut task.stream);
        let named = self.topics.named(place, false);
        let frame = self.frame(ApiKey::DeleteRecords, version);
        let bytes = frame.delete_records(&named, before, timeout);
        let ask = Ask::DeleteRecords {
            parts: vec![(named, before)],
        };
        self.leave(task, frame, ask, bytes, 0, acts);
        Sent::Gone
    }

    /// The leader's epoch as it is known; half of the time it is not said, and now and then one of the past or of the future is.
    pub(super) fn leader_epoch(&self, stream: &mut Stream, place: Place) -> i32 {
        let known = self.topics.leader_epoch(place);
        match stream.below(32) {
            0..16 => -1,
            16 if known > 0 => stream.below(known.unsigned_abs().into()) as i32,
            17 if known >= 0 => known + 1 + stream.below(3) as i32,
            _ => known,
        }
    }

    fn send_seek(&mut self, mut task: Task, mut list: List, acts: &mut Vec<Act>) -> Sent {
        match self.resolve(task.raw, &list.places) {
            Places::At(places) => list.places = places,
            Places::Later => return Sent::Waits(task),
            Places::Nowhere => return self.wait_for_topic(task),
        }
        let (places, timestamp) = (list.places.clone(), list.timestamp);
        if list.seek {
            places.iter().for_each(|place| self.reader.ask(*place));
        }
        task.what = What::List(list);
        self.send_list(task, &places, timestamp, acts);
        Sent::Gone
    }

    pub(super) fn send_list(
        &mut self,
        mut task: Task,
        places: &[Place],
        timestamp: i64,
        acts: &mut Vec<Act>,
    ) {
        let committed = self.me().committed;
        let least = if committed { 2 } else { 0 };
        let version = self.version(ApiKey::ListOffsets, &mut task.stream, least, i16::MAX);
        let mut parts = Vec::with_capacity(places.len());
        let mut epochs = Vec::with_capacity(places.len());
        for place in places {
            parts.push((self.topics.named(*place, false), timestamp));
            epochs.push(match version {
                4.. => self.leader_epoch(&mut task.stream, *place),
                _ => -1,
            });
        }
        let frame = self.frame(ApiKey::ListOffsets, version);
        let said = parts.iter().zip(&epochs);
        let said = said.map(|((named, timestamp), epoch)| (named, *timestamp, *epoch));
        let bytes = frame.list_offsets(committed, said);
        let ask = Ask::ListOffsets {
            committed,
            parts,
            epochs,
        };
        self.leave(task, frame, ask, bytes, 0, acts);
    }
}
