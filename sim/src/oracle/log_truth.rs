//! An offset that was once shown holds the same bytes for ever; what a reader is given lies in a row; nothing is shown twice at two offsets.

use super::{Oracle, Scene, Verdict, asked_from, fired};
use crate::history::{BatchShown, Named, RecordShown, Reply, Seen};

/// See above.
#[derive(Clone, Debug, Default)]
pub struct LogTruth;

const NAME: &str = "log-truth";

impl Oracle for LogTruth {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        let Seen::Answered(asked, Reply::Fetch { parts, .. }) = seen else {
            return Ok(());
        };
        for (named, fetched) in parts {
            let batches = scene.sound(asked, named, fetched);
            let compacted = scene.compacted(named);
            in_a_row(named, batches, asked_from(asked, named), compacted)?;
            unchanged(scene, named, batches, compacted)?;
        }
        Ok(())
    }
}

/// `compacted`: batches and records may be missing.
fn in_a_row(named: &Named, batches: &[BatchShown], from: Option<i64>, compacted: bool) -> Verdict {
    let mut next: Option<i64> = None;
    for batch in batches {
        let holds = |offset: i64| (batch.base_offset..=batch.last_offset).contains(&offset);
        match (next, from) {
            (Some(next), _) if compacted && batch.base_offset > next => {}
            (None, Some(from)) if compacted && batch.last_offset >= from => {}
            (Some(next), _) if batch.base_offset != next => {
                return fired(
                    NAME,
                    format!(
                        "{}-{}: after {next} the reader was given {}",
                        named.topic, named.index, batch.base_offset
                    ),
                );
            }
            (None, Some(from)) if !holds(from) => {
                return fired(
                    NAME,
                    format!(
                        "{}-{}: asked for {from}, given {}..={}",
                        named.topic, named.index, batch.base_offset, batch.last_offset
                    ),
                );
            }
            _ => {}
        }
        records_in_a_row(named, batch, compacted)?;
        next = Some(batch.last_offset + 1);
    }
    Ok(())
}

fn records_in_a_row(named: &Named, batch: &BatchShown, compacted: bool) -> Verdict {
    let mut offsets = batch.records.iter().map(|(offset, ..)| *offset);
    let range = batch.base_offset..=batch.last_offset;
    let fits = match compacted {
        true => {
            offsets.clone().is_sorted_by(|one, next| one < next)
                && offsets.all(|offset| range.contains(&offset))
        }
        false => offsets.eq(range),
    };
    if batch.crc_fits && !fits {
        return fired(
            NAME,
            format!(
                "{}-{}: the records of the batch at {} do not lie in a row",
                named.topic, named.index, batch.base_offset
            ),
        );
    }
    Ok(())
}

fn unchanged(scene: &Scene<'_>, named: &Named, batches: &[BatchShown], compacted: bool) -> Verdict {
    let Some(partition) = scene.ledger.sure(named) else {
        return Ok(());
    };
    let Some(book) = scene.ledger.books.get(&partition) else {
        return Ok(());
    };
    for batch in batches {
        let before = book.shown.range(..=batch.last_offset).next_back();
        let Some((base, shown)) = before else {
            continue;
        };
        let apart = shown.batch.last_offset < batch.base_offset;
        let same = match compacted {
            true => same_records(&shown.batch, batch),
            false => shown.batch.hash == batch.hash,
        };
        if apart || (*base == batch.base_offset && same) {
            continue;
        }
        return fired(
            NAME,
            format!(
                "{}: {base}..={} was shown with other bytes before than {}..={} now",
                scene.name(partition),
                shown.batch.last_offset,
                batch.base_offset,
                batch.last_offset
            ),
        );
    }
    Ok(())
}

/// The records that both have are the same, and both reach as far.
fn same_records(one: &BatchShown, other: &BatchShown) -> bool {
    let differs = |record: &RecordShown| {
        let twin = other
            .records
            .iter()
            .find(|(offset, ..)| *offset == record.0);
        twin.is_some_and(|twin| twin != record)
    };
    one.last_offset == other.last_offset && !one.records.iter().any(differs)
}

#[cfg(test)]
mod tests {
    use super::super::rig::{Rig, batch, fetched, fires, passes, shown, topic};
    use super::{LogTruth, Verdict};

    #[test]
    fn what_a_reader_is_given_lies_in_a_row() {
        let (t, one, two) = (topic("t", 1), batch(1, 2), batch(2, 3));
        let reading = |base| {
            let both = vec![shown(&one, 0), shown(&two, base)];
            Rig::<LogTruth>::new().fetch(&t, 0, fetched(9, both))
        };
        passes(reading(2));
        fires(reading(3), "after 2 the reader was given 3");
    }

    #[test]
    fn what_a_reader_is_given_begins_where_it_asked() {
        let (t, one) = (topic("t", 1), batch(1, 2));
        let reading =
            |from| Rig::<LogTruth>::new().fetch(&t, from, fetched(9, vec![shown(&one, 2)]));
        passes(reading(3));
        fires(reading(1), "asked for 1, given 2..=3");
    }

    #[test]
    fn damage_excuses_what_was_given_for_offsets_behind_it_and_nothing_before() {
        let (t, one, two) = (topic("t", 1), batch(1, 2), batch(2, 3));
        let reading = |damage, base| {
            let mut rig = Rig::<LogTruth>::new();
            rig.damage(&t, damage);
            let both = vec![shown(&one, 0), shown(&two, base)];
            rig.fetch(&t, 0, fetched(9, both))
        };
        for base in [0, 3, 1 << 40] {
            passes(reading(2, base));
        }
        fires(reading(3, 3), "after 2 the reader was given 3");
    }

    #[test]
    fn the_records_of_a_batch_lie_in_a_row() {
        let (t, one) = (topic("t", 1), batch(1, 3));
        let reading = |second| {
            let mut batch = shown(&one, 0);
            batch.records[1].0 = second;
            Rig::<LogTruth>::new().fetch(&t, 0, fetched(9, vec![batch]))
        };
        passes(reading(1));
        fires(reading(2), "do not lie in a row");
    }

    #[test]
    fn an_offset_keeps_its_bytes() {
        let (t, one) = (topic("t", 1), batch(1, 2));
        let twice = |hash| {
            let mut rig = Rig::<LogTruth>::new();
            let mut batch = shown(&one, 0);
            batch.hash = 7;
            passes(rig.fetch(&t, 0, fetched(2, vec![batch.clone()])));
            batch.hash = hash;
            rig.fetch(&t, 0, fetched(2, vec![batch]))
        };
        passes(twice(7));
        fires(twice(8), "was shown with other bytes before");
    }

    #[test]
    fn what_a_damaged_batch_says_of_itself_proves_nothing() {
        let (t, one, two) = (topic("t", 1), batch(1, 2), batch(2, 3));
        let reading = |damaged: bool| {
            let mut rig = Rig::<LogTruth>::new();
            passes(rig.fetch(&t, 2, fetched(5, vec![shown(&two, 2)])));
            if damaged {
                rig.damage(&t, 0);
            }
            let mut far = shown(&one, 0);
            far.last_offset = 1 << 30;
            far.crc_fits = false;
            passes_or_fires(rig.fetch(&t, 0, fetched(5, vec![far])), damaged);
            rig.fetch(&t, 2, fetched(5, vec![shown(&two, 2)]))
        };
        passes(reading(false));
        passes(reading(true));
    }

    fn passes_or_fires(verdict: Verdict, damaged: bool) {
        match damaged {
            true => passes(verdict),
            false => fires(verdict, "with other bytes before"),
        }
    }
}
