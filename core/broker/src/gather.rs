//! Questions that wait for answers from below: one gather per request, one slot per answer.
//!
//! A gather keeps the question (the request's own bytes), never a half-built answer; when all slots are filled, or its time is
//! up, the API builds the answer from both. Answers come from the shard and from the controller by [`Ticket`].
//!
//! | state of a gather | on | becomes |
//! |---|---|---|
//! | (free slot) | [`Gathers::open`] | open |
//! | open | an answer that is not the last | open |
//! | open | the last answer, its deadline, or the end of its connection | (free slot, next generation) |
//!
//! G1: a ticket of an earlier generation finds nothing.
//! G2: a slot is answered once.

use bytes::Bytes;
use ottla_machine::{Conn, Ticket, Time, Timers};
use ottla_protocol::ApiKey;

/// Where an answer is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// To a seat of a connection.
    Seat(Conn, u64),
    /// To nobody: the broker itself has asked.
    Nobody,
}

/// A request that is in work: what its answer must bear and its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Where the answer goes.
    pub home: Home,
    /// Which API.
    pub key: ApiKey,
    /// Of which version.
    pub version: i16,
    /// What the answer bears.
    pub correlation_id: i32,
    /// Which listener it came in by.
    pub listener: u16,
    /// The header.
    pub head: Bytes,
    /// The body, without its header.
    pub body: Bytes,
    /// The size of the buffer that the body keeps alive.
    pub pins: usize,
}

/// One open gather.
#[derive(Clone, Debug)]
pub(crate) struct Gather<A> {
    /// The question.
    pub call: Call,
    /// Answers by slot.
    pub answers: Vec<Option<A>>,
    missing: usize,
}

#[derive(Clone, Debug)]
struct Slot<A> {
    generation: u32,
    gather: Option<Gather<A>>,
}

/// All open gathers.
#[derive(Clone, Debug)]
pub(crate) struct Gathers<A> {
    slots: Vec<Slot<A>>,
    free: Vec<u32>,
    deadlines: Timers<u32>,
}

impl<A> Default for Gathers<A> {
    fn default() -> Gathers<A> {
        Gathers {
            slots: Vec::new(),
            free: Vec::new(),
            deadlines: Timers::default(),
        }
    }
}

impl<A> Gathers<A> {
    /// Opens a gather without slots yet; its first ticket (slot 0).
    pub fn open(&mut self, call: Call, deadline: Option<Time>) -> Ticket {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot {
                generation: 0,
                gather: None,
            });
            (self.slots.len() - 1) as u32
        });
        let slot = &mut self.slots[index as usize];
        slot.generation = slot.generation.wrapping_add(1);
        slot.gather = Some(Gather {
            call,
            answers: Vec::new(),
            missing: 0,
        });
        if deadline.is_some() {
            self.deadlines.set(index, deadline);
        }
        Ticket {
            gather: index,
            generation: slot.generation,
            slot: 0,
        }
    }

    /// One more slot, to be answered later.
    pub fn expect(&mut self, of: Ticket) -> Ticket {
        let gather = self.find(of).expect("G1: an opener holds a live ticket");
        gather.answers.push(None);
        gather.missing += 1;
        Ticket {
            slot: (gather.answers.len() - 1) as u32,
            ..of
        }
    }

    /// One more slot, answered at once.
    pub fn settle(&mut self, of: Ticket, answer: A) {
        let gather = self.find(of).expect("G1: an opener holds a live ticket");
        gather.answers.push(Some(answer));
    }

    /// Takes an answer. The gather when it was the last one.
    pub fn answer(&mut self, ticket: Ticket, answer: A) -> Option<Gather<A>> {
        let gather = self.find(ticket)?;
        let place = gather.answers.get_mut(ticket.slot as usize)?;
        assert!(place.is_none(), "G2: one answer per slot");
        *place = Some(answer);
        gather.missing -= 1;
        self.complete(ticket)
    }

    /// The gather, if nothing is missing (any more).
    pub fn complete(&mut self, of: Ticket) -> Option<Gather<A>> {
        if self.find(of)?.missing > 0 {
            return None;
        }
        self.close(of.gather).map(|(gather, _)| gather)
    }

    /// The next gather whose time is up, with the tickets that nobody waits for any more.
    pub fn due(&mut self, now: Time) -> Option<(Gather<A>, Vec<Ticket>)> {
        loop {
            let index = self.deadlines.due(now)?;
            if let Some(found) = self.close(index) {
                return Some(found);
            }
        }
    }

    /// Ends a gather early, with the tickets that nobody waits for any more.
    pub fn close(&mut self, index: u32) -> Option<(Gather<A>, Vec<Ticket>)> {
        let slot = self.slots.get_mut(index as usize)?;
        let gather = slot.gather.take()?;
        let generation = slot.generation;
        let unanswered = gather
            .answers
            .iter()
            .enumerate()
            .filter(|(_, answer)| answer.is_none())
            .map(|(at, _)| Ticket {
                gather: index,
                generation,
                slot: at as u32,
            })
            .collect();
        self.deadlines.set(index, None);
        self.free.push(index);
        Some((gather, unanswered))
    }

    fn find(&mut self, ticket: Ticket) -> Option<&mut Gather<A>> {
        let slot = self.slots.get_mut(ticket.gather as usize)?;
        if slot.generation != ticket.generation {
            return None;
        }
        slot.gather.as_mut()
    }

    /// G1, G2: what is missing is what has no answer; what is free has no deadline.
    pub fn check(&self) {
        for slot in &self.slots {
            let Some(gather) = &slot.gather else { continue };
            let missing = gather
                .answers
                .iter()
                .filter(|answer| answer.is_none())
                .count();
            assert_eq!(gather.missing, missing, "G2");
        }
        let open = self
            .slots
            .iter()
            .filter(|slot| slot.gather.is_some())
            .count();
        assert_eq!(open, self.len(), "G1");
    }

    /// How many are open.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// When the next one's time is up.
    pub fn deadline(&self) -> Option<Time> {
        self.deadlines.next()
    }
}
