//! What was acknowledged is there, and what was shown to a reader stays: at every reading, and at the end, when everything is read once more.

use std::ops::Bound;

use super::{Oracle, Scene, Verdict, fired};
use crate::history::{BatchShown, Fetched, Named, Partition, RecordId, Reply, Seen};
use crate::ledger::{Acked, Book};

/// See above.
#[derive(Clone, Debug, Default)]
pub struct AckedDurability;

const NAME: &str = "acked-durability";

impl Oracle for AckedDurability {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        match seen {
            Seen::Answered(_, Reply::Fetch { parts, .. }) => {
                for (named, fetched) in parts {
                    read(scene, named, fetched)?;
                }
                Ok(())
            }
            Seen::Over => over(scene),
            _ => Ok(()),
        }
    }
}

/// Every acknowledged batch in the range that was read is in it.
fn read(scene: &Scene<'_>, named: &Named, fetched: &Fetched) -> Verdict {
    let Some(partition) = scene.ledger.sure(named) else {
        return Ok(());
    };
    let (Some(book), Some(first), Some(last)) = (
        scene.ledger.books.get(&partition),
        fetched.batches.first(),
        fetched.batches.last(),
    ) else {
        return Ok(());
    };
    let range = first.base_offset..=last.last_offset;
    let mut read = fetched.batches.iter();
    for (base, acked) in book.acked.range(range) {
        let found = read.find(|batch| batch.base_offset >= *base);
        if !found.is_some_and(|batch| batch.base_offset == *base && holds(batch, acked)) {
            return lost(
                scene,
                partition,
                *base,
                acked,
                "a reader was shown something else",
            );
        }
    }
    Ok(())
}

fn over(scene: &Scene<'_>) -> Verdict {
    for (partition, book) in &scene.ledger.books {
        if scene.ledger.may_be_gone(&partition.topic) {
            continue;
        }
        for (base, acked) in book.acked.range(book.log_start..) {
            let shown = book.shown.get(base);
            if !shown.is_some_and(|shown| {
                shown.last >= scene.script.horizon && holds(&shown.batch, acked)
            }) {
                return lost(
                    scene,
                    *partition,
                    *base,
                    acked,
                    "the last reading did not show it",
                );
            }
        }
        shown_again(scene, *partition, book)?;
    }
    Ok(())
}

fn shown_again(scene: &Scene<'_>, partition: Partition, book: &Book) -> Verdict {
    let from = (Bound::Included(book.log_start), Bound::Unbounded);
    for (base, shown) in book.shown.range(from) {
        if shown.last < scene.script.horizon {
            return fired(
                NAME,
                format!(
                    "{} was shown the batch at {base} and at the end it is gone",
                    scene.name(partition)
                ),
            );
        }
    }
    Ok(())
}

fn holds(batch: &BatchShown, acked: &Acked) -> bool {
    let sent: Vec<RecordId> = acked.batch.records.iter().map(|(id, _)| *id).collect();
    let shown = batch.records.iter().map(|(_, _, id, _)| *id);
    shown.eq(sent.into_iter().map(Some))
}

fn lost(scene: &Scene<'_>, partition: Partition, base: i64, acked: &Acked, how: &str) -> Verdict {
    fired(
        NAME,
        format!(
            "the batch of {} records that {} took at {base} with acks={} is lost: {how}",
            acked.batch.records.len(),
            scene.name(partition),
            acked.acks
        ),
    )
}
