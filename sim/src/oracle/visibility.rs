//! A reader is shown only what was sent, unchanged and whole, below the high watermark (and, reading committed, below the last stable
//! offset); the high watermark that readers are told never goes back.

use super::{Oracle, Scene, Verdict, fired};
use crate::history::{
    Ask, Batch, BatchShown, Fetched, Named, Partition, RecordShown, Reply, Seen, Wrong,
};
use crate::script::Nanos;

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Visibility;

const NAME: &str = "visibility";

impl Oracle for Visibility {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        let Seen::Answered(asked, Reply::Fetch { parts, .. }) = seen else {
            return Ok(());
        };
        let Ask::Fetch { committed, .. } = &asked.ask else {
            return Ok(());
        };
        for (named, fetched) in parts {
            let partition = scene.ledger.sure(named);
            let batches = scene.sound(asked, named, fetched);
            let damaged = scene.damaged(named).is_some();
            whole(
                named,
                batches,
                fetched.garbled.as_ref().filter(|_| !damaged),
            )?;
            below(named, fetched, *committed, batches)?;
            for batch in batches {
                as_sent(scene, named, batch)?;
            }
            if let Some(partition) = partition.filter(|_| fetched.error == 0 && !damaged) {
                forward(scene, asked.at, partition, fetched)?;
            }
        }
        Ok(())
    }
}

fn whole(named: &Named, batches: &[BatchShown], garbled: Option<&String>) -> Verdict {
    let torn = batches.iter().find(|batch| !batch.crc_fits);
    let what = match (garbled, torn) {
        (Some(what), _) => what.clone(),
        (None, Some(batch)) => format!(
            "the checksum of the batch at {} is wrong",
            batch.base_offset
        ),
        (None, None) => return Ok(()),
    };
    fired(NAME, format!("{}-{}: {what}", named.topic, named.index))
}

fn below(named: &Named, fetched: &Fetched, committed: bool, batches: &[BatchShown]) -> Verdict {
    if fetched.error != 0 {
        return Ok(());
    }
    let limit = if committed {
        fetched.last_stable
    } else {
        fetched.high_watermark
    };
    let last = batches.last().map_or(-1, |batch| batch.last_offset);
    let order = fetched.last_stable <= fetched.high_watermark
        && (fetched.log_start < 0 || fetched.log_start <= fetched.high_watermark);
    if order && last < limit.max(0) {
        return Ok(());
    }
    fired(
        NAME,
        format!(
            "{}-{}: shown up to {last} with high watermark {}, last stable offset {}, log start {}",
            named.topic,
            named.index,
            fetched.high_watermark,
            fetched.last_stable,
            fetched.log_start
        ),
    )
}

fn forward(scene: &Scene<'_>, asked: Nanos, partition: Partition, fetched: &Fetched) -> Verdict {
    let Some(book) = scene.ledger.books.get(&partition) else {
        return Ok(());
    };
    let (start, high) = book.told_before(asked);
    let struck = book.struck.is_some_and(|struck| struck >= asked);
    let back =
        fetched.high_watermark < high || (fetched.log_start >= 0 && fetched.log_start < start);
    if back && !struck {
        return fired(
            NAME,
            format!(
                "{}: readers were told log start {start} and high watermark {high}, and now {} and {}",
                scene.name(partition),
                fetched.log_start,
                fetched.high_watermark
            ),
        );
    }
    Ok(())
}

/// Every record was sent to this partition, with these bytes and this time, in this order.
fn as_sent(scene: &Scene<'_>, named: &Named, batch: &BatchShown) -> Verdict {
    let wrong = |what: String| {
        fired(
            NAME,
            format!(
                "{}-{} at {}: {what}",
                named.topic, named.index, batch.base_offset
            ),
        )
    };
    let compacted = scene.compacted(named);
    if compacted && batch.records.is_empty() {
        return Ok(());
    }
    let Some((_, _, Some(first), _)) = batch.records.first() else {
        return wrong("a batch that no client made".to_owned());
    };
    let Some(sent) = scene.ledger.sender(*first) else {
        return wrong(format!("{first:?} was never sent"));
    };
    if *sent.topic != *named.topic || sent.index != named.index {
        return wrong(format!(
            "{first:?} was sent to {}-{}",
            sent.topic, sent.index
        ));
    }
    if named.by_id && !sent.by_name && !sent.ids.contains(&named.id) {
        return wrong(format!("{first:?} was sent to another topic of that name"));
    }
    // A topic of that name that was made since knows nothing of the producer, and takes any sequence; so does a log that has lost some.
    let anew = sent.by_name && scene.ledger.unsure.contains(&sent.topic);
    let book = scene.ledger.sure(named);
    let book = book.and_then(|partition| scene.ledger.books.get(&partition));
    let struck = book.is_some_and(|book| book.struck.is_some());
    let forbidden = |how: &Wrong| *how == Wrong::Corrupt || !(anew || struck);
    if let Some(how) = sent.batch.wrong.filter(forbidden) {
        return wrong(format!(
            "{first:?} is of a batch that was made wrong ({how:?})"
        ));
    }
    if compacted {
        return match left_of(batch, &sent.batch) {
            Some(odd) => wrong(format!("{odd:?} is not what was sent there")),
            None => Ok(()),
        };
    }
    let ids = batch.records.iter().map(|(_, _, id, _)| *id);
    let hashes = batch.records.iter().map(|(_, _, _, hash)| *hash);
    let made = sent.batch.records.iter().map(|(id, _)| Some(*id));
    if !ids.eq(made) || !hashes.eq(sent.batch.contents.iter().copied()) {
        return wrong(format!(
            "the batch of {first:?} is not the one that was sent"
        ));
    }
    let appended = batch.records.iter().map(|(_, time, ..)| *time);
    let stamped = sent.batch.records.iter().map(|(_, time)| *time);
    let by_broker = batch
        .records
        .iter()
        .all(|(_, time, ..)| *time == batch.records[0].1);
    if !appended.eq(stamped) && !by_broker {
        return wrong(format!(
            "the timestamps of {first:?} are others than were sent"
        ));
    }
    Ok(())
}

/// A record that a compaction has left of a batch, and that is not where it was, or not as it was.
fn left_of(batch: &BatchShown, sent: &Batch) -> Option<RecordShown> {
    let by_broker = batch
        .records
        .iter()
        .all(|(_, time, ..)| *time == batch.records[0].1);
    let fits = |(offset, time, id, hash): &RecordShown| {
        let place = usize::try_from(offset - batch.base_offset).unwrap_or(usize::MAX);
        let made = sent.records.get(place).zip(sent.contents.get(place));
        made.is_some_and(|((made, stamped), content)| {
            *id == Some(*made) && hash == content && (time == stamped || by_broker)
        })
    };
    batch.records.iter().find(|record| !fits(record)).copied()
}

#[cfg(test)]
mod tests {
    use super::super::rig::{Rig, batch, fetched, fires, passes, shown, topic};
    use super::Visibility;
    use crate::history::{BatchShown, Fetched};

    /// One batch of two records was sent, and lies at 0; a reader is given this.
    fn given(change: impl FnOnce(&mut Fetched)) -> super::Verdict {
        let (t, one) = (topic("t", 1), batch(1, 2));
        let mut rig = Rig::<Visibility>::new();
        passes(rig.produce(&t, &one, 0));
        let mut given = fetched(2, vec![shown(&one, 0)]);
        change(&mut given);
        rig.fetch(&t, 0, given)
    }

    fn spoilt(change: impl FnOnce(&mut BatchShown)) -> super::Verdict {
        given(|given| change(&mut given.batches[0]))
    }

    #[test]
    fn what_was_sent_is_shown_as_it_was_sent() {
        passes(given(|_| {}));
        fires(spoilt(|batch| batch.crc_fits = false), "the checksum");
        let garbled = |given: &mut Fetched| given.garbled = Some("half a length".to_owned());
        fires(given(garbled), "half a length");
        fires(
            spoilt(|batch| batch.records[1].3 += 1),
            "is not the one that was sent",
        );
        fires(spoilt(|batch| batch.records[1].1 += 1), "the timestamps of");
        fires(
            spoilt(|batch| batch.records[0].2 = None),
            "that no client made",
        );
    }

    #[test]
    fn only_what_was_sent_there_is_shown() {
        let (t, u, one) = (topic("t", 1), topic("u", 2), batch(1, 2));
        let reading = |of| {
            let mut rig = Rig::<Visibility>::new();
            passes(rig.produce(&t, &one, 0));
            rig.fetch(of, 0, fetched(2, vec![shown(&one, 0)]))
        };
        passes(reading(&t));
        fires(reading(&u), "was sent to t-0");
        let unsent = Rig::<Visibility>::new().fetch(&t, 0, fetched(2, vec![shown(&one, 0)]));
        fires(unsent, "was never sent");
    }

    /// No checksum covers where a batch says that it lies.
    #[test]
    fn where_a_damaged_batch_says_it_lies_proves_nothing() {
        let (t, one) = (topic("t", 1), batch(1, 2));
        let far = |damaged: bool| {
            let mut rig = Rig::<Visibility>::new();
            passes(rig.produce(&t, &one, 0));
            if damaged {
                rig.damage(&t, 0);
            }
            rig.fetch(&t, 0, fetched(2, vec![shown(&one, 1 << 40)]))
        };
        fires(far(false), "shown up to");
        passes(far(true));
    }

    #[test]
    fn nothing_is_shown_above_what_may_be_read() {
        fires(given(|given| given.high_watermark = 1), "shown up to 1");
        fires(given(|given| given.last_stable = 3), "last stable offset 3");
        fires(given(|given| given.log_start = 3), "log start 3");
    }

    #[test]
    fn the_high_watermark_that_readers_are_told_never_goes_back() {
        let t = topic("t", 1);
        let then = |second| {
            let mut rig = Rig::<Visibility>::new();
            passes(rig.fetch(&t, 0, fetched(5, Vec::new())));
            rig.fetch(&t, 0, fetched(second, Vec::new()))
        };
        passes(then(5));
        fires(then(4), "high watermark 5, and now 0 and 4");
        // An answer is judged by what was known when it was asked for.
        let mut rig = Rig::<Visibility>::new();
        let early = rig.ask(super::super::rig::fetch(&t, 0));
        passes(rig.fetch(&t, 0, fetched(5, Vec::new())));
        let reply = super::Reply::Fetch {
            error: 0,
            session: 0,
            parts: vec![(t.clone(), fetched(4, Vec::new()))],
        };
        passes(rig.answer(&early, &reply));
    }
}
