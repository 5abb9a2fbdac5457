//! Questions about a partition: reads, ListOffsets, the end of an epoch. A question that lacks something (an open log, a block, a flush)
//! waits as it was asked and is asked again from the start, so that epoch and bounds are judged anew.
//!
//! Whoever asks for the end asks, like a waiting producer, for the flush of what was written before, and is answered after it: a client
//! that was told acks=1 sees its record.
//!
//! N1: what is answered lies below the high watermark (below the last stable offset for committed readers) at the moment of the answer.
//! N2: a question lacks something at most [`limits::FAULTS`] times; a segment that has to be opened counts when it is not another one
//! than before, since a log may have many.

use ottla_log::{Absent, Found, Phase};
use ottla_machine::{Effects, LeaderEpoch, Now, Offset, Parts, planted, sometimes};
use ottla_protocol::ErrorCode;
use ottla_replica::{Promise, Replica};

use crate::asked::{Asked, Asker, Lack, What};
use crate::blocks::{Failure, Lacking, Next};
use crate::entry::{Entry, Stage, Wait};
use crate::{Answer, Isolation, Question, Read, ReadAnswer, Refused, Shard, ShardTell, limits};

impl Shard {
    /// Answers a question, or lets it wait.
    pub(crate) fn ask(&mut self, now: Now, mut asked: Asked, fx: &mut Effects<Shard>) {
        if let Asker::Waits(claim) = asked.asker
            && !self.tickets.waits(claim)
        {
            return;
        }
        let slot = match self.find(now, asked.what.partition(), fx) {
            Ok(slot) => slot,
            Err(error) => return self.answer(asked.asker, refused(error, None), fx),
        };
        let Some(entry) = self.entries.get(slot) else {
            return;
        };
        match self.judge(entry, &asked) {
            Ok(answer) => {
                self.watch(slot, &asked, &answer);
                self.answer(asked.asker, answer, fx);
            }
            Err(Lack::Refused(error, message)) => {
                self.answer(asked.asker, refused(error, message), fx);
            }
            Err(Lack::Open) => {
                self.hurry(slot);
                self.park(slot, Wait::Open, asked, fx);
            }
            Err(Lack::Flush(to)) => {
                sometimes!(fx, "a reader asked for a flush");
                asked.end = Some(to);
                if let Some(entry) = self.entries.get_mut(slot) {
                    entry.unflushed.want(to);
                }
                self.touch(slot);
                self.park(slot, Wait::Flushed(to), asked, fx);
            }
            Err(Lack::Delete(before)) => {
                asked.end = Some(before);
                self.delete_records(now, slot, before, asked, fx);
            }
            Err(Lack::Old(absent)) => self.fault(slot, absent, asked, fx),
        }
    }

    fn judge(&self, entry: &Entry, asked: &Asked) -> Result<Answer, Lack> {
        if self.dirs[entry.dir].offline {
            return Err(ErrorCode::KafkaStorageError.into());
        }
        let replica = match &entry.stage {
            Stage::Damaged | Stage::Refused(_) => return Err(ErrorCode::KafkaStorageError.into()),
            Stage::Held(replica) => replica,
            Stage::Named | Stage::Queued | Stage::Looking(_) => return Err(Lack::Open),
        };
        match replica.log().phase() {
            Phase::Open if !entry.opening => {}
            Phase::Open | Phase::Opening => return Err(Lack::Open),
            Phase::Offline(_) | Phase::Damaged => return Err(ErrorCode::KafkaStorageError.into()),
            Phase::Closing | Phase::Closed => return Err(ErrorCode::NotLeaderOrFollower.into()),
        }
        match &asked.what {
            What::Read(read) => self.judge_read(replica, read, asked.end),
            What::Question(_, question) => {
                self.judge_question(entry, replica, *question, asked.end)
            }
        }
    }

    fn judge_read(
        &self,
        replica: &Replica,
        read: &Read,
        asked_end: Option<Offset>,
    ) -> Result<Answer, Lack> {
        replica.judge_epoch(read.current_leader_epoch)?;
        let log = replica.log();
        let mut answer = ReadAnswer {
            high_watermark: replica.high_watermark(),
            last_stable_offset: replica.last_stable_offset(),
            log_start_offset: log.start_offset(),
            diverging: None,
            aborted: None,
            records: Parts::default(),
        };
        if read.last_fetched_epoch != LeaderEpoch::NONE {
            answer.diverging = replica.divergence(read.last_fetched_epoch, read.from)?;
            if answer.diverging.is_some() {
                return Ok(Answer::Read(answer));
            }
        }
        if !log.reaches(read.from) {
            return Err(ErrorCode::OffsetOutOfRange.into());
        }
        let end = if planted!(log.switch(), "read-past-high-watermark") {
            log.written()
        } else {
            visible(replica, read.isolation)
        };
        if read.isolation == Isolation::ReadCommitted {
            answer.aborted = Some(Vec::new());
        }
        if read.from >= end {
            demand_flush(replica, end, asked_end)?;
            return Ok(Answer::Read(answer));
        }
        let blocks = self.faults.held();
        let first =
            read.at_least_one && !planted!(log.switch(), "first-batch-not-returned-if-larger");
        let slice = log.read(blocks, read.from, end, read.max_bytes, first)?;
        if slice.next >= end {
            demand_flush(replica, end, asked_end)?;
        }
        answer.records = slice.parts;
        if read.isolation == Isolation::ReadCommitted && !answer.records.is_empty() {
            answer.aborted = Some(log.aborted(read.from, end));
        }
        Ok(Answer::Read(answer))
    }

    fn judge_question(
        &self,
        entry: &Entry,
        replica: &Replica,
        question: Question,
        asked_end: Option<Offset>,
    ) -> Result<Answer, Lack> {
        match question {
            Question::EpochEnd {
                current_leader_epoch,
                leader_epoch,
            } => {
                replica.judge_epoch(current_leader_epoch)?;
                let (leader_epoch, end_offset) = replica.log().epoch_end(leader_epoch);
                Ok(Answer::EpochEnd {
                    leader_epoch,
                    end_offset,
                })
            }
            Question::DeleteRecords { before } => judge_deletion(entry, replica, before, asked_end),
            Question::ListOffset {
                current_leader_epoch,
                timestamp,
                isolation,
            } => {
                let epoch = replica.judge_epoch(current_leader_epoch)?.epoch();
                self.list_offset(replica, epoch, timestamp, isolation, asked_end)
            }
        }
    }

    fn list_offset(
        &self,
        replica: &Replica,
        epoch: LeaderEpoch,
        timestamp: i64,
        isolation: Isolation,
        asked_end: Option<Offset>,
    ) -> Result<Answer, Lack> {
        let log = replica.log();
        let blocks = self.faults.held();
        let end = visible(replica, isolation);
        match timestamp {
            EARLIEST | EARLIEST_LOCAL => {
                let start = log.start_offset();
                Ok(listed(Some((start, NO_TIMESTAMP, log.epoch_at(start)))))
            }
            // Without tiered storage nothing is tiered, and nothing waits to be.
            LATEST_TIERED | EARLIEST_PENDING => Ok(listed(None)),
            LATEST => {
                demand_flush(replica, end, asked_end)?;
                let end = if planted!(log.switch(), "latest-offset-is-log-end") {
                    log.assigned()
                } else {
                    end
                };
                Ok(listed(Some((end, NO_TIMESTAMP, epoch))))
            }
            MAX_TIMESTAMP => {
                demand_flush(replica, end, asked_end)?;
                Ok(listed(log.max_timestamp(blocks, end)?))
            }
            time if time >= 0 => {
                let found = log.offset_for_timestamp(blocks, time, end)?;
                if found.is_none() {
                    demand_flush(replica, end, asked_end)?;
                }
                Ok(listed(found))
            }
            _ => Err(ErrorCode::UnsupportedVersion.into()),
        }
    }

    /// A read that was answered leaves its watch.
    fn watch(&mut self, slot: u32, asked: &Asked, answer: &Answer) {
        let (What::Read(read), Answer::Read(answer)) = (&asked.what, answer) else {
            return;
        };
        if let (Some(key), Some(entry)) = (read.watch, self.entries.get_mut(slot)) {
            let seen = match read.isolation {
                Isolation::ReadUncommitted => answer.high_watermark,
                Isolation::ReadCommitted => answer.last_stable_offset,
            };
            entry.watches.arm(key, read.isolation, seen);
            // What was appended in this very turn is already more than was seen.
            self.touch(slot);
        }
    }

    pub(crate) fn park(
        &mut self,
        slot: u32,
        wait: Wait,
        mut asked: Asked,
        fx: &mut Effects<Shard>,
    ) {
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        if entry.parked.len() >= limits::PARKED {
            let error = ErrorCode::NotLeaderOrFollower;
            return self.answer(asked.asker, refused(error, None), fx);
        }
        if let Asker::Now(ticket) = asked.asker {
            asked.asker = Asker::Waits(self.tickets.park(ticket));
        }
        entry.parked.push((wait, asked));
    }

    fn fault(&mut self, slot: u32, absent: Absent, mut asked: Asked, fx: &mut Effects<Shard>) {
        if asked.faults >= limits::FAULTS {
            let message = "the answer lies in too many places of the log".to_owned();
            let answer = refused(ErrorCode::KafkaStorageError, Some(message));
            return self.answer(asked.asker, answer, fx); // N2
        }
        match absent {
            Absent::Cold(base) if asked.warmed != Some(base) => asked.warmed = Some(base),
            _ => asked.faults += 1,
        }
        let key = match absent {
            Absent::Block(key) | Absent::Unpacked(key) => key,
            Absent::Cold(base) => {
                if let Some(replica) = self.entries.get_mut(slot).and_then(Entry::replica_mut) {
                    replica.log_mut().warm(base, fx);
                }
                self.touch(slot);
                return self.park(slot, Wait::Warm(base), asked, fx);
            }
            // Judged before: these are refusals.
            Absent::OutOfRange | Absent::Closed | Absent::Damaged(_) => return,
        };
        if let Asker::Now(ticket) = asked.asker {
            asked.asker = Asker::Waits(self.tickets.park(ticket));
        }
        let number = self.number();
        let lacking = Lacking {
            slot,
            generation: self.entries.generation(slot),
            asked,
        };
        let next = self.faults.want(key, lacking, number);
        self.on_block(Now::default(), next, fx);
    }

    /// What a block's coming, or not coming, leads to.
    pub(crate) fn on_block(&mut self, now: Now, next: Next, fx: &mut Effects<Shard>) {
        match next {
            Next::Wait => {}
            Next::Read(number, op) => self.disk(crate::office::BLOCKS, number, op, fx),
            Next::Unpack(number, job) => self.work(crate::office::BLOCKS, number, job, fx),
            Next::Ask(waiting) => {
                for lacking in waiting {
                    self.ask(now, lacking.asked, fx);
                }
            }
            Next::Fail(waiting, why) => self.on_block_failed(now, waiting, &why, fx),
        }
    }

    fn on_block_failed(
        &mut self,
        now: Now,
        waiting: Vec<Lacking>,
        why: &Failure,
        fx: &mut Effects<Shard>,
    ) {
        use ottla_machine::Fault;
        for lacking in waiting {
            let lives = self.entries.lives(lacking.slot, lacking.generation);
            match why {
                // The segment is gone, or the system was short of something: the question may fare better now.
                Failure::Fault(Fault::Gone | Fault::Busy | Fault::Full) => {
                    sometimes!(fx, "a block was gone before it was read");
                    self.ask(now, lacking.asked, fx);
                }
                Failure::Fault(Fault::Broken) => {
                    let dir = self.entries.get(lacking.slot).map(|entry| entry.dir);
                    if let Some(dir) = dir.filter(|_| lives) {
                        self.offline(dir, "a segment cannot be read".to_owned(), fx);
                    }
                    let answer = refused(ErrorCode::KafkaStorageError, None);
                    self.answer(lacking.asked.asker, answer, fx);
                }
                Failure::Damaged(why) => {
                    let answer = refused(ErrorCode::KafkaStorageError, Some(why.clone()));
                    self.answer(lacking.asked.asker, answer, fx);
                }
            }
        }
    }

    /// Asks those again whose wait is over.
    pub(crate) fn ask_again(
        &mut self,
        now: Now,
        slot: u32,
        over: impl Fn(Wait) -> bool,
        fx: &mut Effects<Shard>,
    ) {
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        let ready: Vec<Asked> = (entry.parked)
            .extract_if(.., |(wait, _)| over(*wait))
            .map(|(_, asked)| asked)
            .collect();
        for asked in ready {
            self.ask(now, asked, fx);
        }
    }

    /// Answers, unless nobody waits any more.
    pub(crate) fn answer(&mut self, asker: Asker, answer: Answer, fx: &mut Effects<Shard>) {
        let ticket = match asker {
            Asker::Now(ticket) => Some(ticket),
            Asker::Waits(claim) => self.tickets.redeem(claim),
            Asker::Loader(slot, generation) => {
                return self.on_loader_read(slot, generation, answer, fx);
            }
        };
        if let Some(ticket) = ticket {
            fx.tell(ShardTell::Answer(ticket, answer));
        }
    }
}

/// A refusal from before the log.
pub(crate) fn refused(error: ErrorCode, message: Option<String>) -> Answer {
    Answer::Refused(Refused {
        error,
        message,
        record_errors: Vec::new(),
        log_start_offset: Offset(-1),
    })
}

fn judge_deletion(
    entry: &Entry,
    replica: &Replica,
    before: i64,
    done: Option<Offset>,
) -> Result<Answer, Lack> {
    replica.judge_epoch(LeaderEpoch::NONE)?;
    let config = &entry.settings.log;
    if config.compact && !config.delete {
        return Err(ErrorCode::PolicyViolation.into());
    }
    let high_watermark = replica.high_watermark();
    let to = match before {
        HIGH_WATERMARK => high_watermark,
        offset => Offset(offset),
    };
    match done {
        None if (to < Offset(0) || to > high_watermark)
            && !planted!(replica.log().switch(), "deletion-beyond-the-end-accepted") =>
        {
            Err(ErrorCode::OffsetOutOfRange.into())
        }
        None => Err(Lack::Delete(to)),
        Some(_) => Ok(Answer::Deleted {
            low_watermark: replica.log().start_offset(),
        }),
    }
}

/// N1: what such a reader may see.
fn visible(replica: &Replica, isolation: Isolation) -> Offset {
    match isolation {
        Isolation::ReadUncommitted => replica.high_watermark(),
        Isolation::ReadCommitted => replica.last_stable_offset(),
    }
}

/// Somebody asks for the end, which is `end` for him. If a producer was told more (acks=1), or believes it (acks=0), and it is only a
/// flush that holds it back, he waits for that, once.
fn demand_flush(replica: &Replica, end: Offset, asked_end: Option<Offset>) -> Result<(), Lack> {
    let taken = replica.taken();
    let held_back = replica.promise() == Promise::Flushed
        && end == replica.high_watermark()
        && taken > replica.log().flushed();
    if held_back && asked_end.is_none() {
        return Err(Lack::Flush(taken));
    }
    Ok(())
}

fn listed(found: Option<Found>) -> Answer {
    let (offset, timestamp, leader_epoch) =
        found.unwrap_or((Offset(-1), NO_TIMESTAMP, LeaderEpoch::NONE));
    Answer::Offset {
        timestamp,
        offset,
        leader_epoch,
    }
}

const HIGH_WATERMARK: i64 = -1;
const NO_TIMESTAMP: i64 = -1;
const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
const LATEST_TIERED: i64 = -5;
const EARLIEST_PENDING: i64 = -6;
