//! A segment's sparse map from offsets to positions, and its file: 8-byte entries of (last offset of a batch less the
//! segment's base, start position of that batch), big-endian.
//!
//! Invariants
//! - X1: offsets and positions rise strictly.

/// The size of an entry on disk.
const ENTRY: usize = 8;

/// An index in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OffsetIndex(Vec<(u32, u32)>);

impl OffsetIndex {
    /// Adds the batch that starts at `position` and ends with `relative`.
    pub(crate) fn push(&mut self, relative: u32, position: u32) {
        if let Some((last, before)) = self.0.last() {
            assert!(
                relative > *last && position > *before,
                "X1: ({relative}, {position}) after ({last}, {before})"
            );
        }
        self.0.push((relative, position));
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn last(&self) -> Option<(u32, u32)> {
        self.0.last().copied()
    }

    /// The last offset of the batch at `position`, if that has an entry.
    pub(crate) fn at(&self, position: u32) -> Option<u32> {
        let at = self.0.binary_search_by_key(&position, |(_, at)| *at);
        at.ok().map(|at| self.0[at].0)
    }

    /// The furthest batch with an entry that begins at or before `position`.
    pub(crate) fn last_until(&self, position: u64) -> Option<u64> {
        let after = self.0.partition_point(|(_, at)| u64::from(*at) <= position);
        after.checked_sub(1).map(|at| u64::from(self.0[at].1))
    }

    /// Where to start looking for the batch that holds `relative`: at a batch that begins at or before it.
    pub(crate) fn floor(&self, relative: u32) -> u32 {
        self.floor_entry(relative)
            .map_or(0, |(_, position)| position)
    }

    /// The entry that says so: the last offset of the batch, and its position.
    pub(crate) fn floor_entry(&self, relative: u32) -> Option<(u32, u32)> {
        let after = self.0.partition_point(|(last, _)| *last <= relative);
        after.checked_sub(1).map(|at| self.0[at])
    }

    /// The entries of batches at or beyond `position`.
    pub(crate) fn from(&self, position: u64) -> &[(u32, u32)] {
        let before = self.0.partition_point(|(_, at)| u64::from(*at) < position);
        &self.0[before..]
    }

    /// Forgets entries of batches at or beyond `position`.
    pub(crate) fn truncate(&mut self, position: u64) {
        self.0.retain(|(_, at)| u64::from(*at) < position);
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.len() * ENTRY);
        for (relative, position) in &self.0 {
            out.extend_from_slice(&relative.to_be_bytes());
            out.extend_from_slice(&position.to_be_bytes());
        }
        out
    }

    /// Reads the file of a segment of `size` bytes. Zeros at the end are room never used. `None`: not such a file.
    pub(crate) fn parse(bytes: &[u8], size: u64) -> Option<OffsetIndex> {
        let (entries, rest) = bytes.as_chunks::<ENTRY>();
        let used = entries.iter().rposition(|entry| entry != &[0; ENTRY]);
        let entries = &entries[..used.map_or(0, |at| at + 1)];
        if !rest.is_empty() {
            return None;
        }
        let mut index = OffsetIndex(Vec::with_capacity(entries.len()));
        for entry in entries {
            let [a, b, c, d, e, f, g, h] = *entry;
            let (relative, position) = (
                u32::from_be_bytes([a, b, c, d]),
                u32::from_be_bytes([e, f, g, h]),
            );
            let rises = match index.last() {
                None => position > 0,
                Some((last, before)) => relative > last && position > before,
            };
            if !rises || u64::from(position) >= size || relative > i32::MAX as u32 {
                return None;
            }
            index.0.push((relative, position));
        }
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn floor_is_a_batch_at_or_before() {
        let mut index = OffsetIndex::default();
        index.push(9, 100);
        index.push(19, 200);
        assert_eq!((index.at(100), index.at(150)), (Some(9), None));
        assert_eq!(index.floor(0), 0);
        assert_eq!(index.floor(8), 0);
        assert_eq!(index.floor(9), 100);
        assert_eq!(index.floor(18), 100);
        assert_eq!(index.floor(500), 200);
        assert_eq!(
            [99, 100, 199, 200].map(|at| index.last_until(at)),
            [None, Some(100), Some(100), Some(200)]
        );
        index.truncate(200);
        assert_eq!(index.last(), Some((9, 100)));
    }

    #[test]
    fn padding_is_no_entry_and_junk_no_index() {
        let mut index = OffsetIndex::default();
        index.push(9, 100);
        let mut bytes = index.to_bytes();
        bytes.extend_from_slice(&[0; 80]);
        assert_eq!(OffsetIndex::parse(&bytes, 101), Some(index));
        assert_eq!(OffsetIndex::parse(&bytes, 100), None);
        assert_eq!(
            OffsetIndex::parse(&[0; 4096], 0),
            Some(OffsetIndex::default())
        );
        assert_eq!(OffsetIndex::parse(&bytes[..9], 101), None);
        bytes[80..88].copy_from_slice(&[0, 0, 0, 9, 0, 0, 0, 101]);
        assert_eq!(OffsetIndex::parse(&bytes, 1000), None);
    }

    proptest! {
        #[test]
        fn an_index_comes_back(gaps: Vec<(u8, u8)>) {
            let mut index = OffsetIndex::default();
            let (mut relative, mut position) = (0, 0);
            for (a, b) in gaps {
                relative += u32::from(a) + 1;
                position += u32::from(b) + 1;
                index.push(relative, position);
            }
            prop_assert_eq!(OffsetIndex::parse(&index.to_bytes(), u64::from(position) + 1), Some(index));
        }
    }
}
