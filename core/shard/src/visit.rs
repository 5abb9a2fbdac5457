//! The end of a turn for each replica that was touched: its log writes what was appended, what was written or flushed meanwhile moves the
//! high watermark, whoever waited is answered, watches are told, and what somebody wants durable is synced.
//!
//! H4: a settle visits at most [`limits::VISITS`] replicas; the others have their turn in the next one, at once.

use ottla_log::{LogEvent, Phase};
use ottla_machine::{DiskOp, Effects, Emit, Fault, Level, Now, Spend, planted, sometimes};
use ottla_replica::Promise;

use crate::entry::{Stage, Wait};
use crate::flusher::Flight;
use crate::{Shard, ShardTell, Timer, limits, office};

impl Shard {
    /// Deadlines that have come.
    pub(crate) fn expire(&mut self, now: Now) {
        while let Some(timer) = self.timers.due(now.mono) {
            match timer {
                Timer::Log(slot) => self.touch(slot),
                Timer::Flush(slot) => {
                    if let Some(entry) = self.entries.get_mut(slot) {
                        entry.flush_timer = false;
                        let written = entry.replica().map(|replica| replica.log().written());
                        if let Some(written) = written {
                            entry.unflushed.want(written);
                        }
                    }
                    self.touch(slot);
                }
                Timer::Checkpoint => self.checkpointing = true,
                Timer::Retention => self.retaining = Some(0),
                Timer::Opening => self.open_again(now),
                Timer::Cleaner => self.ask_cleanable(now),
                Timer::Coordinator(slot) => self.coordinators.due.push_back(slot),
            }
        }
    }

    /// Visits what was touched (H4).
    pub(crate) fn visit_touched(&mut self, now: Now, fx: &mut Effects<Shard>) {
        self.visited.clear();
        for _ in 0..limits::VISITS.of(self.switch).min(self.touched.len()) {
            let Some(slot) = self.touched.pop_front() else {
                return;
            };
            let Some(entry) = self.entries.get_mut(slot) else {
                continue;
            };
            // A freed slot may stand here once for its last life and once for this one.
            if std::mem::take(&mut entry.touched) {
                fx.spend(Spend::Partitions, 1);
                self.visited.push(slot);
                self.visit(now, slot, fx);
            }
        }
    }

    fn visit(&mut self, now: Now, slot: u32, fx: &mut Effects<Shard>) {
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        if self.dirs[entry.dir].offline {
            return self.visit_offline(slot, fx);
        }
        let Stage::Held(replica) = &mut entry.stage else {
            if entry.is_damaged() {
                self.visit_damaged(slot, fx);
            }
            return;
        };
        let mut events = Vec::new();
        if let Some(dirty) = replica.log_mut().settle(now, fx, &mut events) {
            entry.unflushed.dirty(dirty);
        }
        self.on_log_events(now, slot, events, fx);
        self.work_for_cleaner(slot, fx);
        self.advance(now, slot, fx);
        self.flush(now, slot, fx);
        self.count_tail(slot);
        // What came of all that may be in the log again.
        let replica = self.entries.get(slot).and_then(|entry| entry.replica());
        let deadline = replica.and_then(|replica| replica.log().deadline());
        self.timers.set(Timer::Log(slot), deadline);
    }

    fn visit_damaged(&mut self, slot: u32, fx: &mut Effects<Shard>) {
        self.send_home(slot, ottla_protocol::ErrorCode::KafkaStorageError, fx);
        if self.entries.get(slot).is_some_and(|entry| entry.leaving) {
            self.free(slot);
        }
    }

    /// What a log has told.
    pub(crate) fn on_log_events(
        &mut self,
        now: Now,
        slot: u32,
        events: Vec<LogEvent>,
        fx: &mut Effects<Shard>,
    ) {
        for event in events {
            match event {
                LogEvent::Opened => self.on_opened(now, slot, fx),
                // Only asked for by the metadata log.
                LogEvent::Batch(_) => {}
                LogEvent::Written(_) => self.touch(slot),
                LogEvent::Undone { from } => {
                    let mut released = Vec::new();
                    if let Some(entry) = self.entries.get_mut(slot) {
                        entry.unflushed.on_undone(from);
                        entry.wait_no_further(from);
                        if let Some(replica) = entry.replica_mut() {
                            replica.on_undone(from, fx, &mut released);
                        }
                    }
                    self.release_all(slot, released, fx);
                    self.coordinator_undone(slot, from, fx);
                }
                LogEvent::Started(start) => {
                    if let Some(entry) = self.entries.get_mut(slot)
                        && !planted!(fx, "dropped-segment-synced")
                    {
                        entry.unflushed.on_started(start);
                    }
                    self.moved(slot);
                }
                LogEvent::Warm(base) => {
                    self.ask_again(now, slot, |wait| wait == Wait::Warm(base), fx);
                }
                LogEvent::Cleaned => self.on_cleaned(now, slot),
                LogEvent::LetGo(file) => self.let_go.add(now.mono, file),
                LogEvent::Damaged(why) => self.on_log_damaged(slot, &why, fx),
                LogEvent::Offline(_, why) => self.on_log_offline(now, slot, why, fx),
                LogEvent::Closed => self.on_closed(now, slot, fx),
            }
        }
    }

    /// The log has moved: promises, the high watermark, and everybody who waited for them.
    pub(crate) fn advance(&mut self, now: Now, slot: u32, fx: &mut Effects<Shard>) {
        let Some(entry) = self.entries.get_mut(slot).filter(|entry| entry.is_open()) else {
            return;
        };
        let Some(replica) = entry.replica_mut() else {
            return;
        };
        let mut released = Vec::new();
        let moved = replica.advance(fx, &mut released);
        let flushed = replica.log().flushed();
        let (high_watermark, stable) = (replica.high_watermark(), replica.last_stable_offset());
        let mut told = entry.watches.told(high_watermark, stable);
        sometimes!(fx, "several watches of one partition were told together", if told.len() > 1);
        if planted!(fx, "only-one-watch-told") {
            told.truncate(1);
        }
        self.release_all(slot, released, fx);
        for key in told {
            fx.tell(ShardTell::Ready(key));
        }
        if moved {
            self.moved(slot);
            self.coordinator_committed(slot, fx);
        }
        let over = |wait| matches!(wait, Wait::Flushed(to) if to <= flushed);
        self.ask_again(now, slot, over, fx);
    }

    /// Syncs what somebody wants durable.
    fn flush(&mut self, now: Now, slot: u32, fx: &mut Effects<Shard>) {
        let Some(entry) = self.entries.get_mut(slot).filter(|entry| entry.is_open()) else {
            return;
        };
        let Some(replica) = entry.replica() else {
            return;
        };
        let log = replica.log();
        let (assigned, written, flushed) = (log.assigned(), log.written(), log.flushed());
        // Whoever watches has found the end and waits for what comes now.
        let watched = replica.promise() == Promise::Flushed && !entry.watches.is_empty();
        entry.unflushed.flushed(flushed);
        let settings = &entry.settings;
        let many = assigned.0 - flushed.0 >= settings.flush_messages;
        if watched || many {
            entry.unflushed.want(assigned);
        }
        if written > flushed && settings.flush_ms < i64::MAX && !entry.flush_timer {
            let at = now.mono.after_ms(settings.flush_ms);
            entry.flush_timer = true;
            self.timers.set(Timer::Flush(slot), Some(at));
        }
        let generation = self.entries.generation(slot);
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        sometimes!(fx, "a file was left unsynced by a roll", if entry.unflushed.end().is_some_and(|end| end < written));
        // The log writes to another file now: nobody will ask for the end of this one, yet it keeps it open until it is durable.
        if let Some(end) = entry.unflushed.end().filter(|end| *end < written) {
            entry.unflushed.want(end);
        }
        let dir = entry.dir;
        let numbers = &mut self.numbers;
        let syncs = entry.unflushed.syncs(|| {
            *numbers += 1;
            *numbers
        });
        for (number, file) in syncs {
            self.syncs += 1;
            let flight = Flight {
                slot,
                generation,
                dir,
            };
            self.flusher.begin(number, flight);
            self.disk(office::FLUSHER, number, DiskOp::Sync(file), fx);
        }
    }

    fn release_all(
        &mut self,
        slot: u32,
        released: Vec<ottla_replica::Released>,
        fx: &mut Effects<Shard>,
    ) {
        let replica = self.entries.get(slot).and_then(|entry| entry.replica());
        let start = replica.map_or(ottla_machine::Offset(-1), |replica| {
            replica.log().start_offset()
        });
        for released in released {
            self.release(released, start, fx);
        }
    }

    /// A log is damaged where it had been durable: it is not served, the others are.
    fn on_log_damaged(&mut self, slot: u32, why: &str, fx: &mut Effects<Shard>) {
        self.opened(slot);
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        if let (true, Some(replica)) = (entry.leaving, entry.replica_mut()) {
            replica.log_mut().remove(fx);
        } else {
            sometimes!(fx, "a damaged log was refused");
            entry.refuse();
            let text = format!("a partition is not served, the others are: {why}");
            fx.note(Level::Error, text);
        }
        self.touch(slot);
    }

    /// A log does not believe its disk any more, or could not be opened for want of descriptors or room.
    fn on_log_offline(&mut self, now: Now, slot: u32, why: String, fx: &mut Effects<Shard>) {
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        let (dir, leaving) = (entry.dir, entry.leaving);
        let passing = match entry.phase() {
            Some(Phase::Offline(fault @ (Fault::Full | Fault::Busy))) if entry.opening => fault,
            _ => return self.offline(dir, why, fx),
        };
        if let (true, Some(replica)) = (leaving, entry.replica_mut()) {
            sometimes!(fx, "a log was removed that could not be opened");
            replica.log_mut().remove(fx);
            self.opened(slot);
            return self.touch(slot);
        }
        self.open_later(now, slot, passing, fx);
    }

    /// Every file of a log is closed: its topic is deleted, or the shard stops.
    fn on_closed(&mut self, now: Now, slot: u32, fx: &mut Effects<Shard>) {
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        if entry.leaving {
            self.log_gone(slot);
            return self.free(slot);
        }
        let was_open = !entry.opening;
        self.opened(slot);
        self.log_stopped(now, slot, was_open, fx);
    }
}
