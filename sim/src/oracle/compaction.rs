//! What a restart finds of a compacted log: of every key the newest record that was acknowledged, or a later one; a tombstone for its
//! time; and never an older record where the newest is gone.

use std::collections::BTreeMap;

use super::{Oracle, Rehearsal, Scene, Verdict, fired};
use crate::batch::show;
use crate::history::{Ask, Partition, RecordId, Reply, Seen, TopicId};
use crate::on_disk;
use crate::script::{Fault, MS};

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Compaction {
    /// How long tombstones stay, milliseconds, of topics whose ids an answer has told.
    tombstones: BTreeMap<TopicId, i64>,
}

const NAME: &str = "compaction";
const DAY_MS: i64 = 86_400_000;

/// The newest record of a key: where it lies, and who made it.
type Newest = BTreeMap<u64, (i64, Option<RecordId>)>;

impl Oracle for Compaction {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, _scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        if let Seen::Answered(asked, Reply::CreateTopic { error: 0, id }) = seen
            && let (Ask::CreateTopic { settings, .. }, Some(id)) = (&asked.ask, id)
        {
            let own = settings
                .iter()
                .find(|(name, _)| name == "delete.retention.ms");
            let stays = own.and_then(|(_, value)| value.parse().ok());
            self.tombstones.insert(*id, stays.unwrap_or(DAY_MS));
        }
        Ok(())
    }

    fn rehearsed(&mut self, scene: &Scene<'_>, rehearsal: &Rehearsal<'_>) -> Verdict {
        for (partition, log) in scene.logs(scene.media) {
            let hurt = scene.atlas.damaged_from(partition).is_some();
            let gone = scene.ledger.may_be_gone(&partition.topic);
            if hurt || gone || !scene.ledger.is_compacted(partition) {
                continue;
            }
            // Where a directory was refused, and its log not finished, there is nothing to see.
            let left = on_disk::names(rehearsal.left, &log.dir);
            if left.is_empty() {
                continue;
            }
            let newest = newest_on_disk(scene, &log.dir);
            self.judge(scene, partition, log.first, &newest)?;
        }
        Ok(())
    }
}

/// The newest record of every key that lies on the disk.
fn newest_on_disk(scene: &Scene<'_>, dir: &str) -> Newest {
    let mut newest = Newest::new();
    for name in on_disk::segments(scene.media, dir).values() {
        let bytes = on_disk::file(scene.media, &format!("{dir}/{name}")).unwrap_or_default();
        for batch in show(&bytes).batches {
            for (offset, _, record, _) in batch.records {
                let key = record.and_then(|record| scene.ledger.key_of(record));
                if let Some(hash) = key.and_then(|(key, _)| key.hash) {
                    newest.insert(hash, (offset, record));
                }
            }
        }
    }
    newest
}

impl Compaction {
    fn judge(
        &self,
        scene: &Scene<'_>,
        partition: Partition,
        first: i64,
        there: &Newest,
    ) -> Verdict {
        let Some(book) = scene.ledger.books.get(&partition) else {
            return Ok(());
        };
        // What retention may take is its own oracle's to say.
        let start = book
            .log_start
            .max(scene.ledger.given_up(partition))
            .max(first);
        for (base, acked) in book
            .acked
            .range(start..)
            .filter(|(_, acked)| acked.acks == -1)
        {
            for (offset, (id, _)) in (*base..).zip(&acked.batch.records) {
                let Some((key, sent)) = scene.ledger.key_of(*id) else {
                    continue;
                };
                let Some(hash) = key.hash else { continue };
                let newest = scene.ledger.newest_of(&sent.topic, sent.index, hash);
                let found = there.get(&hash).map(|(at, _)| *at);
                let what = match found {
                    Some(found) if found < offset => "an older one of its key is there",
                    // A later one may have been left out in its turn.
                    None if newest == Some(offset) && !key.tombstone => {
                        "nothing of its key is there"
                    }
                    None if newest == Some(offset) && self.stays(scene, partition, acked.at) => {
                        "its time as a tombstone is not over"
                    }
                    _ => continue,
                };
                return fired(
                    NAME,
                    format!(
                        "{}: the record at {offset} is gone, and {what}",
                        scene.name(partition)
                    ),
                );
            }
        }
        Ok(())
    }

    /// Whether a tombstone that was acknowledged then must still be there.
    fn stays(&self, scene: &Scene<'_>, partition: Partition, acked: u64) -> bool {
        let jumps =
            |fault: &crate::script::TimedFault| matches!(fault.what, Fault::WallJump { .. });
        let stays = self.tombstones.get(&partition.topic).copied().unwrap_or(0);
        // The node's clock drifts against ours by less than a thousandth.
        let past = (scene.at - acked) / MS;
        let past = i64::try_from(past + past / 500).unwrap_or(i64::MAX);
        past < stays && !scene.script.faults.iter().any(jumps)
    }
}

#[cfg(test)]
mod tests {
    use super::super::rig::{Rig, batch, fires, keyed, passes, topic};
    use super::{Compaction, Newest, Verdict};
    use crate::history::{Ask, Partition, Reply};
    use crate::script::SECOND;

    /// Keys 1 and 2 were written twice, then key 9 was deleted; this is there after a restart.
    fn found(there: &[(u64, i64)], later: u64) -> Verdict {
        let t = topic("t", 1);
        let mut rig = Rig::<Compaction>::new();
        rig.compact(&t);
        let ask = Ask::CreateTopic {
            name: t.topic.clone(),
            partitions: 1,
            settings: vec![("delete.retention.ms".to_owned(), "5000".to_owned())],
        };
        let reply = Reply::CreateTopic {
            error: 0,
            id: Some(t.id),
        };
        passes(rig.exchange(ask, &reply));
        let keys = [Some(1), Some(2)];
        passes(rig.produce(&t, &keyed(&batch(1, 2), &keys), 0));
        passes(rig.produce(&t, &keyed(&batch(2, 2), &keys), 2));
        passes(rig.produce(&t, &keyed(&batch(3, 1), &[None]), 4));
        rig.at += later;
        let there: Newest = there.iter().map(|(key, at)| (*key, (*at, None))).collect();
        let partition = Partition {
            topic: t.id,
            index: 0,
        };
        rig.judge(None, |oracle, scene| {
            oracle.judge(scene, partition, 0, &there)
        })
    }

    #[test]
    fn of_every_key_the_newest_is_there() {
        passes(found(&[(1, 2), (2, 3), (9, 4)], 0));
        fires(
            found(&[(1, 0), (2, 3), (9, 4)], 0),
            "an older one of its key is there",
        );
        fires(found(&[(2, 3), (9, 4)], 0), "nothing of its key is there");
    }

    #[test]
    fn a_tombstone_is_there_for_its_time() {
        fires(
            found(&[(1, 2), (2, 3)], SECOND),
            "its time as a tombstone is not over",
        );
        passes(found(&[(1, 2), (2, 3)], 6 * SECOND));
        // What has come since counts as well.
        passes(found(&[(1, 7), (2, 8), (9, 9)], 0));
    }
}
