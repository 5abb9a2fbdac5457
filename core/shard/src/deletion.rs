//! DeleteRecords: the log starts higher, at once for readers; whoever asked is answered when `log-start-offset-checkpoint` says so durably.
//! The segments go with the next look of retention.
//!
//! I1: a deletion is answered after a save of the checkpoints that began later is durable: no crash brings the records back.

use ottla_machine::{Effects, Now, Offset, planted, sometimes};

use crate::Shard;
use crate::asked::Asked;
use crate::entry::Wait;

impl Shard {
    /// Everything below `before` is given up; who asked waits until that is durable (I1).
    pub(crate) fn delete_records(
        &mut self,
        now: Now,
        slot: u32,
        before: Offset,
        asked: Asked,
        fx: &mut Effects<Shard>,
    ) {
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        let dir = entry.dir;
        if let Some(replica) = entry.replica_mut() {
            replica.log_mut().advance_start(before);
        }
        self.note_offsets(slot, fx);
        self.touch(slot);
        let checkpoints = &self.dirs[dir].checkpoints;
        sometimes!(fx, "records were deleted while checkpoints were saved", if checkpoints.is_saving());
        let early = planted!(fx, "deletion-answered-before-checkpoint");
        let Some(save) = checkpoints.next_save().filter(|_| !early) else {
            return self.ask(now, asked, fx);
        };
        self.checkpointing = true;
        self.deleting.insert(slot);
        self.park(slot, Wait::Saved(save), asked, fx);
    }

    /// The checkpoints of a directory were saved.
    pub(crate) fn answer_deletions(&mut self, now: Now, at: usize, fx: &mut Effects<Shard>) {
        let checkpoints = &self.dirs[at].checkpoints;
        let ended = checkpoints.ended();
        // A save that had begun before may have taken them along.
        let all = checkpoints.next_save().is_none();
        for slot in std::mem::take(&mut self.deleting) {
            let entry = self.entries.get(slot);
            if entry.is_some_and(|entry| entry.dir == at) {
                let over = |wait| matches!(wait, Wait::Saved(save) if all || save <= ended);
                self.ask_again(now, slot, over, fx);
            }
            let waits = |entry: &&crate::entry::Entry| {
                let saved = |(wait, _): &(Wait, Asked)| matches!(wait, Wait::Saved(_));
                entry.parked.iter().any(saved)
            };
            if self.entries.get(slot).filter(waits).is_some() {
                self.deleting.insert(slot);
                self.checkpointing = true;
            }
        }
    }
}
