//! Batches: when they may leave, and what becomes of them. The rules of sequences are the producer's; here stands what a batch is made of
//! and what an answer means.
//!
//! | an answer | an idempotent producer | a plain one |
//! |---|---|---|
//! | none, DUPLICATE_SEQUENCE_NUMBER | taken | taken |
//! | may be tried again | sent again as it was | sent again, as often as the script allows |
//! | OUT_OF_ORDER_SEQUENCE_NUMBER behind one that waits | sent again as it was | |
//! | it, UNKNOWN_PRODUCER_ID, INVALID_PRODUCER_EPOCH, UNKNOWN_SERVER_ERROR | begins anew | given up |
//! | any other | its sequence is the next one's | given up |

use std::sync::Arc;

use bytes::Bytes;
use ottla_protocol::ApiKey;

use super::sending::Places;
use super::task::{Meant, Parcel, Produce, Task, What};
use super::topics::{self, NO_ID};
use super::{Act, Client, Sent, is_retriable};
use crate::batch::{self, Recipe};
use crate::draw::Stream;
use crate::history::{Ask, Asked, Batch, Named, Produced, Producer, Wrong};
use crate::script::{Operation, Place};

/// A gap is so wide that no later batch ever has its sequence.
const GAP: i32 = 1 << 24;

/// Kafka forgets producers by their batches' times: a gap is tried only where producers are remembered for this long, milliseconds, and
/// the last batch is much younger.
const REMEMBERED_MS: i64 = 60_000;
const YOUNG_MS: i64 = 10_000;

/// The number of zstd, which old versions of Produce may not carry.
const ZSTD: u8 = 4;

const DUPLICATE_SEQUENCE_NUMBER: i16 = 46;
const OUT_OF_ORDER_SEQUENCE_NUMBER: i16 = 45;
const UNKNOWN_PRODUCER_ID: i16 = 59;
const INVALID_PRODUCER_EPOCH: i16 = 47;
const UNKNOWN_SERVER_ERROR: i16 = -1;
const UNKNOWN_TOPIC_ID: i16 = 100;

/// Whether batches may leave.
enum Ready {
    Now,
    Later,
    /// There is no such topic.
    Nowhere,
    /// There is nothing to send any more.
    Never,
}

impl Client {
    pub(super) fn send_produce(&mut self, mut task: Task, acts: &mut Vec<Act>) -> Sent {
        let What::Produce(mut produce) = task.what.clone() else {
            return Sent::Gone;
        };
        let made = !produce.parcels.is_empty();
        let ready = if made {
            self.may_leave_again(&task, &produce)
        } else {
            self.make(&mut task, &mut produce)
        };
        match ready {
            Ready::Now => {}
            Ready::Later => return Sent::Waits(task),
            Ready::Nowhere => return self.wait_for_topic(task),
            Ready::Never => return Sent::Gone,
        }
        if self.is_numbered(&produce) {
            for parcel in &produce.parcels {
                self.producer.under_way(parcel.place, task.order, true);
            }
        }
        let (acks, parcels, first) = (produce.acks, produce.parcels.clone(), produce.first);
        task.what = What::Produce(produce);
        self.send_batches(task, acks, &parcels, first, acts);
        Sent::Gone
    }

    /// Whether the producer keeps count of these batches.
    fn is_numbered(&self, produce: &Produce) -> bool {
        self.me().idempotent
            && produce.meant == Meant::Well
            && produce.life == self.producer.life
            && !produce.parcels.is_empty()
    }

    fn may_leave_again(&mut self, task: &Task, produce: &Produce) -> Ready {
        if produce.meant == Meant::Twice {
            return Ready::Now;
        }
        if self.me().idempotent {
            if !self.is_numbered(produce) {
                return Ready::Never;
            }
            let first = |parcel: &Parcel| self.producer.is_first(parcel.place, task.order);
            if !produce.parcels.iter().all(first) {
                return Ready::Later;
            }
        }
        let places: Vec<Place> = produce.parcels.iter().map(|parcel| parcel.place).collect();
        match self.resolve(task.raw, &places) {
            Places::At(_) => Ready::Now,
            Places::Later => Ready::Later,
            Places::Nowhere => Ready::Nowhere,
        }
    }

    /// The batches of a task are made, if they can leave now.
    fn make(&mut self, task: &mut Task, produce: &mut Produce) -> Ready {
        let places = match self.resolve(task.raw, &produce.places) {
            Places::At(places) => places,
            Places::Later => return Ready::Later,
            Places::Nowhere => return Ready::Nowhere,
        };
        if self.me().idempotent {
            let anew = |other: &Task| {
                other.order < task.order && matches!(other.what, What::ProducerId { anew: true })
            };
            if self.producer.id.is_none() || self.tasks.iter().any(anew) {
                return Ready::Later;
            }
            let counted = produce.meant == Meant::Well;
            if counted && !places.iter().all(|place| self.producer.may_begin(*place)) {
                return Ready::Later;
            }
        }
        produce.life = self.producer.life;
        for (number, place) in places.into_iter().enumerate() {
            let Some(parcel) = self.parcel(task, produce, place, number as u16) else {
                return Ready::Never;
            };
            produce.parcels.push(parcel);
        }
        Ready::Now
    }

    /// One batch; `None`: a gap could not be told from what is right.
    fn parcel(
        &mut self,
        task: &mut Task,
        produce: &Produce,
        place: Place,
        number: u16,
    ) -> Option<Parcel> {
        let mut recipe = self.recipe(task, produce, place, number);
        if let Some((id, epoch)) = self.producer.id.filter(|_| self.me().idempotent) {
            let sequence = match produce.meant {
                Meant::Well | Meant::Twice => {
                    self.producer
                        .sequence(place, task.order, recipe.records as usize)
                }
                Meant::Corrupt => self.producer.next_sequence(place),
                Meant::Gap => {
                    let (topic, time) = self.producer.settled(place)?;
                    let young = (self.wall - time).abs() < YOUNG_MS;
                    let same = topic != NO_ID && topic == self.topics.id(place.topic);
                    if !(same && young && self.producers_are_remembered()) {
                        return None;
                    }
                    self.producer.next_sequence(place) + GAP + task.stream.below(1_000) as i32
                }
            };
            recipe.producer = Some(Producer {
                id,
                epoch,
                sequence,
            });
        } else if produce.meant == Meant::Gap {
            return None;
        }
        let (mut batch, mut bytes) = batch::make(self.draw, &recipe);
        match produce.meant {
            Meant::Gap => batch.wrong = Some(Wrong::Gap),
            Meant::Corrupt => {
                batch.wrong = Some(Wrong::Corrupt);
                bytes = batch::corrupted(&bytes, &mut task.stream);
            }
            Meant::Well | Meant::Twice => {}
        }
        Some(Parcel {
            place,
            batch: Arc::new(batch),
            bytes,
        })
    }

    fn producers_are_remembered(&self) -> bool {
        let set = self.script.settings.get("producer.id.expiration.ms");
        let set = set.and_then(|value| value.parse::<i64>().ok());
        set.is_none_or(|ms| ms >= REMEMBERED_MS)
    }

    fn recipe(&self, task: &mut Task, produce: &Produce, place: Place, number: u16) -> Recipe {
        let ops = &self.me().ops;
        let (records, bytes, codec, skew) = match &ops[produce.index].what {
            Operation::Produce {
                records,
                bytes,
                codec,
                skew,
                ..
            } => (*records, *bytes, *codec, *skew),
            _ => (1 + task.stream.below(4) as u32, 200, 0, 0),
        };
        Recipe {
            client: self.id(),
            op: task.op,
            batch: number,
            records: records.max(1),
            bytes,
            codec,
            time: self.wall.saturating_add(skew),
            keyed: self.topics.compacted(place.topic),
            producer: None,
        }
    }

    /// A request with these batches leaves.
    pub(super) fn send_batches(
        &mut self,
        mut task: Task,
        acks: i16,
        parcels: &[Parcel],
        again: Option<u64>,
        acts: &mut Vec<Act>,
    ) {
        let packed = |parcel: &Parcel| parcel.batch.codec == ZSTD;
        let least = if parcels.iter().any(packed) { 7 } else { 0 };
        let nameless = |parcel: &Parcel| self.topics.id(parcel.place.topic) == NO_ID;
        let most = if parcels.iter().any(nameless) {
            12
        } else {
            i16::MAX
        };
        let version = self.version(ApiKey::Produce, &mut task.stream, least, most);
        let timeout = self.timeout_ms(&mut task.stream);
        let parts = parcels.iter().map(|parcel| {
            let named = self.topics.named(parcel.place, version >= 13);
            (named, Arc::clone(&parcel.batch))
        });
        let parts: Vec<(Named, Arc<Batch>)> = parts.collect();
        let frame = self.frame(ApiKey::Produce, version);
        if let What::Produce(produce) = &mut task.what {
            produce.first.get_or_insert(self.number(frame));
        }
        let bytes: Vec<&Bytes> = parcels.iter().map(|parcel| &parcel.bytes).collect();
        let said = parts.iter().map(|(named, _)| named).zip(bytes);
        let bytes = frame.produce(acks, timeout, said);
        self.leave(
            task,
            frame,
            Ask::Produce { acks, parts, again },
            bytes,
            0,
            acts,
        );
    }

    /// Batches were answered.
    pub(super) fn on_produced(
        &mut self,
        mut task: Task,
        asked: &Asked,
        parts: &[(Named, Produced)],
    ) {
        let What::Produce(produce) = &mut task.what else {
            return;
        };
        let numbered = self.is_numbered(produce);
        let plain = !self.me().idempotent;
        if produce.meant != Meant::Well {
            return;
        }
        let mut anew = false;
        let mut again = Vec::new();
        for parcel in std::mem::take(&mut produce.parcels) {
            let of = |(named, _): &&(Named, Produced)| topics::place(named) == Some(parcel.place);
            let Some((named, produced)) = parts.iter().find(of) else {
                continue;
            };
            let place = parcel.place;
            if is_retriable(produced.error) {
                self.topics
                    .stale(place.topic, produced.error == UNKNOWN_TOPIC_ID);
            }
            match produced.error {
                0 | DUPLICATE_SEQUENCE_NUMBER => {
                    if numbered {
                        let time = parcel.batch.records.last().map_or(-1, |record| record.1);
                        self.producer.taken(place, task.order, named.id, time);
                    }
                    self.producer.remember(asked.number, parcel);
                }
                error if is_retriable(error) && (numbered || plain) => again.push(parcel),
                OUT_OF_ORDER_SEQUENCE_NUMBER | UNKNOWN_PRODUCER_ID if numbered => {
                    if self.producer.is_first(place, task.order) {
                        anew = true;
                    } else {
                        again.push(parcel);
                    }
                }
                INVALID_PRODUCER_EPOCH | UNKNOWN_SERVER_ERROR => anew |= numbered,
                _ => anew |= numbered && !self.producer.refused(place, task.order),
            }
        }
        produce.parcels = again;
        if anew {
            return self.begin_anew(&mut task.stream);
        }
        if !produce.parcels.is_empty() {
            self.produce_again(task);
        }
    }

    /// Batches were lost, or refused for now.
    pub(super) fn produce_again(&mut self, task: Task) {
        let What::Produce(produce) = &task.what else {
            return;
        };
        if produce.meant != Meant::Well || self.me().idempotent && !self.is_numbered(produce) {
            return;
        }
        if task.tries >= self.me().retries {
            return self.give_up(task);
        }
        if self.is_numbered(produce) {
            for parcel in &produce.parcels {
                self.producer.under_way(parcel.place, task.order, false);
            }
        }
        self.again(task);
    }

    /// Nobody will know what became of these batches.
    pub(super) fn give_up_batches(&mut self, produce: &Produce, stream: &mut Stream) {
        if self.is_numbered(produce) {
            self.begin_anew(stream);
        }
    }

    /// The producer begins anew: what waits is never sent again, since it may have been taken.
    fn begin_anew(&mut self, stream: &mut Stream) {
        self.producer.anew(stream.coin());
        let life = self.producer.life;
        self.tasks.retain(|task| match &task.what {
            What::Produce(produce) => {
                produce.meant != Meant::Well || produce.parcels.is_empty() || produce.life == life
            }
            _ => true,
        });
    }
}
