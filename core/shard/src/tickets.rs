//! The tickets that wait here, so that each is answered once and a forgotten one never.
//!
//! K1: a claim is redeemed at most once, and not after its ticket was forgotten or asked with again.

use std::collections::BTreeMap;

use ottla_machine::Ticket;

/// A waiting question's right to answer. A fetch session asks with the same ticket again and again; the number tells its questions apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    ticket: Ticket,
    number: u64,
}

/// Tickets whose answer is still to come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tickets {
    waiting: BTreeMap<Ticket, u64>,
    given: u64,
}

impl Tickets {
    /// The ticket's answer will come later.
    pub fn park(&mut self, ticket: Ticket) -> Claim {
        self.given += 1;
        self.waiting.insert(ticket, self.given);
        Claim {
            ticket,
            number: self.given,
        }
    }

    /// The answer is here: the ticket to give it to, unless nobody waits any more.
    pub fn redeem(&mut self, claim: Claim) -> Option<Ticket> {
        if self.waits(claim) {
            self.waiting.remove(&claim.ticket);
            Some(claim.ticket)
        } else {
            None
        }
    }

    /// An append's answer is here: whether somebody still waits for it. An append's ticket is never asked with again.
    pub fn take(&mut self, ticket: Ticket) -> bool {
        self.waiting.remove(&ticket).is_some()
    }

    /// Whether somebody still waits for this answer.
    pub fn waits(&self, claim: Claim) -> bool {
        self.waiting.get(&claim.ticket) == Some(&claim.number)
    }

    /// Nobody waits any more.
    pub fn forget(&mut self, ticket: Ticket) {
        self.waiting.remove(&ticket);
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_question_of_a_ticket_is_answered_and_only_once() {
        let ticket = Ticket {
            gather: 1,
            generation: 0,
            slot: 2,
        };
        let mut tickets = Tickets::default();
        let first = tickets.park(ticket);
        let second = tickets.park(ticket);
        assert_eq!(tickets.redeem(first), None);
        assert_eq!(tickets.redeem(second), Some(ticket));
        assert_eq!(tickets.redeem(second), None);
        let third = tickets.park(ticket);
        tickets.forget(ticket);
        assert_eq!(tickets.redeem(third), None);
        assert_eq!(tickets.len(), 0);
    }
}
