//! The block of producer ids that this node has leased, and who waits for the next one. Filled by `api/init_producer_id`.

use std::collections::VecDeque;
use std::ops::Range;

use ottla_machine::ProducerId;

use crate::gather::Call;

/// The leased ids that are left.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProducerIds {
    left: Range<i64>,
    /// The block after it.
    pub next: Range<i64>,
    /// How many ids a block has.
    pub size: i64,
    /// A block was asked for.
    pub asked: bool,
    /// Requests that wait for a block.
    pub waiting: VecDeque<Call>,
}

impl ProducerIds {
    /// The next id.
    pub fn take(&mut self) -> Option<ProducerId> {
        if self.left.is_empty() {
            self.left = std::mem::take(&mut self.next);
        }
        self.left.next().map(ProducerId)
    }

    /// Whether a block is to be leased: a tenth of this one is left, and no other is there or asked for.
    pub fn wants_more(&self) -> bool {
        !self.asked && self.next.is_empty() && (self.left.end - self.left.start) * 10 <= self.size
    }
}
