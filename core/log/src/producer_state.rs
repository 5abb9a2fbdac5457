//! What is remembered of idempotent producers, so that a batch sent twice is appended once; and its snapshot file:
//! version i16 = 1, CRC-32C of the rest, count, 46 bytes per producer, big-endian.
//!
//! Invariants
//! - D1: at most five batches are remembered per producer, all of its newest epoch, oldest first.
//! - D3: the open transactions are those of the producers.
//! - D2: `restore` with what `apply` answered is its exact opposite.

use std::collections::{BTreeMap, BTreeSet};

use ottla_machine::{Offset, ProducerId, Switch, planted};
use ottla_record::{Header, NO_SEQUENCE, crc32c, sequence_after};

use crate::clean::NewestBatch;
use crate::limits::REMEMBERED_BATCHES;
use crate::{ProducerView, Refusal, RefusalKind};

const VERSION: i16 = 1;
const HEADER: usize = 10;
const ENTRY: usize = 46;

/// A batch that may come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Remembered {
    last_sequence: i32,
    last_offset: i64,
    offset_delta: i32,
    timestamp: i64,
}

impl Remembered {
    fn first_sequence(&self) -> i32 {
        sequence_after(self.last_sequence, -self.offset_delta)
    }
}

/// One producer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Producer {
    epoch: i16,
    batches: Vec<Remembered>,
    last_timestamp: i64,
    coordinator_epoch: i32,
    transaction: Option<i64>,
}

/// How a batch of a client stands to what is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// To be appended.
    New,
    /// Appended already.
    Duplicate {
        /// Its first offset.
        base: Offset,
        /// The offset after its last.
        next: Offset,
        /// Its timestamp.
        timestamp: i64,
    },
}

/// What a marker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// The transaction's first offset.
    pub(crate) first: i64,
}

/// A transaction's end, as its control record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Marker {
    /// Of the coordinator.
    pub(crate) coordinator_epoch: i32,
    /// COMMIT, not ABORT.
    pub(crate) commit: bool,
}

/// An entry of `.snapshot`: a producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProducerEntry {
    /// Its id.
    pub id: i64,
    /// Its epoch.
    pub epoch: i16,
    /// The sequence number of its last record; -1 when none is known.
    pub last_sequence: i32,
    /// The offset of its last record; -1 when none is known.
    pub last_offset: i64,
    /// The last offset of its last batch less the first.
    pub offset_delta: i32,
    /// When it was last heard of, milliseconds.
    pub last_timestamp: i64,
    /// The epoch of the coordinator that ended its last transaction; -1 when there was none.
    pub coordinator_epoch: i32,
    /// The first offset of its open transaction.
    pub transaction: Option<i64>,
}

/// The producers of one log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Producers {
    by_id: BTreeMap<ProducerId, Producer>,
    /// The open transactions by their first offsets.
    open: BTreeSet<(i64, ProducerId)>,
}

impl Producers {
    /// Judges a client's batch.
    pub(crate) fn judge(&self, header: &Header, switch: Switch) -> Result<Verdict, Refusal> {
        let Some(known) = self.by_id.get(&ProducerId(header.producer_id)) else {
            return Ok(Verdict::New);
        };
        let first = header.base_sequence;
        if header.producer_epoch == known.epoch {
            let twin = known.batches.iter().find(|batch| {
                batch.first_sequence() == first && batch.last_sequence == header.last_sequence()
            });
            if let Some(twin) = twin {
                return Ok(Verdict::Duplicate {
                    base: Offset(twin.last_offset - i64::from(twin.offset_delta)),
                    next: Offset(twin.last_offset + 1),
                    timestamp: twin.timestamp,
                });
            }
        }
        if header.producer_epoch < known.epoch {
            return Err(Refusal::new(
                RefusalKind::InvalidProducerEpoch,
                format!(
                    "producer {} has epoch {} here; a batch of epoch {} comes too late",
                    header.producer_id, known.epoch, header.producer_epoch
                ),
            ));
        }
        let expected = if header.producer_epoch > known.epoch {
            0
        } else {
            known
                .batches
                .last()
                .map_or(0, |batch| sequence_after(batch.last_sequence, 1))
        };
        // An epoch of -1 stands for "its records are gone": it may go on anywhere.
        if first == expected || known.epoch == -1 || planted!(switch, "sequence-gap-accepted") {
            Ok(Verdict::New)
        } else {
            Err(Refusal::new(
                RefusalKind::OutOfOrderSequence,
                format!(
                    "producer {} of epoch {} sent sequence {first} where {expected} is next",
                    header.producer_id, header.producer_epoch
                ),
            ))
        }
    }

    /// Remembers a batch with records of a producer, its offsets stamped. Answers what was known before.
    pub(crate) fn apply(&mut self, header: &Header, switch: Switch) -> Option<Producer> {
        let id = ProducerId(header.producer_id);
        let before = self.by_id.get(&id).cloned();
        let known = self.known(id, header.producer_epoch);
        known.last_timestamp = header.max_timestamp;
        if header.base_sequence != NO_SEQUENCE {
            if planted!(switch, "only-newest-batch-remembered") {
                known.batches.clear();
            }
            if known.batches.len() == REMEMBERED_BATCHES {
                known.batches.remove(0);
            }
            known.batches.push(Remembered {
                last_sequence: header.last_sequence(),
                last_offset: header.last_offset(),
                offset_delta: header.last_offset_delta,
                timestamp: header.max_timestamp,
            });
        }
        if header.is_transactional() && known.transaction.is_none() {
            known.transaction = Some(header.base_offset);
            self.open.insert((header.base_offset, id));
        }
        before
    }

    /// Takes the end of a transaction in.
    pub(crate) fn end(&mut self, header: &Header, marker: Marker) -> Option<Ended> {
        let id = ProducerId(header.producer_id);
        let known = self.known(id, header.producer_epoch);
        known.last_timestamp = header.max_timestamp;
        known.coordinator_epoch = marker.coordinator_epoch;
        let first = known.transaction.take()?;
        self.open.remove(&(first, id));
        Some(Ended { first })
    }

    fn known(&mut self, id: ProducerId, epoch: i16) -> &mut Producer {
        let known = self.by_id.entry(id).or_insert_with(|| Producer {
            epoch,
            batches: Vec::new(),
            last_timestamp: -1,
            coordinator_epoch: -1,
            transaction: None,
        });
        if known.epoch != epoch {
            known.epoch = epoch;
            known.batches.clear();
        }
        known
    }

    /// Undoes an `apply`.
    pub(crate) fn restore(&mut self, id: ProducerId, before: Option<Producer>) {
        let after = self.by_id.remove(&id).and_then(|known| known.transaction);
        if let Some(first) = after {
            self.open.remove(&(first, id));
        }
        if let Some(producer) = before {
            self.open
                .extend(producer.transaction.map(|first| (first, id)));
            self.by_id.insert(id, producer);
        }
    }

    /// The first offset of the oldest open transaction.
    pub(crate) fn first_unstable(&self) -> Option<Offset> {
        self.open.first().map(|(first, _)| Offset(*first))
    }

    /// Forgets those that were silent for `expiration_ms`, looking at `most` of them after `after`. Answers where to
    /// go on; `None` when all were looked at.
    pub(crate) fn expire(
        &mut self,
        now_ms: i64,
        expiration_ms: i64,
        after: Option<ProducerId>,
        most: usize,
    ) -> Option<ProducerId> {
        let from = after.map_or(ProducerId(i64::MIN), |id| {
            ProducerId(id.0.saturating_add(1))
        });
        let seen: Vec<(ProducerId, bool)> = self
            .by_id
            .range(from..)
            .take(most)
            .map(|(id, p)| {
                let silent = now_ms.saturating_sub(p.last_timestamp) >= expiration_ms;
                (*id, silent && p.transaction.is_none())
            })
            .collect();
        for (id, expired) in &seen {
            if *expired {
                self.by_id.remove(id);
            }
        }
        seen.last()
            .filter(|_| seen.len() == most)
            .map(|(id, _)| *id)
    }

    pub(crate) fn views(&self) -> impl Iterator<Item = ProducerView> {
        self.by_id.iter().map(|(id, producer)| ProducerView {
            id: *id,
            epoch: producer.epoch,
            last_sequence: producer
                .batches
                .last()
                .map_or(NO_SEQUENCE, |b| b.last_sequence),
        })
    }

    /// All that a snapshot keeps of each producer.
    pub(crate) fn entries(&self) -> impl Iterator<Item = ProducerEntry> {
        self.by_id.iter().map(|(id, producer)| {
            let last = producer.batches.last();
            ProducerEntry {
                id: id.0,
                epoch: producer.epoch,
                last_sequence: last.map_or(NO_SEQUENCE, |batch| batch.last_sequence),
                last_offset: last.map_or(-1, |batch| batch.last_offset),
                offset_delta: last.map_or(0, |batch| batch.offset_delta),
                last_timestamp: producer.last_timestamp,
                coordinator_epoch: producer.coordinator_epoch,
                transaction: producer.transaction,
            }
        })
    }

    /// Which batch is the newest of each producer below this offset: what lies behind it may yet be undone, or lost in a crash.
    pub(crate) fn newest_batches(
        &self,
        below: Offset,
    ) -> impl Iterator<Item = (ProducerId, NewestBatch)> {
        self.by_id.iter().map(move |(id, producer)| {
            let mut batches = producer.batches.iter().rev();
            let data = batches.find(|batch| batch.last_offset < below.0);
            let marker = NewestBatch::Marker(producer.epoch);
            (
                *id,
                data.map_or(marker, |batch| NewestBatch::Data(batch.last_offset)),
            )
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// The snapshot file.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER + self.by_id.len() * ENTRY);
        out.extend_from_slice(&VERSION.to_be_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&(self.by_id.len() as i32).to_be_bytes());
        for (id, producer) in &self.by_id {
            let last = producer.batches.last();
            out.extend_from_slice(&id.0.to_be_bytes());
            out.extend_from_slice(&producer.epoch.to_be_bytes());
            out.extend_from_slice(&last.map_or(NO_SEQUENCE, |b| b.last_sequence).to_be_bytes());
            out.extend_from_slice(&last.map_or(-1, |b| b.last_offset).to_be_bytes());
            out.extend_from_slice(&last.map_or(0, |b| b.offset_delta).to_be_bytes());
            out.extend_from_slice(&producer.last_timestamp.to_be_bytes());
            out.extend_from_slice(&producer.coordinator_epoch.to_be_bytes());
            out.extend_from_slice(&producer.transaction.unwrap_or(-1).to_be_bytes());
        }
        let crc = crc32c(&out[6..]);
        out[2..6].copy_from_slice(&crc.to_be_bytes());
        out
    }

    /// Reads a snapshot file. `None`: not one, or not whole.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Producers> {
        let (head, body) = bytes.split_first_chunk::<HEADER>()?;
        let [v0, v1, c0, c1, c2, c3, n0, n1, n2, n3] = *head;
        let count = usize::try_from(i32::from_be_bytes([n0, n1, n2, n3])).ok()?;
        let (entries, rest) = body.as_chunks::<ENTRY>();
        if i16::from_be_bytes([v0, v1]) != VERSION
            || u32::from_be_bytes([c0, c1, c2, c3]) != crc32c(&bytes[6..])
            || entries.len() != count
            || !rest.is_empty()
        {
            return None;
        }
        let producers = entries.iter().map(|entry| {
            let last_offset = i64::from_be_bytes(field(entry, 14));
            let last_timestamp = i64::from_be_bytes(field(entry, 26));
            let first = i64::from_be_bytes(field(entry, 38));
            let batch = Remembered {
                last_sequence: i32::from_be_bytes(field(entry, 10)),
                last_offset,
                offset_delta: i32::from_be_bytes(field(entry, 22)).max(0),
                timestamp: last_timestamp,
            };
            let producer = Producer {
                epoch: i16::from_be_bytes(field(entry, 8)),
                batches: Vec::from_iter((last_offset >= 0).then_some(batch)),
                last_timestamp,
                coordinator_epoch: i32::from_be_bytes(field(entry, 34)),
                transaction: (first >= 0).then_some(first),
            };
            (ProducerId(i64::from_be_bytes(field(entry, 0))), producer)
        });
        let by_id: BTreeMap<ProducerId, Producer> = producers.collect();
        let first = |(id, producer): (&ProducerId, &Producer)| Some((producer.transaction?, *id));
        let open = by_id.iter().filter_map(first).collect();
        Some(Producers { by_id, open })
    }

    /// The first offset behind everything that is remembered.
    pub(crate) fn known_to(&self) -> Offset {
        let ends = self.by_id.values().map(|producer| {
            let last = producer.batches.iter().map(|batch| batch.last_offset).max();
            last.max(producer.transaction).map_or(0, |last| last + 1)
        });
        Offset(ends.max().unwrap_or(0))
    }

    pub(crate) fn check(&self) {
        for (id, producer) in &self.by_id {
            let rising = producer
                .batches
                .windows(2)
                .all(|w| w[0].last_offset < w[1].last_offset);
            assert!(
                rising && producer.batches.len() <= REMEMBERED_BATCHES,
                "D1: producer {id}: {producer:?}"
            );
        }
        let first = |(id, producer): (&ProducerId, &Producer)| Some((producer.transaction?, *id));
        let open: BTreeSet<(i64, ProducerId)> = self.by_id.iter().filter_map(first).collect();
        assert_eq!(open, self.open, "D3: the open transactions");
    }
}

fn field<const N: usize>(entry: &[u8; ENTRY], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&entry[at..at + N]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use ottla_record::{Batch, Builder, BuilderSettings};
    use proptest::prelude::*;

    fn header(id: i64, epoch: i16, sequence: i32, count: i32, base_offset: i64) -> Header {
        // Some producers write in transactions.
        let transactional = id % 2 == 1;
        let mut builder = Builder::new(BuilderSettings {
            producer_id: id,
            producer_epoch: epoch,
            base_sequence: sequence,
            base_offset,
            transactional,
            ..BuilderSettings::default()
        });
        for _ in 0..count {
            builder.append(1_000 + base_offset, None, None, &[]);
        }
        *Batch::parse(&builder.finish()).expect("a batch").header()
    }

    fn kind(producers: &Producers, header: &Header) -> Result<Verdict, RefusalKind> {
        let judged = producers.judge(header, Switch::default());
        judged.map_err(|refusal| refusal.kind)
    }

    #[test]
    fn the_rules_of_sequences() {
        let mut p = Producers::default();
        // A new producer may start anywhere.
        assert_eq!(kind(&p, &header(1, 0, 7, 2, 0)), Ok(Verdict::New));
        p.apply(&header(1, 0, 7, 2, 0), Switch::default());
        assert_eq!(
            kind(&p, &header(1, 0, 7, 2, 0)),
            Ok(Verdict::Duplicate {
                base: Offset(0),
                next: Offset(2),
                timestamp: 1_000
            })
        );
        // A gap, a part of a batch, and what lies before.
        for sequence in [10, 8, 5] {
            let refused = kind(&p, &header(1, 0, sequence, 1, 0));
            assert_eq!(refused, Err(RefusalKind::OutOfOrderSequence));
        }
        assert_eq!(kind(&p, &header(1, 0, 9, 1, 0)), Ok(Verdict::New));
        // A new epoch starts at 0, an old one is refused.
        assert_eq!(
            kind(&p, &header(1, 1, 9, 1, 0)),
            Err(RefusalKind::OutOfOrderSequence)
        );
        assert_eq!(kind(&p, &header(1, 1, 0, 1, 0)), Ok(Verdict::New));
        p.apply(&header(1, 1, 0, 1, 2), Switch::default());
        assert_eq!(
            kind(&p, &header(1, 0, 9, 1, 0)),
            Err(RefusalKind::InvalidProducerEpoch)
        );
    }

    #[test]
    fn five_batches_are_remembered_and_sequences_wrap() {
        let mut p = Producers::default();
        let mut sequence = i32::MAX - 5;
        let mut sent = Vec::new();
        for i in 0..6 {
            let batch = header(1, 0, sequence, 2, i * 2);
            assert_eq!(kind(&p, &batch), Ok(Verdict::New), "{sequence}");
            p.apply(&batch, Switch::default());
            p.check();
            sent.push(batch);
            sequence = sequence_after(sequence, 2);
        }
        assert_eq!(sequence, 6);
        assert_eq!(kind(&p, &sent[0]), Err(RefusalKind::OutOfOrderSequence));
        for (i, batch) in sent.iter().enumerate().skip(1) {
            let verdict = kind(&p, batch).expect("remembered");
            let base = Offset(i as i64 * 2);
            assert!(matches!(verdict, Verdict::Duplicate { base: b, .. } if b == base));
        }
    }

    #[test]
    fn silent_producers_are_forgotten_a_few_at_a_time() {
        let mut p = Producers::default();
        for id in 0..10 {
            p.apply(&header(id * 2, 0, 0, 1, id), Switch::default());
        }
        let after = p.expire(1_105, 100, None, 4);
        assert_eq!((after, p.len()), (Some(ProducerId(6)), 6));
        assert_eq!(p.expire(1_105, 100, after, 10), None);
        assert_eq!(p.len(), 4);
        // Who has a transaction open is not.
        p.apply(&header(7, 0, 0, 1, 50), Switch::default());
        assert_eq!(p.first_unstable(), Some(Offset(50)));
        p.expire(9_999, 100, None, 99);
        assert_eq!(p.len(), 1);
        let marker = Marker {
            coordinator_epoch: 3,
            commit: true,
        };
        assert_eq!(
            p.end(&header(7, 0, 0, 1, 60), marker),
            Some(Ended { first: 50 })
        );
        assert_eq!((p.first_unstable(), p.len()), (None, 1));
        p.check();
    }

    proptest! {
        #[test]
        fn undoing_is_exact_and_the_last_batch_survives_a_snapshot(
            batches in proptest::collection::vec((0..4i64, 0..3i16, 0..9i32, 1..4i32), 0..40),
            keep in 0..40usize,
        ) {
            let mut p = Producers::default();
            let mut undo = Vec::new();
            let mut kept = p.clone();
            for (i, (id, epoch, sequence, count)) in batches.iter().enumerate() {
                let header = header(*id, *epoch, *sequence, *count, i as i64 * 10);
                let before = p.apply(&header, Switch::default());
                if i < keep { kept = p.clone() } else { undo.push((ProducerId(*id), before)) }
            }
            for (id, before) in undo.into_iter().rev() {
                p.restore(id, before);
            }
            prop_assert_eq!(&p, &kept);
            p.check();
            let back = Producers::parse(&p.to_bytes()).expect("a snapshot");
            prop_assert_eq!(back.to_bytes(), p.to_bytes());
            let mut torn = p.to_bytes();
            torn.pop();
            prop_assert_eq!(Producers::parse(&torn), None);
        }

        #[test]
        fn nothing_panics(bytes: Vec<u8>) {
            let _ = Producers::parse(&bytes);
        }
    }
}
