//! Answers that wait until the high watermark has passed the offset they depend on. Filled by [`crate::Runtime`],
//! emptied by it in the order of the offsets.
//!
//! K1: answers leave in the order of their offsets, and those of one offset in the order in which they came.
//! K2: nothing leaves before its offset is below the high watermark.

use std::collections::BTreeMap;

use ottla_machine::{Offset, Ticket};

/// Answers by the offset they wait for.
#[derive(Clone, Debug)]
pub(crate) struct Parking<Response> {
    waiting: BTreeMap<(Offset, u64), (Ticket, Response)>,
    arrivals: u64,
}

impl<Response> Parking<Response> {
    pub(crate) fn new() -> Parking<Response> {
        Parking {
            waiting: BTreeMap::new(),
            arrivals: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// The highest offset that anybody waits for.
    pub(crate) fn last(&self) -> Option<Offset> {
        self.waiting
            .last_key_value()
            .map(|((offset, _), _)| *offset)
    }

    pub(crate) fn park(&mut self, after: Offset, ticket: Ticket, response: Response) {
        self.arrivals += 1;
        self.waiting
            .insert((after, self.arrivals), (ticket, response));
    }

    /// Takes out everything that waited for an offset below `high_watermark`.
    pub(crate) fn release(&mut self, high_watermark: Offset, out: &mut Vec<(Ticket, Response)>) {
        while let Some(entry) = self.waiting.first_entry() {
            if entry.key().0 >= high_watermark {
                break;
            }
            out.push(entry.remove());
        }
    }

    /// Takes out every ticket; the answers are dropped, for what they say may never have happened.
    pub(crate) fn give_back(&mut self) -> Vec<Ticket> {
        std::mem::take(&mut self.waiting)
            .into_values()
            .map(|(ticket, _)| ticket)
            .collect()
    }
}
