//! A client that says which leader epoch it knows is served only when that is the leader's: an older one is told FENCED_LEADER_EPOCH, a
//! newer one UNKNOWN_LEADER_EPOCH (KIP-320). The epoch of a partition's leader never goes back: what anybody was told before the
//! question is the least it is, what anybody is told at the end is the most.

use std::collections::BTreeMap;

use super::{Oracle, Scene, Verdict, fired};
use crate::history::{Ask, Asked, Named, Partition, Reply, Seen};
use crate::ledger::same;

/// What was said of one partition, and what was known when it left.
#[derive(Clone, Debug)]
struct Said {
    named: Named,
    partition: Partition,
    epoch: i32,
    known: i32,
}

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Fencing {
    /// The largest epoch that anybody was told.
    told: BTreeMap<Partition, i32>,
    /// What is under way, by number.
    open: BTreeMap<u64, Vec<Said>>,
    /// Answers that only the end can judge: what was said, and the error.
    answers: Vec<(Partition, i32, i16)>,
}

const NAME: &str = "fencing";
/// Answers that are kept.
const KEPT: usize = 5_000;

const FENCED_LEADER_EPOCH: i16 = 74;
const UNKNOWN_LEADER_EPOCH: i16 = 75;

impl Oracle for Fencing {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        match seen {
            Seen::Asked(asked) => {
                let said = self.said(scene, asked);
                if !said.is_empty() {
                    self.open.insert(asked.number, said);
                }
            }
            Seen::Lost(asked) => {
                self.open.remove(&asked.number);
            }
            Seen::Answered(asked, reply) => {
                for said in self.open.remove(&asked.number).unwrap_or_default() {
                    self.judge(scene, &said, error(reply, &said.named))?;
                }
                self.learn(scene, asked, reply);
            }
            Seen::Over => return self.over(scene),
            _ => {}
        }
        Ok(())
    }
}

impl Fencing {
    fn said(&self, scene: &Scene<'_>, asked: &Asked) -> Vec<Said> {
        let (parts, epochs): (Vec<&Named>, _) = match &asked.ask {
            Ask::Fetch { wanted, epochs, .. } => (wanted.iter().map(|of| &of.0).collect(), epochs),
            Ask::ListOffsets { parts, epochs, .. } => {
                (parts.iter().map(|of| &of.0).collect(), epochs)
            }
            Ask::EpochEnd { parts, epochs } => (parts.iter().map(|of| &of.0).collect(), epochs),
            _ => return Vec::new(),
        };
        let said = parts.into_iter().zip(epochs);
        said.filter(|(_, epoch)| **epoch >= 0)
            .filter_map(|(named, epoch)| {
                let partition = scene.ledger.sure(named)?;
                Some(Said {
                    named: named.clone(),
                    partition,
                    epoch: *epoch,
                    known: self.told.get(&partition).copied().unwrap_or(-1),
                })
            })
            .collect()
    }

    fn judge(&mut self, scene: &Scene<'_>, said: &Said, error: Option<i16>) -> Verdict {
        let Some(error) = error else {
            return Ok(());
        };
        if scene.ledger.sure(&said.named).is_none() {
            return Ok(());
        }
        let (epoch, known) = (said.epoch, said.known);
        let odd = match error {
            0 if epoch < known => "served",
            UNKNOWN_LEADER_EPOCH if epoch <= known => "told that it is unknown",
            _ => {
                if self.answers.len() < KEPT {
                    self.answers.push((said.partition, epoch, error));
                }
                return Ok(());
            }
        };
        fired(
            NAME,
            format!(
                "{}: who said leader epoch {epoch} was {odd}, and the leader's was {known} before",
                scene.name(said.partition)
            ),
        )
    }

    fn learn(&mut self, scene: &Scene<'_>, asked: &Asked, reply: &Reply) {
        let mut told = Vec::new();
        match reply {
            Reply::Metadata { topics } => {
                for topic in topics.iter().filter(|topic| topic.id != [0; 16]) {
                    let partitions = topic.partitions.iter();
                    told.extend(partitions.map(|(index, _, epoch, _)| {
                        let topic = topic.id;
                        let index = *index;
                        (Partition { topic, index }, *epoch)
                    }));
                }
            }
            Reply::Fetch { parts, .. } => {
                for (named, fetched) in parts {
                    let newest = scene.sound(asked, named, fetched).last();
                    let newest = newest.map(|batch| batch.leader_epoch);
                    told.extend(scene.ledger.sure(named).zip(newest));
                }
            }
            Reply::ListOffsets { parts } => {
                let sound = |named: &Named| scene.damaged(named).is_none();
                for (named, listed) in parts.iter().filter(|(named, _)| sound(named)) {
                    let partition = scene.ledger.sure(named).filter(|_| listed.error == 0);
                    told.extend(partition.map(|partition| (partition, listed.leader_epoch)));
                }
            }
            _ => {}
        }
        for (partition, epoch) in told {
            let known = self.told.entry(partition).or_insert(epoch);
            *known = epoch.max(*known);
        }
    }

    fn over(&self, scene: &Scene<'_>) -> Verdict {
        for (partition, epoch, error) in &self.answers {
            let last = self.told.get(partition);
            let Some(last) = last.filter(|_| !scene.ledger.may_be_gone(&partition.topic)) else {
                continue;
            };
            let odd = match *error {
                0 if epoch > last => "served",
                FENCED_LEADER_EPOCH if epoch >= last => "fenced",
                _ => continue,
            };
            return fired(
                NAME,
                format!(
                    "{}: who said leader epoch {epoch} was {odd}, and the leader's is {last} at the end",
                    scene.name(*partition)
                ),
            );
        }
        Ok(())
    }
}

/// What a partition was answered with, if it was.
fn error(reply: &Reply, asked: &Named) -> Option<i16> {
    fn find<T>(parts: &[(Named, T)], asked: &Named, error: impl Fn(&T) -> i16) -> Option<i16> {
        let of = parts.iter().find(|(named, _)| same(asked, named));
        of.map(|(_, answer)| error(answer))
    }
    match reply {
        Reply::Fetch {
            error: 0, parts, ..
        } => find(parts, asked, |fetched| fetched.error),
        Reply::ListOffsets { parts } => find(parts, asked, |listed| listed.error),
        Reply::EpochEnd { parts } => find(parts, asked, |end| end.error),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::rig::{self, Rig, fires, passes};
    use super::*;
    use crate::history::{EpochEnd, Fetched, Listed, TopicShown};

    /// Metadata has shown this leader epoch of partition 0.
    fn led(rig: &mut Rig<Fencing>, topic: &Named, epoch: i32) {
        let shown = TopicShown {
            error: 0,
            name: topic.topic.clone(),
            id: topic.id,
            partitions: vec![(0, 1, epoch, 0)],
        };
        let ask = Ask::Metadata {
            topics: None,
            creates: false,
        };
        let reply = Reply::Metadata {
            topics: vec![shown],
        };
        passes(rig.exchange(ask, &reply));
    }

    /// The same question in three ways, and its answer.
    fn ways(topic: &Named, epoch: i32, error: i16) -> [(Ask, Reply); 3] {
        let mut fetch = rig::fetch(topic, 0);
        if let Ask::Fetch { epochs, .. } = &mut fetch {
            *epochs = vec![epoch];
        }
        let fetched = Fetched {
            error,
            ..rig::fetched(0, Vec::new())
        };
        let list = Ask::ListOffsets {
            committed: false,
            parts: vec![(topic.clone(), -1)],
            epochs: vec![epoch],
        };
        let listed = Listed {
            error,
            timestamp: -1,
            offset: 0,
            leader_epoch: -1,
        };
        let end = Ask::EpochEnd {
            parts: vec![(topic.clone(), 0)],
            epochs: vec![epoch],
        };
        let ended = EpochEnd {
            error,
            leader_epoch: 0,
            end_offset: 0,
        };
        let of = |part| (topic.clone(), part);
        [
            (
                fetch,
                Reply::Fetch {
                    error: 0,
                    session: 0,
                    parts: vec![of(fetched)],
                },
            ),
            (
                list,
                Reply::ListOffsets {
                    parts: vec![(topic.clone(), listed)],
                },
            ),
            (
                end,
                Reply::EpochEnd {
                    parts: vec![(topic.clone(), ended)],
                },
            ),
        ]
    }

    /// Somebody knows that 3 leads; who says this is told that; and at the end 4 leads.
    fn history(epoch: i32, error: i16) -> Vec<Verdict> {
        let topic = rig::topic("t0", 1);
        let ways = ways(&topic, epoch, error).into_iter();
        ways.map(|(ask, reply)| {
            let mut rig = Rig::new();
            led(&mut rig, &topic, 3);
            rig.exchange(ask, &reply)?;
            rig.last_reading();
            led(&mut rig, &topic, 4);
            rig.over()
        })
        .collect()
    }

    #[test]
    fn who_says_an_old_epoch_is_fenced() {
        history(2, 74).into_iter().for_each(passes);
        for verdict in history(2, 0) {
            fires(verdict, "was served");
        }
        for verdict in history(2, 75) {
            fires(verdict, "unknown");
        }
    }

    #[test]
    fn who_says_the_leaders_epoch_is_served() {
        for (epoch, error) in [(-1, 0), (3, 0), (4, 0), (3, 74), (4, 75)] {
            history(epoch, error).into_iter().for_each(passes);
        }
        for verdict in history(4, 74) {
            fires(verdict, "was fenced");
        }
    }

    #[test]
    fn who_says_a_future_epoch_is_told_that_it_is_unknown() {
        history(5, 75).into_iter().for_each(passes);
        for verdict in history(5, 0) {
            fires(verdict, "was served");
        }
    }
}
