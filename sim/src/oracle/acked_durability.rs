//! What was acknowledged is there, and what was shown to a reader stays: at every reading, and at the end, when everything is read once more.

use std::ops::Bound;

use super::{Oracle, Scene, Verdict, fired};
use crate::history::{BatchShown, Named, Partition, RecordId, Reply, Seen};
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
            Seen::Answered(asked, Reply::Fetch { parts, .. }) => {
                for (named, fetched) in parts {
                    read(scene, named, scene.sound(asked, named, fetched))?;
                }
                Ok(())
            }
            Seen::Over => over(scene),
            _ => Ok(()),
        }
    }
}

/// Every acknowledged batch in the range that was read is in it.
fn read(scene: &Scene<'_>, named: &Named, batches: &[BatchShown]) -> Verdict {
    let Some(partition) = scene.ledger.sure(named) else {
        return Ok(());
    };
    let (Some(book), Some(first), Some(last)) = (
        scene.ledger.books.get(&partition),
        batches.first(),
        batches.last(),
    ) else {
        return Ok(());
    };
    let range = first.base_offset..=last.last_offset;
    if scene.compacted(named) {
        return book.acked.range(range).try_for_each(|(base, acked)| {
            let there = batches.iter().find(|batch| batch.base_offset == *base);
            compacted(
                scene,
                partition,
                *base,
                acked,
                there,
                "a reader was shown something else",
            )
        });
    }
    let mut read = batches.iter();
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
            if scene.ledger.is_compacted(*partition) {
                let there = shown.filter(|shown| shown.last >= scene.script.horizon);
                let there = there.map(|shown| &*shown.batch);
                let how = "the last reading did not show it";
                compacted(scene, *partition, *base, acked, there, how)?;
                continue;
            }
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
        if !scene.ledger.is_compacted(*partition) {
            shown_again(scene, *partition, book)?;
        }
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

/// Of a compacted log: every record that no other of its key can have superseded is there.
fn compacted(
    scene: &Scene<'_>,
    partition: Partition,
    base: i64,
    acked: &Acked,
    there: Option<&BatchShown>,
    how: &str,
) -> Verdict {
    for (offset, (id, _)) in (base..).zip(&acked.batch.records) {
        let found = there.and_then(|batch| batch.records.iter().find(|(at, ..)| *at == offset));
        let is_there = match found {
            Some((_, _, found, _)) => *found == Some(*id),
            None => scene.ledger.may_be_left_out(*id, offset),
        };
        if !is_there {
            let how = format!("record {offset} is the newest of its key, and {how}");
            return lost(scene, partition, base, acked, &how);
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

#[cfg(test)]
mod tests {
    use super::super::rig::{Rig, batch, by_name, fetched, fires, passes, shown, topic};
    use super::AckedDurability;
    use crate::history::{Ask, Death, Named};

    #[test]
    fn what_a_damaged_batch_says_of_itself_proves_nothing() {
        let (t, one, two) = (topic("t", 1), batch(1, 2), batch(2, 3));
        let reading = |damaged: bool| {
            let mut rig = Rig::<AckedDurability>::new();
            if damaged {
                rig.damage(&t, 0);
            }
            passes(rig.produce(&t, &two, 2));
            let mut far = shown(&one, 0);
            far.last_offset = 1 << 30;
            far.crc_fits = false;
            rig.fetch(&t, 0, fetched(5, vec![far]))
        };
        fires(reading(false), "was shown something else");
        passes(reading(true));
    }

    #[test]
    fn what_was_acknowledged_is_shown_to_whoever_reads_there() {
        let (t, one, two, other) = (topic("t", 1), batch(1, 2), batch(2, 3), batch(3, 3));
        let reading = |second| {
            let mut rig = Rig::<AckedDurability>::new();
            passes(rig.produce(&t, &one, 0));
            passes(rig.produce(&t, &two, 2));
            rig.fetch(&t, 0, fetched(5, vec![shown(&one, 0), second]))
        };
        passes(reading(shown(&two, 2)));
        fires(
            reading(shown(&other, 2)),
            "a reader was shown something else",
        );
    }

    #[test]
    fn what_was_acknowledged_is_there_at_the_end() {
        let (t, one, two) = (topic("t", 1), batch(1, 2), batch(2, 3));
        let end = |last| {
            let mut rig = Rig::<AckedDurability>::new();
            passes(rig.produce(&t, &one, 0));
            passes(rig.produce(&t, &two, 2));
            rig.last_reading();
            passes(rig.fetch(&t, 0, last));
            rig.over()
        };
        passes(end(fetched(5, vec![shown(&one, 0), shown(&two, 2)])));
        let lost = end(fetched(2, vec![shown(&one, 0)]));
        fires(lost, "the last reading did not show it");
    }

    #[test]
    fn what_a_reader_was_shown_is_there_at_the_end() {
        let (t, one, two) = (topic("t", 1), batch(1, 2), batch(2, 3));
        let both = || fetched(5, vec![shown(&one, 0), shown(&two, 2)]);
        let end = |last| {
            let mut rig = Rig::<AckedDurability>::new();
            rig.know(&t);
            passes(rig.fetch(&t, 0, both()));
            rig.last_reading();
            passes(rig.fetch(&t, 0, last));
            rig.over()
        };
        passes(end(both()));
        fires(
            end(fetched(2, vec![shown(&one, 0)])),
            "at the end it is gone",
        );
    }

    #[test]
    fn only_what_the_mode_promises_outlives_a_power_cut() {
        let (t, one) = (topic("t", 1), batch(1, 2));
        let cut = |flush_on_ack| {
            let mut rig = Rig::<AckedDurability>::with("log.flush.on.ack", flush_on_ack);
            passes(rig.produce(&t, &one, 0));
            rig.die(Death::PowerCut);
            rig.start();
            rig.last_reading();
            passes(rig.fetch(&t, 0, fetched(0, Vec::new())));
            rig.over()
        };
        fires(cut("true"), "the last reading did not show it");
        passes(cut("false"));
    }

    #[test]
    fn a_name_whose_topic_was_deleted_promises_nothing() {
        let (t, one) = (topic("t", 1), batch(1, 2));
        let named = |named: &Named, deleted: bool| {
            let mut rig = Rig::<AckedDurability>::new();
            if deleted {
                let (name, id, by_id) = (t.topic.clone(), [9; 16], false);
                let _unanswered = rig.ask(Ask::DeleteTopic { name, id, by_id });
            }
            passes(rig.produce(named, &one, 0));
            let other = fetched(2, vec![shown(&batch(2, 2), 0)]);
            rig.fetch(named, 0, other)
        };
        fires(
            named(&by_name(&t), false),
            "a reader was shown something else",
        );
        fires(named(&t, true), "a reader was shown something else");
        passes(named(&by_name(&t), true));
    }
}
