//! The records of one batch, read in place.
//!
//! Invariants
//! - E1: a record that is handed out has been walked to its end, headers included, and filled its own length exactly.

use std::borrow::Cow;

use crate::Malformed;
use crate::cursor::Cursor;

/// The records of a batch: borrowed from it, or unpacked into a buffer of their own.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    bytes: Cow<'a, [u8]>,
    count: i32,
}

impl<'a> Records<'a> {
    pub(crate) fn new(bytes: Cow<'a, [u8]>, count: i32) -> Result<Records<'a>, Malformed> {
        if count < 0 {
            return Err(Malformed::Count);
        }
        Ok(Records { bytes, count })
    }

    /// How many records the header announces. Believe it when `iter` came to its end without an error.
    pub fn count(&self) -> i32 {
        self.count
    }

    /// The records as one run of unpacked bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The records in order. A wrong count is an error at the end; after an error nothing comes.
    pub fn iter(&self) -> RecordsIter<'_> {
        RecordsIter {
            cursor: Cursor(&self.bytes),
            left: self.count,
        }
    }
}

impl<'r> IntoIterator for &'r Records<'_> {
    type Item = Result<Record<'r>, Malformed>;
    type IntoIter = RecordsIter<'r>;

    fn into_iter(self) -> RecordsIter<'r> {
        self.iter()
    }
}

/// Walks the records of one batch.
#[derive(Clone, Debug)]
pub struct RecordsIter<'r> {
    cursor: Cursor<'r>,
    left: i32,
}

impl<'r> RecordsIter<'r> {
    /// Over unpacked records that stand apart from their batch, `count` of them by its header.
    pub fn over(bytes: &'r [u8], count: i32) -> RecordsIter<'r> {
        RecordsIter {
            cursor: Cursor(bytes),
            left: count,
        }
    }

    /// Whether the bytes are used up and records are missing.
    pub(crate) fn is_short(&self) -> bool {
        self.left > 0 && self.cursor.is_empty()
    }

    fn end(&mut self) {
        self.cursor = Cursor(&[]);
        self.left = 0;
    }
}

impl<'r> Iterator for RecordsIter<'r> {
    type Item = Result<Record<'r>, Malformed>;

    fn next(&mut self) -> Option<Result<Record<'r>, Malformed>> {
        let next = match (self.left > 0, self.cursor.is_empty()) {
            (false, true) => return None,
            (false, false) | (true, true) => Err(Malformed::Count),
            (true, false) => Record::parse(&mut self.cursor),
        };
        match next {
            Ok(_) => self.left -= 1,
            Err(_) => self.end(),
        }
        Some(next)
    }
}

/// One record, borrowed from its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its offset less the batch's base offset; `Header::offset_of` adds them.
    pub offset_delta: i32,
    /// Its timestamp less the batch's base timestamp; `Header::timestamp_of` adds them.
    pub timestamp_delta: i64,
    /// The key; none and empty differ.
    pub key: Option<&'a [u8]>,
    /// The value; none is a tombstone in a compacted topic.
    pub value: Option<&'a [u8]>,
    headers: Headers<'a>,
}

impl<'a> Record<'a> {
    fn parse(cursor: &mut Cursor<'a>) -> Result<Record<'a>, Malformed> {
        let len = usize::try_from(cursor.varint()?).map_err(|_| Malformed::Record)?;
        let mut body = Cursor(cursor.take(len)?);
        // The record's own lengths are the ones at fault when they reach past its end.
        let record = Record::parse_body(&mut body).map_err(|_| Malformed::Record)?;
        if body.is_empty() {
            Ok(record)
        } else {
            Err(Malformed::Record)
        }
    }

    fn parse_body(body: &mut Cursor<'a>) -> Result<Record<'a>, Malformed> {
        body.byte()?; // attributes: no bit of them has ever been defined
        let timestamp_delta = body.varlong()?;
        let offset_delta = body.varint()?;
        let key = body.nullable()?;
        let value = body.nullable()?;
        let count = u32::try_from(body.varint()?).map_err(|_| Malformed::Record)?;
        let headers = Headers {
            cursor: *body,
            left: count,
        };
        for _ in 0..count {
            RecordHeader::parse(body)?;
        }
        Ok(Record {
            offset_delta,
            timestamp_delta,
            key,
            value,
            headers,
        })
    }

    /// The headers in the order sent, duplicates and null values included.
    pub fn headers(&self) -> Headers<'a> {
        self.headers
    }
}

/// One header of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordHeader<'a> {
    /// The name; UTF-8 by custom, any bytes in fact.
    pub key: &'a [u8],
    /// The value; none and empty differ.
    pub value: Option<&'a [u8]>,
}

impl<'a> RecordHeader<'a> {
    fn parse(cursor: &mut Cursor<'a>) -> Result<RecordHeader<'a>, Malformed> {
        let key = cursor.nullable()?.ok_or(Malformed::Record)?;
        Ok(RecordHeader {
            key,
            value: cursor.nullable()?,
        })
    }
}

/// The headers of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headers<'a> {
    cursor: Cursor<'a>,
    left: u32,
}

impl<'a> Iterator for Headers<'a> {
    type Item = RecordHeader<'a>;

    fn next(&mut self) -> Option<RecordHeader<'a>> {
        self.left = self.left.checked_sub(1)?;
        // E1: these bytes were walked when the record was parsed.
        RecordHeader::parse(&mut self.cursor).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Headers<'_> {}
