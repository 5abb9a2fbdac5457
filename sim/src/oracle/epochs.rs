//! What the node says of leader epochs is what the batches say: ListOffsets names the epoch of the batch that it points to, and an epoch ends
//! where OffsetForLeaderEpoch says that it ends. Judged at the end, when all that is left of the log is known.

use super::{Oracle, Scene, Verdict, fired};
use crate::history::{Ask, Partition, Reply, Seen};
use crate::ledger::Book;
use crate::script::Nanos;

/// One answer.
#[derive(Clone, Copy, Debug)]
enum Said {
    /// The record at this offset was taken in this epoch.
    At { offset: i64, epoch: i32 },
    /// The largest epoch that is not newer than `asked` is `epoch`, and it ends here.
    Ends { asked: i32, epoch: i32, end: i64 },
}

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Epochs {
    answers: Vec<(Nanos, Partition, Said)>,
}

const NAME: &str = "epochs";
/// Answers that are kept.
const KEPT: usize = 2_000;
/// The first version of ListOffsets with epochs.
const WITH_EPOCHS: i16 = 4;

impl Oracle for Epochs {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        match seen {
            Seen::Answered(asked, Reply::ListOffsets { parts }) if asked.version >= WITH_EPOCHS => {
                for (named, listed) in parts {
                    let Some(partition) = scene.ledger.sure(named) else {
                        continue;
                    };
                    // What nobody may read yet has no batch that could be compared.
                    let book = scene.ledger.books.get(&partition);
                    let told = book.map_or(0, |book| book.told_before(asked.at).1);
                    if listed.error == 0 && (0..told).contains(&listed.offset) {
                        let said = Said::At {
                            offset: listed.offset,
                            epoch: listed.leader_epoch,
                        };
                        self.keep(asked.at, partition, said);
                    }
                }
            }
            Seen::Answered(asked, Reply::EpochEnd { parts: answers }) => {
                let Ask::EpochEnd { parts, .. } = &asked.ask else {
                    return Ok(());
                };
                for (named, ended) in answers {
                    let wanted = parts
                        .iter()
                        .find(|(asked, _)| crate::ledger::same(asked, named));
                    if let (Some(partition), Some((_, wanted)), 0) =
                        (scene.ledger.sure(named), wanted, ended.error)
                    {
                        let said = Said::Ends {
                            asked: *wanted,
                            epoch: ended.leader_epoch,
                            end: ended.end_offset,
                        };
                        self.keep(asked.at, partition, said);
                    }
                }
            }
            Seen::Over => {
                for (at, partition, said) in &self.answers {
                    judge(scene, *at, *partition, said)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Epochs {
    fn keep(&mut self, at: Nanos, partition: Partition, said: Said) {
        if self.answers.len() < KEPT {
            self.answers.push((at, partition, said));
        }
    }
}

fn judge(scene: &Scene<'_>, at: Nanos, partition: Partition, said: &Said) -> Verdict {
    let Some(book) = scene.ledger.books.get(&partition) else {
        return Ok(());
    };
    let struck = book.struck.is_some_and(|struck| struck >= at);
    let gone = scene.ledger.may_be_gone(&partition.topic);
    let damaged = scene.atlas.damaged_from(partition).is_some();
    if struck || gone || damaged || scene.atlas.hurt_epochs() {
        return Ok(());
    }
    let odd = match *said {
        Said::At { offset, epoch } => at_offset(book, offset, epoch),
        // The end of the newest epoch is the end of the log, which a crash may take back.
        Said::Ends { .. } if scene.ledger.died_since(at) => None,
        Said::Ends { asked, epoch, end } => ends(book, asked, epoch, end),
    };
    match odd {
        Some(what) => fired(
            NAME,
            format!("{}: told {said:?}, but {what}", scene.name(partition)),
        ),
        None => Ok(()),
    }
}

fn at_offset(book: &Book, offset: i64, epoch: i32) -> Option<String> {
    let (base, shown) = book.shown.range(..=offset).next_back()?;
    let there = shown.batch.last_offset >= offset && *base >= book.log_start;
    let differs = there && shown.batch.leader_epoch != epoch;
    differs.then(|| {
        format!(
            "the batch at {base} is of epoch {}",
            shown.batch.leader_epoch
        )
    })
}

fn ends(book: &Book, asked: i32, epoch: i32, end: i64) -> Option<String> {
    if epoch < 0 {
        return None;
    }
    if epoch > asked {
        return Some("that is newer than was asked for".to_owned());
    }
    let newer = |base: &i64, of: i32| of > epoch && *base < end;
    // An epoch whose records retention has taken ends where the log starts.
    let (base, shown) = book
        .shown
        .range(book.log_start..)
        .find(|(base, shown)| newer(base, shown.batch.leader_epoch))?;
    Some(format!(
        "the batch at {base} is of epoch {}",
        shown.batch.leader_epoch
    ))
}

#[cfg(test)]
mod tests {
    use super::super::rig::{Rig, batch, fetched, fires, offset, passes, shown, topic};
    use super::{Ask, Epochs, Reply, Seen};
    use crate::history::{Death, EpochEnd, Listed};

    /// A batch of epoch 0 lies at 0..2, one of epoch 3 at 2..4.
    fn log() -> Rig<Epochs> {
        let t = topic("t", 1);
        let mut rig = Rig::<Epochs>::new();
        rig.know(&t);
        let mut newer = shown(&batch(2, 2), 2);
        newer.leader_epoch = 3;
        let all = fetched(4, vec![shown(&batch(1, 2), 0), newer]);
        passes(rig.fetch(&t, 0, all));
        rig
    }

    #[test]
    fn an_offset_is_told_with_its_batch_s_epoch() {
        let listed = |at, epoch| {
            let mut rig = log();
            let listed = Listed {
                leader_epoch: epoch,
                ..offset(at, -1)
            };
            passes(rig.list(&topic("t", 1), -2, listed));
            rig.see(&Seen::Over)
        };
        passes(listed(0, 0));
        passes(listed(3, 3));
        fires(listed(0, -1), "the batch at 0 is of epoch 0");
        fires(listed(3, 0), "the batch at 2 is of epoch 3");
    }

    #[test]
    fn an_epoch_ends_before_the_first_batch_of_a_newer_one() {
        let ended = |asked, epoch, end, dies: bool| {
            let mut rig = log();
            let t = topic("t", 1);
            let ask = Ask::EpochEnd {
                parts: vec![(t.clone(), asked)],
                epochs: vec![-1],
            };
            let end = EpochEnd {
                error: 0,
                leader_epoch: epoch,
                end_offset: end,
            };
            let parts = vec![(t, end)];
            passes(rig.exchange(ask, &Reply::EpochEnd { parts }));
            if dies {
                rig.die(Death::Kill);
            }
            rig.over()
        };
        passes(ended(0, 0, 2, false));
        passes(ended(2, 0, 2, false));
        passes(ended(3, 3, 4, false));
        fires(ended(0, 0, 4, false), "the batch at 2 is of epoch 3");
        fires(ended(0, 3, 4, false), "newer than was asked for");
        passes(ended(0, 0, 4, true));
    }
}
