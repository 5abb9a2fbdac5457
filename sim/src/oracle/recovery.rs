//! What a restart shows is what was there: a node that is started on what a life left has every whole batch up to the first that is not,
//! the same bytes, and remembers of each producer the last sequence that is in its log, and of nobody else anything.

use std::collections::BTreeMap;

use super::{Oracle, Rehearsal, Scene, Verdict, fired};
use crate::group_log;
use crate::history::{Partition, Producer};
use crate::on_disk::{self, BatchOnDisk, LogOnDisk};

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Recovery;

const NAME: &str = "recovery";

impl Oracle for Recovery {
    fn name(&self) -> &'static str {
        NAME
    }

    fn rehearsed(&mut self, scene: &Scene<'_>, rehearsal: &Rehearsal<'_>) -> Verdict {
        let Some(broker) = scene.broker else {
            return Ok(());
        };
        let left = scene.logs(rehearsal.left);
        let found = scene.logs(scene.media);
        let starts = on_disk::checkpoint(rehearsal.left, "log-start-offset-checkpoint");
        for held in broker.logs() {
            let partition = Partition {
                topic: held.id.topic_id.0,
                index: held.id.index,
            };
            if held.leaving || scene.atlas.damaged_from(partition).is_some() {
                continue;
            }
            let name = format!("{}-{}", held.topic, held.id.index);
            if !held.is_open() {
                return fired(NAME, format!("{name} does not open: {:?}", held.phase));
            }
            let Some(left) = left.get(&partition) else {
                continue;
            };
            // What was deleted is not given again, though nothing of the log may be left to say so.
            let end = left.end.max(starts.get(&left.dir).copied().unwrap_or(0));
            // A coordinator goes on by itself: members that do not come again are written down.
            let goes_on = held.topic == group_log::TOPIC && held.assigned.0 > end;
            if held.assigned.0 != end && !goes_on {
                return fired(
                    NAME,
                    format!("{name}: {end} was left, {} is there", held.assigned.0),
                );
            }
            let compacted = scene.ledger.compacted.contains(held.topic);
            same_batches(&name, left, found.get(&partition), compacted)?;
            if !scene.script.producers_expire() {
                let known = held.producers().map(|producer| {
                    let last = (producer.epoch, producer.last_sequence);
                    (producer.id.0, last)
                });
                producers(&name, left, &known.collect())?;
            }
        }
        Ok(())
    }
}

/// What is there now was there; retention may have taken the oldest, and a compaction records of batches, or all of them.
fn same_batches(
    name: &str,
    left: &LogOnDisk,
    found: Option<&LogOnDisk>,
    compacted: bool,
) -> Verdict {
    let Some(found) = found else {
        return fired(NAME, format!("{name}: its directory is gone"));
    };
    let kept = |batch: &&BatchOnDisk| {
        batch.base >= found.first && (!compacted || found.has_batch_at(batch.base))
    };
    let left_of = |before: &BatchOnDisk, after: &BatchOnDisk| {
        let place = (before.base, before.next, before.epoch, before.producer);
        place == (after.base, after.next, after.epoch, after.producer)
            && after.records <= before.records
    };
    let same = |before: &BatchOnDisk, after: &BatchOnDisk| {
        before == after || compacted && left_of(before, after)
    };
    let before = left.batches.iter().filter(kept);
    let differs = before
        .zip(&found.batches)
        .find(|(one, other)| !same(one, other));
    match differs {
        Some((before, after)) => fired(
            NAME,
            format!("{name}: {before:?} was left, {after:?} is there"),
        ),
        None => Ok(()),
    }
}

fn producers(name: &str, left: &LogOnDisk, known: &BTreeMap<i64, (i16, i32)>) -> Verdict {
    let mut last: BTreeMap<i64, (i16, i32)> = BTreeMap::new();
    for batch in &left.batches {
        if let Some(Producer {
            id,
            epoch,
            sequence,
        }) = batch.producer
        {
            let end = ottla_record::sequence_after(sequence, (batch.next - batch.base) as i32 - 1);
            last.insert(id, (epoch, end));
        }
    }
    // Of what retention has taken, producers are remembered longer than their batches.
    let stranger = known.keys().find(|id| !last.contains_key(id));
    if let Some(id) = stranger.filter(|_| left.first == 0) {
        return fired(
            NAME,
            format!("{name}: producer {id} is remembered, and the log has nothing of it"),
        );
    }
    for (id, last) in last {
        if known.get(&id) != Some(&last) {
            return fired(
                NAME,
                format!(
                    "{name}: the log ends for producer {id} with epoch and sequence {last:?}, remembered is {:?}",
                    known.get(&id)
                ),
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::rig::{Rig, create, fires, node, passes, script, write};
    use super::{Recovery, producers};
    use crate::on_disk;
    use crate::script::Operation;

    fn restarted(lived: Vec<Operation>, left: Vec<Operation>) -> super::Verdict {
        let (broker, media) = node(script(lived));
        let (_, left) = node(script(left));
        let mut rig = Rig::<Recovery>::new();
        rig.media = media;
        rig.rehearsed(&broker, &left)
    }

    fn larger() -> Operation {
        let mut write = write();
        if let Operation::Produce { bytes, .. } = &mut write {
            *bytes *= 2;
        }
        write
    }

    #[test]
    fn what_was_left_is_there() {
        let once = || vec![create(1), write()];
        passes(restarted(once(), once()));
        let more = restarted(once(), vec![create(1), write(), write()]);
        fires(more, "20 was left, 10 is there");
        let less = restarted(vec![create(1), write(), write()], once());
        fires(less, "10 was left, 20 is there");
        let other = restarted(once(), vec![create(1), larger()]);
        fires(other, "was left, BatchOnDisk");
    }

    #[test]
    fn each_producer_is_remembered_as_its_last_batch_has_it() {
        let (_, media) = node(script(vec![create(1), write(), write()]));
        let log = &on_disk::log(&media, "t0-0", false);
        let id = log.batches[0].producer.expect("an idempotent producer").id;
        let remembered = |known| producers("t0-0", log, &BTreeMap::from([(id, known)]));
        passes(remembered((0, 19)));
        fires(remembered((0, 9)), "remembered is Some((0, 9))");
        fires(
            producers("t0-0", log, &BTreeMap::new()),
            "remembered is None",
        );
    }

    #[test]
    fn nobody_else_is_remembered_but_of_what_retention_has_taken() {
        let (_, media) = node(script(vec![create(1), write()]));
        let mut log = on_disk::log(&media, "t0-0", false);
        let id = log.batches[0].producer.expect("an idempotent producer").id;
        let known = BTreeMap::from([(id, (0, 9)), (id + 1, (0, 0))]);
        let stranger = producers("t0-0", &log, &known);
        fires(stranger, "is remembered, and the log has nothing of it");
        log.first = 5;
        passes(producers("t0-0", &log, &known));
    }
}
