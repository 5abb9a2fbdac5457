//! Which transactions of this log were aborted, so that a reader of committed records can leave them out; and the file
//! of a segment's: 34-byte entries of version i16 = 0, producer id, first offset, the marker's offset, the last stable
//! offset then, big-endian.

use ottla_machine::Offset;

const ENTRY: usize = 34;
const VERSION: i16 = 0;

/// One aborted transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Aborted {
    pub(crate) producer_id: i64,
    pub(crate) first: i64,
    /// The offset of its marker.
    pub(crate) last: i64,
    pub(crate) last_stable: i64,
}

/// The aborted transactions of a log, by their markers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AbortedTransactions(Vec<Aborted>);

impl AbortedTransactions {
    /// Adds one, unless its marker is known.
    pub(crate) fn add(&mut self, aborted: Aborted) {
        let at = self.0.partition_point(|known| known.last < aborted.last);
        if self
            .0
            .get(at)
            .is_none_or(|known| known.last != aborted.last)
        {
            self.0.insert(at, aborted);
        }
    }

    /// Producer ids and first offsets of those that reach into `from..upto`.
    pub(crate) fn within(&self, from: Offset, upto: Offset) -> Vec<(i64, i64)> {
        let first = self.0.partition_point(|known| known.last < from.0);
        let reach = self.0[first..].iter().filter(|a| a.first < upto.0);
        reach.map(|a| (a.producer_id, a.first)).collect()
    }

    /// All of them, by their markers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Aborted> {
        self.0.iter().copied()
    }

    /// Forgets those whose markers lie in `from..upto`.
    pub(crate) fn forget(&mut self, from: Offset, upto: Offset) {
        self.0.retain(|a| a.last < from.0 || a.last >= upto.0);
    }

    /// The file of the segment with the offsets `from..upto`.
    pub(crate) fn to_bytes(&self, from: Offset, upto: Offset) -> Vec<u8> {
        let mut out = Vec::new();
        for a in &self.0 {
            if a.last >= from.0 && a.last < upto.0 {
                out.extend_from_slice(&VERSION.to_be_bytes());
                for number in [a.producer_id, a.first, a.last, a.last_stable] {
                    out.extend_from_slice(&number.to_be_bytes());
                }
            }
        }
        out
    }

    /// Takes a file's entries in. `false`: it is not such a file, or torn; what is whole was taken.
    pub(crate) fn take_file(&mut self, bytes: &[u8]) -> bool {
        let (entries, rest) = bytes.as_chunks::<ENTRY>();
        for entry in entries {
            let number = |at: usize| {
                let mut out = [0; 8];
                out.copy_from_slice(&entry[at..at + 8]);
                i64::from_be_bytes(out)
            };
            if entry[..2] != VERSION.to_be_bytes() {
                return false;
            }
            self.add(Aborted {
                producer_id: number(2),
                first: number(10),
                last: number(18),
                last_stable: number(26),
            });
        }
        rest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_and_are_found_by_range() {
        let mut aborted = AbortedTransactions::default();
        for (producer_id, first, last) in [(7, 10, 20), (8, 5, 30), (9, 40, 50)] {
            aborted.add(Aborted {
                producer_id,
                first,
                last,
                last_stable: first,
            });
        }
        assert_eq!(aborted.within(Offset(21), Offset(40)), vec![(8, 5)]);
        assert_eq!(
            aborted.within(Offset(0), Offset(41)),
            vec![(7, 10), (8, 5), (9, 40)]
        );
        let bytes = aborted.to_bytes(Offset(0), Offset(31));
        assert_eq!(bytes.len(), 68);
        let mut back = AbortedTransactions::default();
        assert!(back.take_file(&bytes) && back.take_file(&bytes));
        aborted.forget(Offset(31), Offset(100));
        assert_eq!(back, aborted);
        assert!(!back.take_file(&bytes[..67]));
        assert!(!back.take_file(&[1; 34]));
    }
}
