//! One segment: a run of batches in a file named by its base offset, and the sparse indexes over it.
//!
//! Invariants
//! - G1: `size` is where the next batch goes; all before it are whole batches that were written.
//! - G2: an index entry is added for a batch when more than the interval was appended since the last entry; the first
//!   batch gets none.

use ottla_machine::{File, Offset};
use ottla_record::Header;

use crate::offset_index::OffsetIndex;
use crate::time_index::TimeIndex;

/// What is in memory of a segment whose file is open.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(crate) file: File,
    pub(crate) index: OffsetIndex,
    pub(crate) times: TimeIndex,
}

/// The newest timestamp of a segment and the last offset of the first batch that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Newest {
    pub(crate) timestamp: i64,
    pub(crate) offset: i64,
}

/// One segment.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) base: i64,
    /// The offset after its last batch; of a sealed one that was not read: the next segment's base.
    pub(crate) end: Offset,
    pub(crate) size: u64,
    /// `None`: there is no timestamp, or (`known` is false) it was not read.
    pub(crate) newest: Option<Newest>,
    /// Whether `newest` was read or counted.
    pub(crate) known: bool,
    /// Whether it was counted, or its batch looked at: only then may age delete the segment.
    pub(crate) proved: bool,
    /// The newest timestamp of the first batch: `segment.ms` counts from it.
    pub(crate) first_timestamp: Option<i64>,
    /// Bytes since the last index entry.
    pub(crate) since: u64,
    /// Room set aside on the disk.
    pub(crate) granted: u64,
    pub(crate) opened: Option<Opened>,
}

impl Segment {
    /// A segment of which nothing is known but its place and size.
    pub(crate) fn new(base: i64, size: u64) -> Segment {
        Segment {
            base,
            end: Offset(base),
            size,
            newest: None,
            known: false,
            proved: false,
            first_timestamp: None,
            since: 0,
            granted: size,
            opened: None,
        }
    }

    /// An empty one over an open file.
    pub(crate) fn empty(base: i64, file: File) -> Segment {
        let mut segment = Segment::new(base, 0);
        segment.begin(file);
        segment
    }

    /// Forgets all about its content: it will be counted from its beginning.
    pub(crate) fn begin(&mut self, file: File) {
        self.end = Offset(self.base);
        self.size = 0;
        self.newest = None;
        self.known = true;
        self.proved = true;
        self.first_timestamp = None;
        self.since = 0;
        self.opened = Some(Opened {
            file,
            index: OffsetIndex::default(),
            times: TimeIndex::default(),
        });
    }

    pub(crate) fn file(&self) -> Option<File> {
        self.opened.as_ref().map(|opened| opened.file)
    }

    /// Takes in the batch at `size`.
    pub(crate) fn add(&mut self, header: &Header, interval: u32) {
        let position = self.size;
        let len = header.size() as u64;
        if self.first_timestamp.is_none() {
            self.first_timestamp = Some(header.max_timestamp);
        }
        if self
            .newest
            .is_none_or(|newest| header.max_timestamp > newest.timestamp)
            && header.max_timestamp >= 0
        {
            self.newest = Some(Newest {
                timestamp: header.max_timestamp,
                offset: header.last_offset(),
            });
        }
        if self.since > u64::from(interval) {
            let relative = (header.last_offset() - self.base) as u32;
            if let Some(opened) = &mut self.opened {
                // G2: a segment is rolled before its offsets or positions leave 31 bits.
                opened.index.push(relative, position as u32);
            }
            self.push_time();
            self.since = 0;
        }
        self.since += len;
        self.size += len;
        self.end = Offset(header.next_offset());
    }

    /// Enters the newest timestamp into the time index: at an index entry, and when the segment is sealed.
    pub(crate) fn push_time(&mut self) {
        if let (Some(newest), Some(opened)) = (self.newest, &mut self.opened) {
            opened
                .times
                .push(newest.timestamp, (newest.offset - self.base) as u32);
        }
    }

    /// Whether `offset` can be written as four bytes relative to the base.
    pub(crate) fn reaches(base: i64, offset: i64) -> bool {
        offset >= base && offset - base <= i64::from(i32::MAX)
    }
}
