//! Fetch sessions (KIP-227) as an epoll: a client's interest in a partition is registered once, a read that found the end leaves
//! a watch with the shard, and a fetch visits ready partitions only. A fetch without a session is a session of one request.
//!
//! Inputs come from `api/fetch` (a request), from the shard (answers to reads, readiness) and from `Front` (time, a closed
//! connection); reads and given-up watches go out as [`ShardAsk`]s, answers are built by `api/fetch` from [`Sessions::results`].
//! The files beside this one: `interest` (one partition of one session), `round` (the reads of one fetch), `cache` (which
//! sessions outlive their request).
//!
//! | state of a session | on | becomes |
//! |---|---|---|
//! | (none) | a fetch with epoch 0, room in the cache | reading, cached |
//! | (none) | any other full fetch | reading, of one request |
//! | idle | an incremental fetch in step | reading |
//! | reading | the round is answered: enough, an error, or no time left | idle, or (none) if of one request |
//! | reading | the round is answered: too little | parked |
//! | parked | a ready partition, or the time is up | reading |
//! | any | closed, evicted, emptied, its connection ends in the middle of a fetch | (none), next generation |
//!
//! F1: a partition is in the ready queue, or its last read found its end and left a watch there, or it is being read.
//! F2: what an answer holds is at most `max_bytes`, but its first batch in any case.
//! F3: partitions that gave data go to the back of the queue, those that found no room stay at the front: none starves.
//! F4: an incremental answer names a partition only for data, an error, or a changed high watermark or log start.

mod cache;
mod interest;
mod round;

use std::collections::{BTreeMap, VecDeque};

use ottla_machine::{Rng, Switch, Ticket, Time, Timers, planted};
use ottla_protocol::ErrorCode;

use crate::gather::Call;
use crate::limits;
pub(crate) use interest::{Found, Interest, TopicKey, Wanted};
use ottla_shard::{Answer, Isolation, PartitionId, ShardAsk, WatchKey};
use round::Round;
pub(crate) use round::Verdict;

/// Tickets (and waiting seats) with this bit belong to a session, the others to a gather.
pub(crate) const SESSION: u32 = 1 << 31;

/// A fetch request, decoded.
#[derive(Clone, Debug)]
pub(crate) struct Fetch {
    /// The request's home and header.
    pub call: Call,
    /// The session's id; 0 is none.
    pub session_id: i32,
    /// 0 opens a session, -1 wants none, else the request's number in its session.
    pub session_epoch: i32,
    /// When it is answered with whatever there is.
    pub until: Time,
    /// When there is this much it is answered at once.
    pub min_bytes: usize,
    /// The most that is answered, but for the first batch.
    pub max_bytes: usize,
    /// What may be seen.
    pub isolation: Isolation,
    /// Partitions new to the session or changed.
    pub wanted: Vec<Wanted>,
    /// Partitions to be forgotten.
    pub forgotten: Vec<(TopicKey, i32)>,
}

#[derive(Clone, Debug)]
struct Session {
    /// 0: of one request.
    id: i32,
    /// The number that the next incremental fetch must bear.
    epoch: i32,
    /// Whether its topics are named by id.
    by_id: bool,
    created: Time,
    used: Time,
    isolation: Isolation,
    interests: Vec<Option<Interest>>,
    free: Vec<u32>,
    slots: BTreeMap<(TopicKey, i32), u32>,
    ready: VecDeque<u32>,
    round: Option<Round>,
    switch: Switch,
}

#[derive(Clone, Debug, Default)]
struct Life {
    generation: u32,
    session: Option<Session>,
}

/// All sessions.
#[derive(Clone, Debug)]
pub(crate) struct Sessions {
    lives: Vec<Life>,
    free: Vec<u32>,
    ids: BTreeMap<i32, u32>,
    most: usize,
    partitions: usize,
    rng: Rng,
    deadlines: Timers<u32>,
    active: VecDeque<u32>,
    given_up: VecDeque<(WatchKey, PartitionId)>,
    evicted: u64,
    switch: Switch,
}

/// How a fetch request was taken.
#[derive(Debug)]
pub(crate) enum Taken {
    /// This session works on it.
    Session(u32),
    /// It is refused at the top level.
    Refused(Call, ErrorCode),
}

impl Sessions {
    /// None yet; at most `most` are cached.
    pub fn new(most: usize, rng: Rng, switch: Switch) -> Sessions {
        Sessions {
            lives: Vec::new(),
            free: Vec::new(),
            ids: BTreeMap::new(),
            most,
            partitions: 0,
            rng,
            deadlines: Timers::default(),
            active: VecDeque::new(),
            given_up: VecDeque::new(),
            evicted: 0,
            switch,
        }
    }

    /// Takes a fetch in. Fetches that were cut off by it (their session was closed) are answered with an error.
    pub fn on_fetch(&mut self, now: Time, fetch: Fetch, cut_off: &mut Vec<Call>) -> Taken {
        let taken = if fetch.session_epoch == 0 || fetch.session_epoch == -1 {
            Ok(self.full(now, &fetch, cut_off))
        } else {
            self.incremental(now, &fetch)
        };
        let index = match taken {
            Ok(index) => index,
            Err(code) => return Taken::Refused(fetch.call, code),
        };
        let Some(session) = self.session(index) else {
            return Taken::Refused(fetch.call, ErrorCode::FetchSessionIdNotFound);
        };
        let whole = fetch.session_epoch <= 0;
        session.round = Some(Round::new(fetch, whole));
        self.active.push_back(index);
        Taken::Session(index)
    }

    fn full(&mut self, now: Time, fetch: &Fetch, cut_off: &mut Vec<Call>) -> u32 {
        if let Some(index) = self.ids.get(&fetch.session_id).copied() {
            cut_off.extend(self.remove(index));
        }
        let mut session = Session::new(now, fetch, self.switch);
        if fetch.session_epoch == 0 && self.has_room(now, session.slots.len(), cut_off) {
            session.id = self.new_id();
        }
        session.epoch = 1;
        self.insert(session)
    }

    fn incremental(&mut self, now: Time, fetch: &Fetch) -> Result<u32, ErrorCode> {
        let index = *self
            .ids
            .get(&fetch.session_id)
            .ok_or(ErrorCode::FetchSessionIdNotFound)?;
        let by_id = fetch.call.version >= 13;
        let session = self
            .session(index)
            .ok_or(ErrorCode::FetchSessionIdNotFound)?;
        if session.by_id != by_id {
            return Err(ErrorCode::FetchSessionTopicIdError);
        }
        let in_step = session.epoch == fetch.session_epoch
            || planted!(session.switch, "fetch-session-epoch-not-checked");
        if !in_step || session.round.is_some() {
            return Err(ErrorCode::InvalidFetchSessionEpoch);
        }
        session.epoch = if session.epoch == i32::MAX {
            1
        } else {
            session.epoch + 1
        };
        if self.partitions + fetch.wanted.len() > limits::SESSION_PARTITIONS {
            self.remove(index);
            return Err(ErrorCode::FetchSessionIdNotFound);
        }
        let Some(session) = self.session(index) else {
            return Err(ErrorCode::FetchSessionIdNotFound);
        };
        session.used = now;
        let before = session.slots.len();
        let (given_up, emptied) = {
            session.watch_for(fetch);
            (session.forget(&fetch.forgotten), session.slots.is_empty())
        };
        let after = session.slots.len();
        self.partitions = self.partitions + after - before;
        let generation = self.lives[index as usize].generation;
        self.given_up.extend(given_up.into_iter().map(|(slot, id)| {
            (
                WatchKey {
                    session: index,
                    generation,
                    slot,
                },
                id,
            )
        }));
        if emptied {
            // A session without partitions ends; this last request of it is answered like one without a session.
            self.ids.remove(&fetch.session_id);
            if let Some(session) = self.session(index) {
                session.id = 0;
            }
        }
        Ok(index)
    }

    fn session(&mut self, index: u32) -> Option<&mut Session> {
        self.lives.get_mut(index as usize)?.session.as_mut()
    }

    fn lives(&self, index: u32, generation: u32) -> bool {
        let life = self.lives.get(index as usize);
        life.is_some_and(|life| life.generation == generation)
    }

    /// The shard has answered a read.
    pub fn on_answer(&mut self, ticket: Ticket, answer: Answer) {
        let index = ticket.gather & !SESSION;
        if !self.lives(index, ticket.generation) {
            return;
        }
        if let Some(session) = self.session(index) {
            session.on_answer(ticket.slot, answer);
            self.active.push_back(index);
        }
    }

    /// The shard says that there is more to see.
    pub fn on_ready(&mut self, key: WatchKey) {
        if !self.lives(key.session, key.generation) {
            return;
        }
        if let Some(session) = self.session(key.session)
            && session.on_ready(key.slot)
        {
            self.active.push_back(key.session);
        }
    }

    /// Parked fetches whose time is up are to be moved on.
    pub fn on_time(&mut self, now: Time) {
        while let Some(index) = self.deadlines.due(now) {
            self.active.push_back(index);
        }
    }

    /// How many sessions have something to do (a session may be counted twice).
    pub fn active(&self) -> usize {
        self.active.len()
    }

    /// The next session with something to do: reads to issue, a round to judge.
    pub fn next_active(&mut self) -> Option<u32> {
        self.active.pop_front()
    }

    /// It has had its share for now but is not done.
    pub fn go_on_later(&mut self, index: u32) {
        self.active.push_back(index);
    }

    /// Moves a session's fetch on: issues at most `most` reads, and judges the round when it is answered.
    pub fn advance(
        &mut self,
        now: Time,
        index: u32,
        most: usize,
        resolve: impl Fn(&TopicKey, i32) -> Result<PartitionId, ErrorCode>,
        asks: &mut VecDeque<ShardAsk>,
    ) -> Verdict {
        let generation = self
            .lives
            .get(index as usize)
            .map_or(0, |life| life.generation);
        let key = WatchKey {
            session: index,
            generation,
            slot: 0,
        };
        let Some(session) = self.session(index) else {
            return Verdict::Waits;
        };
        let mut moved = Vec::new();
        let verdict = session.advance(now, key, most, resolve, asks, &mut moved);
        let until = session.parked_until();
        self.given_up.extend(moved);
        self.deadlines.set(index, until);
        verdict
    }

    /// The fetch of this session is answered: a session of one request ends.
    pub fn answered(&mut self, index: u32) {
        let Some(session) = self.session(index) else {
            return;
        };
        session.end_round();
        let of_one_request = session.id == 0;
        self.deadlines.set(index, None);
        if of_one_request {
            self.remove(index);
        }
    }

    /// What this session's fetch is answered with: its id, and its partitions in the order of the answer.
    pub fn results(&self, index: u32) -> Option<(&Call, i32, Isolation, Vec<&Interest>)> {
        let session = self.lives.get(index as usize)?.session.as_ref()?;
        let round = session.round.as_ref()?;
        Some((
            &round.fetch.call,
            session.id,
            session.isolation,
            session.results(),
        ))
    }

    /// The connection that waited for this session's fetch is no more.
    pub fn on_closed(&mut self, index: u32) {
        self.remove(index);
    }

    /// Watches to be given up, at most `most` at once.
    pub fn give_up(&mut self, most: usize, asks: &mut VecDeque<ShardAsk>) {
        for _ in 0..most {
            let Some((key, partition)) = self.given_up.pop_front() else {
                return;
            };
            asks.push_back(ShardAsk::Unwatch(key, partition));
        }
    }

    /// When something is to be done.
    pub fn deadline(&self) -> Option<Time> {
        if !self.active.is_empty() || !self.given_up.is_empty() {
            return Some(Time::ZERO);
        }
        self.deadlines.next()
    }

    /// F1, and that what is counted is what there is.
    pub fn check(&self) {
        let cached = self.ids.values().filter_map(|index| {
            let session = self.lives[*index as usize].session.as_ref();
            assert!(
                session.is_some_and(|session| session.id != 0),
                "an id names a session"
            );
            session
        });
        let partitions: usize = cached.map(|session| session.slots.len()).sum();
        assert_eq!(self.partitions, partitions, "partitions of cached sessions");
        let sessions = self.lives.iter().filter_map(|life| life.session.as_ref());
        sessions.for_each(Session::check);
    }

    /// Since when the oldest read is part of an answer in work.
    pub fn reads_since(&self) -> Time {
        let sessions = self.lives.iter().filter_map(|life| life.session.as_ref());
        let oldest = sessions.filter_map(Session::reads_since).min();
        oldest.unwrap_or(Time::NEVER)
    }

    /// Cached sessions, their partitions, and how many were evicted.
    pub fn counts(&self) -> (usize, usize, u64) {
        (self.ids.len(), self.partitions, self.evicted)
    }
}
