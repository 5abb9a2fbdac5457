//! The reads of one fetch: a round visits what is ready; when it brings too little the fetch parks until a partition is ready,
//! and then the next round visits what is ready by then. Data is not kept between rounds, only looked at: the last round's
//! answer is what the client gets.

use std::collections::{BTreeMap, VecDeque};

use ottla_machine::{Ticket, Time, planted};
use ottla_protocol::ErrorCode;
use ottla_shard::{Answer, PartitionId, ShardAsk, WatchKey};

use super::interest::{Found, Interest, Seen, TopicKey};
use super::{Fetch, SESSION, Session};

/// One fetch at work.
#[derive(Clone, Debug)]
pub(super) struct Round {
    pub(super) fetch: Fetch,
    /// Every partition is answered for, not only those with news.
    whole: bool,
    /// The slots this round visits, in order.
    order: Vec<u32>,
    issued: usize,
    answered: usize,
    reserved: usize,
    taken: usize,
    /// Something must be answered at once.
    at_once: bool,
    /// Partitions that exist here.
    known: usize,
    /// Slots that found their end in an earlier round.
    passed: Vec<u32>,
    /// When this round's first read was asked.
    began: Time,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The next thing to do is to draw up the order.
    Fresh,
    /// Reads are issued or awaited. `woken`: something became ready meanwhile.
    Reading { woken: bool },
    /// Too little was found; waits.
    Parked { woken: bool },
}

/// What became of a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It waits for answers or for readiness.
    Waits,
    /// It could go on but has had its share.
    GoesOn,
    /// It is to be answered now.
    Done,
}

impl Round {
    pub(super) fn new(fetch: Fetch, whole: bool) -> Round {
        Round {
            fetch,
            whole,
            order: Vec::new(),
            issued: 0,
            answered: 0,
            reserved: 0,
            taken: 0,
            at_once: false,
            known: 0,
            passed: Vec::new(),
            began: Time::NEVER,
            state: State::Fresh,
        }
    }

    /// Room for the next read; `None`: it must wait until the reads under way have shown how much they took.
    fn room(&self) -> Option<usize> {
        let room = self
            .fetch
            .max_bytes
            .saturating_sub(self.taken + self.reserved);
        if room == 0 && self.reserved > 0 {
            None
        } else {
            Some(room)
        }
    }

    fn is_full(&self) -> bool {
        self.taken > 0 && self.taken >= self.fetch.max_bytes
    }
}

impl Session {
    /// Until when the fetch is parked.
    pub(super) fn parked_until(&self) -> Option<Time> {
        let round = self.round.as_ref()?;
        let forgotten = !self.ready.is_empty() && planted!(self.switch, "long-poll-never-answered");
        (matches!(round.state, State::Parked { .. }) && !forgotten).then_some(round.fetch.until)
    }

    /// Since when it reads, if it does: what it has found may be part of its answer.
    pub(super) fn reads_since(&self) -> Option<Time> {
        let round = self.round.as_ref()?;
        matches!(round.state, State::Reading { .. }).then_some(round.began)
    }

    /// A watch has fired. Answers whether a fetch is to be moved on for it.
    pub(super) fn on_ready(&mut self, slot: u32) -> bool {
        let Some(Some(interest)) = self.interests.get_mut(slot as usize) else {
            return false;
        };
        interest.watched = None;
        self.queue(slot);
        let Some(round) = &mut self.round else {
            return false;
        };
        match &mut round.state {
            State::Fresh => false,
            State::Reading { woken } => {
                *woken = true;
                false
            }
            State::Parked { woken } => !std::mem::replace(woken, true),
        }
    }

    /// A read is answered.
    pub(super) fn on_answer(&mut self, slot: u32, answer: Answer) {
        let Some(round) = &mut self.round else { return };
        let Some(Some(interest)) = self.interests.get_mut(slot as usize) else {
            return;
        };
        let Some(reserved) = interest.reading.take() else {
            return;
        };
        round.reserved -= reserved;
        round.answered += 1;
        match answer {
            Answer::Read(read) => {
                let room =
                    (round.taken > 0).then(|| round.fetch.max_bytes.saturating_sub(round.taken));
                round.at_once |= interest.on_read(read, room);
                round.taken += interest.bytes();
            }
            Answer::Refused(refused) => {
                interest.found = Found::Refused(refused.error);
                interest.seen = Seen::NOTHING;
                round.at_once = true;
            }
            // W1 of the shard's words: a read is answered with one of the two above.
            Answer::Appended(_)
            | Answer::Offset { .. }
            | Answer::EpochEnd { .. }
            | Answer::Deleted { .. }
            | Answer::Group(_) => {
                unreachable!("W1: a read is answered as a read")
            }
        }
    }

    /// Issues reads and judges the round.
    pub(super) fn advance(
        &mut self,
        now: Time,
        key: WatchKey,
        most: usize,
        resolve: impl Fn(&TopicKey, i32) -> Result<PartitionId, ErrorCode>,
        asks: &mut VecDeque<ShardAsk>,
        moved: &mut Vec<(WatchKey, PartitionId)>,
    ) -> Verdict {
        let Some(round) = &self.round else {
            return Verdict::Waits;
        };
        match round.state {
            State::Fresh => self.begin(now),
            State::Parked { woken } if woken || now >= round.fetch.until => self.begin(now),
            State::Parked { .. } => return Verdict::Waits,
            State::Reading { .. } => {}
        }
        if self.issue(now, key, most, resolve, asks, moved) {
            return Verdict::GoesOn;
        }
        self.judge(now)
    }

    fn begin(&mut self, now: Time) {
        let Some(round) = &mut self.round else { return };
        round.began = now;
        round.order.clear();
        for slot in self.ready.drain(..) {
            let Some(Some(interest)) = self.interests.get_mut(slot as usize) else {
                continue;
            };
            // A slot may stand here twice when it was forgotten and used anew.
            if std::mem::take(&mut interest.queued) {
                round.order.push(slot);
            }
        }
        (round.issued, round.answered, round.reserved, round.taken) = (0, 0, 0, 0);
        (round.at_once, round.known) = (false, 0);
        round.state = State::Reading { woken: false };
    }

    /// Issues reads; whether there are more to issue at once.
    fn issue(
        &mut self,
        now: Time,
        key: WatchKey,
        most: usize,
        resolve: impl Fn(&TopicKey, i32) -> Result<PartitionId, ErrorCode>,
        asks: &mut VecDeque<ShardAsk>,
        moved: &mut Vec<(WatchKey, PartitionId)>,
    ) -> bool {
        let caches = self.id != 0;
        let Some(round) = &mut self.round else {
            return false;
        };
        for _ in 0..most {
            let Some(slot) = round.order.get(round.issued).copied() else {
                return false;
            };
            let Some(room) = round.room() else {
                return false;
            };
            if round.is_full() && !round.whole {
                return false;
            }
            round.issued += 1;
            let Some(Some(interest)) = self.interests.get_mut(slot as usize) else {
                round.answered += 1;
                continue;
            };
            let id = resolve(&interest.wanted.topic, interest.wanted.partition);
            let watch = WatchKey { slot, ..key };
            if let Some(old) = interest.watched.filter(|old| id != Ok(*old)) {
                moved.push((watch, old));
                interest.watched = None;
            }
            let partition = match id {
                Ok(partition) => partition,
                Err(code) => {
                    interest.found = Found::Unknown(code);
                    interest.seen = Seen::NOTHING;
                    round.answered += 1;
                    continue;
                }
            };
            round.known += 1;
            // A session that ends with its answer needs watches only while it may have to park.
            let watches =
                caches || (round.taken < round.fetch.min_bytes && now < round.fetch.until);
            let watch = watches.then_some(watch);
            let read = interest.read(partition, room, round.taken == 0, self.isolation, watch);
            round.reserved += read.max_bytes;
            let (gather, generation) = (key.session | SESSION, key.generation);
            let ticket = Ticket {
                gather,
                generation,
                slot,
            };
            asks.push_back(ShardAsk::Read(ticket, read));
        }
        round.issued < round.order.len()
            && round.room().is_some()
            && (round.whole || !round.is_full())
    }

    fn judge(&mut self, now: Time) -> Verdict {
        let isolation = self.isolation;
        let Some(round) = &mut self.round else {
            return Verdict::Waits;
        };
        if round.answered < round.issued {
            return Verdict::Waits;
        }
        let State::Reading { woken } = round.state else {
            return Verdict::Waits;
        };
        let nothing_here = round.known == 0 && self.slots.len() == round.order.len();
        let enough = round.taken >= round.fetch.min_bytes.min(round.fetch.max_bytes);
        if enough || round.at_once || nothing_here || now >= round.fetch.until {
            return Verdict::Done;
        }
        // Too little: what found its end waits for its watch, the rest is visited again.
        round.state = State::Parked { woken };
        for slot in round.order.drain(..) {
            let Some(Some(interest)) = self.interests.get_mut(slot as usize) else {
                continue;
            };
            if interest.is_at_end(isolation) {
                interest.found = Found::Unread;
                if !std::mem::replace(&mut interest.passed, true) {
                    round.passed.push(slot);
                }
            } else if !std::mem::replace(&mut interest.queued, true) {
                self.ready.push_back(slot);
            }
        }
        if woken {
            Verdict::GoesOn
        } else {
            Verdict::Waits
        }
    }

    /// F1.
    pub(super) fn check(&self) {
        for slot in self.slots.values() {
            let interest = self.interests[*slot as usize].as_ref();
            let interest = interest.expect("F1: a slot that is named is taken");
            let visited = self
                .round
                .as_ref()
                .is_some_and(|round| round.order.contains(slot));
            assert!(
                interest.queued || interest.watched.is_some() || visited,
                "F1: slot {slot}"
            );
            assert!(
                !interest.queued || self.ready.contains(slot),
                "F1: slot {slot}"
            );
        }
    }

    /// The slots that the answer may name: those of this round, and those that found their end in an earlier one.
    fn visited(&self) -> Vec<u32> {
        let Some(round) = &self.round else {
            return Vec::new();
        };
        let passed = round.passed.iter().copied().filter(|slot| {
            let interest = self.interests.get(*slot as usize).and_then(Option::as_ref);
            interest.is_some_and(|interest| matches!(interest.found, Found::Unread))
        });
        round.order[..round.issued]
            .iter()
            .copied()
            .chain(passed)
            .collect()
    }

    /// The partitions of the answer, those of one topic together.
    pub(super) fn results(&self) -> Vec<&Interest> {
        let whole = self.round.as_ref().is_some_and(|round| round.whole);
        let mut ranks = BTreeMap::new();
        let mut results: Vec<(usize, &Interest)> = Vec::new();
        for slot in self.visited() {
            let Some(interest) = self.interests.get(slot as usize).and_then(Option::as_ref) else {
                continue;
            };
            if whole || interest.has_news() {
                let next = ranks.len();
                results.push((
                    *ranks.entry(&interest.wanted.topic).or_insert(next),
                    interest,
                ));
            }
        }
        results.sort_by_key(|(rank, _)| *rank);
        results.into_iter().map(|(_, interest)| interest).collect()
    }

    /// The fetch is answered: notes what the client was told, and queues for the next fetch what is still ready.
    pub(super) fn end_round(&mut self) {
        let visited = self.visited();
        let isolation = self.isolation;
        let Some(round) = self.round.take() else {
            return;
        };
        let (mut front, mut back) = (VecDeque::new(), VecDeque::new());
        for slot in visited {
            let Some(Some(interest)) = self.interests.get_mut(slot as usize) else {
                continue;
            };
            interest.told = (interest.seen.high_watermark, interest.seen.log_start_offset);
            // Found in this round is what counts; that it stood at its end in an earlier one says nothing any more.
            let passed = interest.passed
                && (matches!(interest.found, Found::Unread)
                    || planted!(self.switch, "fetch-session-passes-over-news"));
            let waits = interest.is_at_end(isolation) || passed;
            let sated = interest.bytes() > 0 || !matches!(interest.found, Found::Read { .. });
            interest.found = Found::Unread;
            interest.passed = false;
            if waits || interest.queued {
                continue;
            }
            interest.queued = true;
            if sated {
                back.push_back(slot)
            } else {
                front.push_back(slot)
            }
        }
        for slot in round.order.into_iter().skip(round.issued) {
            if let Some(Some(interest)) = self.interests.get_mut(slot as usize)
                && !planted!(self.switch, "fetch-session-forgets-a-partition")
                && !std::mem::replace(&mut interest.queued, true)
            {
                front.push_back(slot);
            }
        }
        front.append(&mut self.ready);
        front.append(&mut back);
        self.ready = front;
    }
}
