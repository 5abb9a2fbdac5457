//! What goes on until it has succeeded, as requests: a step leaves, and its answer is told to what it is a step of.

use std::sync::Arc;

use super::everything::Step;
use super::reader::Want;
use super::speak::Limits;
use super::task::{OWN, Parcel, Task, What};
use super::{Act, Client};
use crate::batch::{self, Recipe};
use crate::history::{Producer, Reply};
use crate::script::Nanos;

impl Client {
    /// The next step of what goes on until it has succeeded, if there is one. Whether something was done.
    pub(super) fn send_whole(&mut self, acts: &mut Vec<Act>) -> bool {
        let now = self.now;
        let Some(whole) = self
            .whole
            .as_mut()
            .filter(|whole| !whole.busy && whole.not_before <= now)
        else {
            return false;
        };
        let (op, draw, wall, client) = (
            whole.op,
            self.draw,
            self.wall,
            self.script.clients[self.place].id,
        );
        let step = whole.next(|place, batch, (id, epoch)| {
            let recipe = Recipe {
                client,
                op,
                batch,
                records: 1 + u32::from(batch % 3),
                bytes: 150,
                codec: 0,
                time: wall,
                keyed: true,
                producer: Some(Producer {
                    id,
                    epoch,
                    sequence: 0,
                }),
            };
            let (batch, bytes) = batch::make(draw, &recipe);
            Parcel {
                place,
                batch: Arc::new(batch),
                bytes,
            }
        });
        let Some(step) = step else {
            self.whole = None;
            return true;
        };
        whole.busy = true;
        let task = self.task(OWN, Nanos::MAX, What::Whole(step.clone()));
        self.send_step(task, step, acts);
        true
    }

    fn send_step(&mut self, mut task: Task, step: Step, acts: &mut Vec<Act>) {
        match step {
            Step::Topics => self.send_metadata(task, None, false, acts),
            Step::ProducerId => self.send_producer_id(task, acts),
            Step::Produce(parcels) => self.send_batches(task, -1, &parcels, None, acts),
            Step::List { places, timestamp } => self.send_list(task, &places, timestamp, acts),
            Step::Fetch(from) => {
                let version =
                    self.fetch_version(&mut task.stream, None, from.iter().map(|from| from.0));
                let wants = from.iter().map(|(place, offset)| Want {
                    place: *place,
                    named: self.topics.named(*place, version >= 13),
                    offset: *offset,
                    leader_epoch: -1,
                    last_epoch: -1,
                    max_bytes: 256 << 10,
                });
                let wants: Vec<Want> = wants.collect();
                let limits = Limits {
                    max_wait_ms: 100,
                    min_bytes: 1,
                    max_bytes: 1 << 20,
                    committed: self.me().committed,
                };
                let plan = self.reader.alone(wants, false);
                self.send_fetch_plan(task, version, limits, plan, acts);
            }
        }
    }

    /// A step was answered.
    pub(super) fn on_step(&mut self, step: &Step, reply: &Reply) {
        let (now, committed) = (self.now, self.me().committed);
        let Some(whole) = &mut self.whole else {
            return;
        };
        match (step, reply) {
            (Step::Topics, Reply::Metadata { topics }) => {
                self.topics.learn(now, topics);
                whole.on_topics(now, topics);
            }
            (
                _,
                Reply::InitProducerId {
                    error,
                    producer,
                    epoch,
                },
            ) => {
                whole.on_producer(now, *error, *producer, *epoch);
            }
            (_, Reply::Produce { parts }) => whole.on_produced(now, parts),
            (Step::List { timestamp, .. }, Reply::ListOffsets { parts }) => {
                whole.on_listed(now, *timestamp, parts);
            }
            (_, Reply::Fetch { error, parts, .. }) => {
                whole.on_fetched(now, *error, parts, committed);
            }
            _ => whole.failed(now),
        }
    }
}
