//! Compaction: every `log.cleaner.backoff.ms` all compacted logs are asked, a slice per settle, how dirty they are; the dirtiest is compacted,
//! then they are asked again at once. What may be compacted, and how, is the log's to say.
//!
//! | state | on | becomes |
//! |---|---|---|
//! | Resting | the time has come, and there are compacted topics | Asking from the first slot on |
//! | Asking | all were asked, none is dirty enough | Resting |
//! | Asking | all were asked | Compacting the dirtiest |
//! | Compacting | it is over | Asking; Resting when it was given up |
//!
//! J1: one log is compacted at a time: one map, one chunk.

use ottla_log::LogProduct;
use ottla_machine::{Effects, Emit, Now, Offset, Spend};

use crate::entry::Entry;
use crate::{Shard, Timer, limits, office};

/// See above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Cleaner {
    #[default]
    Resting,
    /// The next slot to be asked, and the dirtiest so far: how dirty, and its slot.
    Asking(u32, Option<(u32, u32)>),
    /// Slot and generation, and how far it was compacted before.
    Compacting(u32, u32, Offset),
}

impl Shard {
    /// Whether asking needs another settle at once.
    pub(crate) fn cleaner_goes_on(&self) -> bool {
        self.stage == crate::Stage::Running && matches!(self.cleaner, Cleaner::Asking(..))
    }

    /// The time has come; or a look whether the log that is compacted is still served.
    pub(crate) fn ask_cleanable(&mut self, now: Now) {
        if let Cleaner::Compacting(slot, generation, _) = self.cleaner
            && self.entries.generation(slot) == generation
            && self.compacted(slot).is_some()
        {
            return self.wake_cleaner(now);
        }
        let any = self.settings.values().any(|topic| topic.log.compact);
        if any {
            self.cleaner = Cleaner::Asking(0, None);
        } else {
            self.rest_cleaner(now);
        }
    }

    /// A slice of asking.
    pub(crate) fn clean_some(&mut self, now: Now, fx: &mut Effects<Shard>) {
        let Cleaner::Asking(from, mut dirtiest) = self.cleaner else {
            return;
        };
        // The two share what a settle may look at.
        if !self.cleaner_goes_on() || self.retention_goes_on() {
            return;
        }
        let until = from
            .saturating_add(limits::SLICE.of(self.switch) as u32)
            .min(self.entries.bound());
        for slot in from..until {
            fx.spend(Spend::Partitions, 1);
            let Some(log) = self.compacted(slot) else {
                continue;
            };
            let dirty = log.cleanable(now, fx).map(|dirty| (dirty, slot));
            dirtiest = dirtiest.max(dirty);
        }
        if until < self.entries.bound() {
            self.cleaner = Cleaner::Asking(until, dirtiest);
            return;
        }
        let bytes = self.start.as_ref().map_or(0, |start| start.cleaner_bytes);
        match dirtiest.and_then(|(_, slot)| Some((slot, self.compacted(slot)?))) {
            Some((slot, log)) => {
                let before = log.cleaned();
                log.clean(now, bytes, fx);
                let generation = self.entries.generation(slot);
                self.touch(slot);
                self.cleaner = Cleaner::Compacting(slot, generation, before);
                self.wake_cleaner(now);
            }
            None => self.rest_cleaner(now),
        }
    }

    /// The open log in a slot, if its topic is compacted.
    fn compacted(&mut self, slot: u32) -> Option<&mut ottla_log::Log> {
        let entry = self.entries.get_mut(slot)?;
        let served = entry.is_open() && !entry.leaving && !self.dirs[entry.dir].offline;
        let compacted = served && entry.settings.log.compact;
        let replica = Entry::replica_mut(entry).filter(|_| compacted)?;
        Some(replica.log_mut())
    }

    fn rest_cleaner(&mut self, now: Now) {
        self.cleaner = Cleaner::Resting;
        self.wake_cleaner(now);
    }

    fn wake_cleaner(&mut self, now: Now) {
        if let Some(start) = self.start.as_ref().filter(|start| start.cleaner_enable) {
            let at = now.mono.after_ms(start.cleaner_backoff_ms);
            self.timers.set(Timer::Cleaner, Some(at));
        }
    }

    /// The compaction of a log is over, or the log is no more.
    pub(crate) fn on_cleaned(&mut self, now: Now, slot: u32) {
        let Cleaner::Compacting(at_work, generation, before) = self.cleaner else {
            return;
        };
        if at_work != slot || generation != self.entries.generation(slot) {
            return;
        }
        self.rest_cleaner(now);
        let entry = self.entries.get(slot);
        let cleaned = entry
            .and_then(|entry| entry.replica())
            .map(|replica| replica.log().cleaned());
        if cleaned.is_some_and(|cleaned| cleaned > before) {
            self.moved(slot);
            self.ask_cleanable(now);
        }
    }

    /// Hands out what the log in a slot wants done for its compaction.
    pub(crate) fn work_for_cleaner(&mut self, slot: u32, fx: &mut Effects<Shard>) {
        let generation = self.entries.generation(slot);
        let entry = self.entries.get_mut(slot);
        let Some(replica) = entry.and_then(|entry| entry.replica_mut()) else {
            return;
        };
        if let Some(job) = replica.log_mut().take_work() {
            let number = self.number();
            self.cleaning.insert(number, (slot, generation));
            self.work(office::CLEANER, number, job, fx);
        }
    }

    /// A chunk is done.
    pub(crate) fn on_cleaner_product(
        &mut self,
        seq: u64,
        product: LogProduct,
        fx: &mut Effects<Shard>,
    ) {
        let Some((slot, generation)) = self.cleaning.remove(&seq) else {
            return;
        };
        if !self.entries.lives(slot, generation) {
            return;
        }
        let entry = self.entries.get_mut(slot);
        if let Some(replica) = entry.and_then(|entry| entry.replica_mut()) {
            replica.log_mut().on_product(product, fx);
        }
        self.touch(slot);
    }
}
