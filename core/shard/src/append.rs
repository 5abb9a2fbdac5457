//! Appends: into the line of their partition, out of it in order, into the log; and the answers, when what each producer waits for has come.
//!
//! A1: an answer's offsets are those the log gave; it is released by `Replica::advance`.

use ottla_log::{Origin, Phase, Prepared, Ready, Refusal, RefusalKind};
use ottla_machine::{Effects, Now, Offset, Ticket, sometimes};
use ottla_protocol::ErrorCode;
use ottla_replica::{Acks, Promise, Released};

use crate::entry::Entry;
use crate::questions::refused;
use crate::{Answer, Append, Appended, Refused, Shard, ShardTell, office};

impl Shard {
    /// A client's batch.
    pub(crate) fn on_append(
        &mut self,
        now: Now,
        ticket: Ticket,
        append: Append,
        fx: &mut Effects<Shard>,
    ) {
        self.tickets.park(ticket);
        let slot = match self.find(now, append.partition, fx) {
            Ok(slot) => slot,
            Err(error) => return self.refuse(ticket, error, fx),
        };
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        let broken = self.dirs[entry.dir].offline || entry.is_damaged();
        if broken {
            return self.refuse(ticket, ErrorCode::KafkaStorageError, fx);
        }
        sometimes!(fx, "an append waited for its log to open", if !entry.is_open());
        if entry.line.push(ticket, append).is_err() {
            return self.refuse(ticket, ErrorCode::NotLeaderOrFollower, fx);
        }
        self.hurry(slot);
        self.advance_line(now, slot, fx);
    }

    /// Lets in what stands at the head of the line, as long as nothing holds it up.
    pub(crate) fn advance_line(&mut self, now: Now, slot: u32, fx: &mut Effects<Shard>) {
        loop {
            let Some(entry) = self.entries.get_mut(slot) else {
                return;
            };
            let Some(replica) = entry.replica().filter(|_| entry.is_open()) else {
                return; // everybody waits for it to open
            };
            let Some((ticket, append)) = entry.line.head() else {
                return;
            };
            let ticket = *ticket;
            if let Err(error) = replica.judge_append(acks(append.acks)) {
                entry.line.pop();
                self.refuse(ticket, error, fx);
                continue;
            }
            let origin = Origin::Client {
                transactional: append.transactional_id.is_some(),
            };
            let records = append.records.clone();
            let pins = append.pins.max(records.len());
            match replica.log().prepare(now, records, pins, origin) {
                Ok(Prepared::Ready(ready)) => self.let_in(now, slot, Ok(ready), fx),
                Err(refusal) => self.let_in(now, slot, Err(refusal), fx),
                Ok(Prepared::Job(job)) => {
                    let number = self.number();
                    let generation = self.entries.generation(slot);
                    self.judges.insert(number, (slot, generation));
                    if let Some(entry) = self.entries.get_mut(slot) {
                        entry.line.judge(number);
                    }
                    return self.work(office::JUDGES, number, job, fx);
                }
            }
        }
    }

    /// A job has judged the head of a line.
    pub(crate) fn on_judged(
        &mut self,
        now: Now,
        job: u64,
        judged: Result<Ready, Refusal>,
        fx: &mut Effects<Shard>,
    ) {
        let Some((slot, generation)) = self.judges.remove(&job) else {
            return;
        };
        let lives = self.entries.lives(slot, generation);
        let Some(entry) = self.entries.get_mut(slot).filter(|_| lives) else {
            return;
        };
        if !entry.line.is_judging(job) {
            sometimes!(fx, "a line was sent home while its head was judged");
            return; // the line was sent home meanwhile
        }
        entry.line.judged();
        // Much may have happened since it was let in to be judged.
        let may = match (entry.line.head(), entry.replica()) {
            (Some((_, append)), Some(replica)) => replica.judge_append(acks(append.acks)),
            _ => Err(ErrorCode::NotLeaderOrFollower),
        };
        match may {
            Ok(()) => self.let_in(now, slot, judged, fx),
            Err(error) => {
                if let Some((ticket, _)) = entry.line.pop() {
                    self.refuse(ticket, error, fx);
                }
            }
        }
        self.advance_line(now, slot, fx);
    }

    /// The head of the line is judged: into the log with it.
    fn let_in(
        &mut self,
        now: Now,
        slot: u32,
        judged: Result<Ready, Refusal>,
        fx: &mut Effects<Shard>,
    ) {
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        let Some((ticket, append)) = entry.line.pop() else {
            return;
        };
        let Some(replica) = entry.replica_mut() else {
            return;
        };
        let wanted = acks(append.acks);
        let appended = judged.and_then(|ready| replica.append(now, ready, ticket, wanted, fx));
        let log_start_offset = replica.log().start_offset();
        let durable = replica.promise() == Promise::Flushed;
        match appended {
            Ok(appended) => {
                if wanted == Acks::All && durable {
                    entry.unflushed.want(appended.next);
                }
                self.appends += 1;
                if !appended.duplicate {
                    entry.cached_at = self.appends;
                }
                self.touch(slot);
            }
            Err(refusal) => {
                let answer = Answer::Refused(refusal_of(refusal, log_start_offset));
                self.tell_append(ticket, answer, fx);
            }
        }
    }

    /// What a producer waited for has come, or will not.
    pub(crate) fn release(
        &mut self,
        released: Released,
        log_start_offset: Offset,
        fx: &mut Effects<Shard>,
    ) {
        let answer = match released.result {
            Ok(appended) => Answer::Appended(Appended {
                base_offset: appended.base,
                log_append_time_ms: appended.append_time_ms,
                log_start_offset,
            }),
            Err(error) => refused(error, None),
        };
        self.tell_append(released.ticket, answer, fx);
    }

    /// Refuses an append before the log.
    pub(crate) fn refuse(&mut self, ticket: Ticket, error: ErrorCode, fx: &mut Effects<Shard>) {
        self.tell_append(ticket, refused(error, None), fx);
    }

    fn tell_append(&mut self, ticket: Ticket, answer: Answer, fx: &mut Effects<Shard>) {
        if self.tickets.take(ticket) {
            fx.tell(ShardTell::Answer(ticket, answer));
        }
    }

    /// Everybody at this replica is sent home: producers, readers, watchers.
    pub(crate) fn send_home(&mut self, slot: u32, error: ErrorCode, fx: &mut Effects<Shard>) {
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        let mut released = Vec::new();
        if let Some(replica) = entry.replica_mut() {
            replica.refuse(error, &mut released);
        }
        let line = entry.line.clear();
        let parked = std::mem::take(&mut entry.parked);
        let watches = entry.watches.all();
        self.end_coordinator(slot, fx);
        for released in released {
            self.release(released, Offset(-1), fx);
        }
        for ticket in line {
            self.refuse(ticket, error, fx);
        }
        for (_, asked) in parked {
            self.answer(asked.asker, refused(error, None), fx);
        }
        for key in watches {
            fx.tell(ShardTell::Ready(key));
        }
    }
}

fn is_open(replica: &ottla_replica::Replica) -> bool {
    replica.log().phase() == Phase::Open
}

/// Kafka's numbers; others were refused by whoever read the request.
fn acks(number: i16) -> Acks {
    match number {
        0 => Acks::None,
        1 => Acks::Leader,
        _ => Acks::All,
    }
}

/// Kafka tells the log's start with refusals that came from the records themselves.
fn refusal_of(refusal: Refusal, log_start_offset: Offset) -> Refused {
    let (error, from_log) = match refusal.kind {
        RefusalKind::Corrupt => (ErrorCode::CorruptMessage, false),
        RefusalKind::InvalidRecord => (ErrorCode::InvalidRecord, true),
        RefusalKind::UnknownCodec => (ErrorCode::UnsupportedCompressionType, true),
        RefusalKind::TooLarge => (ErrorCode::MessageTooLarge, false),
        RefusalKind::LargerThanSegment => (ErrorCode::RecordListTooLarge, false),
        RefusalKind::InvalidTimestamp => (ErrorCode::InvalidTimestamp, true),
        RefusalKind::OutOfOrderSequence => (ErrorCode::OutOfOrderSequenceNumber, true),
        RefusalKind::InvalidProducerEpoch => (ErrorCode::InvalidProducerEpoch, true),
        RefusalKind::NoTransactionalId => (ErrorCode::TransactionalIdAuthorizationFailed, false),
        RefusalKind::UnknownTransaction => (ErrorCode::InvalidProducerIdMapping, false),
        RefusalKind::Storage => (ErrorCode::KafkaStorageError, false),
    };
    Refused {
        error,
        message: Some(refusal.message),
        record_errors: refusal.record_errors,
        log_start_offset: if from_log {
            log_start_offset
        } else {
            Offset(-1)
        },
    }
}

impl Entry {
    /// Whether its log takes appends and answers questions.
    pub fn is_open(&self) -> bool {
        !self.opening && !self.leaving && self.replica().is_some_and(is_open)
    }
}
