//! What ListOffsets says is true of the log: the latest offset is a high watermark, a time leads to the first record that is not older, the
//! newest timestamp is the newest. Judged at the end, when all that is left of the log is known.

use super::{Oracle, Scene, Verdict, fired};
use crate::history::{Ask, Death, Listed, Partition, Reply, Seen};
use crate::ledger::Book;
use crate::script::Nanos;

/// One answer.
#[derive(Clone, Copy, Debug)]
struct Answer {
    asked: Nanos,
    partition: Partition,
    timestamp: i64,
    listed: Listed,
    /// The largest high watermark that anybody had been told when it was asked.
    told: i64,
}

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Offsets {
    answers: Vec<Answer>,
    /// The largest high watermarks when a question left, by the question's number.
    open: std::collections::BTreeMap<u64, Vec<(Partition, i64)>>,
    /// When a life ended last that did not close its logs: what retention took may be there again.
    crashed: Nanos,
}

const NAME: &str = "offsets";
/// Answers that are kept.
const KEPT: usize = 2_000;

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const NEWEST: i64 = -3;

impl Oracle for Offsets {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        match seen {
            Seen::Asked(asked) => {
                if let Ask::ListOffsets { parts, .. } = &asked.ask {
                    let told = parts.iter().filter_map(|(named, _)| {
                        let partition = scene.ledger.sure(named)?;
                        let book = scene.ledger.books.get(&partition);
                        Some((partition, book.map_or(0, |book| book.high_watermark)))
                    });
                    self.open.insert(asked.number, told.collect());
                }
            }
            Seen::Died { how, .. } if !matches!(how, Death::Stopped { clean: true }) => {
                self.crashed = scene.at;
            }
            Seen::Lost(asked) => {
                self.open.remove(&asked.number);
            }
            Seen::Answered(asked, Reply::ListOffsets { parts: answers }) => {
                let told = self.open.remove(&asked.number).unwrap_or_default();
                let Ask::ListOffsets { parts, .. } = &asked.ask else {
                    return Ok(());
                };
                for (named, listed) in answers {
                    let wanted = parts
                        .iter()
                        .find(|(asked, _)| crate::ledger::same(asked, named));
                    let (Some((_, timestamp)), Some(partition)) =
                        (wanted, scene.ledger.sure(named))
                    else {
                        continue;
                    };
                    let told = told.iter().find(|(of, _)| *of == partition);
                    let answer = Answer {
                        asked: asked.at,
                        partition,
                        timestamp: *timestamp,
                        listed: *listed,
                        told: told.map_or(0, |(_, told)| *told),
                    };
                    if listed.error == 0 && self.answers.len() < KEPT {
                        self.answers.push(answer);
                    }
                }
            }
            Seen::Over => {
                for answer in &self.answers {
                    let crashed = answer.asked <= self.crashed;
                    judge(scene, answer, crashed)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn judge(scene: &Scene<'_>, answer: &Answer, crashed: bool) -> Verdict {
    let Some(book) = scene.ledger.books.get(&answer.partition) else {
        return Ok(());
    };
    // A partition may have lost all of it before anybody was told of it a second time.
    let lost = scene.ledger.lossy.filter(|_| !scene.atlas.flush_on_ack);
    let struck = book.struck.max(lost) >= Some(answer.asked);
    let gone = scene.ledger.may_be_gone(&answer.partition.topic);
    if struck || gone || scene.atlas.damaged_from(answer.partition).is_some() {
        return Ok(());
    }
    let wrong = |what: String| {
        fired(
            NAME,
            format!(
                "{}: asked for {}, told offset {} of time {}: {what}",
                scene.name(answer.partition),
                answer.timestamp,
                answer.listed.offset,
                answer.listed.timestamp
            ),
        )
    };
    let offset = answer.listed.offset;
    // Of what a compaction has left out since, only the node knew.
    let compacted = scene.ledger.is_compacted(answer.partition);
    if compacted && !matches!(answer.timestamp, LATEST | EARLIEST) {
        return Ok(());
    }
    match answer.timestamp {
        LATEST if offset < answer.told || offset > book.high_watermark => wrong(format!(
            "the high watermark was {} before, and is {} at the end",
            answer.told, book.high_watermark
        )),
        EARLIEST if offset > book.log_start && !crashed => {
            wrong(format!("the log starts at {} at the end", book.log_start))
        }
        NEWEST => newest(book, answer, wrong),
        0.. => by_time(book, answer, wrong),
        _ => Ok(()),
    }
}

/// The records that are known from `from` on: offset and time.
fn records(book: &Book, from: i64) -> impl Iterator<Item = (i64, i64)> {
    let shown = book.shown.values();
    shown
        .flat_map(|shown| shown.batch.records.iter())
        .map(|(offset, time, ..)| (*offset, *time))
        .filter(move |(offset, _)| *offset >= from)
}

fn by_time(book: &Book, answer: &Answer, wrong: impl Fn(String) -> Verdict) -> Verdict {
    let Listed {
        offset, timestamp, ..
    } = answer.listed;
    // What retention has taken since cannot be judged.
    let from = book.log_start;
    if offset < 0 {
        let fits =
            records(book, from).find(|(at, time)| *at < answer.told && *time >= answer.timestamp);
        return match fits {
            Some((at, time)) => wrong(format!("there was {at} of time {time}")),
            None => Ok(()),
        };
    }
    if let Some((_, time)) = records(book, from).find(|(at, _)| *at == offset)
        && (time != timestamp || time < answer.timestamp)
    {
        return wrong(format!("the record there is of time {time}"));
    }
    let earlier = records(book, from).find(|(at, time)| *at < offset && *time >= answer.timestamp);
    match earlier {
        Some((at, time)) => wrong(format!("{at} of time {time} lies before it")),
        None => Ok(()),
    }
}

fn newest(book: &Book, answer: &Answer, wrong: impl Fn(String) -> Verdict) -> Verdict {
    let Listed {
        offset, timestamp, ..
    } = answer.listed;
    if offset < 0 {
        // The newest record may not be shown yet: then nothing is told, as by Kafka.
        return Ok(());
    }
    let newer =
        records(book, book.log_start).find(|(at, time)| *at < answer.told && *time > timestamp);
    if let Some((at, time)) = newer {
        return wrong(format!("{at} of time {time} is newer"));
    }
    match records(book, book.log_start).find(|(at, _)| *at == offset) {
        Some((_, time)) if time != timestamp => {
            wrong(format!("the record there is of time {time}"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::rig::{Rig, TIME, batch, fetched, fires, offset, passes, shown, topic};
    use super::{EARLIEST, LATEST, Listed, NEWEST, Offsets};

    /// Two batches of two records with times in a row lie at 0; ListOffsets is told this, and at the end everything was read.
    fn told(timestamp: i64, listed: Listed) -> super::Verdict {
        let t = topic("t", 1);
        let mut rig = Rig::<Offsets>::new();
        rig.know(&t);
        let mut later = shown(&batch(2, 2), 2);
        for (_, time, ..) in &mut later.records {
            *time += 2;
        }
        let all = fetched(4, vec![shown(&batch(1, 2), 0), later]);
        passes(rig.fetch(&t, 0, all));
        passes(rig.list(&t, timestamp, listed));
        rig.over()
    }

    #[test]
    fn the_latest_offset_is_a_high_watermark() {
        passes(told(LATEST, offset(4, -1)));
        fires(
            told(LATEST, offset(3, -1)),
            "the high watermark was 4 before",
        );
        fires(told(LATEST, offset(5, -1)), "and is 4 at the end");
    }

    #[test]
    fn the_earliest_offset_is_not_above_the_log_s_start() {
        passes(told(EARLIEST, offset(0, -1)));
        fires(told(EARLIEST, offset(1, -1)), "the log starts at 0");
    }

    #[test]
    fn a_time_leads_to_the_first_record_that_is_not_older() {
        passes(told(TIME + 1, offset(1, TIME + 1)));
        fires(told(TIME + 1, offset(2, TIME + 2)), "1 of time");
        fires(
            told(TIME + 1, offset(0, TIME)),
            "the record there is of time",
        );
        fires(
            told(TIME + 1, offset(1, TIME + 2)),
            "the record there is of time",
        );
        fires(told(TIME + 3, offset(-1, -1)), "there was 3");
        passes(told(TIME + 4, offset(-1, -1)));
    }

    #[test]
    fn the_newest_timestamp_is_the_newest() {
        passes(told(NEWEST, offset(3, TIME + 3)));
        fires(told(NEWEST, offset(2, TIME + 2)), "is newer");
        fires(
            told(NEWEST, offset(2, TIME + 3)),
            "the record there is of time",
        );
    }
}
