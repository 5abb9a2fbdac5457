//! Which leader epoch began at which offset.
//!
//! Invariants
//! - L1: epochs rise strictly, and so do their start offsets.

use ottla_machine::{LeaderEpoch, Offset};

/// The epochs of one log, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeaderEpochs(Vec<(LeaderEpoch, Offset)>);

impl LeaderEpochs {
    /// From a checkpoint. Entries that contradict later ones are dropped, as when they had been assigned in order.
    pub(crate) fn from_entries(entries: Vec<(LeaderEpoch, Offset)>) -> LeaderEpochs {
        let mut epochs = LeaderEpochs::default();
        for (epoch, start) in entries {
            if epoch > epochs.latest() {
                epochs.assign(epoch, start);
            }
        }
        epochs
    }

    pub(crate) fn entries(&self) -> &[(LeaderEpoch, Offset)] {
        &self.0
    }

    pub(crate) fn latest(&self) -> LeaderEpoch {
        self.0.last().map_or(LeaderEpoch::NONE, |(epoch, _)| *epoch)
    }

    /// `epoch` starts at `start` unless it has begun already. Answers whether anything changed.
    pub(crate) fn assign(&mut self, epoch: LeaderEpoch, start: Offset) -> bool {
        if epoch <= self.latest() {
            return false;
        }
        // An epoch in which nothing was appended leaves no trace, as in Kafka.
        self.0.retain(|(_, old)| *old < start);
        self.0.push((epoch, start));
        true
    }

    /// A batch of `epoch` lies at `base`, and nothing is known of what lies behind it. What contradicts it goes.
    pub(crate) fn found(&mut self, epoch: LeaderEpoch, base: Offset) -> bool {
        if self.at(base) == epoch {
            return false;
        }
        // What is known of later offsets fits: a later epoch began there when the batch was there already. What is said of earlier ones may
        // have been forgotten because the log's start had passed them.
        let after = self.0.partition_point(|(_, start)| *start <= base);
        let before = after.checked_sub(1).map(|last| self.0[last]);
        let later = self.0.get(after).is_some_and(|(next, _)| epoch < *next);
        if later && before.is_none_or(|(last, start)| last < epoch && start < base) {
            self.0.insert(after, (epoch, base));
            return true;
        }
        let cut = self.truncate_end(base);
        self.assign(epoch, base) || cut
    }

    /// The log ends at `end` now; epochs that began there or later were those of records that are gone.
    pub(crate) fn truncate_end(&mut self, end: Offset) -> bool {
        let before = self.0.len();
        self.0.retain(|(_, start)| *start < end);
        before != self.0.len()
    }

    /// Appends from `from` on never happened; the newest epoch has begun nevertheless.
    pub(crate) fn undo(&mut self, from: Offset) -> bool {
        match self.0.last().copied() {
            Some((epoch, start)) if start > from => {
                self.0.retain(|(_, start)| *start < from);
                self.0.push((epoch, from));
                true
            }
            _ => false,
        }
    }

    /// The log starts at `start` now.
    pub(crate) fn truncate_start(&mut self, start: Offset) -> bool {
        let below = self.0.partition_point(|(_, old)| *old <= start);
        match below.checked_sub(1) {
            Some(last) if last > 0 || self.0[last].1 < start => {
                self.0.drain(..last);
                self.0[0].1 = start;
                true
            }
            _ => false,
        }
    }

    /// The largest epoch at or below `epoch`, and where it ends in a log that ends at `end`.
    pub(crate) fn end_of(&self, epoch: LeaderEpoch, end: Offset) -> (LeaderEpoch, Offset) {
        let undefined = (LeaderEpoch::NONE, Offset(-1));
        if epoch <= LeaderEpoch::NONE {
            return undefined;
        }
        if epoch == self.latest() {
            return (epoch, end);
        }
        let higher = self.0.partition_point(|(known, _)| *known <= epoch);
        match (higher.checked_sub(1), self.0.get(higher)) {
            (_, None) => undefined,
            // Asked about a time before all we know: its records, if any, ended where ours begin.
            (None, Some((_, start))) => (epoch, *start),
            (Some(floor), Some((_, start))) => (self.0[floor].0, *start),
        }
    }

    /// The epoch of the record at `offset`.
    pub(crate) fn at(&self, offset: Offset) -> LeaderEpoch {
        let after = self.0.partition_point(|(_, start)| *start <= offset);
        after
            .checked_sub(1)
            .map_or(LeaderEpoch::NONE, |at| self.0[at].0)
    }

    pub(crate) fn check(&self) {
        assert!(
            self.0
                .windows(2)
                .all(|w| w[0].0 < w[1].0 && w[0].1 < w[1].1),
            "L1: {:?}",
            self.0
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epochs(entries: &[(i32, i64)]) -> LeaderEpochs {
        LeaderEpochs::from_entries(
            entries
                .iter()
                .map(|(e, o)| (LeaderEpoch(*e), Offset(*o)))
                .collect(),
        )
    }

    #[test]
    fn ends_are_where_the_next_epoch_begins() {
        let e = epochs(&[(2, 5), (4, 10), (7, 20)]);
        let end = |epoch| {
            let (e, o) = e.end_of(LeaderEpoch(epoch), Offset(30));
            (e.0, o.0)
        };
        assert_eq!(end(1), (1, 5));
        assert_eq!(end(2), (2, 10));
        assert_eq!(end(3), (2, 10));
        assert_eq!(end(4), (4, 20));
        assert_eq!(end(7), (7, 30));
        assert_eq!(end(8), (-1, -1));
        assert_eq!(end(-1), (-1, -1));
        assert_eq!(e.at(Offset(4)), LeaderEpoch::NONE);
        assert_eq!(e.at(Offset(9)), LeaderEpoch(2));
        assert_eq!(e.at(Offset(10)), LeaderEpoch(4));
    }

    #[test]
    fn both_ends_can_be_cut() {
        let mut e = epochs(&[(2, 5), (4, 10), (7, 20)]);
        assert!(e.truncate_start(Offset(12)));
        assert_eq!(e, epochs(&[(4, 12), (7, 20)]));
        assert!(!e.truncate_start(Offset(12)));
        assert!(e.truncate_end(Offset(20)));
        assert_eq!(e, epochs(&[(4, 12)]));
        e.check();
    }

    #[test]
    fn an_epoch_that_has_begun_survives_an_undo() {
        let mut e = epochs(&[(2, 5), (4, 10), (7, 20)]);
        assert!(e.undo(Offset(15)));
        assert_eq!(e, epochs(&[(2, 5), (4, 10), (7, 15)]));
        assert!(e.undo(Offset(10)));
        assert_eq!(e, epochs(&[(2, 5), (7, 10)]));
        assert!(!e.undo(Offset(10)));
    }

    #[test]
    fn a_batch_below_what_is_known_takes_nothing_away() {
        let mut e = epochs(&[(18, 38), (20, 50)]);
        for (epoch, base) in [(6, 30), (6, 33), (7, 35), (18, 41)] {
            e.found(LeaderEpoch(epoch), Offset(base));
        }
        assert_eq!(e, epochs(&[(6, 30), (7, 35), (18, 38), (20, 50)]));
        // Of an epoch that began when later offsets were of an older one nothing of those is left.
        assert!(e.found(LeaderEpoch(21), Offset(45)));
        assert_eq!(e, epochs(&[(6, 30), (7, 35), (18, 38), (21, 45)]));
    }

    #[test]
    fn contradictions_of_a_file_are_dropped() {
        assert_eq!(epochs(&[(3, 5), (2, 8), (4, 5)]), epochs(&[(4, 5)]));
        epochs(&[(3, 5), (4, 4), (9, 9), (8, 1)]).check();
    }
}
