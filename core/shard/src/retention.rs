//! Retention: every `log.retention.check.interval.ms` all logs are asked, a slice per settle, to drop what may go. What may is the log's
//! to say: never anything at or above the high watermark, and nothing for its age or size in a topic that is only compacted.

use ottla_machine::{Effects, Emit, Now, Spend};

use crate::entry::Entry;
use crate::{Shard, Timer, limits};

impl Shard {
    /// Whether a pass needs another settle at once. One that falls due before the directories are read waits for that; one that falls
    /// due while the shard stops is not made.
    pub(crate) fn retention_goes_on(&self) -> bool {
        self.stage == crate::Stage::Running && self.retaining.is_some()
    }

    /// A slice of the pass that is under way.
    pub(crate) fn retain_some(&mut self, now: Now, fx: &mut Effects<Shard>) {
        let Some(from) = self.retaining.filter(|_| self.retention_goes_on()) else {
            return;
        };
        let until = from
            .saturating_add(limits::SLICE.of(self.switch) as u32)
            .min(self.entries.bound());
        for slot in from..until {
            fx.spend(Spend::Partitions, 1);
            let Some(entry) = self.entries.get_mut(slot).filter(|entry| entry.is_open()) else {
                continue;
            };
            if self.dirs[entry.dir].offline || entry.leaving {
                continue;
            }
            let mut events = Vec::new();
            if let Some(replica) = Entry::replica_mut(entry) {
                replica.log_mut().retain(now, fx, &mut events);
            }
            if !events.is_empty() {
                self.on_log_events(now, slot, events, fx);
            }
            self.touch(slot);
        }
        self.retaining = (until < self.entries.bound()).then_some(until);
        if self.retaining.is_none()
            && let Some(start) = &self.start
        {
            let interval = start.retention_check_interval_ms;
            self.timers
                .set(Timer::Retention, Some(now.mono.after_ms(interval)));
        }
    }
}
