//! Partition directories that no topic of the cluster claims: counted once, after the first image is applied, and named to the operator.
//! They are left as they are; Kafka would rename them and serve them no more either.

use std::ops::Bound;

use ottla_machine::{Effects, Emit, Level, Name, Spend};

use crate::{Shard, limits};

/// How far the count is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Strays {
    after: Option<Name>,
    count: usize,
    first: Vec<Name>,
    told: bool,
}

impl Shard {
    /// Whether the count can go on.
    pub(crate) fn counts_strays(&self) -> bool {
        let known = self.image.is_some() && !self.changes.any();
        self.stage == crate::Stage::Running && known && !self.strays.told
    }

    /// A slice of the count.
    pub(crate) fn count_strays(&mut self, fx: &mut Effects<Shard>) {
        if !self.counts_strays() {
            return;
        }
        let after = self.strays.after.take();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut seen = 0;
        for name in self
            .opener
            .unopened(from)
            .take(limits::SLICE.of(self.switch))
        {
            seen += 1;
            if !self.holders.contains_key(name) && !self.heirs.contains_key(name) {
                self.strays.count += 1;
                if self.strays.first.len() < limits::NAMED_STRAYS {
                    self.strays.first.push(name.clone());
                }
            }
            self.strays.after = Some(name.clone());
        }
        fx.spend(Spend::Partitions, seen);
        if seen == limits::SLICE.of(self.switch) {
            return;
        }
        self.strays.told = true;
        if self.strays.count > 0 {
            let names: Vec<&str> = self.strays.first.iter().map(Name::as_str).collect();
            let text = format!(
                "no topic of this cluster claims {} of the directories found ({}): they are left alone; move them away if they are not wanted",
                self.strays.count,
                names.join(", ")
            );
            fx.note(Level::Warn, text);
        }
    }
}
