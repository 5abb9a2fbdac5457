//! The line of one partition: appends in the order in which they came. The head may wait for its log to open or for its job; all behind
//! it wait too, so that a producer's batches are judged in its order.
//!
//! | the line is | on | becomes |
//! |---|---|---|
//! | empty | an append that needs nothing | empty |
//! | any | an append | waiting |
//! | waiting | the log is open | empty, or judging when the head needs a job |
//! | judging | the job's product | waiting, or empty |
//! | any | another leader, deletion, a disk fault, stop | empty, all refused |
//!
//! L1: offsets are given in the order of the line.
//! L2: at most [`crate::limits::LINE`] wait.

use std::collections::VecDeque;

use ottla_machine::Ticket;

use crate::{Append, limits};

/// Appends that wait.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    waiting: VecDeque<(Ticket, Append)>,
    /// The job that judges the head.
    judging: Option<u64>,
}

impl Line {
    /// Joins the line; `Err` gives the append back when it is full.
    pub fn push(&mut self, ticket: Ticket, append: Append) -> Result<(), Ticket> {
        if self.waiting.len() >= limits::LINE {
            return Err(ticket); // L2
        }
        self.waiting.push_back((ticket, append));
        Ok(())
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The head, unless it waits for a job.
    pub fn head(&self) -> Option<&(Ticket, Append)> {
        self.waiting.front().filter(|_| self.judging.is_none())
    }

    /// Takes the head.
    pub fn pop(&mut self) -> Option<(Ticket, Append)> {
        self.judging = None;
        self.waiting.pop_front()
    }

    /// The head waits for this job.
    pub fn judge(&mut self, job: u64) {
        assert!(
            self.judging.is_none() && !self.waiting.is_empty(),
            "L1: one head, one job"
        );
        self.judging = Some(job);
    }

    /// The head's job is done.
    pub fn judged(&mut self) {
        self.judging = None;
    }

    /// Whether the head waits for this job.
    pub fn is_judging(&self, job: u64) -> bool {
        self.judging == Some(job)
    }

    /// Sends everybody home.
    pub fn clear(&mut self) -> Vec<Ticket> {
        self.judging = None;
        self.waiting.drain(..).map(|(ticket, _)| ticket).collect()
    }
}
