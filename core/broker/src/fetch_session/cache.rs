//! Which sessions outlive their request. The cache has `max.incremental.fetch.session.cache.slots` places; a new session takes
//! the place of one that was idle for two minutes, or of an older one with fewer partitions than it has itself.

use ottla_machine::{Switch, Time};

use super::{Fetch, Interest, Life, Session, Sessions, TopicKey};
use crate::gather::Call;
use crate::limits;
use ottla_shard::{PartitionId, WatchKey};
use std::collections::{BTreeMap, VecDeque};

impl Session {
    pub(super) fn new(now: Time, fetch: &Fetch, switch: Switch) -> Session {
        let mut session = Session {
            id: 0,
            epoch: 0,
            by_id: fetch.call.version >= 13,
            created: now,
            used: now,
            isolation: fetch.isolation,
            interests: Vec::new(),
            free: Vec::new(),
            slots: BTreeMap::new(),
            ready: VecDeque::new(),
            round: None,
            switch,
        };
        session.watch_for(fetch);
        session
    }

    /// Takes in what a request adds or changes.
    pub(super) fn watch_for(&mut self, fetch: &Fetch) {
        for wanted in &fetch.wanted {
            let key = (wanted.topic.clone(), wanted.partition);
            let slot = match self.slots.get(&key) {
                Some(slot) => *slot,
                None => self.add(key, Interest::new(wanted.clone())),
            };
            if let Some(interest) = &mut self.interests[slot as usize] {
                interest.wanted = wanted.clone();
            }
            self.queue(slot);
        }
        if self.isolation != fetch.isolation {
            self.isolation = fetch.isolation;
            let all: Vec<u32> = self.slots.values().copied().collect();
            all.into_iter().for_each(|slot| self.queue(slot));
        }
    }

    fn add(&mut self, key: (TopicKey, i32), interest: Interest) -> u32 {
        let slot = match self.free.pop() {
            Some(slot) => {
                self.interests[slot as usize] = Some(interest);
                slot
            }
            None => {
                self.interests.push(Some(interest));
                (self.interests.len() - 1) as u32
            }
        };
        self.slots.insert(key, slot);
        slot
    }

    /// Forgets partitions. Answers the watches that are to be given up.
    pub(super) fn forget(&mut self, forgotten: &[(TopicKey, i32)]) -> Vec<(u32, PartitionId)> {
        let mut given_up = Vec::new();
        for key in forgotten {
            let Some(slot) = self.slots.remove(key) else {
                continue;
            };
            if let Some(interest) = self.interests[slot as usize].take() {
                given_up.extend(interest.watched.map(|id| (slot, id)));
            }
            self.free.push(slot);
        }
        given_up
    }

    /// At the back of the ready queue, once.
    pub(super) fn queue(&mut self, slot: u32) {
        if let Some(Some(interest)) = self.interests.get_mut(slot as usize)
            && !interest.queued
        {
            interest.queued = true;
            self.ready.push_back(slot);
        }
    }

    fn watches(&self) -> impl Iterator<Item = (u32, PartitionId)> {
        self.interests
            .iter()
            .enumerate()
            .filter_map(|(slot, interest)| Some((slot as u32, interest.as_ref()?.watched?)))
    }
}

impl Sessions {
    /// Whether a session of `size` partitions may be cached, after evicting one for it if need be.
    pub(super) fn has_room(&mut self, now: Time, size: usize, cut_off: &mut Vec<Call>) -> bool {
        if size == 0 || size + self.partitions > limits::SESSION_PARTITIONS || self.most == 0 {
            return false;
        }
        if self.ids.len() < self.most {
            return true;
        }
        let cached = self.ids.values().filter_map(|index| {
            let session = self.lives[*index as usize].session.as_ref()?;
            Some((*index, session))
        });
        let longest_idle = cached.clone().min_by_key(|(_, session)| session.used);
        let stale = longest_idle
            .filter(|(_, session)| session.used.after_ms(limits::SESSION_IDLE_MS) < now);
        let smallest = || {
            cached
                .filter(|(_, session)| session.created.after_ms(limits::SESSION_IDLE_MS) < now)
                .min_by_key(|(_, session)| session.slots.len())
                .filter(|(_, session)| session.slots.len() < size)
        };
        let Some((index, _)) = stale.or_else(smallest) else {
            return false;
        };
        self.evicted += 1;
        cut_off.extend(self.remove(index));
        true
    }

    pub(super) fn new_id(&mut self) -> i32 {
        loop {
            let id = 1 + self.rng.below(i32::MAX as u64) as i32;
            if !self.ids.contains_key(&id) {
                return id;
            }
        }
    }

    pub(super) fn insert(&mut self, session: Session) -> u32 {
        let index = self.free.pop().unwrap_or_else(|| {
            self.lives.push(Life::default());
            (self.lives.len() - 1) as u32
        });
        if session.id != 0 {
            self.ids.insert(session.id, index);
            self.partitions += session.slots.len();
        }
        let life = &mut self.lives[index as usize];
        life.generation = life.generation.wrapping_add(1);
        life.session = Some(session);
        index
    }

    /// Ends a session. Answers the call that it was working on.
    pub(super) fn remove(&mut self, index: u32) -> Option<Call> {
        let life = self.lives.get_mut(index as usize)?;
        let session = life.session.take()?;
        let generation = life.generation;
        life.generation = generation.wrapping_add(1);
        if self.ids.get(&session.id) == Some(&index) {
            self.ids.remove(&session.id);
            self.partitions -= session.slots.len();
        }
        self.deadlines.set(index, None);
        self.given_up.extend(session.watches().map(|(slot, id)| {
            (
                WatchKey {
                    session: index,
                    generation,
                    slot,
                },
                id,
            )
        }));
        self.free.push(index);
        session.round.map(|round| round.fetch.call)
    }
}
