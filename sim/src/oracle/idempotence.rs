//! Each batch of an idempotent producer is in a partition once, in the order of its sequences and without a gap; a batch sent again is told
//! its first offsets; of a plain producer's batch there are at most as many copies as were sent.

use std::collections::BTreeMap;

use super::{Oracle, Scene, Verdict, fired};
use crate::history::{Ask, Batch, Named, Partition, Producer, Reply, Seen, Wrong};
use crate::ledger::Sent;

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Idempotence;

const NAME: &str = "idempotence";
/// OUT_OF_ORDER_SEQUENCE_NUMBER.
const OUT_OF_ORDER: i16 = 45;
/// So many of a producer's newest batches are known again.
const REMEMBERED: usize = 5;

impl Oracle for Idempotence {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        match seen {
            Seen::Answered(asked, Reply::Produce { parts: answers }) => {
                let Ask::Produce { parts, .. } = &asked.ask else {
                    return Ok(());
                };
                for (named, produced) in answers {
                    let batch = parts
                        .iter()
                        .find(|(asked, _)| crate::ledger::same(asked, named));
                    let Some((_, batch)) = batch else {
                        return fired(
                            NAME,
                            format!("{}-{} was not asked about", named.topic, named.index),
                        );
                    };
                    if produced.error == OUT_OF_ORDER {
                        remembered(scene, named, batch)?;
                    }
                    if produced.error != 0 {
                        continue;
                    }
                    let known = batch.wrong == Some(Wrong::Corrupt) || is_known(scene, named);
                    if let Some(how) = batch.wrong.filter(|_| known) {
                        return fired(
                            NAME,
                            format!(
                                "{}-{} took a batch that was made wrong ({how:?})",
                                named.topic, named.index
                            ),
                        );
                    }
                    taken_once(scene, named, batch, produced.base_offset)?;
                }
                Ok(())
            }
            Seen::Over if !scene.script.producers_expire() => over(scene),
            _ => Ok(()),
        }
    }
}

/// Whether a producer that wrote there is certainly known: a topic of that name that was made since knows nothing of it, nor does a log
/// that has lost its batches.
fn is_known(scene: &Scene<'_>, named: &Named) -> bool {
    let book = scene.ledger.sure(named);
    let book = book.map(|partition| scene.ledger.books.get(&partition));
    book.is_some_and(|book| book.is_none_or(|book| book.struck.is_none()))
}

/// One of a producer's five newest batches is known again, as long as the process lives that took it.
fn remembered(scene: &Scene<'_>, named: &Named, batch: &Batch) -> Verdict {
    let Some(partition) = scene.ledger.sure(named) else {
        return Ok(());
    };
    let (Some(book), Some(producer)) = (scene.ledger.books.get(&partition), batch.producer) else {
        return Ok(());
    };
    if scene.script.producers_expire() || book.struck.is_some() {
        return Ok(());
    }
    let its_own = |batch: &Batch| {
        let of = batch.producer;
        of.is_some_and(|of| of.id == producer.id && of.epoch == producer.epoch)
    };
    let newest = book.acked.iter().rev();
    let newest = newest.filter(|(_, acked)| its_own(&acked.batch));
    // Others of it may have been taken since, and nobody have been told.
    let there = |sent: &&Sent| sent.topic == named.topic && sent.index == named.index;
    let untold = |batch: &Batch| {
        let told = book.acked.values();
        batch.wrong.is_none()
            && !told
                .into_iter()
                .any(|acked| acked.batch.records == batch.records)
    };
    let sent = scene.ledger.sent.values().filter(there);
    let silent = sent.filter(|sent| its_own(&sent.batch) && untold(&sent.batch));
    let known = newest
        .take(REMEMBERED.saturating_sub(silent.count()))
        .find(|(_, acked)| acked.batch.records == batch.records);
    match known {
        Some((base, acked)) if !scene.ledger.died_since(acked.at) => fired(
            NAME,
            format!(
                "{}: the batch at {base} is one of its producer's newest, and sent again it was refused as out of order",
                scene.name(partition)
            ),
        ),
        _ => Ok(()),
    }
}

/// A batch that was taken before lies where it lay.
fn taken_once(
    scene: &Scene<'_>,
    named: &Named,
    batch: &std::sync::Arc<crate::history::Batch>,
    base: i64,
) -> Verdict {
    let Some(partition) = scene.ledger.sure(named) else {
        return Ok(());
    };
    let Some(book) = scene.ledger.books.get(&partition) else {
        return Ok(());
    };
    if base < 0 {
        return Ok(());
    }
    if let Some(acked) = book.acked.get(&base)
        && acked.batch.records != batch.records
        && book.struck.is_none()
    {
        return fired(
            NAME,
            format!(
                "{}: two batches were told they lie at {base}",
                scene.name(partition)
            ),
        );
    }
    if batch.producer.is_none() || scene.script.producers_expire() {
        return Ok(());
    }
    let other = book
        .acked
        .iter()
        .rev()
        .take(64)
        .find(|(at, acked)| **at != base && acked.batch.records == batch.records);
    match other {
        Some((first, _)) => fired(
            NAME,
            format!(
                "{}: an idempotent batch lies at {first}, and sent again it was told {base}",
                scene.name(partition)
            ),
        ),
        None => Ok(()),
    }
}

/// When everything was read: each batch as often as it may be, sequences in a row.
fn over(scene: &Scene<'_>) -> Verdict {
    for (partition, book) in &scene.ledger.books {
        let mut copies: BTreeMap<(u32, u32, u16), u32> = BTreeMap::new();
        let mut last: BTreeMap<i64, (Producer, i32)> = BTreeMap::new();
        let mut next = None;
        for (base, shown) in &book.shown {
            let Some((_, _, Some(first), _)) = shown.batch.records.first() else {
                continue;
            };
            if next.replace(shown.batch.last_offset + 1) != Some(*base) {
                // What retention took before anybody read it may have stood between them.
                last.clear();
            }
            let key = (first.client, first.op, first.batch);
            let count = copies.entry(key).or_insert(0);
            *count += 1;
            let allowed = scene.ledger.sent.get(&key).map_or(0, |sent| sent.times);
            let allowed = if shown.batch.producer.is_some() {
                allowed.min(1)
            } else {
                allowed
            };
            if *count > allowed {
                return fired(
                    NAME,
                    format!(
                        "{}: {first:?} is there {count} times, at {base} again",
                        scene.name(*partition)
                    ),
                );
            }
            if let Some(producer) = shown.batch.producer {
                let records = (shown.batch.last_offset - base + 1) as i32;
                in_sequence(scene, *partition, *base, last.get(&producer.id), producer)?;
                last.insert(producer.id, (producer, records));
            }
        }
    }
    Ok(())
}

fn in_sequence(
    scene: &Scene<'_>,
    partition: Partition,
    base: i64,
    last: Option<&(Producer, i32)>,
    producer: Producer,
) -> Verdict {
    let Some((before, records)) = last else {
        return Ok(());
    };
    let next = ottla_record::sequence_after(before.sequence, *records);
    let fits = if before.epoch == producer.epoch {
        producer.sequence == next
    } else {
        producer.epoch > before.epoch && producer.sequence == 0
    };
    // What was struck out may have stood between them.
    let struck = scene
        .ledger
        .books
        .get(&partition)
        .is_some_and(|book| book.struck.is_some());
    if fits || struck {
        return Ok(());
    }
    fired(
        NAME,
        format!(
            "{} at {base}: after sequence {} with {records} records of producer {} comes {}",
            scene.name(partition),
            before.sequence,
            producer.id,
            producer.sequence
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::rig::{
        Rig, batch, fetched, fires, in_sequence, passes, produce, shown, taken, topic,
    };
    use super::{Batch, Idempotence, Named, OUT_OF_ORDER, Reply, Wrong};
    use crate::history::{Death, Produced};

    #[test]
    fn a_batch_sent_again_is_told_where_it_lies() {
        let (t, one) = (topic("t", 1), in_sequence(&batch(1, 2), 7, 0));
        let again = |base| {
            let mut rig = Rig::<Idempotence>::new();
            passes(rig.produce(&t, &one, 0));
            rig.produce(&t, &one, base)
        };
        passes(again(0));
        fires(again(2), "sent again it was told 2");
    }

    #[test]
    fn no_two_batches_lie_at_one_place() {
        let (t, one, two) = (topic("t", 1), batch(1, 2), batch(2, 2));
        let second = |base| {
            let mut rig = Rig::<Idempotence>::new();
            passes(rig.produce(&t, &one, 0));
            rig.produce(&t, &two, base)
        };
        passes(second(2));
        fires(second(0), "two batches were told they lie at 0");
    }

    #[test]
    fn what_was_made_wrong_is_refused() {
        let t = topic("t", 1);
        let wrong = |how| {
            let one = Arc::new(Batch {
                wrong: how,
                ..(*batch(1, 2)).clone()
            });
            Rig::<Idempotence>::new().produce(&t, &one, 0)
        };
        passes(wrong(None));
        fires(wrong(Some(Wrong::Corrupt)), "made wrong (Corrupt)");
        fires(wrong(Some(Wrong::Gap)), "made wrong (Gap)");
        // What the producer had written there before may have gone with the power.
        let mut rig = Rig::<Idempotence>::with("log.flush.on.ack", "false");
        passes(rig.produce(&t, &in_sequence(&batch(1, 2), 7, 0), 0));
        rig.die(Death::PowerCut);
        rig.start();
        let gap = Arc::new(Batch {
            wrong: Some(Wrong::Gap),
            ..(*in_sequence(&batch(2, 2), 7, 90)).clone()
        });
        passes(rig.produce(&t, &gap, 2));
    }

    /// What was produced there is refused.
    fn out_of_order(to: &Named) -> Reply {
        let answer = Produced {
            error: OUT_OF_ORDER,
            ..taken(-1)
        };
        Reply::Produce {
            parts: vec![(to.clone(), answer)],
        }
    }

    #[test]
    fn one_of_the_five_newest_batches_is_known_again() {
        let t = topic("t", 1);
        let refused = |since: u16, dies: bool| {
            let mut rig = Rig::<Idempotence>::new();
            let one = in_sequence(&batch(1, 1), 7, 0);
            passes(rig.produce(&t, &one, 0));
            for n in 1..=since {
                let next = in_sequence(&batch(1 + u32::from(n), 1), 7, n.into());
                passes(rig.produce(&t, &next, n.into()));
            }
            if dies {
                rig.die(Death::Kill);
                rig.start();
            }
            rig.exchange(produce(&t, &one, -1), &out_of_order(&t))
        };
        fires(refused(0, false), "refused as out of order");
        fires(refused(4, false), "refused as out of order");
        passes(refused(5, false));
        passes(refused(4, true));
    }

    #[test]
    fn what_nobody_was_told_of_may_be_newer() {
        let t = topic("t", 1);
        let refused = |untold: u16| {
            let mut rig = Rig::<Idempotence>::new();
            let one = in_sequence(&batch(1, 1), 7, 0);
            passes(rig.produce(&t, &one, 0));
            for n in 1..=untold {
                let next = in_sequence(&batch(1 + u32::from(n), 1), 7, n.into());
                let _unanswered = rig.ask(produce(&t, &next, -1));
            }
            rig.exchange(produce(&t, &one, -1), &out_of_order(&t))
        };
        fires(refused(4), "refused as out of order");
        passes(refused(5));
    }

    #[test]
    fn there_are_as_many_copies_as_may_be() {
        let t = topic("t", 1);
        let copies = |one: &Arc<Batch>, sent| {
            let mut rig = Rig::<Idempotence>::new();
            for _ in 0..sent {
                let _unanswered = rig.ask(produce(&t, one, -1));
            }
            let both = vec![shown(one, 0), shown(one, 2)];
            passes(rig.fetch(&t, 0, fetched(4, both)));
            rig.over()
        };
        let plain = batch(1, 2);
        passes(copies(&plain, 2));
        fires(copies(&plain, 1), "is there 2 times, at 2 again");
        let once = in_sequence(&plain, 7, 0);
        fires(copies(&once, 2), "is there 2 times, at 2 again");
    }

    #[test]
    fn sequences_have_no_gap() {
        let t = topic("t", 1);
        let then = |sequence| {
            let mut rig = Rig::<Idempotence>::new();
            let one = in_sequence(&batch(1, 2), 7, 0);
            let two = in_sequence(&batch(2, 2), 7, sequence);
            passes(rig.produce(&t, &one, 0));
            passes(rig.produce(&t, &two, 2));
            let both = vec![shown(&one, 0), shown(&two, 2)];
            passes(rig.fetch(&t, 0, fetched(4, both)));
            rig.over()
        };
        passes(then(2));
        fires(
            then(3),
            "after sequence 0 with 2 records of producer 7 comes 3",
        );
    }
}
