//! One client's operations: what it writes and reads, what it wants to know, and what it does seldom or wrong. O1 is kept here.

use super::Features;
use super::topics::{LARGE, LARGEST, Topic, whole};
use crate::draw::Stream;
use crate::script::{ClientScript, Operation, Place};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Writes,
    Reads,
    Both,
}

/// Writes down what one client does.
pub(super) struct Writer<'a> {
    pub(super) features: &'a Features,
    pub(super) topics: &'a [Topic],
    pub(super) client: &'a ClientScript,
    pub(super) role: Role,
    /// The partitions it reads, mostly.
    pub(super) reads: Vec<Place>,
}

impl Writer<'_> {
    pub(super) fn operation(&self, stream: &mut Stream) -> Operation {
        let writes = match self.role {
            Role::Writes => 14,
            Role::Both => 7,
            Role::Reads => 1,
        };
        if self.features.lookups && stream.one_in(3) {
            return self.lookup(stream);
        }
        if self.features.laggards && stream.one_in(4) {
            return self.lag(stream);
        }
        match stream.below(20) {
            0 => self.question(stream),
            1 => self.special(stream),
            2 if stream.coin() => self.special(stream),
            drawn if drawn < 3 + writes => self.produce(stream),
            _ => self.fetch(stream),
        }
    }

    fn topic(&self, stream: &mut Stream) -> &Topic {
        stream.pick(self.topics)
    }

    fn place_in(stream: &mut Stream, topic: &Topic) -> Place {
        Place {
            topic: topic.number,
            partition: stream.below(topic.partitions as u64) as i32,
        }
    }

    fn place(&self, stream: &mut Stream) -> Place {
        let topic = self.topic(stream);
        Writer::place_in(stream, topic)
    }

    /// A few partitions, or those of a whole topic.
    fn places(&self, stream: &mut Stream, most: u64) -> Vec<Place> {
        if stream.one_in(100) {
            return Vec::new();
        }
        let topic = self.topic(stream);
        if self.features.wide && stream.one_in(8) {
            return whole(topic);
        }
        (0..stream.size(1, most))
            .map(|_| self.place(stream))
            .collect()
    }

    /// What a reader reads: O1.
    pub(super) fn assignment(&self, stream: &mut Stream) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::new();
        for topic in self.topics {
            if stream.one_in(3) {
                continue;
            }
            let all = stream.coin();
            places.extend(whole(topic).into_iter().filter(|_| all || stream.coin()));
        }
        if places.is_empty() {
            places = whole(&self.topics[0]);
        }
        places
    }

    fn produce(&self, stream: &mut Stream) -> Operation {
        let places = self.places(stream, 6);
        let largest = places
            .first()
            .and_then(|place| self.topics.iter().find(|topic| topic.number == place.topic))
            .map_or(LARGEST, |topic| topic.largest);
        let records = stream.size(1, if self.features.lookups { 4 } else { 20 }) as u32;
        let (least, most) = match self.features.laggards && stream.coin() {
            true => LARGE,
            false => (100, 2_500),
        };
        let mut bytes = stream.size(least, most).min(largest);
        let mut codec = 0;
        let mut records_of = records;
        if self.features.large && self.is_to_be_large(stream, largest) {
            // The largest that is taken, or one byte more.
            bytes = largest + stream.below(2);
            records_of = records.min(4);
        } else if self.features.compressed && stream.coin() {
            codec = stream.below(5) as u8;
        }
        Operation::Produce {
            places,
            acks: self.acks(stream),
            records: records_of,
            bytes: bytes as u32,
            codec,
            skew: self.skew(stream),
        }
    }

    fn is_to_be_large(&self, stream: &mut Stream, largest: u64) -> bool {
        match largest {
            LARGEST => stream.one_in(200),
            _ => stream.one_in(6),
        }
    }

    fn acks(&self, stream: &mut Stream) -> i16 {
        match stream.below(6) {
            0 if self.features.acks_0 => 0,
            1 | 2 if self.features.acks_1 => 1,
            _ => -1,
        }
    }

    fn skew(&self, stream: &mut Stream) -> i64 {
        if !self.features.skew || stream.coin() {
            return 0;
        }
        let skew = stream.size(1, 600_000) as i64;
        match stream.below(8) {
            0 => skew,
            // A day back, where no producer is to be remembered; farther ahead than is allowed.
            1 if !self.client.idempotent => -86_400_000,
            2 if stream.one_in(4) => 3_700_000,
            _ => -skew,
        }
    }

    pub(super) fn fetch(&self, stream: &mut Stream) -> Operation {
        let places = match stream.below(8) {
            0 => self.places(stream, 8),
            1 => self
                .reads
                .iter()
                .filter(|_| stream.coin())
                .copied()
                .collect(),
            _ => self.reads.clone(),
        };
        Operation::Fetch {
            places,
            max_wait_ms: match stream.below(8) {
                0 | 1 => 0,
                2 => stream.size(1, 3_000) as i32,
                3 if self.features.patient && stream.one_in(16) => stream.size(500, 4_000) as i32,
                _ => stream.size(1, 200) as i32,
            },
            min_bytes: match stream.below(4) {
                0 => 0,
                1 => stream.size(1, 20_000) as i32,
                _ => 1,
            },
            max_bytes: stream.size(100, 10 << 20) as i32,
            partition_max_bytes: match stream.below(4) {
                0 => stream.size(1, 2_000) as i32,
                _ => stream.size(1_000, 1 << 20) as i32,
            },
        }
    }

    /// Somebody wants to know something.
    fn question(&self, stream: &mut Stream) -> Operation {
        match stream.below(8) {
            0 | 1 => Operation::Metadata {
                topics: match stream.below(4) {
                    0 => None,
                    1 if stream.one_in(4) => Some(Vec::new()),
                    _ => Some(vec![self.topic(stream).number]),
                },
            },
            2 if self.features.configs => Operation::DescribeConfigs {
                topic: self.topic(stream).number,
            },
            3 => Operation::EpochEnd {
                place: self.place(stream),
                epoch: stream.below(4) as i32,
            },
            4 | 5 if self.features.times => self.taken(stream),
            _ => Operation::ListOffsets {
                places: self.places(stream, 6),
                timestamp: self.timestamp(stream),
            },
        }
    }

    /// Where a record is whose time is known.
    fn taken(&self, stream: &mut Stream) -> Operation {
        Operation::ListTaken {
            back: stream.below(7) as u32,
            record: stream.below(20) as u32,
            ms: match stream.below(8) {
                0 => -1,
                1 => 1,
                _ => 0,
            },
        }
    }

    /// Where a record is whose time is known, or which is the newest.
    fn lookup(&self, stream: &mut Stream) -> Operation {
        if !stream.one_in(4) {
            return self.taken(stream);
        }
        Operation::ListOffsets {
            places: self.places(stream, 6),
            timestamp: -3,
        }
    }

    /// From the oldest on, a batch at a time, and a long wait for more than that.
    fn lag(&self, stream: &mut Stream) -> Operation {
        if stream.coin() {
            let (place, to_end) = (*stream.pick(&self.reads), false);
            return Operation::Seek { place, to_end };
        }
        Operation::Fetch {
            places: self.reads.clone(),
            max_wait_ms: stream.size(100, 3_000) as i32,
            min_bytes: stream.size(LARGE.1, 1 << 20) as i32,
            max_bytes: 10 << 20,
            partition_max_bytes: stream.size(1, LARGE.1) as i32,
        }
    }

    fn timestamp(&self, stream: &mut Stream) -> i64 {
        match stream.below(4) {
            0 => -1,
            1 => -2,
            2 if self.features.times => -(stream.within(3, 6) as i64),
            _ if self.features.times => stream.size(1, 30_000) as i64,
            _ => -1 - stream.below(2) as i64,
        }
    }

    /// What is seldom done, or wrong.
    fn special(&self, stream: &mut Stream) -> Operation {
        let place = self.place(stream);
        match stream.below(12) {
            0 | 1 if self.features.reconnects => Operation::Reconnect,
            2 => Operation::InitProducerId,
            3 | 4 => Operation::Seek {
                place,
                to_end: stream.one_in(4),
            },
            5 | 6 if self.features.wrong => Operation::Resend {
                back: stream.below(7) as u32,
            },
            7 | 8 if self.features.wrong && self.client.idempotent => {
                Operation::SequenceGap { place }
            }
            9 if self.features.wrong => Operation::CorruptBatch { place },
            10 if self.features.deletions => Operation::DeleteRecords {
                place,
                back: (!stream.one_in(4)).then(|| stream.size(1, 40) as u32),
            },
            _ if self.role == Role::Writes => self.produce(stream),
            _ => self.fetch(stream),
        }
    }
}
