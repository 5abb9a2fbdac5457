//! A client as a member of a consumer group, as Kafka's clients do it: what it asks next, and what an answer makes of it.
//!
//! | state | on | becomes |
//! |---|---|---|
//! | Out | the script joins | Joining |
//! | Joining | MEMBER_ID_REQUIRED | Joining, with the id |
//! | Joining | answered | Syncing, when it has thought |
//! | Syncing | answered | In |
//! | In | REBALANCE_IN_PROGRESS, or other topics | Joining |
//! | Joining, Syncing, In | ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID | Joining, the latter as somebody new |
//! | Joining, Syncing, In | fenced, or refused for good | Out |
//! | any but Out | the script leaves | Leaving |
//! | Leaving | answered, or lost too often | Out |
//!
//! M1: one request of these is under way at a time; before any, the coordinator is looked for.
//! M2: a member that is told to finish thinks no longer than it must: who is alive comes in.
//! M3: while it thinks it sends heartbeats, as a client does that does so on a thread of its own.
//! M4: a leader that was told to finish joins once more when all others were given time enough: a rebalance among those who are alive.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ottla_protocol::ErrorCode;

use crate::groups::{Assignment, MemberShown, NO_GENERATION, Owned, Subscription, Who};
use crate::script::{Assignor, MS, Nanos, Place};

pub(super) const NOT_COORDINATOR: i16 = 16;
pub(super) const COORDINATOR_NOT_AVAILABLE: i16 = 15;
const ILLEGAL_GENERATION: i16 = 22;
const UNKNOWN_MEMBER_ID: i16 = 25;
const REBALANCE_IN_PROGRESS: i16 = 27;
const MEMBER_ID_REQUIRED: i16 = 79;

/// So often a member says that it leaves.
const LEAVES: u32 = 3;

/// After so many sessions, or rebalances if they are longer, nobody is waited for who was gone before.
const RENEWAL: u64 = 3;

/// Where a member stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Out,
    Joining,
    Syncing,
    In,
    Leaving,
}

/// What it asks next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    FindCoordinator,
    Join,
    Sync,
    /// What was committed of what it was assigned.
    Fetch,
    Heartbeat,
    Leave,
}

/// On which terms it joins.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub group: Arc<str>,
    pub instance: Option<Arc<str>>,
    pub topics: Vec<Arc<str>>,
    pub session_ms: i32,
    pub rebalance_ms: i32,
    pub assignors: Vec<Assignor>,
    pub dawdle: Nanos,
}

/// A member, or what may become one.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub state: State,
    pub terms: Option<Terms>,
    pub id: Arc<str>,
    pub generation: i32,
    /// How the leader divides; known once the group has agreed.
    pub assignor: Option<Assignor>,
    /// Whom it leads, if it does.
    pub led: Vec<MemberShown>,
    pub owned: Vec<Owned>,
    /// How far it has read what it owns.
    pub positions: BTreeMap<Place, i64>,
    /// How far somebody has who is no member, by group.
    pub alone: BTreeMap<(u32, Place), i64>,
    /// A step is under way.
    pub busy: bool,
    /// The next step is not taken before.
    pub not_before: Nanos,
    /// Its sync is not sent before.
    thinks: Nanos,
    /// It does nothing before.
    pub frozen: Nanos,
    /// Steps that failed in a row.
    pub failures: u32,
    found: bool,
    fetched: bool,
    beat_at: Nanos,
    finishing: bool,
    /// Since when a heartbeat proves that it is in.
    since: Nanos,
    proven: bool,
    /// It has led a rebalance since: M4.
    renewed: bool,
}

impl Member {
    pub fn new() -> Member {
        Member {
            state: State::Out,
            terms: None,
            id: Arc::from(""),
            generation: NO_GENERATION,
            assignor: None,
            led: Vec::new(),
            owned: Vec::new(),
            positions: BTreeMap::new(),
            alone: BTreeMap::new(),
            busy: false,
            not_before: 0,
            thinks: 0,
            frozen: 0,
            failures: 0,
            found: false,
            fetched: false,
            beat_at: 0,
            finishing: false,
            since: 0,
            proven: false,
            renewed: false,
        }
    }

    /// It becomes a member on these terms, whatever it was.
    pub fn join(&mut self, now: Nanos, terms: Terms) {
        self.vanish();
        self.terms = Some(terms);
        self.state = State::Joining;
        self.not_before = now;
    }

    /// It wants other topics.
    pub fn subscribe(&mut self, topics: Vec<Arc<str>>) {
        if let Some(terms) = &mut self.terms {
            terms.topics = topics;
            if let State::Syncing | State::In = self.state {
                self.again();
            }
        }
    }

    /// It leaves, if there is anything to leave.
    pub fn leave(&mut self) {
        match self.state {
            State::Out | State::Leaving => {}
            State::Joining if self.id.is_empty() => self.vanish(),
            _ => {
                self.state = State::Leaving;
                self.failures = 0;
            }
        }
    }

    /// It is no member any more, and nobody is told.
    pub fn vanish(&mut self) {
        *self = Member {
            busy: self.busy,
            frozen: self.frozen,
            alone: std::mem::take(&mut self.alone),
            finishing: self.finishing,
            since: self.since,
            ..Member::new()
        };
    }

    /// M2.
    pub fn finish(&mut self, now: Nanos) {
        self.finishing = true;
        self.frozen = self.frozen.min(now);
        self.not_before = self.not_before.min(now);
        self.thinks = 0;
        self.since = now;
        self.proven = false;
        self.renewed = false;
    }

    /// Nothing is left to do: it is no member, or it is in, which a heartbeat has shown since it was told to finish.
    pub fn is_content(&self) -> bool {
        match self.state {
            State::Out => true,
            State::In => self.proven && (self.renewed || self.led.is_empty()),
            State::Joining | State::Syncing | State::Leaving => false,
        }
    }

    /// Whether it needs a connection.
    pub fn is_awake(&self) -> bool {
        self.state != State::Out
    }

    /// Who it is.
    pub fn who(&self) -> Option<Who> {
        let terms = self.terms.as_ref()?;
        Some(Who {
            group: Arc::clone(&terms.group),
            generation: self.generation,
            member: Arc::clone(&self.id),
            instance: terms.instance.clone(),
        })
    }

    /// When it wants to look at the clock.
    pub fn wake_at(&self) -> Option<Nanos> {
        if self.busy || self.state == State::Out {
            return None;
        }
        let at = match self.state {
            State::In if self.found && self.fetched => self.beat_at,
            State::Syncing if self.found => self.thinks.min(self.beat_at),
            _ => 0,
        };
        Some(at.max(self.not_before).max(self.frozen))
    }

    /// What to ask now: M1.
    pub fn next(&self, now: Nanos) -> Option<Step> {
        if self.wake_at().is_none_or(|at| at > now) {
            return None;
        }
        Some(match self.state {
            State::Out => return None,
            _ if !self.found => Step::FindCoordinator,
            State::Joining => Step::Join,
            State::Syncing if self.thinks <= now => Step::Sync,
            State::Syncing => Step::Heartbeat,
            State::In if !self.fetched => Step::Fetch,
            State::In => Step::Heartbeat,
            State::Leaving => Step::Leave,
        })
    }

    /// What it says that it wants.
    pub fn subscription(&self, assignor: Assignor) -> Subscription {
        let topics = self.terms.as_ref().map(|terms| terms.topics.clone());
        let keeps = assignor == Assignor::Cooperative;
        Subscription {
            topics: topics.unwrap_or_default(),
            owned: if keeps {
                self.owned.clone()
            } else {
                Vec::new()
            },
        }
    }

    /// The topics that those want whom it leads.
    pub fn led_topics(&self) -> BTreeSet<Arc<str>> {
        let wants = self.led.iter();
        let wants = wants.filter_map(|member| Subscription::read(&member.bytes).ok());
        wants.flat_map(|wants| wants.topics).collect()
    }

    /// What those get whom it leads, each marked.
    pub fn divide(
        &self,
        partitions: &BTreeMap<Arc<str>, i32>,
        mark: &bytes::Bytes,
    ) -> Vec<(Arc<str>, bytes::Bytes)> {
        let wants = self.led.iter();
        let wants = wants.map(|member| Subscription::read(&member.bytes).unwrap_or_default());
        let wants: Vec<Subscription> = wants.collect();
        let given = self.assignor.unwrap_or(Assignor::Range);
        let given = given.divide(&wants, partitions);
        let given = self.led.iter().zip(given);
        let given = given.map(|(member, owned)| {
            let mark = mark.clone();
            let bytes = Assignment { owned, mark }.bytes();
            (Arc::clone(&member.member), bytes)
        });
        given.collect()
    }

    /// It joins again.
    fn again(&mut self) {
        self.state = State::Joining;
        self.led.clear();
        self.proven = false;
        if self.assignor != Some(Assignor::Cooperative) {
            self.owned.clear();
        }
    }

    fn anew(&mut self) {
        self.id = Arc::from("");
        self.generation = NO_GENERATION;
        self.owned.clear();
        self.again();
    }

    /// An answer is of the member that it is now.
    pub fn is(&self, who: &Who) -> bool {
        self.state != State::Out && self.who().as_ref() == Some(who)
    }

    /// An error, whatever was asked. Whether the step is to be taken again, a while later.
    pub fn refused(&mut self, error: i16) -> bool {
        let retriable = ErrorCode::from_code(error).is_some_and(ErrorCode::is_retriable);
        match error {
            COORDINATOR_NOT_AVAILABLE | NOT_COORDINATOR => {
                self.found = false;
                true
            }
            _ if retriable => true,
            _ if self.state == State::Leaving => {
                self.vanish();
                false
            }
            REBALANCE_IN_PROGRESS | ILLEGAL_GENERATION => {
                self.again();
                false
            }
            UNKNOWN_MEMBER_ID => {
                self.anew();
                false
            }
            _ => {
                self.vanish();
                false
            }
        }
    }

    /// The coordinator is there.
    pub fn on_found(&mut self) {
        self.found = true;
        self.failures = 0;
    }

    /// A join was answered without an error, or with an id to join with.
    pub fn on_joined(&mut self, now: Nanos, joined: Joined<'_>) {
        self.failures = 0;
        self.id = Arc::clone(joined.member);
        if joined.error == MEMBER_ID_REQUIRED {
            return;
        }
        self.generation = joined.generation;
        self.assignor = joined.protocol.and_then(Assignor::named);
        let leads = **joined.leader == **joined.member && !joined.skip_assignment;
        self.led = if leads {
            joined.members.to_vec()
        } else {
            Vec::new()
        };
        self.state = State::Syncing;
        let dawdle = self.terms.as_ref().map_or(0, |terms| terms.dawdle);
        self.thinks = if self.finishing { 0 } else { now + dawdle };
        self.beat(now);
    }

    /// It was given this.
    pub fn on_synced(&mut self, now: Nanos, assignment: Assignment) {
        self.failures = 0;
        let kept = |owned: &Owned| assignment.owned.contains(owned);
        let gives_up = self.assignor == Some(Assignor::Cooperative) && !self.owned.iter().all(kept);
        self.owned = assignment.owned;
        self.state = State::In;
        self.fetched = self.owned.is_empty();
        self.beat(now);
        if gives_up {
            // Others wait for what it has given up.
            self.again();
        }
    }

    /// What was committed of what it owns; behind that it reads.
    pub fn on_fetched(&mut self, committed: impl Iterator<Item = (Place, i64)>) {
        self.failures = 0;
        self.fetched = true;
        self.positions.clear();
        self.positions.extend(committed);
    }

    /// Its heartbeat was heard, which was sent at this time.
    pub fn on_heartbeat(&mut self, sent: Nanos, now: Nanos) {
        self.failures = 0;
        self.proven |= self.finishing && sent >= self.since && self.state == State::In;
        self.beat(now);
        let due = self.finishing && now >= self.since + RENEWAL * self.longest();
        if due && self.state == State::In && !self.led.is_empty() && !self.renewed {
            self.renewed = true;
            self.again();
        }
    }

    fn beat(&mut self, now: Nanos) {
        self.beat_at = now + self.session() / 3;
    }

    fn session(&self) -> Nanos {
        let session = self.terms.as_ref().map_or(0, |terms| terms.session_ms);
        u64::from(session.unsigned_abs()) * MS
    }

    /// The longest that somebody of its kind is waited for.
    fn longest(&self) -> Nanos {
        let rebalance = self.terms.as_ref().map_or(0, |terms| terms.rebalance_ms);
        let rebalance = u64::from(rebalance.unsigned_abs()) * MS;
        rebalance.max(2 * self.session())
    }

    /// A step failed, and is not taken again before then.
    pub fn failed(&mut self, not_before: Nanos) {
        self.failures += 1;
        self.not_before = self.not_before.max(not_before);
        if self.state == State::Leaving && self.failures >= LEAVES {
            self.vanish();
        }
    }
}

/// The answer to a join.
pub(crate) struct Joined<'a> {
    pub error: i16,
    pub generation: i32,
    pub protocol: Option<&'a str>,
    pub leader: &'a Arc<str>,
    pub member: &'a Arc<str>,
    pub skip_assignment: bool,
    pub members: &'a [MemberShown],
}

/// Whether an answer to a join gives an id to join with.
pub(crate) fn takes_id(error: i16) -> bool {
    error == 0 || error == MEMBER_ID_REQUIRED
}
