//! A replica: this node's log of a partition, its role, and the producers who wait for it. The shard calls; what producers are to be
//! told comes back as [`Released`]. What reaches the disk is the log's.
//!
//! | role | on | becomes |
//! |---|---|---|
//! | none | [`Replica::lead`] | leader of an epoch |
//! | leader | [`Replica::lead`] with the same epoch | leader, ISR perhaps another |
//! | leader | [`Replica::lead`] with another epoch | leader of that epoch; waiters are refused |
//! | leader | [`Replica::resign`] | none; waiters are refused |
//!
//! V1: assigned >= written >= flushed, and a leader's high watermark is at most what this node itself has promised.
//! V2: acks=all is answered with success only when the high watermark has passed the batch, acks=1 (and 0, silently) when it is written.
//! V3: nobody waits at a replica without a role.

use bytes::Bytes;
use ottla_log::{Appended, Log, Origin, Ready, Refusal};
use ottla_machine::{Emit, LeaderEpoch, Now, Offset, Ticket, planted, sometimes};
use ottla_protocol::ErrorCode;

use crate::waiters::Waiters;
use crate::{Leader, Tenure};

/// What a producer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acks {
    /// Nothing (0).
    None,
    /// That the leader has written it (1).
    Leader,
    /// That every in-sync replica has promised it (-1).
    All,
}

/// What this node's promise to keep a record means (`log.flush.on.ack`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// A power cut cannot take it.
    Flushed,
    /// A killed process cannot take it: Kafka's promise.
    Written,
}

/// A producer's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released {
    /// Whose.
    pub ticket: Ticket,
    /// Where his batch lies, or why it does not.
    pub result: Result<Appended, ErrorCode>,
}

/// This node's copy of a partition.
#[derive(Clone, Debug)]
pub struct Replica {
    log: Log,
    promise: Promise,
    leader: Option<Leader>,
    /// The high watermark while there is no role: by the checkpoint, then as the last tenure left it.
    high_watermark: Offset,
    all: Waiters,
    written: Waiters,
    taken: Offset,
}

impl Replica {
    /// A replica without a role. `high_watermark` is what `replication-offset-checkpoint` says.
    pub fn new(log: Log, promise: Promise, high_watermark: Offset) -> Replica {
        Replica {
            log,
            promise,
            leader: None,
            high_watermark,
            all: Waiters::default(),
            written: Waiters::default(),
            taken: Offset(0),
        }
    }

    /// The log.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The log, for what concerns bytes only: completions, settling, opening, retention, stopping.
    pub fn log_mut(&mut self) -> &mut Log {
        &mut self.log
    }

    /// The tenure, if this node leads.
    pub fn leader(&self) -> Option<&Leader> {
        self.leader.as_ref()
    }

    /// The image names this node leader. The log must be open.
    pub fn lead(&mut self, tenure: Tenure, fx: &mut impl Emit, out: &mut Vec<Released>) {
        if let Some(leader) = &mut self.leader {
            if leader.epoch() == tenure.epoch {
                leader.update(tenure);
                return;
            }
            self.resign(fx, out);
        }
        if self.log.latest_epoch() != tenure.epoch {
            self.log.start_epoch(tenure.epoch, fx);
        }
        sometimes!(
            fx,
            "the checkpoint knew a higher watermark than the log",
            if self.high_watermark > self.promised()
        );
        // What earlier tenures have taken is not known: all of it may be believed.
        self.taken = self.log.assigned();
        // The checkpoint may be of a life that promised more than this log kept: V1 holds from the first moment.
        let bounded = self
            .high_watermark
            .min(self.promised())
            .max(self.log.start_offset());
        self.leader = Some(Leader::begin(tenure, bounded));
        self.log.set_high_watermark(bounded);
    }

    /// The image names another leader, or none.
    pub fn resign(&mut self, fx: &mut impl Emit, out: &mut Vec<Released>) {
        let waiting = self.all.len() + self.written.len();
        sometimes!(fx, "a leader resigned while producers waited", if waiting > 0);
        self.high_watermark = self.high_watermark();
        self.leader = None;
        self.refuse(ErrorCode::NotLeaderOrFollower, out);
    }

    /// Every waiting producer is refused: the disk is not believed, or the topic is no more.
    pub fn refuse(&mut self, error: ErrorCode, out: &mut Vec<Released>) {
        self.refuse_from(Offset(-1), error, out);
    }

    /// Appends from `from` on never happened.
    pub fn on_undone(&mut self, from: Offset, fx: &mut impl Emit, out: &mut Vec<Released>) {
        self.taken = self.taken.min(from);
        if planted!(fx, "offset-assigned-twice") {
            return;
        }
        let before = out.len();
        self.refuse_from(from, ErrorCode::KafkaStorageError, out);
        sometimes!(fx, "several producers lost their appends together", if out.len() > before + 1);
    }

    fn refuse_from(&mut self, from: Offset, error: ErrorCode, out: &mut Vec<Released>) {
        let gone = self.written.split(from).into_iter();
        let gone = gone.chain(self.all.split(from));
        out.extend(gone.map(|ticket| Released {
            ticket,
            result: Err(error),
        }));
    }

    /// Whether an append may come in now.
    pub fn judge_append(&self, acks: Acks) -> Result<(), ErrorCode> {
        match &self.leader {
            None => Err(ErrorCode::NotLeaderOrFollower),
            Some(leader) if acks == Acks::All && !leader.has_enough_replicas() => {
                Err(ErrorCode::NotEnoughReplicas)
            }
            Some(_) => Ok(()),
        }
    }

    /// Whether somebody who knows `epoch` asks the right leader.
    pub fn judge_epoch(&self, epoch: LeaderEpoch) -> Result<&Leader, ErrorCode> {
        let leader = self.leader.as_ref().ok_or(ErrorCode::NotLeaderOrFollower)?;
        if epoch < leader.epoch() && planted!(self.log.switch(), "old-leader-epoch-served") {
            return Ok(leader);
        }
        leader.judge_epoch(epoch).map(|()| leader)
    }

    /// Appends a judged batch; [`Replica::judge_append`] has let it in. The ticket waits: also with acks=0, whose producer hears
    /// nothing, for until it is written its request is charged.
    pub fn append(
        &mut self,
        now: Now,
        ready: Ready,
        ticket: Ticket,
        acks: Acks,
        fx: &mut impl Emit,
    ) -> Result<Appended, Refusal> {
        let epoch = self
            .leader
            .as_ref()
            .map_or(LeaderEpoch::NONE, Leader::epoch);
        assert!(epoch != LeaderEpoch::NONE, "V3: an append without a leader");
        let appended = self.log.append_ready(now, ready, epoch)?;
        sometimes!(
            fx,
            "a batch came again before the first was promised",
            if appended.duplicate && appended.next > self.promised()
        );
        match acks {
            Acks::None | Acks::Leader => {
                self.taken = self.taken.max(appended.next);
                self.written.push(ticket, appended);
            }
            Acks::All => self.all.push(ticket, appended),
        }
        Ok(appended)
    }

    /// Appends a batch of this node's own, for whoever follows the high watermark by himself; [`Replica::judge_append`] has let it in.
    pub fn append_own(&mut self, now: Now, batch: Bytes) -> Result<Appended, Refusal> {
        let epoch = self
            .leader
            .as_ref()
            .map_or(LeaderEpoch::NONE, Leader::epoch);
        assert!(epoch != LeaderEpoch::NONE, "V3: an append without a leader");
        self.log.append(now, batch, epoch, Origin::Node)
    }

    /// The log has moved on: promises, high watermark, and whoever waited for them. Whether the high watermark moved.
    pub fn advance(&mut self, fx: &mut impl Emit, out: &mut Vec<Released>) -> bool {
        let promised = self.promised();
        let Some(leader) = &mut self.leader else {
            return false;
        };
        let node = leader.node();
        let moved = leader.on_promise(node, promised);
        let high_watermark = leader.high_watermark();
        let enough = leader.has_enough_replicas();
        if moved {
            self.log.set_high_watermark(high_watermark);
        }
        let written = if planted!(fx, "acks-1-before-written") {
            self.log.assigned()
        } else {
            self.log.written()
        };
        let before = out.len();
        while let Some((ticket, appended)) = self.written.pop(written) {
            out.push(Released {
                ticket,
                result: Ok(appended),
            });
        }
        let passed = if planted!(fx, "ack-before-flush") {
            self.log.written()
        } else {
            high_watermark
        };
        let one = out.len();
        while let Some((ticket, appended)) = self.all.pop(passed) {
            let result = if enough {
                Ok(appended)
            } else {
                Err(ErrorCode::NotEnoughReplicasAfterAppend)
            };
            out.push(Released { ticket, result });
        }
        let both = before < one && one < out.len();
        sometimes!(fx, "producers of both kinds were answered at once", if both);
        moved
    }

    /// What this node has promised to keep.
    pub fn promised(&self) -> Offset {
        match self.promise {
            Promise::Flushed if !planted!(self.log.switch(), "high-watermark-over-written") => {
                self.log.flushed()
            }
            Promise::Flushed | Promise::Written => self.log.written(),
        }
    }

    /// What the word "promised" means here.
    pub fn promise(&self) -> Promise {
        self.promise
    }

    /// What every reader may see.
    pub fn high_watermark(&self) -> Offset {
        self.leader
            .as_ref()
            .map_or(self.high_watermark, Leader::high_watermark)
    }

    /// What a reader of committed transactions may see.
    pub fn last_stable_offset(&self) -> Offset {
        let high_watermark = self.high_watermark();
        let unstable = self.log.first_unstable_offset();
        unstable.map_or(high_watermark, |first| first.min(high_watermark))
    }

    /// The end of what producers believe to be there, whatever is promised: of the last batch of this tenure with acks 0 or 1, or of
    /// all that was there before.
    pub fn taken(&self) -> Offset {
        self.taken
    }

    /// The end of the last batch that a producer waits for with acks=all.
    pub fn awaited(&self) -> Option<Offset> {
        self.all.furthest()
    }

    /// Where a reader's log, whose last record before `from` has the epoch `last`, parts from this one. `Err`: `last` is unknown here.
    pub fn divergence(
        &self,
        last: LeaderEpoch,
        from: Offset,
    ) -> Result<Option<(LeaderEpoch, Offset)>, ErrorCode> {
        let (epoch, end) = self.log.epoch_end(last);
        if epoch == LeaderEpoch::NONE || end < Offset(0) || from < self.log.start_offset() {
            return Err(ErrorCode::OffsetOutOfRange);
        }
        Ok((epoch < last || end < from).then_some((epoch, end)))
    }

    /// Panics when an invariant does not hold.
    pub fn check(&self) {
        self.log.check();
        let (assigned, written) = (self.log.assigned(), self.log.written());
        let flushed = self.log.flushed();
        assert!(
            assigned >= written && written >= flushed,
            "V1: {assigned} {written} {flushed}"
        );
        match &self.leader {
            Some(leader) => {
                leader.check();
                let bound = self.promised().max(self.log.start_offset());
                let high_watermark = leader.high_watermark();
                assert!(high_watermark <= bound, "V1: {high_watermark} > {bound}");
            }
            None => assert!(self.all.len() + self.written.len() == 0, "V3"),
        }
    }
}
