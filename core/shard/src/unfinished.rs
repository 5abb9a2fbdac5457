//! Transactions that were open when the last life ended. Nobody here can end them, and readers of committed records wait at the first
//! one: said once to the operator, when every partition that the node started with is open. In come opened logs; out goes one note.

use ottla_machine::{Effects, Emit, Level};

use crate::{Shard, limits};

/// What was found so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unfinished {
    count: usize,
    first: Vec<String>,
    told: bool,
}

impl Shard {
    /// A log is open: does it end in an unfinished transaction?
    pub(crate) fn note_unfinished(&mut self, slot: u32) {
        let entry = self.entries.get(slot).filter(|_| !self.unfinished.told);
        let Some((entry, replica)) = entry.and_then(|entry| Some((entry, entry.replica()?))) else {
            return;
        };
        if let Some(from) = replica.log().first_unstable_offset() {
            self.unfinished.count += 1;
            if self.unfinished.first.len() < limits::NAMED_STRAYS {
                let place = format!("{} from offset {from}", entry.dir_name);
                self.unfinished.first.push(place);
            }
        }
    }

    /// Tells of them, once all that is to be opened is open.
    pub(crate) fn tell_unfinished(&mut self, fx: &mut Effects<Shard>) {
        if self.unfinished.told || !self.caught_up || !self.opener.is_idle() {
            return;
        }
        self.unfinished.told = true;
        let Unfinished { count, first, .. } = &self.unfinished;
        if *count > 0 {
            let text = format!(
                "a transaction was never finished in {count} of the partitions ({}): who reads only committed records waits there, \
                 until Apache Kafka has served this directory again and ended it",
                first.join(", ")
            );
            fx.note(Level::Warn, text);
        }
    }
}
