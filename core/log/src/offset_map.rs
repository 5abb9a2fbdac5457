//! The newest offset of every key of a stretch of the log: what a compaction keeps. The keys themselves are held, not digests of
//! them: two keys are never taken for one.
//!
//! Invariants
//! - O1: what the map holds is charged at least its bytes and never exceeds the limit, but by its first key.

use std::hash::{DefaultHasher, Hasher};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use ottla_machine::{Switch, planted};

/// What an entry is charged beside its key: itself, and the room that the table keeps free.
pub(crate) const ENTRY_BYTES: usize = 64;

#[derive(Clone, Copy, Debug)]
struct Slot {
    at: usize,
    len: u32,
    offset: i64,
}

/// See above.
#[derive(Clone, Debug)]
pub struct OffsetMap {
    slots: HashTable<Slot>,
    keys: Vec<u8>,
    limit: usize,
    switch: Switch,
}

impl OffsetMap {
    /// An empty map that will hold about `limit` bytes.
    pub fn new(limit: usize, switch: Switch) -> OffsetMap {
        OffsetMap {
            slots: HashTable::new(),
            keys: Vec::new(),
            limit,
            switch,
        }
    }

    /// Remembers that `key` is at `offset`, which is beyond all before. `false`: there is no room for another key.
    pub fn put(&mut self, key: &[u8], offset: i64) -> bool {
        let key = self.compared(key);
        let full = self.bytes() + key.len() + ENTRY_BYTES > self.limit && !self.slots.is_empty();
        let keys = &self.keys;
        let same = |slot: &Slot| of(keys, slot) == key;
        let again = |slot: &Slot| hash(of(keys, slot));
        match self.slots.entry(hash(key), same, again) {
            Entry::Occupied(mut known) => known.get_mut().offset = offset,
            Entry::Vacant(_) if full => return false,
            Entry::Vacant(vacant) => {
                vacant.insert(Slot {
                    at: keys.len(),
                    len: key.len() as u32,
                    offset,
                });
                self.keys.extend_from_slice(key);
            }
        }
        true
    }

    /// The newest offset of a key.
    pub fn get(&self, key: &[u8]) -> Option<i64> {
        let key = self.compared(key);
        let same = |slot: &Slot| of(&self.keys, slot) == key;
        self.slots.find(hash(key), same).map(|slot| slot.offset)
    }

    fn compared<'a>(&self, key: &'a [u8]) -> &'a [u8] {
        let most = if planted!(self.switch, "keys-compared-by-prefix") {
            2
        } else {
            usize::MAX
        };
        &key[..key.len().min(most)]
    }

    /// What it is charged.
    pub fn bytes(&self) -> usize {
        self.keys.len() + self.slots.len() * ENTRY_BYTES
    }
}

fn of<'a>(keys: &'a [u8], slot: &Slot) -> &'a [u8] {
    &keys[slot.at..slot.at + slot.len as usize]
}

fn hash(key: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(key);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_full_map_refuses_new_keys_and_still_moves_known_ones() {
        let mut map = OffsetMap::new(2 * (ENTRY_BYTES + 1), Switch::default());
        assert!(map.put(b"a", 1) && map.put(b"b", 2));
        assert!(!map.put(b"c", 3));
        assert!(map.put(b"a", 4));
        assert_eq!(
            (map.get(b"a"), map.get(b"b"), map.get(b"c")),
            (Some(4), Some(2), None)
        );
        // However small the limit, a compaction goes on.
        assert!(OffsetMap::new(0, Switch::default()).put(&[7; 100], 0));
    }

    proptest! {
        #[test]
        fn it_is_a_map(keys in proptest::collection::vec(proptest::collection::vec(0..3u8, 0..4), 0..200)) {
            let mut map = OffsetMap::new(1 << 20, Switch::default());
            let mut model = BTreeMap::new();
            for (offset, key) in keys.iter().enumerate() {
                prop_assert!(map.put(key, offset as i64));
                model.insert(key.clone(), offset as i64);
            }
            for key in &keys {
                prop_assert_eq!(map.get(key), model.get(key).copied());
            }
            let bytes: usize = model.keys().map(|key| key.len() + ENTRY_BYTES).sum();
            prop_assert_eq!(map.bytes(), bytes);
        }
    }
}
