//! A producer as Kafka's clients are one: a producer id and, per partition, sequences in a row; what was lost or refused for now is sent
//! again as it was before anything newer of its partition; what cannot go on begins anew with other numbers.
//!
//! | a batch of a partition is | on | becomes |
//! |---|---|---|
//! | (none) | it is made and sent | under way |
//! | under way | lost, or refused for now | waiting |
//! | waiting, first of its partition | sent again | under way |
//! | under way | taken, or refused for good and the newest | (none) |
//! | any | the producer begins anew | (none): nobody knows whether it was taken |
//!
//! I1: at most five batches of a partition are under way or waiting.
//! I2: nothing newer of a partition is sent while something of it waits.
//! I3: a sequence that may have been taken is never given to another batch of the same id and epoch.

use std::collections::{BTreeMap, VecDeque};

use ottla_record::sequence_after;

use super::task::Parcel;
use crate::history::TopicId;
use crate::script::Place;

/// As many batches of a partition as Kafka remembers: I1.
const MOST: usize = 5;

/// How many answered batches may be sent again to try the node.
const REMEMBERED: usize = 7;

#[derive(Clone, Copy, Debug)]
struct Open {
    order: u64,
    sequence: i32,
    under_way: bool,
}

/// One partition.
#[derive(Clone, Debug, Default)]
struct Lane {
    next: i32,
    open: VecDeque<Open>,
    /// The topic that took the last batch, and the batch's time.
    taken: Option<(TopicId, i64)>,
}

/// A producer.
#[derive(Clone, Debug)]
pub(crate) struct Producer {
    /// Its id and epoch, once it has one.
    pub id: Option<(i64, i16)>,
    /// One was asked for.
    pub asking: bool,
    /// Counts how often it began anew.
    pub life: u32,
    lanes: BTreeMap<Place, Lane>,
    answered: VecDeque<(u64, Parcel)>,
}

impl Producer {
    pub fn new() -> Producer {
        Producer {
            id: None,
            asking: false,
            life: 0,
            lanes: BTreeMap::new(),
            answered: VecDeque::new(),
        }
    }

    /// Its id was given to it: everything begins at sequence 0.
    pub fn begin(&mut self, id: i64, epoch: i16) {
        self.asking = false;
        self.life += 1;
        self.lanes.clear();
        self.id = Some((id, epoch));
    }

    /// It cannot go on: it takes the next epoch of its id, as Kafka's clients do, or asks for another id.
    pub fn anew(&mut self, epoch: bool) {
        self.life += 1;
        self.lanes.clear();
        self.id = match self.id {
            Some((id, last)) if epoch && last < i16::MAX - 1 => Some((id, last + 1)),
            _ => None,
        };
    }

    /// Nothing is under way or waiting.
    pub fn is_quiet(&self) -> bool {
        self.lanes.values().all(|lane| lane.open.is_empty())
    }

    /// Whether a new batch may be sent: I1, I2.
    pub fn may_begin(&self, place: Place) -> bool {
        self.lanes.get(&place).is_none_or(|lane| {
            lane.open.len() < MOST && lane.open.iter().all(|open| open.under_way)
        })
    }

    /// The sequence of a batch that is about to be sent for the first time.
    pub fn sequence(&mut self, place: Place, order: u64, records: usize) -> i32 {
        let lane = self.lanes.entry(place).or_default();
        let sequence = lane.next;
        lane.next = sequence_after(sequence, i32::try_from(records).unwrap_or(i32::MAX));
        lane.open.push_back(Open {
            order,
            sequence,
            under_way: true,
        });
        sequence
    }

    /// The sequence that the next batch will have.
    pub fn next_sequence(&self, place: Place) -> i32 {
        self.lanes.get(&place).map_or(0, |lane| lane.next)
    }

    /// The topic that has taken batches of this producer, all of them, the newest from then: a gap behind it must be refused.
    pub fn settled(&self, place: Place) -> Option<(TopicId, i64)> {
        let lane = self.lanes.get(&place)?;
        lane.taken.filter(|_| lane.open.is_empty())
    }

    /// Whether it is the oldest of its partition.
    pub fn is_first(&self, place: Place, order: u64) -> bool {
        let first = self.lanes.get(&place).and_then(|lane| lane.open.front());
        first.is_some_and(|first| first.order == order)
    }

    /// A batch waits to be sent again, or is under way again.
    pub fn under_way(&mut self, place: Place, order: u64, yes: bool) {
        let lane = self.lanes.entry(place).or_default();
        if let Some(open) = lane.open.iter_mut().find(|open| open.order == order) {
            open.under_way = yes;
        }
    }

    /// A batch was taken.
    pub fn taken(&mut self, place: Place, order: u64, topic: TopicId, time: i64) {
        let lane = self.lanes.entry(place).or_default();
        lane.open.retain(|open| open.order != order);
        lane.taken = Some((topic, time));
    }

    /// A batch was refused for good: the next one has its sequence, I3. False: there are newer ones, and the producer must begin anew.
    pub fn refused(&mut self, place: Place, order: u64) -> bool {
        let lane = self.lanes.entry(place).or_default();
        match lane.open.back() {
            Some(last) if last.order == order => {
                lane.next = last.sequence;
                lane.open.pop_back();
                true
            }
            _ => false,
        }
    }

    /// What was answered well may be sent again to try the node.
    pub fn remember(&mut self, number: u64, parcel: Parcel) {
        if self.answered.len() == REMEMBERED {
            self.answered.pop_front();
        }
        self.answered.push_back((number, parcel));
    }

    /// A batch that was answered well, so many before the last one.
    pub fn remembered(&self, back: u32) -> Option<&(u64, Parcel)> {
        self.answered.iter().rev().nth(back as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place {
        topic: 1,
        partition: 0,
    };

    #[test]
    fn sequences_are_in_a_row_and_five_are_open() {
        let mut producer = Producer::new();
        producer.begin(9, 0);
        for order in 0..5 {
            assert!(producer.may_begin(PLACE));
            assert_eq!(producer.sequence(PLACE, order, 3), 3 * order as i32);
        }
        assert!(!producer.may_begin(PLACE), "I1");
        producer.taken(PLACE, 0, [1; 16], 7);
        assert!(producer.may_begin(PLACE));
        assert_eq!(producer.settled(PLACE), None, "four are open");
    }

    #[test]
    fn what_waits_goes_first() {
        let mut producer = Producer::new();
        producer.begin(9, 0);
        producer.sequence(PLACE, 0, 1);
        producer.sequence(PLACE, 1, 1);
        producer.under_way(PLACE, 0, false);
        producer.under_way(PLACE, 1, false);
        assert!(!producer.may_begin(PLACE), "I2");
        assert!(producer.is_first(PLACE, 0) && !producer.is_first(PLACE, 1));
        producer.under_way(PLACE, 0, true);
        producer.taken(PLACE, 0, [1; 16], 7);
        assert!(producer.is_first(PLACE, 1));
    }

    #[test]
    fn the_sequence_of_what_was_refused_is_given_again_only_to_the_next() {
        let mut producer = Producer::new();
        producer.begin(9, 0);
        producer.sequence(PLACE, 0, 4);
        assert!(producer.refused(PLACE, 0));
        assert_eq!(producer.next_sequence(PLACE), 0);
        producer.sequence(PLACE, 1, 4);
        producer.sequence(PLACE, 2, 4);
        assert!(!producer.refused(PLACE, 1), "I3: a newer one is under way");
    }

    #[test]
    fn it_begins_anew_with_another_epoch_or_id() {
        let mut producer = Producer::new();
        producer.begin(9, 0);
        producer.sequence(PLACE, 0, 4);
        producer.anew(true);
        assert_eq!((producer.id, producer.life), (Some((9, 1)), 2));
        assert_eq!(producer.next_sequence(PLACE), 0);
        producer.anew(false);
        assert_eq!((producer.id, producer.life), (None, 3));
    }
}
