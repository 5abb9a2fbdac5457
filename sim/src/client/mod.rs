//! Clients: pure state machines over bytes. The script says what each does and when; what it says to the node is what Kafka's clients
//! say, and what it is answered is told to the oracles, completely decoded.
//!
//! Inputs: time, what the network tells. Outputs: [`Act`]s. The files beside this one: `line` (the connection), `task` (what is begun and
//! not ended), `operations` (what the script's operations begin), `sending` (what leaves, and when it may), `answers` (what an answer or a
//! loss changes), `producing`, `fetching` and `grouping` (theirs), `everything` (what liveness is judged by); and what a client knows: `topics`, `producer`, `reader`, `member`; and bytes: `batch`,
//! `speak`, `hear`, `group_frames`, `group_answers`.
//!
//! C1: every request is told before its bytes leave, and ends as answered, lost or garbled, once. What has acks=0 is lost at once.
//! C2: answers are those of the requests, in their order, and can be decoded to the last byte; else they are garbled, and the
//! connection ends.
//! C3: an operation begins when its time has come and there is room in flight, in the order of the script.
//! C4: what is drawn for an operation depends on the client and its number alone.

mod answers;
mod assignor;
mod everything;
mod fetching;
mod group_answers;
mod group_frames;
mod grouping;
mod hear;
mod line;
mod member;
mod operations;
mod producer;
mod producing;
mod reader;
mod sending;
mod speak;
mod steps;
mod task;
#[cfg(test)]
mod tests;
mod topics;
#[cfg(test)]
mod toy;

use std::sync::Arc;

use bytes::Bytes;
use ottla_protocol::{ApiKey, ErrorCode};

use crate::draw::{Domain, Draw, Stream, mix};
use crate::history::{Asked, Reply};
use crate::net::{ClientTell, Link};
use crate::script::{ClientScript, MS, Nanos, Script, Versions};
use everything::Whole;
use line::{Line, Seat, State};
use member::Member;
use producer::Producer;
use reader::Reader;
use task::{OWN, Task, What};
use topics::Topics;

/// As many batches of an idempotent producer as Kafka remembers.
const IDEMPOTENT_IN_FLIGHT: u32 = 5;

/// As many tasks as may rest after a failure while others begin.
const RESTING: usize = 8;

/// What a client does.
#[derive(Clone, Debug)]
pub enum Act {
    /// It wants a connection; the answer is [`Client::connecting`].
    Connect {
        /// To which listener.
        listener: u16,
    },
    /// Bytes leave.
    Send(Link, Bytes),
    /// A connection is closed.
    Close(Link),
    /// A request is about to leave.
    Asked(Arc<Asked>),
    /// It was answered.
    Answered(Arc<Asked>, Reply),
    /// It will never be answered.
    Lost(Arc<Asked>),
    /// The node has closed the connection over these, the oldest first; each is lost.
    HungUp(Vec<Arc<Asked>>),
    /// The node sent what is no answer.
    Garbled(String),
}

/// One client.
#[derive(Clone)]
pub struct Client {
    script: Arc<Script>,
    place: usize,
    draw: Draw,
    now: Nanos,
    wall: i64,
    line: Line,
    topics: Topics,
    producer: Producer,
    reader: Reader,
    member: Member,
    tasks: Vec<Task>,
    whole: Option<Whole>,
    next_op: usize,
    finished: bool,
    /// How many tasks were begun.
    orders: u64,
    /// How many were of no operation.
    own: u64,
}

/// What is left of a task that was to be sent.
enum Sent {
    /// It left, or there is nothing of it to be sent any more.
    Gone,
    /// It has to wait.
    Waits(Task),
}

impl Client {
    /// The client at this place of the script.
    pub fn new(script: Arc<Script>, place: usize, draw: Draw) -> Client {
        Client {
            topics: Topics::new(&script),
            script,
            place,
            draw,
            now: 0,
            wall: 0,
            line: Line::new(),
            producer: Producer::new(),
            reader: Reader::default(),
            member: Member::new(),
            tasks: Vec::new(),
            whole: None,
            next_op: 0,
            finished: false,
            orders: 0,
            own: 0,
        }
    }

    fn me(&self) -> &ClientScript {
        &self.script.clients[self.place]
    }

    /// Its number in the script.
    pub fn id(&self) -> u32 {
        self.me().id
    }

    /// When it wants to look at the clock.
    pub fn wake_at(&self) -> Option<Nanos> {
        let me = self.me();
        let mut at = match self.line.state {
            State::Down { until } => self.wants_line().then_some(until),
            State::Wanted { since } | State::Connecting { since, .. } => {
                Some(since.saturating_add(me.patience))
            }
            State::Up { .. } if self.is_over() => Some(self.now),
            State::Up { .. } => None,
        };
        let mut also = |when: Nanos| at = Some(at.map_or(when, |at| at.min(when)));
        if let Some(seat) = self.line.seats.front() {
            also(seat.deadline);
        }
        for task in &self.tasks {
            also(task.until);
            if task.not_before > self.now {
                also(task.not_before);
            }
        }
        if self.topics.wants() && self.topics.not_before > self.now {
            also(self.topics.not_before);
        }
        if let Some(whole) = &self.whole {
            if self.finished {
                also(whole.until);
            }
            if !whole.busy && whole.not_before > self.now {
                also(whole.not_before);
            }
        }
        if let Some(op) = me.ops.get(self.next_op)
            && self.may_begin()
        {
            also(op.at);
        }
        if let Some(when) = self.member.wake_at().filter(|when| *when > self.now) {
            also(when);
        }
        if self.member.frozen > self.now {
            also(self.member.frozen);
        }
        at
    }

    /// Time has passed.
    pub fn on_time(&mut self, now: Nanos, wall_ms: i64, acts: &mut Vec<Act>) {
        (self.now, self.wall) = (now, wall_ms);
        self.look_at_clock(acts);
        self.go_on(acts);
    }

    /// The answer to [`Act::Connect`].
    pub fn connecting(&mut self, link: Link) {
        if let State::Wanted { since } = self.line.state {
            self.line.state = State::Connecting { link, since };
        }
    }

    /// The network has something to tell.
    pub fn on_net(&mut self, now: Nanos, wall_ms: i64, tell: ClientTell, acts: &mut Vec<Act>) {
        (self.now, self.wall) = (now, wall_ms);
        match tell {
            ClientTell::Connected(link) => {
                let ours =
                    matches!(self.line.state, State::Connecting { link: own, .. } if own == link);
                if ours {
                    self.line.up(link);
                    self.greet(acts);
                }
            }
            ClientTell::Received(link, bytes) => {
                if self.line.state == (State::Up { link }) {
                    self.line.feed(bytes);
                    self.read(acts);
                }
            }
            ClientTell::HungUp(link) => {
                if self.line.link() == Some(link) {
                    let open = self.line.seats.iter();
                    let open = open.map(|seat| Arc::clone(&seat.asked));
                    acts.push(Act::HungUp(open.collect()));
                }
            }
            ClientTell::Gone(link) => {
                if self.line.link() == Some(link) {
                    self.lose_line(acts);
                }
            }
        }
        self.go_on(acts);
    }

    /// No further operations begin.
    pub fn finish(&mut self) {
        self.finished = true;
        self.member.finish(self.now);
        if let Some(whole) = &mut self.whole {
            whole.until = whole.until.max(
                self.now
                    .saturating_add(self.script.clients[self.place].patience),
            );
        }
    }

    /// Every member is in: this one leaves, or just is one no longer.
    pub fn retire(&mut self) {
        let entity = u64::from(self.id()) << 32 | u64::from(OWN);
        if self.draw.one_in(Domain::ClientThink, entity, u64::MAX, 2) {
            self.member.leave();
        } else {
            self.member.vanish();
        }
    }

    /// Nothing is under way, and nothing will be; a member is in, and stays.
    pub fn is_idle(&self) -> bool {
        let of_member = |seat: &Seat| matches!(seat.task.what, What::Member);
        self.tasks.is_empty()
            && self.line.seats.iter().all(of_member)
            && self.whole.is_none()
            && self.member.is_content()
            && (self.finished || self.next_op >= self.me().ops.len())
    }

    /// It needs its connection no more.
    fn is_over(&self) -> bool {
        self.finished && self.is_idle() && !self.member.is_awake() && self.line.seats.is_empty()
    }

    fn wants_line(&self) -> bool {
        !self.tasks.is_empty() || self.whole.is_some() || self.member.is_awake()
    }

    fn in_flight(&self) -> usize {
        let most = match self.me().idempotent {
            true => IDEMPOTENT_IN_FLIGHT,
            false => u32::MAX,
        };
        self.me().in_flight.clamp(1, most) as usize
    }

    /// Whether an operation may begin when its time has come: C3. What rests after a failure takes no room, but there is an end to it.
    fn may_begin(&self) -> bool {
        let resting = self.tasks.iter().filter(|task| task.not_before > self.now);
        let resting = resting.count().min(RESTING);
        let under_way = self.tasks.len() - resting + self.line.seats.len();
        !self.finished
            && self.member.frozen <= self.now
            && self.whole.is_none()
            && !self.line.draining
            && under_way < self.in_flight()
    }

    /// How long a request may take.
    fn patience(&self) -> Nanos {
        let patience = self.me().patience;
        if self.whole.is_some() {
            patience / 8
        } else {
            patience
        }
    }

    /// What has taken too long is given up.
    fn look_at_clock(&mut self, acts: &mut Vec<Act>) {
        let slow = match self.line.state {
            State::Wanted { since } | State::Connecting { since, .. } => {
                since.saturating_add(self.me().patience) <= self.now
            }
            State::Up { .. } => {
                let front = self.line.seats.front();
                front.is_some_and(|seat| seat.deadline <= self.now)
            }
            State::Down { .. } => false,
        };
        if slow {
            self.end_line(acts);
        }
        let now = self.now;
        for task in self
            .tasks
            .extract_if(.., |task| task.until <= now)
            .collect::<Vec<_>>()
        {
            self.give_up(task);
        }
        if self.finished && self.whole.as_ref().is_some_and(|whole| whole.until <= now) {
            self.whole = None;
        }
    }

    /// Everything that can be done now is done.
    fn go_on(&mut self, acts: &mut Vec<Act>) {
        loop {
            self.tend_line(acts);
            let begun = self.begin(acts);
            let sent = self.send(acts);
            if !begun && !sent {
                return;
            }
        }
    }

    fn tend_line(&mut self, acts: &mut Vec<Act>) {
        match self.line.state {
            State::Up { .. }
                if self.line.seats.is_empty() && (self.line.draining || self.is_over()) =>
            {
                self.line.failures = 0;
                self.end_line(acts);
                self.line.state = State::Down { until: self.now };
                self.tend_line(acts);
            }
            State::Down { until } if until <= self.now && self.wants_line() => {
                self.line.state = State::Wanted { since: self.now };
                acts.push(Act::Connect {
                    listener: self.me().listener,
                });
            }
            _ => {}
        }
    }

    /// Answers are read as far as they are there.
    fn read(&mut self, acts: &mut Vec<Act>) {
        loop {
            match self.line.frame() {
                Ok(None) => return,
                Ok(Some(frame)) => {
                    if let Err(what) = self.take(&frame, acts) {
                        return self.garbled(what, acts);
                    }
                    if !matches!(self.line.state, State::Up { .. }) {
                        return;
                    }
                }
                Err(what) => return self.garbled(what, acts),
            }
        }
    }

    /// An answer is taken: C2.
    fn take(&mut self, frame: &Bytes, acts: &mut Vec<Act>) -> Result<(), String> {
        let Some(seat) = self.line.seats.front() else {
            return Err("an answer to nothing".to_owned());
        };
        let (key, version) = (seat.key, seat.version);
        let reply = hear::answer(key, version, seat.correlation, &seat.asked.ask, frame)?;
        if let Some(seat) = self.line.seats.pop_front() {
            self.line.failures = 0;
            let mut next = Vec::new();
            self.on_answer(seat.task, version, &seat.asked, &reply, &mut next);
            acts.push(Act::Answered(seat.asked, reply));
            acts.append(&mut next);
        }
        Ok(())
    }

    fn garbled(&mut self, what: String, acts: &mut Vec<Act>) {
        acts.push(Act::Garbled(what));
        self.end_line(acts);
    }

    /// The connection is given up.
    fn end_line(&mut self, acts: &mut Vec<Act>) {
        if let Some(link) = self.line.link() {
            acts.push(Act::Close(link));
        }
        self.lose_line(acts);
    }

    /// The connection is gone, and what was under way with it.
    fn lose_line(&mut self, acts: &mut Vec<Act>) {
        let rest = self.rest(self.line.failures, self.line.opened);
        self.line.failures += 1;
        for seat in self.line.down(self.now + rest) {
            acts.push(Act::Lost(seat.asked));
            self.on_lost(seat.task);
        }
    }

    /// How long to wait after something failed so often: longer each time, and never quite the same.
    fn rest(&self, failures: u32, n: u64) -> Nanos {
        let entity = u64::from(self.id()) << 32 | u64::from(OWN);
        let most = (20 * MS) << failures.min(5);
        let n = mix(u64::from(failures)) ^ n;
        most / 4 + self.draw.below(Domain::ClientThink, entity, n, most)
    }

    /// A task of this operation, or of the client's own.
    fn task(&mut self, op: u32, until: Nanos, what: What) -> Task {
        self.orders += 1;
        Task {
            order: self.orders,
            op,
            stream: self.stream(op),
            tries: 0,
            not_before: 0,
            until,
            raw: false,
            what,
        }
    }

    /// The draws of an operation, or of something of the client's own.
    fn stream(&mut self, op: u32) -> Stream {
        let mut entity = u64::from(self.id()) << 32 | u64::from(op);
        if op == OWN {
            self.own += 1;
            entity = mix(entity ^ mix(self.own));
        }
        self.draw.stream(Domain::ClientThink, entity)
    }

    /// A task waits for its turn, behind what was begun before it.
    fn put(&mut self, task: Task) {
        let behind = |other: &Task| other.order < task.order;
        let at = self.tasks.partition_point(behind);
        self.tasks.insert(at, task);
    }

    /// A version that both sides know, of those from `least` to `most` if there are any.
    fn version(&self, key: ApiKey, stream: &mut Stream, least: i16, most: i16) -> i16 {
        let own = ottla_protocol::versions(key).expect("a client speaks only what has messages");
        let mut served = self.line.ranges.iter().flat_map(|ranges| ranges.iter());
        let served = served.find(|range| range.0 == key.code());
        let (low, high) = served.map_or((*own.start(), *own.end()), |range| (range.1, range.2));
        let (low, high) = (low.max(*own.start()), high.min(*own.end()));
        let (low, high) = (low.max(least).min(high), high.min(most).max(low));
        match self.me().versions {
            Versions::Newest => high,
            Versions::Drawn => stream.within(low as u64, high.max(low) as u64) as i16,
        }
    }
}

/// Whether a client may try again what was refused so.
fn is_retriable(error: i16) -> bool {
    ErrorCode::from_code(error).is_some_and(ErrorCode::is_retriable)
}
