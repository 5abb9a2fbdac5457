//! A log directory that is not believed any more: at the first `Broken` of anything in it, or at a Sync that failed for whatever reason.
//!
//! H3: nothing is emitted for it again; in particular the failed Sync is not.

use ottla_machine::{DiskOutput, Effects, Emit, Fault, Level, planted, sometimes};
use ottla_protocol::ErrorCode;

use crate::{Shard, ShardTell};

impl Shard {
    /// Takes a log directory offline. Its replicas are visited, a slice per settle, and send everybody home; whoever asks meanwhile is
    /// refused at once.
    pub(crate) fn offline(&mut self, at: usize, why: String, fx: &mut Effects<Shard>) {
        let Some(dir) = self.dirs.get_mut(at).filter(|dir| !dir.offline) else {
            return;
        };
        sometimes!(fx, "a log directory went offline");
        dir.offline = true;
        let dir = dir.dir;
        fx.note(
            Level::Error,
            format!("a log directory is taken offline: {why}. Its partitions are not served until the disk is mended and the node restarted"),
        );
        fx.tell(ShardTell::Offline(dir, why));
        let there = self.entries.iter().filter(|(_, entry)| entry.dir == at);
        let there: Vec<u32> = there.map(|(slot, _)| slot).collect();
        for slot in there {
            self.touch(slot);
        }
        self.started(fx);
    }

    /// A replica in a directory that is offline is visited.
    pub(crate) fn visit_offline(&mut self, slot: u32, fx: &mut Effects<Shard>) {
        self.opened(slot);
        self.log_lost(slot);
        self.send_home(slot, ErrorCode::KafkaStorageError, fx);
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        self.timers.set(crate::Timer::Log(slot), None);
        self.timers.set(crate::Timer::Flush(slot), None);
        if entry.leaving {
            self.free(slot);
        }
    }

    /// A Sync is back.
    pub(crate) fn on_synced(
        &mut self,
        number: u64,
        result: Result<DiskOutput, Fault>,
        fx: &mut Effects<Shard>,
    ) {
        let Some(flight) = self.flusher.end(number) else {
            return;
        };
        if let Err(fault) = result
            && !planted!(fx, "retried-sync")
        {
            let why = format!("a sync failed ({fault:?}), what it covered may be lost");
            return self.offline(flight.dir, why, fx);
        }
        let lives = self.entries.lives(flight.slot, flight.generation);
        let Some(entry) = self.entries.get_mut(flight.slot).filter(|_| lives) else {
            sometimes!(fx, "a sync came back for a replica that is gone");
            return;
        };
        if self.dirs[flight.dir].offline {
            return;
        }
        if let Some(durable) = entry.unflushed.on_synced(number)
            && let Some(replica) = entry.replica_mut()
        {
            let durable = if planted!(fx, "sync-credited-with-later-writes") {
                replica.log().written()
            } else {
                durable
            };
            replica.log_mut().on_durable(durable);
        }
        self.moved(flight.slot);
        self.touch(flight.slot);
    }
}
