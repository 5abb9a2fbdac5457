//! The runtime itself. Causes come in from the owner of the log (shard, quorum), records go out through its [`Tail`],
//! answers come back as an [`Outcome`] or, once committed, as [`Passed`].
//!
//! | state | `load` | `begin` | `step`, `on_time` | `on_high_watermark` | `end` | `restart` |
//! |---|---|---|---|---|---|---|
//! | idle: follows the log | replays | → tenure | bug | moves | nothing to give back | replaced |
//! | tenure | replays (others' entries) | bug | decides, appends, replays, parks | releases, calls | → idle or stale | bug |
//! | stale: replayed what may never be committed | bug | bug | bug | ignored | nothing to give back | → idle |
//!
//! R1: hard state == replay(log to `end_offset`); offsets only grow, nothing is replayed that was not appended, and the runtime is
//! told of everything that others append to the same log (`load`, `skip`) before it appends again.
//! R2: no answer leaves before the records it depends on are committed; in the order of their offsets.
//! R3: every ticket that came in leaves exactly once: answered, refused, or given back at the end of the tenure.
//! R4: soft state and timers live exactly as long as the tenure.
//! R5: a tenure that ended with uncommitted records leaves its hard state unusable until it is replaced.
//! R6: the high watermark never goes back and never passes `end_offset`.

use ottla_machine::{
    Cause, Decision, Emit, Entry, Now, Offset, Release, Replicated, Ticket, Time, Timers,
};

use crate::parking::Parking;
use crate::{Refused, Tail, limits};

/// What a step led to at once.
#[must_use]
pub struct Outcome<R: Replicated> {
    /// Answers that depend on nothing uncommitted.
    pub replies: Vec<(Ticket, R::Response)>,
    /// Questions that could not be taken: nothing was written for them, and nobody else will answer them.
    pub refused: Vec<(Ticket, Refused)>,
    /// Work to hand away; its products come back as [`Cause::Computed`].
    pub jobs: Vec<R::Job>,
}

impl<R: Replicated> Default for Outcome<R> {
    fn default() -> Outcome<R> {
        Outcome {
            replies: Vec::new(),
            refused: Vec::new(),
            jobs: Vec::new(),
        }
    }
}

/// What the high watermark set free.
#[must_use]
pub struct Passed<R: Replicated> {
    /// Answers, in the order of the offsets they waited for.
    pub replies: Vec<(Ticket, R::Response)>,
    /// What must now go on outside; the answer comes back as [`Cause::Returned`].
    pub calls: Vec<R::Call>,
}

impl<R: Replicated> Default for Passed<R> {
    fn default() -> Passed<R> {
        Passed {
            replies: Vec::new(),
            calls: Vec::new(),
        }
    }
}

#[derive(Clone)]
struct Tenure<R: Replicated> {
    soft: R::Soft,
    timers: Timers<R::Timer>,
    parked: Parking<R::Response>,
}

/// One replicated state with its place in its log.
pub struct Runtime<R: Replicated> {
    state: R,
    end: Offset,
    high_watermark: Offset,
    tenure: Option<Tenure<R>>,
    stale: bool,
}

impl<R: Replicated + Clone> Clone for Runtime<R>
where
    R::Soft: Clone,
    R::Response: Clone,
{
    fn clone(&self) -> Runtime<R> {
        Runtime {
            state: self.state.clone(),
            end: self.end,
            high_watermark: self.high_watermark,
            tenure: self.tenure.clone(),
            stale: self.stale,
        }
    }
}

impl<R: Replicated> Runtime<R> {
    /// A state as it stands before the entry at `at` (0, or the end of a snapshot, which is committed).
    pub fn new(mut state: R, at: Offset) -> Runtime<R> {
        state.skipped(at);
        Runtime {
            state,
            end: at,
            high_watermark: at,
            tenure: None,
            stale: false,
        }
    }

    /// Hard state to the end of the log: not all of it need be committed.
    pub fn state(&self) -> &R {
        &self.state
    }

    /// The offset after the last entry replayed.
    pub fn end_offset(&self) -> Offset {
        self.end
    }

    /// Everything below it is committed, as far as the runtime was told.
    pub fn high_watermark(&self) -> Offset {
        self.high_watermark
    }

    /// Whether there is a tenure.
    pub fn leads(&self) -> bool {
        self.tenure.is_some()
    }

    /// Who waits for something else than the high watermark.
    pub fn waiting(&self) -> Vec<Ticket> {
        let tenure = self.tenure.as_ref();
        tenure.map_or_else(Vec::new, |tenure| R::waiting(&tenure.soft))
    }

    /// How many answers wait for the high watermark.
    pub fn parked(&self) -> usize {
        self.tenure.as_ref().map_or(0, |tenure| tenure.parked.len())
    }

    /// Takes an entry in that is in the log already: loading, following, or one that others wrote to the same log.
    /// Holes (compaction) are fine.
    pub fn load(&mut self, offset: Offset, entry: Entry<&R::Record>) {
        assert!(!self.stale, "R5: hard state must be replaced first");
        assert!(offset >= self.end, "R1: {offset} was replayed already");
        self.state.replay(offset, entry);
        self.end = offset.plus(1);
    }

    /// Steps over entries that mean nothing to the state (control batches, holes): the log is read to `end`.
    pub fn skip(&mut self, end: Offset) {
        assert!(!self.stale, "R5: hard state must be replaced first");
        assert!(end >= self.end, "R1: the log never ends earlier");
        self.state.skipped(end);
        self.end = end;
    }

    /// A tenure starts; the log is loaded to its end and says what is committed.
    pub fn begin(&mut self, now: Now, view: &R::View) -> Passed<R> {
        assert!(self.tenure.is_none(), "R4: one tenure at a time");
        assert!(!self.stale, "R5: hard state must be replaced first");
        let (soft, deadlines) = self.state.begin(now, view);
        let mut tenure = Tenure {
            soft,
            timers: Timers::default(),
            parked: Parking::new(),
        };
        set(&mut tenure.timers, deadlines);
        let mut passed = Passed::default();
        if self.high_watermark > Offset(0) {
            self.state.committed(
                &mut tenure.soft,
                self.high_watermark.plus(-1),
                &mut passed.calls,
            );
        }
        self.tenure = Some(tenure);
        passed
    }

    /// Decides one cause: appends what was decided, replays it, parks the answers that wait.
    pub fn step(
        &mut self,
        now: Now,
        view: &R::View,
        cause: Cause<R>,
        tail: &mut impl Tail<R::Record>,
        fx: &mut impl Emit,
    ) -> Outcome<R> {
        let mut outcome = Outcome::default();
        self.decide(now, view, cause, tail, &mut outcome, fx);
        outcome
    }

    /// Decides the deadlines that have come, a bounded number of them; [`Runtime::deadline`] tells when to come back.
    pub fn on_time(
        &mut self,
        now: Now,
        view: &R::View,
        tail: &mut impl Tail<R::Record>,
        fx: &mut impl Emit,
    ) -> Outcome<R> {
        let mut outcome = Outcome::default();
        for _ in 0..limits::EXPIRED {
            let due = match &mut self.tenure {
                Some(tenure) => tenure.timers.due(now.mono),
                None => None,
            };
            let Some(timer) = due else { break };
            self.decide(now, view, Cause::Expired(timer), tail, &mut outcome, fx);
        }
        outcome
    }

    /// When [`Runtime::on_time`] is due next.
    pub fn deadline(&self) -> Option<Time> {
        self.tenure.as_ref()?.timers.next()
    }

    /// Everything below `high_watermark` is committed: answers leave, and what must go on outside is told.
    pub fn on_high_watermark(&mut self, high_watermark: Offset) -> Passed<R> {
        let mut passed = Passed::default();
        if self.stale || high_watermark <= self.high_watermark {
            return passed;
        }
        assert!(
            high_watermark <= self.end,
            "R6: {high_watermark} is beyond the end {}",
            self.end
        );
        self.high_watermark = high_watermark;
        if let Some(tenure) = &mut self.tenure {
            tenure.parked.release(high_watermark, &mut passed.replies);
            self.state
                .committed(&mut tenure.soft, high_watermark.plus(-1), &mut passed.calls);
        }
        passed
    }

    /// The tenure is over: resigned, fenced, or an accepted append failed. The tickets given back are nobody's any
    /// more; the owner answers them NOT_CONTROLLER or NOT_COORDINATOR.
    pub fn end(&mut self) -> Vec<Ticket> {
        let Some(mut tenure) = self.tenure.take() else {
            return Vec::new();
        };
        self.stale = self.high_watermark < self.end;
        let mut tickets = tenure.parked.give_back();
        tickets.extend(R::waiting(&tenure.soft));
        tickets
    }

    /// Replaces hard state: `state` is the replay of all that is committed below `at`.
    pub fn restart(&mut self, state: R, at: Offset) {
        assert!(self.tenure.is_none(), "R4: a tenure ends before its state");
        *self = Runtime::new(state, at);
    }

    /// Whether hard state holds what may never be committed, so that [`Runtime::restart`] must come next.
    pub fn is_stale(&self) -> bool {
        self.stale
    }

    /// The invariants that hold between calls.
    pub fn check(&self) {
        assert!(self.high_watermark <= self.end, "R6");
        assert!(!self.stale || self.tenure.is_none(), "R5");
        if let Some(last) = self.tenure.as_ref().and_then(|tenure| tenure.parked.last()) {
            assert!(
                self.high_watermark <= last && last < self.end,
                "R2: parked for {last}, between {} and {}",
                self.high_watermark,
                self.end
            );
        }
    }

    fn decide(
        &mut self,
        now: Now,
        view: &R::View,
        cause: Cause<R>,
        tail: &mut impl Tail<R::Record>,
        outcome: &mut Outcome<R>,
        fx: &mut impl Emit,
    ) {
        let Some(tenure) = &mut self.tenure else {
            panic!("R4: nothing is decided outside a tenure");
        };
        if let Cause::Request(ticket, _) = &cause
            && tenure.parked.len() >= limits::PARKED
        {
            outcome.refused.push((*ticket, Refused::Full));
            return;
        }
        let Decision {
            records,
            atomic,
            replies,
            timers,
            jobs,
        } = self.state.decide(&mut tenure.soft, now, view, cause, fx);
        let appended = if records.is_empty() {
            Ok(())
        } else {
            tail.append(&records, atomic).map(|base| {
                assert!(
                    base == self.end,
                    "R1: appended at {base}, after {}",
                    self.end
                );
                for (index, record) in records.iter().enumerate() {
                    let offset = base.plus(index as i64);
                    let producer = None;
                    self.state
                        .replay(offset, Entry::Record { producer, record });
                }
                self.end = base.plus(records.len() as i64);
            })
        };
        set(&mut tenure.timers, timers); // P4 of the trait
        outcome.jobs.extend(jobs);
        self.answer(replies, appended, outcome);
    }

    fn answer(
        &mut self,
        replies: Vec<(Ticket, R::Response, Release)>,
        appended: Result<(), Refused>,
        outcome: &mut Outcome<R>,
    ) {
        let Some(tenure) = &mut self.tenure else {
            return;
        };
        for (ticket, response, release) in replies {
            // A decision without records may still speak of what is not committed yet, so it waits for all of it.
            let after = match (release, appended) {
                (Release::Now, _) => None,
                (Release::After(offset), _) => Some(offset),
                (Release::WithRecords, Ok(())) => Some(self.end.plus(-1)),
                (Release::WithRecords, Err(refused)) => {
                    outcome.refused.push((ticket, refused));
                    continue;
                }
            };
            match after {
                Some(offset) if offset >= self.high_watermark => {
                    assert!(offset < self.end, "R2: {offset} is not in the log");
                    tenure.parked.park(offset, ticket, response);
                }
                _ => outcome.replies.push((ticket, response)),
            }
        }
    }
}

fn set<K: Ord + Clone>(timers: &mut Timers<K>, deadlines: Vec<(K, Option<Time>)>) {
    for (key, at) in deadlines {
        timers.set(key, at);
    }
}
