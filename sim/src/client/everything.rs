//! What liveness is judged by: a fresh batch to every partition until each is taken, and every partition read from its start to its end.
//! One step at a time; a step that fails is done again, whatever it takes.
//!
//! | state | step | done when |
//! |---|---|---|
//! | topics not told | Topics | metadata shows them without an error |
//! | writing without a producer | ProducerId | it is given |
//! | writing | Produce | each batch was taken |
//! | reading, a start or an end is not known | List | they are |
//! | reading | Fetch | the offset is the end that was listed, and the high watermark |

use std::collections::BTreeMap;

use super::task::Parcel;
use super::topics;
use crate::history::{BatchShown, Fetched, Listed, Named, Produced, TopicShown};
use crate::script::{MS, Nanos, Place};

/// Partitions in one request.
const AT_ONCE: usize = 20;

/// After a step that failed.
const REST: Nanos = 50 * MS;

const OFFSET_OUT_OF_RANGE: i16 = 1;
const DUPLICATE_SEQUENCE_NUMBER: i16 = 46;

/// What is to be done next.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Topics,
    ProducerId,
    Produce(Vec<Parcel>),
    List { places: Vec<Place>, timestamp: i64 },
    Fetch(Vec<(Place, i64)>),
}

/// A partition that is read.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    from: Option<i64>,
    end: Option<i64>,
}

#[derive(Clone, Debug)]
enum Work {
    Write {
        producer: Option<(i64, i16)>,
        left: BTreeMap<Place, Option<Parcel>>,
        batches: u16,
    },
    Read(BTreeMap<Place, Progress>),
}

/// One of the two.
#[derive(Clone, Debug)]
pub(crate) struct Whole {
    /// The operation's number.
    pub op: u32,
    /// Given up then, when the client was told to finish.
    pub until: Nanos,
    /// The next step is not begun before.
    pub not_before: Nanos,
    /// A step is under way.
    pub busy: bool,
    told: bool,
    begun: bool,
    work: Work,
}

impl Whole {
    fn new(op: u32, until: Nanos, work: Work) -> Whole {
        Whole {
            op,
            until,
            not_before: 0,
            busy: false,
            told: false,
            begun: false,
            work,
        }
    }

    /// Writes everywhere.
    pub fn write(op: u32, until: Nanos) -> Whole {
        let work = Work::Write {
            producer: None,
            left: BTreeMap::new(),
            batches: 0,
        };
        Whole::new(op, until, work)
    }

    /// Reads everything.
    pub fn read(op: u32, until: Nanos) -> Whole {
        Whole::new(op, until, Work::Read(BTreeMap::new()))
    }

    /// The next step; `None`: all is done. `make` makes a batch, by its number, for a producer.
    pub fn next(&mut self, mut make: impl FnMut(Place, u16, (i64, i16)) -> Parcel) -> Option<Step> {
        if !self.told {
            return Some(Step::Topics);
        }
        match &mut self.work {
            Work::Write { left, .. } if left.is_empty() => None,
            Work::Write { producer: None, .. } => Some(Step::ProducerId),
            Work::Write {
                producer: Some(producer),
                left,
                batches,
            } => {
                let parcels = left.iter_mut().take(AT_ONCE).map(|(place, parcel)| {
                    let parcel = parcel.get_or_insert_with(|| {
                        *batches += 1;
                        make(*place, *batches, *producer)
                    });
                    parcel.clone()
                });
                Some(Step::Produce(parcels.collect()))
            }
            Work::Read(left) => {
                let lacks = |of: fn(&Progress) -> bool| {
                    let lacking = left.iter().filter(|(_, progress)| of(progress));
                    let places: Vec<Place> =
                        lacking.take(AT_ONCE).map(|(place, _)| *place).collect();
                    (!places.is_empty()).then_some(places)
                };
                let list = |places, timestamp| Step::List { places, timestamp };
                if let Some(places) = lacks(|progress| progress.from.is_none()) {
                    return Some(list(places, -2));
                }
                if let Some(places) = lacks(|progress| progress.end.is_none()) {
                    return Some(list(places, -1));
                }
                let from = left.iter().take(AT_ONCE);
                let from = from.map(|(place, progress)| (*place, progress.from.unwrap_or(0)));
                let from: Vec<(Place, i64)> = from.collect();
                (!from.is_empty()).then_some(Step::Fetch(from))
            }
        }
    }

    /// A step has failed: it was lost, or refused.
    pub fn failed(&mut self, now: Nanos) {
        self.busy = false;
        self.not_before = now + REST;
    }

    /// All topics.
    pub fn on_topics(&mut self, now: Nanos, shown: &[TopicShown]) {
        self.busy = false;
        let mut places = Vec::new();
        for topic in shown {
            if topic.error != 0 {
                return self.failed(now);
            }
            let Some(number) = topics::number(&topic.name) else {
                continue;
            };
            let partitions = topic.partitions.iter();
            places.extend(partitions.map(|(partition, ..)| Place {
                topic: number,
                partition: *partition,
            }));
        }
        self.told = true;
        let begun = std::mem::replace(&mut self.begun, true);
        match &mut self.work {
            Work::Write { left, .. } => {
                left.retain(|place, _| places.contains(place));
                if !begun {
                    left.extend(places.into_iter().map(|place| (place, None)));
                }
            }
            Work::Read(left) => {
                left.retain(|place, _| places.contains(place));
                if !begun {
                    left.extend(places.into_iter().map(|place| (place, Progress::default())));
                }
            }
        }
    }

    /// A producer id.
    pub fn on_producer(&mut self, now: Nanos, error: i16, id: i64, epoch: i16) {
        self.busy = false;
        if error != 0 {
            return self.failed(now);
        }
        if let Work::Write { producer, .. } = &mut self.work {
            *producer = Some((id, epoch));
        }
    }

    /// Batches were answered.
    pub fn on_produced(&mut self, now: Nanos, parts: &[(Named, Produced)]) {
        self.busy = false;
        let Work::Write { producer, left, .. } = &mut self.work else {
            return;
        };
        let mut wrong = false;
        for (named, produced) in parts {
            let Some(place) = topics::place(named) else {
                continue;
            };
            match produced.error {
                0 | DUPLICATE_SEQUENCE_NUMBER => {
                    left.remove(&place);
                }
                error => {
                    wrong = true;
                    self.told = false;
                    if !super::is_retriable(error) {
                        *producer = None;
                    }
                }
            }
        }
        if producer.is_none() {
            // Another producer must not send what this one may have had taken.
            left.values_mut().for_each(|parcel| *parcel = None);
        }
        if wrong {
            self.failed(now);
        }
    }

    /// Offsets were listed.
    pub fn on_listed(&mut self, now: Nanos, timestamp: i64, parts: &[(Named, Listed)]) {
        self.busy = false;
        let Work::Read(left) = &mut self.work else {
            return;
        };
        let mut wrong = false;
        for (named, listed) in parts {
            let progress = topics::place(named).and_then(|place| left.get_mut(&place));
            match progress {
                Some(progress) if listed.error == 0 && timestamp == -2 => {
                    progress.from = Some(listed.offset);
                }
                Some(progress) if listed.error == 0 => progress.end = Some(listed.offset),
                _ => wrong = true,
            }
        }
        if wrong {
            self.told = false;
            self.failed(now);
        }
    }

    /// Records were read.
    pub fn on_fetched(
        &mut self,
        now: Nanos,
        error: i16,
        parts: &[(Named, Fetched)],
        committed: bool,
    ) {
        self.busy = false;
        let Work::Read(left) = &mut self.work else {
            return;
        };
        let mut wrong = error != 0;
        for (named, fetched) in parts {
            let Some(place) = topics::place(named) else {
                continue;
            };
            let Some(progress) = left.get_mut(&place) else {
                continue;
            };
            match fetched.error {
                0 => {
                    let from = progress.from.unwrap_or(0);
                    let next = after(from, fetched);
                    progress.from = Some(next);
                    let end = if committed {
                        fetched.last_stable
                    } else {
                        fetched.high_watermark
                    };
                    if next >= end && progress.end.is_some_and(|listed| next >= listed) {
                        left.remove(&place);
                    }
                }
                OFFSET_OUT_OF_RANGE => progress.from = None,
                _ => {
                    wrong = true;
                    self.told = false;
                }
            }
        }
        if wrong {
            self.failed(now);
        }
    }
}

/// The offset behind what was read from there. A batch that says it reaches beyond the high watermark is damaged where no checksum looks:
/// what is behind it is asked for offset by offset.
fn after(from: i64, fetched: &Fetched) -> i64 {
    let believed = |batch: &&BatchShown| batch.last_offset < fetched.high_watermark;
    let batches = fetched.batches.iter().take_while(believed);
    let next = batches
        .map(|batch| batch.last_offset + 1)
        .fold(from, i64::max);
    let stuck = next == from && !fetched.batches.is_empty();
    next + i64::from(stuck)
}
