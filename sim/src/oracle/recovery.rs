//! What a restart shows is what was there: a node that is started on what a life left has every whole batch up to the first that is not,
//! the same bytes, and remembers of each producer the last sequence that is in its log.

use std::collections::BTreeMap;

use super::{Oracle, Rehearsal, Scene, Verdict, fired};
use crate::history::{Partition, Producer};
use crate::on_disk::{self, LogOnDisk};

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
        let left = on_disk::logs(rehearsal.left);
        let found = on_disk::logs(scene.media);
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
            if held.assigned.0 != left.end {
                return fired(
                    NAME,
                    format!(
                        "{name}: {} was left, {} is there",
                        left.end, held.assigned.0
                    ),
                );
            }
            same_batches(&name, left, found.get(&partition))?;
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

/// What is there now was there; retention may have taken the oldest.
fn same_batches(name: &str, left: &LogOnDisk, found: Option<&LogOnDisk>) -> Verdict {
    let Some(found) = found else {
        return fired(NAME, format!("{name}: its directory is gone"));
    };
    let kept = left
        .batches
        .iter()
        .filter(|batch| batch.base >= found.first);
    let differs = kept
        .zip(&found.batches)
        .find(|(before, after)| before != after);
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
            let end = ottla_record::sequence_after(sequence, batch.records - 1);
            last.insert(id, (epoch, end));
        }
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
