//! What the script's operations begin.

use std::sync::Arc;

use bytes::Bytes;

use super::everything::Whole;
use super::line::State;
use super::task::{List, Meant, Produce, What};
use super::{Act, Client};
use crate::script::{Nanos, Operation, Place};

impl Client {
    /// The next operation begins, if its time has come. Whether one did.
    pub(super) fn begin(&mut self, acts: &mut Vec<Act>) -> bool {
        if !self.may_begin() {
            return false;
        }
        let script = Arc::clone(&self.script);
        let index = self.next_op;
        let Some(op) = script.clients[self.place].ops.get(index) else {
            return false;
        };
        if op.at > self.now {
            return false;
        }
        self.next_op += 1;
        let until = self
            .now
            .saturating_add(self.me().patience.saturating_mul(2));
        match op.what {
            Operation::Reconnect => self.reconnect(op.number, acts),
            Operation::ProduceEverywhere => self.whole = Some(Whole::write(op.number, until)),
            Operation::ReadEverything => self.whole = Some(Whole::read(op.number, until)),
            _ => match self.what(index, &op.what) {
                Some(what) => self.begin_task(op.number, until, what),
                None => self.begin_grouping(op.number, index, until, &op.what, acts),
            },
        }
        true
    }

    fn begin_task(&mut self, number: u32, until: Nanos, what: What) {
        let mut task = self.task(number, until, what);
        task.raw = task.stream.one_in(32);
        if let What::Produce(produce) = &mut task.what
            && produce.meant == Meant::Corrupt
            && !self.me().idempotent
            && task.stream.coin()
        {
            // Nobody will tell this client that it was refused.
            produce.acks = 0;
        }
        if let What::List(list) = &mut task.what {
            // Reading by time goes on where the time was found.
            list.seek |= list.timestamp >= 0 && task.stream.coin();
        }
        self.put(task);
    }

    /// The task that an operation is, if it is one, and has something to do.
    fn what(&self, index: usize, operation: &Operation) -> Option<What> {
        Some(match operation {
            Operation::CreateTopic { .. } => What::Create(index),
            Operation::DeleteTopic { .. } => What::Delete(index),
            Operation::Metadata { .. } => What::Metadata(index),
            Operation::DescribeConfigs { .. } => What::Configs(index),
            Operation::EpochEnd { .. } => What::EpochEnd(index),
            Operation::DeleteRecords { .. } => What::DeleteRecords(index),
            Operation::InitProducerId => What::ProducerId { anew: true },
            Operation::Produce { places, acks, .. } => {
                let acks = if self.me().idempotent { -1 } else { *acks };
                produce(index, Meant::Well, acks, places)
            }
            Operation::SequenceGap { place } => produce(index, Meant::Gap, -1, &[*place]),
            Operation::CorruptBatch { place } => produce(index, Meant::Corrupt, -1, &[*place]),
            Operation::Resend { back } => match self.producer.remembered(*back) {
                Some((number, parcel)) => What::Produce(Produce {
                    index,
                    meant: Meant::Twice,
                    acks: -1,
                    places: Vec::new(),
                    parcels: vec![parcel.clone()],
                    first: Some(*number),
                    life: 0,
                }),
                None => return None,
            },
            Operation::Fetch { places, .. } => {
                let places = match &places[..] {
                    [] => self.owned(),
                    places => sorted(places),
                };
                if places.is_empty() {
                    return None;
                }
                What::Fetch { index, places }
            }
            Operation::Seek { place, to_end } => What::List(List {
                places: vec![*place],
                timestamp: if *to_end { -1 } else { -2 },
                seek: true,
            }),
            Operation::ListOffsets { places, timestamp } => What::List(List {
                places: sorted(places),
                timestamp: if *timestamp < 0 {
                    *timestamp
                } else {
                    self.script.weather.wall + timestamp
                },
                seek: false,
            }),
            Operation::ListTaken { back, record, ms } => {
                let (_, parcel) = self.producer.remembered(*back)?;
                let records = &parcel.batch.records;
                let (_, time) = records.get(*record as usize % records.len().max(1))?;
                What::List(List {
                    places: vec![parcel.place],
                    // A record may have no time.
                    timestamp: (time + ms).max(0),
                    seek: false,
                })
            }
            _ => return None,
        })
    }

    /// At once, perhaps with the length of a frame that cannot be as last words, or when what is under way was answered.
    fn reconnect(&mut self, number: u32, acts: &mut Vec<Act>) {
        let State::Up { link } = self.line.state else {
            return;
        };
        let mut stream = self.stream(number);
        if stream.coin() {
            if stream.one_in(4) {
                let length: i32 = *stream.pick(&[0, -1, i32::MIN, i32::MAX]);
                let nonsense = Bytes::copy_from_slice(&length.to_be_bytes());
                acts.push(Act::Send(link, nonsense));
            }
            self.end_line(acts);
        } else {
            self.line.draining = true;
        }
    }
}

fn produce(index: usize, meant: Meant, acks: i16, places: &[Place]) -> What {
    What::Produce(Produce {
        index,
        meant,
        acks,
        places: sorted(places),
        parcels: Vec::new(),
        first: None,
        life: 0,
    })
}

/// Each once, those of a topic together.
fn sorted(places: &[Place]) -> Vec<Place> {
    let mut places = places.to_vec();
    places.sort_unstable();
    places.dedup();
    places
}
