//! What was deleted by DeleteRecords, and answered, is not shown again, whatever ends a life; and nothing above it goes with it.

use std::collections::BTreeMap;

use super::{Oracle, Scene, Verdict, fired};
use crate::history::{Ask, Asked, Named, Partition, Reply, Seen};

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Deletions {
    /// Where each log starts at least, by the number of the request that it was answered to.
    starts: BTreeMap<Partition, Vec<(u64, i64)>>,
    /// How many answers there were, and how many when a request left.
    answers: u64,
    open: BTreeMap<u64, u64>,
}

const NAME: &str = "deletions";

impl Oracle for Deletions {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        match seen {
            Seen::Asked(asked) => {
                if let Ask::Fetch { .. } | Ask::ListOffsets { .. } = asked.ask {
                    self.open.insert(asked.number, self.answers);
                }
            }
            Seen::Lost(asked) => {
                self.open.remove(&asked.number);
            }
            Seen::Answered(asked, Reply::DeleteRecords { parts: answers }) => {
                return self.deleted(scene, asked, answers);
            }
            Seen::Answered(asked, Reply::Fetch { parts, .. }) => {
                let since = self.open.remove(&asked.number).unwrap_or(0);
                for (named, fetched) in parts.iter().filter(|(_, fetched)| fetched.error == 0) {
                    let last = fetched.batches.first().map(|batch| batch.last_offset);
                    self.judge(scene, named, since, fetched.log_start, last)?;
                }
            }
            Seen::Answered(asked, Reply::ListOffsets { parts }) => {
                let since = self.open.remove(&asked.number).unwrap_or(0);
                for (named, listed) in parts.iter().filter(|(_, listed)| listed.error == 0) {
                    self.judge(scene, named, since, -1, Some(listed.offset))?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Deletions {
    fn deleted(
        &mut self,
        scene: &Scene<'_>,
        asked: &Asked,
        answers: &[(Named, i64, i16)],
    ) -> Verdict {
        let Ask::DeleteRecords { parts } = &asked.ask else {
            return Ok(());
        };
        self.answers += 1;
        for (named, start, _) in answers.iter().filter(|(.., error)| *error == 0) {
            let Some(partition) = scene.ledger.sure(named) else {
                continue;
            };
            let wanted = parts.iter().find(|(of, _)| crate::ledger::same(of, named));
            if wanted.is_some_and(|(_, before)| start < before) {
                return fired(
                    NAME,
                    format!("{}: {wanted:?} was answered with {start}", named.topic),
                );
            }
            let starts = self.starts.entry(partition).or_default();
            starts.push((self.answers, *start));
        }
        Ok(())
    }

    fn judge(
        &self,
        scene: &Scene<'_>,
        named: &Named,
        since: u64,
        log_start: i64,
        shown: Option<i64>,
    ) -> Verdict {
        let partition = scene.ledger.sure(named);
        let Some(partition) = partition.filter(|_| scene.damaged(named).is_none()) else {
            return Ok(());
        };
        let known = self.starts.get(&partition).into_iter().flatten();
        let known = known.filter(|(answered, _)| *answered <= since);
        let Some(start) = known.map(|(_, start)| *start).max() else {
            return Ok(());
        };
        let back = log_start >= 0 && log_start < start;
        if back || shown.is_some_and(|shown| shown >= 0 && shown < start) {
            return fired(
                NAME,
                format!(
                    "{}: everything below {start} was deleted; now a reader is told log start {log_start} and shown {shown:?}",
                    scene.name(partition)
                ),
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::rig::{Rig, batch, fetched, fires, passes, shown, topic};
    use super::Deletions;
    use crate::history::{Ask, Death, Reply};

    #[test]
    fn what_was_deleted_stays_away() {
        let (t, one, two) = (topic("t", 1), batch(1, 2), batch(2, 2));
        let reading = |answered: i64, base: i64| {
            let mut rig = Rig::<Deletions>::new();
            let ask = Ask::DeleteRecords {
                parts: vec![(t.clone(), 2)],
            };
            let reply = Reply::DeleteRecords {
                parts: vec![(t.clone(), answered, if answered < 0 { 7 } else { 0 })],
            };
            passes(rig.exchange(ask, &reply));
            rig.die(Death::PowerCut);
            rig.start();
            let batch = if base == 0 {
                shown(&one, 0)
            } else {
                shown(&two, 2)
            };
            let mut answer = fetched(4, vec![batch]);
            answer.log_start = base;
            rig.fetch(&t, base, answer)
        };
        passes(reading(2, 2));
        fires(reading(2, 0), "everything below 2 was deleted");
        // Nobody was told that it was done.
        passes(reading(-1, 0));
    }

    #[test]
    fn as_much_is_deleted_as_was_wanted() {
        let t = topic("t", 1);
        let ask = Ask::DeleteRecords {
            parts: vec![(t.clone(), 2)],
        };
        let reply = Reply::DeleteRecords {
            parts: vec![(t.clone(), 1, 0)],
        };
        fires(
            Rig::<Deletions>::new().exchange(ask, &reply),
            "was answered with 1",
        );
    }
}
