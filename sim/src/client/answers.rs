//! What an answer changes, and what a loss does: the task goes on, is tried again, or ends.

use super::task::{Meant, Task, What};
use super::{Act, Client, is_retriable, topics};
use crate::history::{Asked, Listed, Named, Reply};
use crate::script::{MS, Nanos};

/// How often anything but a produce is tried again at least, however little the script allows.
const TRIES: u32 = 3;

/// Between two requests for metadata.
const REFRESH: Nanos = 20 * MS;

/// Metadata has ids from this version on.
const IDS_SINCE: i16 = 10;

const UNSUPPORTED_VERSION: i16 = 35;
const UNKNOWN_TOPIC_ID: i16 = 100;
const INCONSISTENT_TOPIC_ID: i16 = 103;

impl Client {
    pub(super) fn on_answer(
        &mut self,
        task: Task,
        version: i16,
        asked: &Asked,
        reply: &Reply,
        acts: &mut Vec<Act>,
    ) {
        if let What::Whole(step) = &task.what {
            return self.on_step(step, reply);
        }
        match reply {
            Reply::ApiVersions { error, ranges } => self.on_versions(*error, ranges, acts),
            Reply::Metadata { topics } => {
                self.topics.learn(self.now, topics);
                if let What::Refresh { .. } = task.what {
                    self.topics.asking = false;
                    self.topics.not_before = self.now + REFRESH;
                    self.topics.wants_ids &= version < IDS_SINCE;
                }
            }
            Reply::InitProducerId {
                error,
                producer,
                epoch,
            } => {
                self.on_producer_id(task, *error, *producer, *epoch);
            }
            Reply::Produce { parts } => self.on_produced(task, asked, parts),
            Reply::Fetch {
                error,
                session,
                parts,
            } => {
                self.on_fetched(task, asked, *error, *session, parts);
            }
            Reply::ListOffsets { parts } => self.on_listed(task, parts),
            Reply::EpochEnd { parts } => {
                let errors = parts.iter().map(|(named, end)| (named, end.error));
                if self.old(errors) {
                    self.again_a_few_times(task);
                }
            }
            Reply::DeleteRecords { parts } => {
                let errors = parts.iter().map(|(named, _, error)| (named, *error));
                if self.old(errors) {
                    self.again_a_few_times(task);
                }
            }
            Reply::CreateTopic { error, .. } | Reply::DeleteTopic { error } => {
                if let Some(number) = self.topic_of(&task) {
                    self.topics.stale(number, false);
                }
                if *error != 0 && is_retriable(*error) {
                    self.again_a_few_times(task);
                }
            }
            Reply::Group(reply) => self.on_group(task, &asked.ask, reply, asked.at),
            Reply::DescribeConfigs { .. } => {}
        }
    }

    fn on_versions(&mut self, error: i16, ranges: &[(i16, i16, i16)], acts: &mut Vec<Act>) {
        if error == UNSUPPORTED_VERSION {
            let own = ranges.iter().find(|range| range.0 == 18);
            let known = own.map_or(0, |range| range.2);
            let most = ottla_protocol::versions(ottla_protocol::ApiKey::ApiVersions);
            let most = most.map_or(0, |versions| *versions.end());
            return self.send_versions(known.min(most), acts);
        }
        if error == 0 {
            self.line.ranges = Some(ranges.into());
        }
        self.line.greeted = true;
    }

    fn on_producer_id(&mut self, task: Task, error: i16, id: i64, epoch: i16) {
        let What::ProducerId { anew } = task.what else {
            return;
        };
        if !anew {
            self.producer.asking = false;
        }
        match error {
            0 if self.me().idempotent => self.producer.begin(id, epoch),
            0 => {}
            error if is_retriable(error) && anew => self.again_a_few_times(task),
            // Who needs an id asks for it again.
            error if is_retriable(error) => {
                self.producer.asking = true;
                self.again(task);
            }
            _ => {}
        }
    }

    /// What is known of topics that were answered so is old. Whether there are any.
    pub(super) fn old<'a>(&mut self, errors: impl Iterator<Item = (&'a Named, i16)>) -> bool {
        let mut any = false;
        for (named, error) in errors {
            if error == 0 || !is_retriable(error) {
                continue;
            }
            any = true;
            if let Some(number) = topics::number(&named.topic) {
                let id = matches!(error, UNKNOWN_TOPIC_ID | INCONSISTENT_TOPIC_ID);
                self.topics.stale(number, id);
            }
        }
        any
    }

    fn topic_of(&self, task: &Task) -> Option<u32> {
        use crate::script::Operation::{CreateTopic, DeleteTopic};
        let (What::Create(index) | What::Delete(index)) = task.what else {
            return None;
        };
        match self.me().ops[index].what {
            CreateTopic { topic, .. } | DeleteTopic { topic, .. } => Some(topic),
            _ => None,
        }
    }

    fn on_listed(&mut self, mut task: Task, parts: &[(Named, Listed)]) {
        let What::List(list) = &mut task.what else {
            return;
        };
        let mut again = Vec::new();
        for (named, listed) in parts {
            let Some(place) = topics::place(named) else {
                continue;
            };
            match listed.error {
                0 if list.seek && listed.offset >= 0 => self.reader.seek(place, listed.offset),
                error if is_retriable(error) => again.push(place),
                _ => self.reader.stop_asking(place),
            }
        }
        list.places = again;
        let retries = !list.places.is_empty();
        self.old(parts.iter().map(|(named, listed)| (named, listed.error)));
        if retries {
            self.again_a_few_times(task);
        }
    }

    /// A request was not answered, and will not be.
    pub(super) fn on_lost(&mut self, task: Task) {
        match &task.what {
            What::Versions => {}
            What::Refresh { .. } => self.topics.asking = false,
            What::Whole(_) => {
                if let Some(whole) = &mut self.whole {
                    whole.failed(self.now);
                }
            }
            What::Member => self.member_failed(),
            What::Produce(_) => self.produce_again(task),
            What::Fetch { .. } => {
                if self.reader.fetching {
                    self.reader.broken();
                }
                self.again_a_few_times(task);
            }
            What::ProducerId { anew: false } => self.again(task),
            _ => self.again_a_few_times(task),
        }
    }

    /// It is tried again some time later, or given up when that is too late.
    pub(super) fn again(&mut self, mut task: Task) {
        let rest = self.rest(task.tries, task.order);
        task.tries = task.tries.saturating_add(1);
        task.not_before = self.now + rest;
        if task.until <= task.not_before {
            return self.give_up(task);
        }
        self.put(task);
    }

    pub(super) fn again_a_few_times(&mut self, task: Task) {
        if task.tries < self.me().retries.max(TRIES) {
            self.again(task);
        } else {
            self.give_up(task);
        }
    }

    /// It will not be sent again.
    pub(super) fn give_up(&mut self, mut task: Task) {
        match &task.what {
            What::List(list) if list.seek => {
                list.places
                    .iter()
                    .for_each(|place| self.reader.stop_asking(*place));
            }
            What::ProducerId { anew: false } => self.producer.asking = false,
            What::Produce(produce) if produce.meant == Meant::Well => {
                let produce = produce.clone();
                self.give_up_batches(&produce, &mut task.stream);
            }
            _ => {}
        }
    }
}
