//! What was durable and is damaged is refused, never cut off in silence: a node that serves a partition after such damage says no lower end
//! of it than what had been durable. Judged by what clients are told; what had been durable is what the recovery point on the disk
//! said when the damage was done.
//!
//! It is about bytes that became others. A file that lost its end or its name holds nothing that could be refused.

use super::{Oracle, Scene, Verdict, fired};
use crate::atlas::Entry;
use crate::history::{Ask, Asked, Named, Partition, Reply, Seen};
use crate::on_disk;
use crate::script::{DamageKind, Nanos, Target};

/// A partition whose durable part was damaged.
#[derive(Clone, Copy, Debug)]
struct Hurt {
    partition: Partition,
    /// When that was known.
    at: Nanos,
    /// The first offset that may be lost.
    from: i64,
    /// The offset up to which everything had been durable.
    durable: i64,
}

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Refusal {
    /// As many entries of the atlas have been looked at.
    looked: usize,
    hurt: Vec<Hurt>,
    /// Of these a file lost its end or its name; or the leader epochs were damaged as well, so that what is durable must be read anew and
    /// is taken for what was not.
    excused: Vec<Partition>,
}

const NAME: &str = "refusal";
const LATEST: i64 = -1;

impl Oracle for Refusal {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        match seen {
            Seen::Started { .. } => self.look(scene),
            Seen::Answered(asked, Reply::Fetch { parts, .. }) => {
                for (named, fetched) in parts.iter().filter(|(_, part)| part.error == 0) {
                    self.judge(scene, asked, named, fetched.high_watermark)?;
                }
            }
            Seen::Answered(asked, Reply::ListOffsets { parts: answers }) => {
                let Ask::ListOffsets { parts, .. } = &asked.ask else {
                    return Ok(());
                };
                for (named, listed) in answers.iter().filter(|(_, part)| part.error == 0) {
                    let wanted = parts.iter().find(|(of, _)| crate::ledger::same(of, named));
                    if wanted.is_some_and(|(_, timestamp)| *timestamp == LATEST) {
                        self.judge(scene, asked, named, listed.offset)?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Refusal {
    /// What was damaged since the last life.
    fn look(&mut self, scene: &Scene<'_>) {
        let new: Vec<&Entry> = scene
            .atlas
            .entries()
            .skip(self.looked)
            .map(|(_, entry)| entry)
            .collect();
        self.looked += new.len();
        let durable = on_disk::checkpoint(scene.media, "recovery-point-offset-checkpoint");
        for entry in new {
            if *entry == Entry::Wiped {
                self.hurt.clear();
            }
            if let Entry::Damaged {
                damage,
                partition: Some(partition),
                ..
            } = entry
                && damage.target == Target::LeaderEpochs
            {
                self.excused.push(*partition);
            }
            let Entry::Damaged {
                damage,
                path,
                partition: Some(partition),
                offset: Some(from),
                ..
            } = entry
            else {
                continue;
            };
            if !matches!(damage.kind, DamageKind::Rot | DamageKind::Misdirected) {
                self.excused.push(*partition);
                continue;
            }
            let dir = path.split('/').next().unwrap_or_default();
            let durable = durable.get(dir).copied().unwrap_or(0);
            if *from < durable {
                self.hurt.push(Hurt {
                    partition: *partition,
                    at: scene.at,
                    from: *from,
                    durable,
                });
            }
        }
    }

    fn judge(&self, scene: &Scene<'_>, asked: &Asked, named: &Named, end: i64) -> Verdict {
        let Some(partition) = scene.ledger.sure(named) else {
            return Ok(());
        };
        let lower =
            |hurt: &&Hurt| hurt.partition == partition && hurt.at <= asked.at && end < hurt.durable;
        let excused =
            self.excused.contains(&partition) || scene.ledger.may_be_gone(&partition.topic);
        match self.hurt.iter().find(lower).filter(|_| !excused) {
            Some(Hurt { from, durable, .. }) => fired(
                NAME,
                format!(
                    "{}: everything below {durable} was durable and was damaged at {from}; now it is served, and ends at {end}",
                    scene.name(partition)
                ),
            ),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rig::{Rig, fetched, fires, passes, topic};
    use super::{LATEST, Refusal, Verdict};
    use crate::atlas::Entry;
    use crate::history::{Death, Listed, Partition};
    use crate::on_disk::made::put;
    use crate::script::{Damage, DamageKind, Target};

    /// Damage of this kind where offset `from` lies, in a log that is durable up to 20; then the next life begins.
    fn damaged(kind: DamageKind, from: i64) -> Rig<Refusal> {
        let mut rig = Rig::<Refusal>::new();
        rig.die(Death::Kill);
        put(
            &mut rig.media,
            "recovery-point-offset-checkpoint",
            b"0\n1\nt1 0 20\n",
        );
        let entry = Entry::Damaged {
            damage: Damage {
                target: Target::Segment,
                place: 0,
                kind,
            },
            path: format!("t1-0/{:020}.log", 0),
            from: 0,
            partition: Some(Partition {
                topic: [1; 16],
                index: 0,
            }),
            offset: Some(from),
        };
        rig.atlas.note(rig.at, entry);
        // The topic is known since before.
        let t = topic("t1", 1);
        passes(rig.produce(&t, &super::super::rig::batch(1, 2), 0));
        rig.start();
        rig
    }

    fn read(mut rig: Rig<Refusal>, high_watermark: i64, error: i16) -> Verdict {
        let mut part = fetched(high_watermark, Vec::new());
        part.error = error;
        rig.fetch(&topic("t1", 1), 0, part)
    }

    #[test]
    fn what_was_durable_is_there_or_refused() {
        let rig = || damaged(DamageKind::Rot, 10);
        passes(read(rig(), 20, 0));
        // KAFKA_STORAGE_ERROR.
        passes(read(rig(), -1, 56));
        fires(read(rig(), 19, 0), "it is served, and ends at 19");
    }

    #[test]
    fn so_say_offsets() {
        let listed = |offset| Listed {
            error: 0,
            timestamp: -1,
            offset,
            leader_epoch: 0,
        };
        let ask = |timestamp, offset| {
            let mut rig = damaged(DamageKind::Misdirected, 10);
            rig.list(&topic("t1", 1), timestamp, listed(offset))
        };
        passes(ask(LATEST, 20));
        passes(ask(-2, 0));
        fires(ask(LATEST, 10), "was damaged at 10");
    }

    #[test]
    fn what_was_not_durable_or_is_not_there_is_cut_off() {
        passes(read(damaged(DamageKind::Rot, 20), 20, 0));
        passes(read(damaged(DamageKind::Cut, 10), 10, 0));
    }
}
