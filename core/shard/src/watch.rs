//! One-shot watches of one partition: a reader that found the end is told once when there is more, or when nothing is as it was.
//!
//! W2 (of the words): a watch is told at most once; the next read with the same key arms it again.

use std::collections::BTreeMap;

use ottla_machine::Offset;

use crate::{Isolation, WatchKey};

/// What readers of one partition wait for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watches {
    /// By key, the end that was seen.
    armed: BTreeMap<WatchKey, (Isolation, Offset)>,
}

impl Watches {
    /// The reader has seen everything below `seen` and waits for more.
    pub fn arm(&mut self, key: WatchKey, isolation: Isolation, seen: Offset) {
        self.armed.insert(key, (isolation, seen));
    }

    /// The watch is given up.
    pub fn disarm(&mut self, key: WatchKey) {
        self.armed.remove(&key);
    }

    /// Whether nobody watches.
    pub fn is_empty(&self) -> bool {
        self.armed.is_empty()
    }

    /// Takes the watches that have more to see than when they were armed.
    pub fn told(&mut self, high_watermark: Offset, last_stable_offset: Offset) -> Vec<WatchKey> {
        let more = |(isolation, seen): &(Isolation, Offset)| match isolation {
            Isolation::ReadUncommitted => high_watermark > *seen,
            Isolation::ReadCommitted => last_stable_offset > *seen,
        };
        let told: Vec<WatchKey> = (self.armed.iter())
            .filter(|(_, armed)| more(armed))
            .map(|(key, _)| *key)
            .collect();
        for key in &told {
            self.armed.remove(key);
        }
        told
    }

    /// Takes all: the partition is in another state.
    pub fn all(&mut self) -> Vec<WatchKey> {
        std::mem::take(&mut self.armed).into_keys().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_isolation_waits_for_its_own_end_and_is_told_once() {
        let key = |slot| WatchKey {
            session: 1,
            generation: 1,
            slot,
        };
        let mut watches = Watches::default();
        watches.arm(key(1), Isolation::ReadUncommitted, Offset(5));
        watches.arm(key(2), Isolation::ReadCommitted, Offset(5));
        watches.arm(key(3), Isolation::ReadUncommitted, Offset(9));
        watches.arm(key(4), Isolation::ReadUncommitted, Offset(5));
        watches.disarm(key(4));
        assert_eq!(watches.told(Offset(5), Offset(5)), []);
        assert_eq!(watches.told(Offset(7), Offset(5)), [key(1)]);
        assert_eq!(watches.told(Offset(7), Offset(5)), []);
        assert_eq!(watches.told(Offset(7), Offset(6)), [key(2)]);
        assert_eq!(watches.all(), [key(3)]);
        assert!(watches.is_empty());
    }
}
