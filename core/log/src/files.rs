//! The files beside a segment, read for people: what lies in them, as a log itself reads them. Bytes in, entries out.

pub use crate::file_names::FileName;
pub use crate::producer_state::ProducerEntry;

use crate::offset_index::OffsetIndex;
use crate::producer_state::Producers;
use crate::time_index::TimeIndex;
use crate::txn_index::AbortedTransactions;

/// An entry of `.index`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// The last offset of a batch less the segment's base.
    pub relative: u32,
    /// Where the batch begins.
    pub position: u32,
}

/// An entry of `.timeindex`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeEntry {
    /// The newest timestamp so far, milliseconds.
    pub timestamp: i64,
    /// The last offset of the batch that has it, less the segment's base.
    pub relative: u32,
}

/// An entry of `.txnindex`: an aborted transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbortedEntry {
    /// Whose it was.
    pub producer_id: i64,
    /// Its first offset.
    pub first: i64,
    /// The offset of its marker.
    pub last: i64,
    /// The last stable offset then.
    pub last_stable: i64,
}

/// Reads the `.index` of a segment of so many bytes. `None`: it is none, or does not rise, or points beyond the segment.
pub fn offset_index(bytes: &[u8], segment_bytes: u64) -> Option<Vec<IndexEntry>> {
    let index = OffsetIndex::parse(bytes, segment_bytes)?;
    let entry = |&(relative, position): &(u32, u32)| IndexEntry { relative, position };
    Some(index.from(0).iter().map(entry).collect())
}

/// Reads a `.timeindex`. `None`: it is none, or does not rise.
pub fn time_index(bytes: &[u8]) -> Option<Vec<TimeEntry>> {
    let index = TimeIndex::parse(bytes)?;
    let entry = |(timestamp, relative)| TimeEntry {
        timestamp,
        relative,
    };
    Some(index.entries().map(entry).collect())
}

/// Reads a `.txnindex`; whether all of it was one.
pub fn transaction_index(bytes: &[u8]) -> (Vec<AbortedEntry>, bool) {
    let mut aborted = AbortedTransactions::default();
    let whole = aborted.take_file(bytes);
    let entries = aborted.iter().map(|entry| AbortedEntry {
        producer_id: entry.producer_id,
        first: entry.first,
        last: entry.last,
        last_stable: entry.last_stable,
    });
    (entries.collect(), whole)
}

/// Reads a `.snapshot`. `None`: it is none, or not whole.
pub fn producer_snapshot(bytes: &[u8]) -> Option<Vec<ProducerEntry>> {
    Some(Producers::parse(bytes)?.entries().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_such_file_has_no_entries() {
        assert_eq!(offset_index(&[0, 0, 0, 9, 0, 0, 0, 70], 70), None);
        let entry = IndexEntry {
            relative: 9,
            position: 70,
        };
        assert_eq!(
            offset_index(&[0, 0, 0, 9, 0, 0, 0, 70], 71),
            Some(vec![entry])
        );
        assert_eq!(time_index(&[1; 13]), None);
        assert_eq!(transaction_index(&[0; 33]), (Vec::new(), false));
        assert_eq!(producer_snapshot(b"\0\x01junk"), None);
    }
}
