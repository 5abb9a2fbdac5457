//! The recent batches that all logs hold in memory together: bounded, and the logs that were not appended to for longest give way.
//!
//! T1: after a settle at most [`limits::TAIL_BYTES`] are held, as counted when each log was last visited.

use std::collections::BTreeSet;

use crate::entry::Entry;
use crate::{Shard, limits};

/// Who holds recent batches, by when they were last appended to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail {
    bytes: usize,
    by_age: BTreeSet<(u64, u32)>,
}

impl Tail {
    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// A replica is no more.
    pub fn remove(&mut self, slot: u32, entry: &Entry) {
        self.bytes -= entry.cached;
        self.by_age.remove(&(entry.counted_at, slot));
    }
}

impl Shard {
    /// Counts what a log holds now.
    pub(crate) fn count_tail(&mut self, slot: u32) {
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        let held = entry
            .replica()
            .map_or(0, |replica| replica.log().cached_bytes());
        self.tail.bytes = self.tail.bytes - entry.cached + held;
        entry.cached = held;
        self.tail.by_age.remove(&(entry.counted_at, slot));
        entry.counted_at = entry.cached_at;
        if held > 0 {
            self.tail.by_age.insert((entry.counted_at, slot));
        }
    }

    /// The oldest give way while too much is held.
    pub(crate) fn trim_tails(&mut self) {
        for _ in 0..self.tail.by_age.len() {
            if self.tail.bytes <= limits::TAIL_BYTES.of(self.switch) {
                return;
            }
            let Some((_, slot)) = self.tail.by_age.pop_first() else {
                return;
            };
            // The last one keeps what the others leave it.
            let keep = if self.tail.by_age.is_empty() {
                limits::TAIL_BYTES.of(self.switch)
            } else {
                0
            };
            if let Some(replica) = self.entries.get_mut(slot).and_then(Entry::replica_mut) {
                replica.log_mut().trim_cache(keep);
            }
            self.count_tail(slot);
        }
    }
}
