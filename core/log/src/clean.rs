//! What a compaction does with a run of batches: it notes their keys, or leaves out what is superseded. Pure work on owned inputs, done
//! as a [`crate::LogJob`]; [`crate::cleaning`] reads and writes.
//!
//! A record goes when a later one of the map has its key; a tombstone too, once its batch's delete horizon has passed. The horizon is
//! set (in the batch's header, KIP-534) by the first pass that meets the tombstone as its key's newest. What an aborted transaction wrote goes at once.
//! A transaction's marker stays as long as a pass meets data of it, then it gets a horizon, then it goes.
//!
//! Invariants
//! - C1: a batch keeps its first and last offset, whatever it loses; no record changes its offset, timestamp, key, value or headers.
//! - C2: of every producer that is remembered the newest batch stays, empty if need be: its sequence numbers are only there.
//! - C3: the last batch of what becomes one segment stays, empty if need be: the segment reaches as far as those that it replaces.
//! - C4: a batch that is not what it was when it was written ends the work; nothing damaged is written as if it were sound.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use ottla_machine::{ProducerId, Switch, planted};
use ottla_record::{
    ABORT, Batch, Builder, BuilderSettings, COMMIT, Header, NO_PRODUCER_ID, NO_TIMESTAMP, Record,
    RecordHeader, TimestampType, control_kind,
};

use crate::limits::BATCH_BYTES;
use crate::offset_map::OffsetMap;
use crate::segment::Segment;
use crate::txn_index::Aborted;
use crate::validate::unpack_limit;

/// A run of bytes of a segment, beginning at a batch.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// The bytes; the last batch may be torn off.
    pub bytes: Bytes,
    /// Where it lies in its segment, for people.
    pub at: u64,
    /// Whether the segment ends with it.
    pub ends: bool,
    /// Where its segment begins, what its first batch must not lie below, and what its last one must not reach beyond.
    pub(crate) base: i64,
    pub(crate) expected: i64,
    pub(crate) end: i64,
}

/// What holds for all chunks of one compaction.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) now_ms: i64,
    pub(crate) delete_retention_ms: i64,
    /// By producer and marker.
    pub(crate) aborted: BTreeMap<(i64, i64), i64>,
    /// The newest batch of each producer.
    pub(crate) newest: BTreeMap<ProducerId, NewestBatch>,
    pub(crate) switch: Switch,
}

/// Which batch of a producer is its newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewestBatch {
    /// The one that ends with this offset.
    Data(i64),
    /// None with records is remembered: its last marker, of this epoch.
    Marker(i16),
}

impl Rules {
    pub(crate) fn aborts(aborted: impl Iterator<Item = Aborted>) -> BTreeMap<(i64, i64), i64> {
        aborted
            .map(|a| ((a.producer_id, a.last), a.first))
            .collect()
    }

    fn is_aborted(&self, header: &Header) -> bool {
        let offset = header.base_offset;
        let ends = self
            .aborted
            .range((header.producer_id, offset)..=(header.producer_id, i64::MAX));
        header.is_transactional() && ends.take(1).any(|(_, first)| *first <= offset)
    }

    fn is_newest_of_producer(&self, header: &Header) -> bool {
        let newest = self.newest.get(&ProducerId(header.producer_id));
        header.has_producer_id()
            && newest.is_some_and(|newest| match newest {
                NewestBatch::Data(last) => header.last_offset() == *last,
                NewestBatch::Marker(epoch) => {
                    header.is_control() && header.producer_epoch == *epoch
                }
            })
    }
}

/// How far a chunk was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Bytes of whole batches.
    pub(crate) bytes: usize,
    /// What the next chunk must have at least: the size of the batch at its front, where that is known.
    pub(crate) needs: usize,
    /// What the next batch must not lie below.
    pub(crate) expected: i64,
}

/// Whole batches of the chunk, checked (C4). `each` answers whether to go on.
fn batches(
    chunk: &Chunk,
    mut each: impl FnMut(Batch<'_>, Bytes) -> Result<bool, String>,
) -> Result<Taken, String> {
    let mut rest = chunk.bytes.clone();
    let mut taken = Taken {
        bytes: 0,
        needs: 0,
        expected: chunk.expected,
    };
    let wrong = |taken: usize, why: &dyn std::fmt::Display| {
        Err(format!("position {}: {why}", chunk.at + taken as u64))
    };
    while !rest.is_empty() {
        let size = match Header::parse(&rest) {
            Ok(header) => header.size(),
            Err(ottla_record::Malformed::Short) => rest.len() + 1,
            Err(why) => return wrong(taken.bytes, &why),
        };
        if size > BATCH_BYTES || (size > rest.len() && chunk.ends) {
            return wrong(taken.bytes, &"the segment ends inside a batch");
        }
        if size > rest.len() {
            taken.needs = size;
            break;
        }
        let bytes = rest.split_to(size);
        let sound = Batch::parse(&bytes).ok().filter(Batch::crc_is_right);
        let Some(batch) = sound else {
            return wrong(taken.bytes, &"the checksum does not fit");
        };
        // No checksum covers where a batch says that it lies.
        let header = *batch.header();
        let last = header.last_offset();
        if header.base_offset < taken.expected
            || header.last_offset_delta < 0
            || last >= chunk.end
            || !Segment::reaches(chunk.base, last)
        {
            return wrong(taken.bytes, &"the batch's offsets are not of this place");
        }
        if !each(batch, bytes.clone())? {
            break;
        }
        taken.bytes += size;
        taken.expected = last + 1;
    }
    Ok(taken)
}

/// The noting of keys.
#[derive(Clone, Debug)]
pub struct Mapping {
    pub(crate) map: OffsetMap,
    pub(crate) rules: Arc<Rules>,
    pub(crate) chunk: Chunk,
    /// What lies below was compacted before.
    pub(crate) from: i64,
}

/// What comes of it.
#[derive(Clone, Debug)]
pub struct Mapped {
    pub(crate) map: OffsetMap,
    pub(crate) taken: Taken,
    /// The map is full: the compaction reaches as far as this offset.
    pub(crate) full: Option<i64>,
}

impl Mapping {
    pub(crate) fn run(mut self) -> Result<Mapped, String> {
        let mut full = None;
        let (map, rules, from) = (&mut self.map, &self.rules, self.from);
        let taken = batches(&self.chunk, |batch, _| {
            let header = batch.header();
            if header.is_control() || header.last_offset() < from {
                return Ok(true);
            }
            if rules.is_aborted(header) {
                return Ok(true);
            }
            let records = batch.records(unpack_limit(header.size()));
            for record in &records.map_err(|why| why.to_string())? {
                let record = record.map_err(|why| why.to_string())?;
                let offset = header.offset_of(&record);
                if let Some(key) = record.key.filter(|_| offset >= from)
                    && !map.put(key, offset)
                {
                    full = Some(offset);
                    return Ok(false);
                }
            }
            Ok(true)
        })?;
        Ok(Mapped {
            map: self.map,
            taken,
            full,
        })
    }
}

/// Which producers' data were met since their last marker.
pub(crate) type Met = BTreeSet<i64>;

/// The leaving out.
#[derive(Clone, Debug)]
pub struct Filtering {
    pub(crate) map: OffsetMap,
    pub(crate) rules: Arc<Rules>,
    pub(crate) chunk: Chunk,
    /// The map knows what lies below.
    pub(crate) upto: i64,
    pub(crate) met: Met,
    /// The chunk is the end of the new segment (C3).
    pub(crate) last: bool,
}

/// What comes of it.
#[derive(Clone, Debug)]
pub struct Filtered {
    pub(crate) map: OffsetMap,
    pub(crate) met: Met,
    pub(crate) taken: Taken,
    /// What stays, in order.
    pub(crate) batches: Vec<(Header, Bytes)>,
    /// Whether anything did not stay as it was.
    pub(crate) changed: bool,
}

/// What becomes of a batch.
enum Fate {
    Whole,
    Gone,
    Rebuilt(Bytes),
}

impl Filtering {
    pub(crate) fn run(mut self) -> Result<Filtered, String> {
        let chunk = self.chunk.clone();
        let mut kept = Vec::new();
        let mut changed = false;
        let mut seen = 0;
        let taken = batches(&chunk, |batch, bytes| {
            seen += bytes.len();
            let last = self.last && chunk.ends && seen == chunk.bytes.len();
            let fate = self.judge(&batch, last)?;
            changed |= !matches!(fate, Fate::Whole);
            match fate {
                Fate::Gone => {}
                Fate::Whole => kept.push((*batch.header(), bytes)),
                Fate::Rebuilt(bytes) => {
                    let header = Header::parse(&bytes).map_err(|why| why.to_string())?;
                    kept.push((header, bytes));
                }
            }
            Ok(true)
        })?;
        Ok(Filtered {
            map: self.map,
            met: self.met,
            taken,
            batches: kept,
            changed,
        })
    }

    fn judge(&mut self, batch: &Batch<'_>, last: bool) -> Result<Fate, String> {
        let header = batch.header();
        let rules = Arc::clone(&self.rules);
        let horizon = header.has_delete_horizon().then_some(header.base_timestamp);
        let marker = is_marker(batch)?;
        let done_with = if marker {
            !self.met.remove(&header.producer_id)
        } else {
            if header.is_transactional() && !header.is_control() {
                self.met.insert(header.producer_id);
            }
            rules.is_aborted(header)
        };
        let passed = horizon.is_some_and(|horizon| horizon <= rules.now_ms);
        let goes = done_with && (!marker || passed);
        let kept_empty = rules.is_newest_of_producer(header)
            && !planted!(rules.switch, "newest-batch-of-producer-dropped")
            || last;
        if goes && !kept_empty {
            return Ok(Fate::Gone);
        }
        if goes && marker {
            // All that is known of its producer is in it.
            return Ok(Fate::Whole);
        }
        let records = batch.records(unpack_limit(header.size()));
        let records = records.map_err(|why| why.to_string())?;
        let mut kept: Vec<Record<'_>> = Vec::new();
        for record in &records {
            let record = record.map_err(|why| why.to_string())?;
            if !goes && (header.is_control() || self.stays(header, &record, horizon)) {
                kept.push(record);
            }
        }
        let tombstones = !header.is_control() && kept.iter().any(|record| record.value.is_none());
        let sets = horizon.is_none() && (tombstones || marker && done_with) && !kept.is_empty();
        let all = kept.len() == records.count() as usize;
        if kept.is_empty() && !kept_empty {
            return Ok(Fate::Gone);
        }
        if all && !sets {
            return Ok(Fate::Whole);
        }
        let new = rules.now_ms.saturating_add(rules.delete_retention_ms);
        let horizon = horizon.or(sets.then_some(new)).filter(|_| !kept.is_empty());
        rebuild(header, &kept, horizon, rules.switch).map(Fate::Rebuilt)
    }

    fn stays(&self, header: &Header, record: &Record<'_>, horizon: Option<i64>) -> bool {
        let offset = header.offset_of(record);
        if offset >= self.upto {
            return true;
        }
        let Some(key) = record.key else {
            return false;
        };
        let newest = self.map.get(key).is_none_or(|newest| offset >= newest);
        let switch = self.rules.switch;
        let expired = horizon.is_some_and(|horizon| horizon <= self.rules.now_ms)
            || planted!(switch, "tombstone-dropped-at-once");
        let newest = newest != planted!(switch, "newest-value-dropped");
        newest && (record.value.is_some() || !expired)
    }
}

fn is_marker(batch: &Batch<'_>) -> Result<bool, String> {
    if !batch.header().is_control() {
        return Ok(false);
    }
    let records = batch.records(unpack_limit(batch.bytes().len()));
    let records = records.map_err(|why| why.to_string())?;
    let Some(record) = records.iter().next() else {
        // What is left of one.
        return Ok(true);
    };
    let record = record.map_err(|why| why.to_string())?;
    let kind = control_kind(record.key).map_err(|why| why.to_string())?;
    Ok(kind == COMMIT || kind == ABORT)
}

/// C1
fn rebuild(
    header: &Header,
    kept: &[Record<'_>],
    horizon: Option<i64>,
    switch: Switch,
) -> Result<Bytes, String> {
    let nameless = kept.is_empty() && planted!(switch, "kept-empty-batch-nameless");
    let mut builder = Builder::new(BuilderSettings {
        compression: header.compression().map_err(|why| why.to_string())?,
        level: None,
        base_offset: header.base_offset,
        leader_epoch: if planted!(switch, "compacted-epoch-lost") {
            0
        } else {
            header.partition_leader_epoch
        },
        producer_id: if nameless {
            NO_PRODUCER_ID
        } else {
            header.producer_id
        },
        producer_epoch: header.producer_epoch,
        base_sequence: header.base_sequence,
        transactional: header.is_transactional(),
        control: header.is_control(),
        timestamp_type: header.timestamp_type(),
        delete_horizon: horizon,
    });
    for record in kept {
        let lost = planted!(switch, "compacted-headers-lost");
        let headers: Vec<RecordHeader<'_>> = record.headers().filter(|_| !lost).collect();
        let offset = if planted!(switch, "compacted-offsets-renumbered") {
            builder.next_offset()
        } else {
            header.offset_of(record)
        };
        builder.append_at(
            offset,
            header.timestamp_of(record),
            record.key,
            record.value,
            &headers,
        );
    }
    let append_time = header.timestamp_type() == TimestampType::LogAppendTime;
    let newest = if kept.is_empty() || append_time {
        header.max_timestamp
    } else {
        NO_TIMESTAMP
    };
    if !planted!(switch, "compacted-batch-shortened") || kept.is_empty() {
        builder.reach(header.last_offset(), newest);
    }
    Ok(builder.finish())
}
