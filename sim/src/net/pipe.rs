//! One direction of a link: what its sender's kernel holds back, and what is on the way with the time at which it arrives.

use std::collections::VecDeque;

use bytes::Bytes;

use super::{Air, Link, NetEvent, Side};
use crate::agenda::Happening;
use crate::draw::Domain;
use crate::script::{Chance, Nanos};

/// What travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The greeting, or its answer.
    Hello,
    /// A piece, not empty.
    Bytes(Bytes),
    /// The sender finishes.
    Finish,
    /// Here the link breaks, for both.
    Break,
}

/// Something that travels.
#[derive(Clone, Debug)]
pub(super) struct Item {
    at: Nanos,
    sent: Nanos,
    pub(super) what: What,
}

/// One direction.
#[derive(Clone, Debug)]
pub(super) struct Pipe {
    entity: u64,
    drawn: u64,
    /// When the last thing arrives.
    last: Nanos,
    wire: VecDeque<Item>,
    /// The sender's own queue: there is no room for it yet.
    pub(super) waiting: VecDeque<Bytes>,
    /// The sender finishes behind what waits.
    pub(super) finishes: bool,
    /// The finish comes so much later than what it follows.
    pub(super) lingers: Nanos,
    /// Bytes on the way or unread.
    pub(super) inside: usize,
    /// Nothing more gets in.
    is_shut: bool,
    /// When the agenda will have something arrive.
    due: Option<Nanos>,
}

impl Pipe {
    pub(super) fn new(entity: u64) -> Pipe {
        Pipe {
            entity,
            drawn: 0,
            last: 0,
            wire: VecDeque::new(),
            waiting: VecDeque::new(),
            finishes: false,
            lingers: 0,
            inside: 0,
            is_shut: false,
            due: None,
        }
    }

    /// How many bytes may still get in.
    pub(super) fn room(&self, air: &Air<'_>) -> usize {
        (air.weather.socket.max(1) as usize).saturating_sub(self.inside)
    }

    /// When the next thing arrives, of which so many bytes go over the wire.
    fn arrival(&mut self, bytes: usize, air: &Air<'_>) -> Nanos {
        self.drawn += 1;
        let latency = air.weather.latency;
        let at = air.now + latency.draw(air.draw, Domain::Latency, self.entity, self.drawn);
        // Half of the pieces come apart from the one before, at 8 Gbit/s; the rest may come with it.
        let apart = air.draw.at(Domain::Segment, !self.entity, self.drawn) % 2;
        self.last = at.max(self.last + apart * bytes as u64);
        self.last
    }

    fn on_its_way(&mut self, at: Nanos, what: What, air: &Air<'_>) {
        let sent = air.now;
        self.wire.push_back(Item { at, sent, what });
    }

    /// Something without bytes travels behind the rest.
    pub(super) fn push(&mut self, what: What, air: &Air<'_>) {
        if !self.is_shut {
            let at = self.arrival(1, air) + self.lingers;
            self.last = at;
            self.on_its_way(at, what, air);
        }
    }

    /// Bytes travel, in pieces; pieces that arrive together are one. Some pieces break the link after any of their bytes.
    pub(super) fn put(&mut self, mut bytes: Bytes, air: &mut Air<'_>) {
        self.inside += bytes.len();
        let segment = air.weather.segment.max(1);
        let (mut end, mut together) = (0, None);
        while end < bytes.len() && !self.is_shut {
            let n = self.drawn + 1;
            let drawn = 1 + air.draw.below(Domain::Segment, self.entity, n, segment);
            let len = (bytes.len() - end).min(drawn as usize);
            let at = self.arrival(len, air);
            if let Some(before) = together.replace(at)
                && before != at
            {
                let piece = bytes.split_to(std::mem::take(&mut end));
                self.on_its_way(before, What::Bytes(piece), air);
            }
            end += len;
            if air.dice.fires(Chance::SegmentBreaks, self.entity, n) {
                let lost = air
                    .draw
                    .below(Domain::Segment, self.entity, n << 32, len as u64 + 1);
                bytes.truncate(end - lost as usize);
                end = bytes.len();
                self.is_shut = true;
            }
        }
        if let Some(at) = together {
            if end > 0 {
                self.on_its_way(at, What::Bytes(bytes.split_to(end)), air);
            }
            if self.is_shut {
                self.on_its_way(at, What::Break, air);
            }
        }
    }

    /// What waits gets in as far as there is room; behind it the finish.
    pub(super) fn refill(&mut self, air: &mut Air<'_>) {
        let mut room = self.room(air);
        while room > 0
            && let Some(front) = self.waiting.front_mut()
        {
            let bytes = if front.len() > room {
                front.split_to(room)
            } else {
                self.waiting.pop_front().expect("there is a front")
            };
            room -= bytes.len();
            self.put(bytes, air);
        }
        if self.finishes && self.waiting.is_empty() {
            self.finishes = false;
            self.push(What::Finish, air);
        }
    }

    /// Puts the next arrival on the agenda, if it is not there already.
    pub(super) fn plan(&mut self, link: Link, to: Side, air: &mut Air<'_>) {
        if let Some(front) = self.wire.front() {
            self.plan_at(front.at, link, to, air);
        }
    }

    /// Has something arrive then, unless that is already to happen earlier.
    pub(super) fn plan_at(&mut self, at: Nanos, link: Link, to: Side, air: &mut Air<'_>) {
        let at = at.max(air.now);
        if self.due.is_none_or(|due| at < due) {
            self.due = Some(at);
            let event = NetEvent::Arrive(link, to);
            air.agenda.at(at, Happening::Net(event));
        }
    }

    /// Whether an arrival is meant that was put on the agenda: it is no longer.
    pub(super) fn is_due(&mut self, now: Nanos) -> bool {
        let due = self.due.is_some_and(|due| due <= now);
        if due {
            self.due = None;
        }
        due
    }

    /// Takes out what has arrived next; when the receiver does not read, only a greeting.
    pub(super) fn next(&mut self, now: Nanos, reads: bool) -> Option<Item> {
        let front = self.wire.front()?;
        if front.at > now || !(reads || front.what == What::Hello) {
            return None;
        }
        self.wire.pop_front()
    }

    /// Whether something has arrived that was not taken.
    pub(super) fn has_come(&self, now: Nanos) -> bool {
        self.wire.front().is_some_and(|front| front.at <= now)
    }

    /// When the oldest thing on the way was sent.
    pub(super) fn oldest(&self) -> Option<Nanos> {
        self.wire.front().map(|front| front.sent)
    }

    /// Whether nothing is on the way or waits.
    pub(super) fn is_quiet(&self) -> bool {
        self.wire.is_empty() && self.waiting.is_empty()
    }

    /// Whether the receiver will see this direction end.
    pub(super) fn will_finish(&self) -> bool {
        let ends = |item: &Item| matches!(item.what, What::Finish | What::Break);
        self.finishes || self.wire.back().is_some_and(ends)
    }

    /// What is on the way is lost, and nothing more gets in.
    pub(super) fn shut(&mut self) {
        self.is_shut = true;
        self.wire.clear();
        self.waiting.clear();
    }

    /// Of the bytes on the way only some still arrive, and nothing more gets in.
    pub(super) fn cut_short(&mut self, drawn: u64) {
        self.waiting.clear();
        self.finishes = false;
        self.is_shut = true;
        let len = |item: &Item| match &item.what {
            What::Bytes(bytes) => bytes.len(),
            _ => 0,
        };
        let total: usize = self.wire.iter().map(len).sum();
        let mut left = (drawn % (total as u64 + 1)) as usize;
        for item in &mut self.wire {
            if let What::Bytes(bytes) = &mut item.what {
                bytes.truncate(left);
                left -= bytes.len();
            }
        }
        let is_there = |item: &Item| item.what == What::Hello || len(item) > 0;
        self.wire.retain(is_there);
    }

    /// What is on the way arrives then at the earliest.
    pub(super) fn delay(&mut self, until: Nanos) {
        for item in &mut self.wire {
            item.at = item.at.max(until);
        }
        self.last = self.last.max(until);
        // When it arrives is planned again; the earlier arrival finds nothing.
    }

    /// What is on the way arrives then at the latest.
    pub(super) fn hurry(&mut self, by: Nanos) {
        for item in &mut self.wire {
            item.at = item.at.min(by);
        }
        self.last = self.last.min(by);
    }
}
