//! A segment's sparse map from timestamps to offsets, and its file: 12-byte entries of (the newest timestamp so far,
//! last offset of the first batch that has it less the segment's base), big-endian.
//!
//! Invariants
//! - Y1: timestamps and offsets rise strictly.

/// The size of an entry on disk.
pub(crate) const TIME_ENTRY: usize = 12;

/// An index in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TimeIndex(Vec<(i64, u32)>);

impl TimeIndex {
    /// Adds the newest timestamp so far, unless it is there already.
    pub(crate) fn push(&mut self, timestamp: i64, relative: u32) {
        let (newest, last) = self.0.last().copied().unwrap_or((-1, 0));
        if timestamp > newest {
            assert!(
                self.0.is_empty() || relative > last,
                "Y1: ({timestamp}, {relative}) after ({newest}, {last})"
            );
            self.0.push((timestamp, relative));
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (i64, u32)> {
        self.0.iter().copied()
    }

    pub(crate) fn last(&self) -> Option<(i64, u32)> {
        self.0.last().copied()
    }

    /// All batches before the one that ends with this offset are older than `timestamp`.
    pub(crate) fn floor(&self, timestamp: i64) -> u32 {
        // The entry whose timestamp *is* the one wanted names the first batch that has it.
        let after = self.0.partition_point(|(newest, _)| *newest <= timestamp);
        after.checked_sub(1).map_or(0, |at| self.0[at].1)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.len() * TIME_ENTRY);
        for (timestamp, relative) in &self.0 {
            out.extend_from_slice(&timestamp.to_be_bytes());
            out.extend_from_slice(&relative.to_be_bytes());
        }
        out
    }

    /// Reads the file. Zeros at the end are room never used. `None`: not such a file.
    pub(crate) fn parse(bytes: &[u8]) -> Option<TimeIndex> {
        let (entries, rest) = bytes.as_chunks::<TIME_ENTRY>();
        if !rest.is_empty() {
            return None;
        }
        let used = entries.iter().rposition(|entry| entry != &[0; TIME_ENTRY]);
        // One entry of zeros alone is a record of 1970.
        let used = used.map_or(usize::from(entries.len() == 1), |at| at + 1);
        let mut index = TimeIndex(Vec::with_capacity(used));
        for entry in &entries[..used] {
            let [a, b, c, d, e, f, g, h, i, j, k, l] = *entry;
            let timestamp = i64::from_be_bytes([a, b, c, d, e, f, g, h]);
            let relative = u32::from_be_bytes([i, j, k, l]);
            let rises = index
                .last()
                .is_none_or(|(newest, last)| timestamp > newest && relative > last);
            if !rises || relative > i32::MAX as u32 {
                return None;
            }
            index.0.push((timestamp, relative));
        }
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floor_never_skips_a_batch_that_counts() {
        let mut index = TimeIndex::default();
        index.push(100, 9);
        index.push(100, 12);
        index.push(90, 15);
        index.push(200, 19);
        assert_eq!(index.len(), 2);
        assert_eq!(index.floor(50), 0);
        assert_eq!(index.floor(100), 9);
        assert_eq!(index.floor(150), 9);
        assert_eq!(index.floor(200), 19);
        assert_eq!(index.last(), Some((200, 19)));
    }

    #[test]
    fn padding_is_no_entry_and_junk_no_index() {
        let mut index = TimeIndex::default();
        index.push(0, 0);
        assert_eq!(TimeIndex::parse(&index.to_bytes()), Some(index.clone()));
        index.push(7, 3);
        let mut bytes = index.to_bytes();
        assert_eq!(TimeIndex::parse(&bytes), Some(index.clone()));
        bytes.extend_from_slice(&[0; 120]);
        assert_eq!(TimeIndex::parse(&bytes), Some(index));
        assert_eq!(TimeIndex::parse(&[0; 240]), Some(TimeIndex::default()));
        assert_eq!(TimeIndex::parse(&bytes[..13]), None);
        bytes[7] = 200;
        assert_eq!(TimeIndex::parse(&bytes), None);
    }
}
