//! Long work in slices: unfinished cursors, of which `settle` advances one slice each, in turn.

use std::collections::VecDeque;

/// Unfinished work, first come first served, one slice at a time.
#[derive(Clone, Debug)]
pub struct Agenda<T> {
    waiting: VecDeque<T>,
}

impl<T> Default for Agenda<T> {
    fn default() -> Agenda<T> {
        Agenda {
            waiting: VecDeque::new(),
        }
    }
}

impl<T> Agenda<T> {
    /// Adds work, or puts back work that is not finished.
    pub fn push(&mut self, work: T) {
        self.waiting.push_back(work);
    }

    /// Takes the work whose turn it is.
    pub fn pop(&mut self) -> Option<T> {
        self.waiting.pop_front()
    }

    /// Whether nothing is unfinished; otherwise the machine's deadline is now.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
