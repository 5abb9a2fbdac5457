//! A whole batch over borrowed bytes, and a run of them.
//!
//! Invariants
//! - R3: `Batch::bytes` is exactly `Header::size` long, and at least `HEADER_LEN`.

use std::borrow::Cow;

use crate::compression::{Front, unpack_front};
use crate::header::{ATTRIBUTES_AT, HEADER_LEN, Header};
use crate::records::{Records, RecordsIter};
use crate::{Compression, Malformed, crc32c, unpack};

/// A whole batch, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    header: Header,
    bytes: &'a [u8],
}

/// What a look at every record found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Survey {
    /// The offset delta of the first record without a key.
    pub first_without_key: Option<i32>,
    /// The smallest and the greatest timestamp of any record.
    pub min_timestamp: i64,
    /// See `min_timestamp`.
    pub max_timestamp: i64,
    /// The offset delta of the first record that bears `max_timestamp`.
    pub max_timestamp_at: i32,
    /// The bytes of the records, unpacked.
    pub unpacked: usize,
}

impl<'a> Batch<'a> {
    /// The batch at the front of `bytes`, which may go on after it. The checksum is not looked at.
    pub fn parse(bytes: &'a [u8]) -> Result<Batch<'a>, Malformed> {
        let header = Header::parse(bytes)?;
        let bytes = bytes.get(..header.size()).ok_or(Malformed::Short)?;
        Ok(Batch { header, bytes })
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The batch as it came, header included.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The bytes after the header, packed as they came.
    pub fn packed(&self) -> &'a [u8] {
        &self.bytes[HEADER_LEN..]
    }

    /// Whether the checksum fits the bytes.
    pub fn crc_is_right(&self) -> bool {
        crc32c(&self.bytes[ATTRIBUTES_AT..]) == self.header.crc
    }

    /// The records, unpacked if need be to at most `limit` bytes.
    pub fn records(&self, limit: usize) -> Result<Records<'a>, Malformed> {
        let bytes = match self.header.compression()? {
            Compression::None => Cow::Borrowed(self.packed()),
            codec => Cow::Owned(unpack(codec, self.packed(), limit)?),
        };
        Records::new(bytes, self.header.records_count)
    }

    /// What a leader asks of a producer's batch without unpacking it: as many records as offsets, at least one, and, when
    /// they are not packed, that they are really there, whole and in a row.
    pub fn check_shallow(&self) -> Result<(), Malformed> {
        self.check_count()?;
        match self.header.compression()? {
            Compression::None => self.walk(self.packed(), true).map(drop),
            _ => Ok(()),
        }
    }

    /// As `check_shallow`, and looks at every record, unpacking them to at most `limit` bytes. What is wrong within the limit comes before
    /// `TooLarge`.
    pub fn survey(&self, limit: usize) -> Result<Survey, Malformed> {
        self.check_count()?;
        match self.header.compression()? {
            Compression::None => self.walk(self.packed(), true),
            codec => match unpack_front(codec, self.packed(), limit)? {
                Front::Whole(records) => self.walk(&records, true),
                Front::Cut(records) => self.walk(&records, false),
            },
        }
    }

    fn check_count(&self) -> Result<(), Malformed> {
        let count = self.header.records_count;
        if count <= 0 || self.header.last_offset_delta != count - 1 {
            Err(Malformed::Count)
        } else {
            Ok(())
        }
    }

    /// Looks at every record; where not the whole of them is there, at those that are.
    fn walk(&self, bytes: &[u8], whole: bool) -> Result<Survey, Malformed> {
        let mut survey = Survey {
            first_without_key: None,
            min_timestamp: i64::MAX,
            max_timestamp: i64::MIN,
            max_timestamp_at: 0,
            unpacked: bytes.len(),
        };
        let mut records = RecordsIter::over(bytes, self.header.records_count);
        for expected in 0.. {
            if !whole && records.is_short() {
                return Err(Malformed::TooLarge);
            }
            let Some(record) = records.next() else { break };
            let record = match record {
                Err(Malformed::Short) if !whole => return Err(Malformed::TooLarge),
                record => record?,
            };
            if record.offset_delta != expected {
                return Err(Malformed::Offsets);
            }
            if record.key.is_none() && survey.first_without_key.is_none() {
                survey.first_without_key = Some(expected);
            }
            let timestamp = self.header.timestamp_of(&record);
            survey.min_timestamp = survey.min_timestamp.min(timestamp);
            if timestamp > survey.max_timestamp {
                survey.max_timestamp = timestamp;
                survey.max_timestamp_at = expected;
            }
        }
        if whole {
            Ok(survey)
        } else {
            Err(Malformed::Count) // all of its records, and more
        }
    }
}

/// The batches of a run of bytes. The first that is malformed, or torn at the end, is an error; after it nothing comes.
#[derive(Clone, Debug)]
pub struct Batches<'a> {
    rest: &'a [u8],
    position: usize,
    failed: bool,
}

impl<'a> Batches<'a> {
    /// Over `bytes`, which begin at a batch.
    pub fn new(bytes: &'a [u8]) -> Batches<'a> {
        Batches {
            rest: bytes,
            position: 0,
            failed: false,
        }
    }

    /// Where the next batch begins: all before it were well formed.
    pub fn position(&self) -> usize {
        self.position
    }
}

impl<'a> Iterator for Batches<'a> {
    type Item = Result<Batch<'a>, Malformed>;

    fn next(&mut self) -> Option<Result<Batch<'a>, Malformed>> {
        if self.failed || self.rest.is_empty() {
            return None;
        }
        let next = Batch::parse(self.rest);
        match &next {
            Ok(batch) => {
                self.rest = &self.rest[batch.bytes.len()..];
                self.position += batch.bytes.len();
            }
            Err(_) => self.failed = true,
        }
        Some(next)
    }
}
