//! Finding records by time: segments by their newest timestamp, then the time index, then batch headers, then, in the
//! one batch that matters, its records.

use ottla_machine::{LeaderEpoch, Offset, planted};
use ottla_record::{Batch, Compression, RecordsIter, TimestampType};

use crate::read::{Located, batch_at, floor, locate_in, opened, walk};
use crate::segment::Segment;
use crate::{Absent, Blocks, Found, Log};

impl Log {
    /// The first record at or after `ts`, below `upto`.
    pub fn offset_for_timestamp(
        &self,
        blocks: &Blocks,
        ts: i64,
        upto: Offset,
    ) -> Result<Option<Found>, Absent> {
        self.readable()?;
        let upto = upto.min(self.written);
        for segment in self.segments.values() {
            if segment.base >= upto.0 {
                break;
            }
            if segment.end <= self.start || !may_hold(segment, ts)? {
                continue;
            }
            if let Some(found) = self.first_since(blocks, segment, ts)? {
                return Ok(Some(found).filter(|(offset, ..)| *offset < upto));
            }
        }
        Ok(None)
    }

    /// The first record with the newest timestamp, below `upto`. Where records at a segment's front were deleted and the
    /// newest was among them, that segment is left out: which is next newest in it only a look at all of it could say.
    pub fn max_timestamp(&self, blocks: &Blocks, upto: Offset) -> Result<Option<Found>, Absent> {
        self.readable()?;
        let mut newest: Option<(&Segment, i64, i64)> = None;
        for segment in self.segments.values() {
            let sealed = segment.end != self.written;
            let forgotten = sealed && planted!(self.switch, "max-timestamp-of-active-segment-only");
            if segment.end <= self.start || segment.size == 0 || forgotten {
                continue;
            }
            if !segment.known {
                return Err(Absent::Cold(Offset(segment.base)));
            }
            if let Some(here) = segment.newest
                && here.offset >= self.start.0
                && newest.is_none_or(|(_, timestamp, _)| here.timestamp > timestamp)
            {
                newest = Some((segment, here.timestamp, here.offset));
            }
        }
        let Some((segment, timestamp, offset)) = newest else {
            return Ok(None);
        };
        let located = locate_in(blocks, segment, offset)?;
        let fits = |it: &Located| it.header.max_timestamp == timestamp;
        if !segment.proved && segment.end != self.written && !located.as_ref().is_some_and(fits) {
            // A sealed segment's time index says what no batch says of itself.
            return Err(Absent::Cold(Offset(segment.base)));
        }
        let Some(located) = located else {
            return Ok(None);
        };
        let found = self.first_in(blocks, segment, &located, timestamp)?;
        Ok(found.filter(|(offset, ..)| *offset < upto.min(self.written)))
    }

    /// The first record of a segment at or after `ts`.
    fn first_since(
        &self,
        blocks: &Blocks,
        segment: &Segment,
        ts: i64,
    ) -> Result<Option<Found>, Absent> {
        let opened = opened(segment)?;
        let start = u32::try_from(self.start.0 - segment.base).unwrap_or(0);
        let floor_of = ts.saturating_add(i64::from(planted!(self.switch, "wrong-time-index")));
        let relative = opened.times.floor(floor_of).max(start);
        let mut position = floor(blocks, segment, opened, relative)?;
        loop {
            let located = walk(blocks, opened.file, segment, position, |header| {
                header.max_timestamp >= ts && header.next_offset() > self.start.0
            })?;
            let Some(located) = located else {
                return Ok(None);
            };
            if let Some(found) = self.first_in(blocks, segment, &located, ts)? {
                return Ok(Some(found));
            }
            // Its header promised more than its records hold.
            position = located.position + located.header.size() as u64;
        }
    }

    /// The first record of a batch at or after `ts`, not below the log's start.
    fn first_in(
        &self,
        blocks: &Blocks,
        segment: &Segment,
        located: &Located,
        ts: i64,
    ) -> Result<Option<Found>, Absent> {
        let header = &located.header;
        let epoch = LeaderEpoch(header.partition_leader_epoch);
        if header.timestamp_type() == TimestampType::LogAppendTime {
            let first = header.base_offset.max(self.start.0);
            return Ok(Some((Offset(first), header.max_timestamp, epoch)));
        }
        let file = opened(segment)?.file;
        let packed = header
            .compression()
            .map_err(|why| Absent::Damaged(why.to_string()))?
            != Compression::None;
        let bytes = batch_at(blocks, file, located, packed)?;
        let damaged = |why: ottla_record::Malformed| {
            Absent::Damaged(format!("batch at {}: {why}", located.position))
        };
        let records = if packed {
            RecordsIter::over(&bytes, header.records_count)
        } else {
            let batch = Batch::parse(&bytes).map_err(damaged)?;
            RecordsIter::over(batch.packed(), header.records_count)
        };
        for record in records {
            let record = record.map_err(damaged)?;
            let timestamp = header.timestamp_of(&record);
            let offset = header.offset_of(&record);
            if timestamp >= ts && offset >= self.start.0 {
                return Ok(Some((Offset(offset), timestamp, epoch)));
            }
        }
        Ok(None)
    }
}

/// Whether a segment holds a record at or after `ts`.
fn may_hold(segment: &Segment, ts: i64) -> Result<bool, Absent> {
    if segment.size == 0 {
        Ok(false)
    } else if segment.known {
        Ok(segment.newest.is_some_and(|newest| newest.timestamp >= ts))
    } else {
        Err(Absent::Cold(Offset(segment.base)))
    }
}
