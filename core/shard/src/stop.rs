//! Stopping: a bounded number of logs at a time is closed, which makes everything they hold durable and answers whoever waited for that;
//! then the checkpoints say so; then `Stopped` is told, with whether the next start may believe the logs.
//!
//! P1: `clean` is told only if every log that this life has touched was closed without a fault, every log that an unclean stop before it
//! left was recovered, and the checkpoints are durable. When in doubt it is not: an unclean stop costs a scan, a false marker costs data.

use std::collections::{BTreeSet, VecDeque};

use ottla_log::Phase;
use ottla_machine::{Effects, Emit, Now, Spend, Time, sometimes};
use ottla_protocol::ErrorCode;

use crate::entry::{Entry, Stage};
use crate::log_dir::LogDir;
use crate::questions::refused;
use crate::{Shard, ShardTell, limits};

/// How far stopping is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stopping {
    queue: VecDeque<u32>,
    closing: BTreeSet<u32>,
    unclean: bool,
}

impl Shard {
    /// No more is taken in; what is there is brought to rest.
    pub(crate) fn stop(&mut self) {
        if matches!(self.stage, crate::Stage::Stopping | crate::Stage::Stopped) {
            return;
        }
        self.stopping.unclean = !self.caught_up && !self.started_clean();
        self.stage = crate::Stage::Stopping;
        self.stopping.queue = self.entries.iter().map(|(slot, _)| slot).collect();
        self.retaining = None;
    }

    /// Whether stopping needs another settle at once.
    pub(crate) fn stop_goes_on(&self) -> bool {
        let room = self.stopping.closing.len() < limits::STOPPING.of(self.switch);
        self.stage == crate::Stage::Stopping
            && ((room && !self.stopping.queue.is_empty()) || self.can_end())
    }

    fn can_end(&self) -> bool {
        let closed = self.stopping.queue.is_empty() && self.stopping.closing.is_empty();
        let wants_saving = !self.moved.is_empty() || self.dirs.iter().any(LogDir::can_save);
        closed && (wants_saving || self.dirs.iter().all(LogDir::is_saved))
    }

    /// Whether the last life stopped cleanly: logs that were not looked at since are as good as they were.
    fn started_clean(&self) -> bool {
        self.start.as_ref().is_none_or(|start| start.clean)
    }

    /// A slice of stopping.
    pub(crate) fn stop_some(&mut self, now: Now, fx: &mut Effects<Shard>) {
        if self.stage != crate::Stage::Stopping {
            return;
        }
        for _ in 0..limits::SLICE.of(self.switch) {
            if self.stopping.closing.len() >= limits::STOPPING.of(self.switch) {
                break;
            }
            let Some(slot) = self.stopping.queue.pop_front() else {
                break;
            };
            fx.spend(Spend::Partitions, 1);
            self.stop_log(now, slot, fx);
        }
        if !self.can_end() {
            return;
        }
        if self.dirs.iter().any(LogDir::can_save) || !self.moved.is_empty() {
            self.checkpointing = true;
            return;
        }
        let offline = self.dirs.iter().any(|dir| dir.offline);
        let unsaved = self.dirs.iter().any(|dir| dir.unsaved);
        self.close_files(Time::NEVER, fx);
        self.stage = crate::Stage::Stopped;
        self.timers.clear();
        self.touched.clear();
        fx.tell(ShardTell::Stopped {
            clean: !(self.stopping.unclean || offline || unsaved),
        });
    }

    fn stop_log(&mut self, now: Now, slot: u32, fx: &mut Effects<Shard>) {
        self.send_askers_home(slot, fx);
        let clean = self.started_clean();
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        let there = self.opener.home(&entry.dir_name).is_some();
        // A deleted topic's directory: the next start goes on with it, whatever is in it.
        let unread = !clean && !entry.leaving;
        match &mut entry.stage {
            // Recovery has not come to it.
            Stage::Named | Stage::Queued | Stage::Looking(_) | Stage::Damaged => {
                sometimes!(fx, "the shard stopped before it had opened a log");
                self.stopping.unclean |= there && unread;
            }
            // What recovery has refused must not be believed for its last segment alone.
            Stage::Refused(_) => self.stopping.unclean |= unread,
            Stage::Held(replica) => match replica.log().phase() {
                // Nothing was changed that recovery would not change again.
                Phase::Opening => {
                    self.stopping.unclean |= unread;
                    replica.log_mut().stop(now, fx);
                    self.stopping.closing.insert(slot);
                    self.touch(slot);
                }
                Phase::Open => {
                    replica.log_mut().stop(now, fx);
                    self.stopping.closing.insert(slot);
                    self.touch(slot);
                }
                Phase::Offline(_) | Phase::Damaged => self.stopping.unclean = true,
                // A deleted topic's directory: the next start goes on with it.
                Phase::Closing | Phase::Closed => {}
            },
        }
    }

    /// Whoever asks now is better served elsewhere; who waits for a write or a flush is answered by the log's end.
    fn send_askers_home(&mut self, slot: u32, fx: &mut Effects<Shard>) {
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        let line = entry.line.clear();
        let parked = std::mem::take(&mut entry.parked);
        for ticket in line {
            self.refuse(ticket, ErrorCode::NotLeaderOrFollower, fx);
        }
        for (_, asked) in parked {
            let answer = refused(ErrorCode::NotLeaderOrFollower, None);
            self.answer(asked.asker, answer, fx);
        }
    }

    /// A log has come to rest. One that was not open yet knows nothing that the checkpoints could say.
    pub(crate) fn log_stopped(
        &mut self,
        _now: Now,
        slot: u32,
        was_open: bool,
        fx: &mut Effects<Shard>,
    ) {
        self.stopping.closing.remove(&slot);
        let Some(replica) = self.entries.get_mut(slot).and_then(Entry::replica_mut) else {
            return;
        };
        let mut released = Vec::new();
        replica.advance(fx, &mut released);
        let start = replica.log().start_offset();
        self.coordinator_committed(slot, fx);
        self.end_coordinator(slot, fx);
        if let Some(replica) = self.entries.get_mut(slot).and_then(Entry::replica_mut) {
            replica.resign(fx, &mut released);
        }
        for released in released {
            self.release(released, start, fx);
        }
        if was_open {
            self.moved(slot);
        }
    }

    /// A deleted topic's log is closed: nothing of it is to be saved.
    pub(crate) fn log_gone(&mut self, slot: u32) {
        self.stopping.closing.remove(&slot);
    }

    /// A log that was being closed lies in a directory that went offline.
    pub(crate) fn log_lost(&mut self, slot: u32) {
        if self.stopping.closing.remove(&slot) {
            self.stopping.unclean = true;
        }
    }
}
