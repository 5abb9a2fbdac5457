//! Producers that wait for a cursor to pass the end of their batch. A waiter is data: a ticket and what it will be answered.
//!
//! A1: whoever is released by a cursor has his whole batch below it.

use std::collections::BTreeMap;

use ottla_log::Appended;
use ottla_machine::{Offset, Ticket};

/// Waiters by the end of their batch; those with the same end in the order in which they came (duplicates share ends).
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiters {
    waiting: BTreeMap<(Offset, u64), (Ticket, Appended)>,
    came: u64,
}

impl Waiters {
    /// Somebody waits.
    pub fn push(&mut self, ticket: Ticket, appended: Appended) {
        self.came += 1;
        self.waiting
            .insert((appended.next, self.came), (ticket, appended));
    }

    /// Takes one waiter whose batch lies below `cursor`.
    pub fn pop(&mut self, cursor: Offset) -> Option<(Ticket, Appended)> {
        let entry = self.waiting.first_entry()?;
        if entry.key().0 > cursor {
            return None;
        }
        let (ticket, appended) = entry.remove();
        assert!(appended.next <= cursor, "A1: {} > {cursor}", appended.next);
        Some((ticket, appended))
    }

    /// Takes all whose batch reaches beyond `from`.
    pub fn split(&mut self, from: Offset) -> Vec<Ticket> {
        let gone = self.waiting.split_off(&(from.plus(1), 0));
        gone.into_values().map(|(ticket, _)| ticket).collect()
    }

    /// The end of the last batch that is waited for.
    pub fn furthest(&self) -> Option<Offset> {
        self.waiting.last_key_value().map(|((end, _), _)| *end)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }
}
