//! Deadlines by key: set, cancel, take what is due. At most one deadline per key.

use std::collections::{BTreeMap, BTreeSet};

use crate::Time;

/// Deadlines of one part.
#[derive(Clone, Debug)]
pub struct Timers<K> {
    by_key: BTreeMap<K, Time>,
    by_time: BTreeSet<(Time, K)>,
}

impl<K> Default for Timers<K> {
    fn default() -> Timers<K> {
        Timers {
            by_key: BTreeMap::new(),
            by_time: BTreeSet::new(),
        }
    }
}

impl<K: Ord + Clone> Timers<K> {
    /// Sets or moves the deadline of `key`; `None` cancels it.
    pub fn set(&mut self, key: K, at: Option<Time>) {
        if let Some(old) = self.by_key.remove(&key) {
            self.by_time.remove(&(old, key.clone()));
        }
        if let Some(at) = at {
            self.by_time.insert((at, key.clone()));
            self.by_key.insert(key, at);
        }
    }

    /// Takes one key whose time has come, the earliest first.
    pub fn due(&mut self, now: Time) -> Option<K> {
        let (at, _) = self.by_time.first()?;
        if *at > now {
            return None;
        }
        let (_, key) = self.by_time.pop_first()?;
        self.by_key.remove(&key);
        Some(key)
    }

    /// The earliest deadline.
    pub fn next(&self) -> Option<Time> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.by_key.clear();
        self.by_time.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::Timers;
    use crate::Time;

    #[test]
    fn moved_and_cancelled_deadlines_do_not_fire() {
        let mut timers = Timers::default();
        timers.set('a', Some(Time(5)));
        timers.set('b', Some(Time(3)));
        timers.set('a', Some(Time(9)));
        timers.set('c', Some(Time(4)));
        timers.set('c', None);
        assert_eq!(timers.next(), Some(Time(3)));
        assert_eq!(timers.due(Time(8)), Some('b'));
        assert_eq!(timers.due(Time(8)), None);
        assert_eq!(timers.due(Time(9)), Some('a'));
        assert_eq!(timers.next(), None);
    }
}
