//! The topics that were passed on to the controller because somebody asked for them, so that each is passed on once.

use std::collections::{BTreeMap, BTreeSet};

use crate::limits;

/// The names that were passed on to the controller and not answered yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Creating {
    names: BTreeSet<String>,
    batches: BTreeMap<i32, Vec<String>>,
    number: i32,
}

impl Creating {
    /// Begins a batch with those names that are not under way, as many as may be. Answers its number and them.
    pub fn begin(&mut self, names: impl Iterator<Item = String>) -> (i32, Vec<String>) {
        let room = limits::CREATING_TOPICS.saturating_sub(self.names.len());
        let new = names.filter(|name| !self.names.contains(name));
        let names: Vec<String> = new.take(room).collect();
        if !names.is_empty() {
            self.number = self.number.wrapping_add(1);
            self.names.extend(names.iter().cloned());
            self.batches.insert(self.number, names.clone());
        }
        (self.number, names)
    }

    /// The answer to this batch has come, or never will.
    pub fn done(&mut self, number: i32) {
        for name in self.batches.remove(&number).unwrap_or_default() {
            self.names.remove(&name);
        }
    }
}
