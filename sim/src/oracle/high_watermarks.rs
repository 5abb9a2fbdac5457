//! The latest offset is a promise: whoever asks after it was told, or behind the question on the same connection, is told no smaller high
//! watermark and no smaller latest offset, in this life and, as far as acknowledged means durable, in every later one.

use std::collections::BTreeMap;

use super::{Oracle, Scene, Verdict, fired};
use crate::history::{Ask, Asked, Named, Partition, Reply, Seen};
use crate::ledger::same;
use crate::script::Nanos;

/// What was told of one partition.
#[derive(Clone, Debug, Default)]
struct Told {
    /// The largest latest offset, each time that it grew.
    grew: Vec<(Nanos, i64)>,
    /// The largest by connection.
    links: BTreeMap<u64, i64>,
}

/// See above.
#[derive(Clone, Debug, Default)]
pub struct HighWatermarks {
    told: BTreeMap<Partition, Told>,
}

const NAME: &str = "high-watermarks";
const LATEST: i64 = -1;

impl Oracle for HighWatermarks {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        match seen {
            // What lies above the high watermark of a lossy node may be lost with it, and what was told with that.
            Seen::Died { .. } if !scene.atlas.flush_on_ack => self.told.clear(),
            Seen::Answered(
                asked,
                Reply::Fetch {
                    error: 0, parts, ..
                },
            ) => {
                for (named, fetched) in parts.iter().filter(|(_, fetched)| fetched.error == 0) {
                    self.judge(scene, asked, named, fetched.high_watermark)?;
                }
            }
            Seen::Answered(asked, Reply::ListOffsets { parts: answers }) => {
                let Ask::ListOffsets { parts, .. } = &asked.ask else {
                    return Ok(());
                };
                for (named, listed) in answers.iter().filter(|(_, listed)| listed.error == 0) {
                    let latest = |(of, time): &(Named, i64)| same(of, named) && *time == LATEST;
                    if parts.iter().any(latest) {
                        self.judge(scene, asked, named, listed.offset)?;
                        self.tell(scene, asked, named, listed.offset);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl HighWatermarks {
    fn judge(&self, scene: &Scene<'_>, asked: &Asked, named: &Named, end: i64) -> Verdict {
        let Some(partition) = scene.ledger.sure(named) else {
            return Ok(());
        };
        let Some(told) = self.told.get(&partition) else {
            return Ok(());
        };
        if scene.atlas.damaged_from(partition).is_some() {
            return Ok(());
        }
        let known = told.grew.partition_point(|(at, _)| *at < asked.at);
        let before = known.checked_sub(1).map_or(0, |last| told.grew[last].1);
        let here = told.links.get(&asked.link).copied().unwrap_or(0);
        let least = before.max(here);
        if end >= least {
            return Ok(());
        }
        fired(
            NAME,
            format!(
                "{}: the latest offset was told to be {least}, and #{} is told {end} later",
                scene.name(partition),
                asked.number
            ),
        )
    }

    fn tell(&mut self, scene: &Scene<'_>, asked: &Asked, named: &Named, end: i64) {
        let Some(partition) = scene.ledger.sure(named) else {
            return;
        };
        if !scene.atlas.flush_on_ack && scene.ledger.died_since(asked.at) {
            return;
        }
        let told = self.told.entry(partition).or_default();
        if told.grew.last().is_none_or(|(_, last)| *last < end) {
            told.grew.push((scene.at, end));
        }
        let here = told.links.entry(asked.link).or_insert(end);
        *here = end.max(*here);
    }
}

#[cfg(test)]
mod tests {
    use super::super::rig::{self, Rig, fires, passes};
    use super::*;
    use crate::history::{Death, Listed};

    fn latest(offset: i64) -> Listed {
        Listed {
            error: 0,
            timestamp: -1,
            offset,
            leader_epoch: 0,
        }
    }

    fn told(flush: &str) -> Rig<HighWatermarks> {
        let mut rig = Rig::with("log.flush.on.ack", flush);
        passes(rig.list(&rig::topic("t0", 1), LATEST, latest(5)));
        rig
    }

    #[test]
    fn the_latest_offset_does_not_go_back() {
        let topic = rig::topic("t0", 1);
        passes(told("true").fetch(&topic, 0, rig::fetched(5, Vec::new())));
        passes(told("true").list(&topic, LATEST, latest(6)));
        fires(
            told("true").fetch(&topic, 0, rig::fetched(4, Vec::new())),
            "told to be 5",
        );
        fires(told("true").list(&topic, LATEST, latest(4)), "told to be 5");
        // Other questions have other answers.
        passes(told("true").list(&topic, -2, latest(0)));
    }

    #[test]
    fn who_asked_before_it_was_told_may_know_less_unless_behind_the_question() {
        let topic = rig::topic("t0", 1);
        for link in [1, 2] {
            let mut rig = Rig::<HighWatermarks>::new();
            let ask = Ask::ListOffsets {
                committed: false,
                parts: vec![(topic.clone(), LATEST)],
                epochs: vec![-1],
            };
            let list = rig.ask(ask);
            let fetch = rig.ask(rig::fetch(&topic, 0));
            let fetch = Asked { link, ..fetch };
            let told = Reply::ListOffsets {
                parts: vec![(topic.clone(), latest(5))],
            };
            passes(rig.answer(&list, &told));
            let shown = Reply::Fetch {
                error: 0,
                session: 0,
                parts: vec![(topic.clone(), rig::fetched(4, Vec::new()))],
            };
            match link {
                1 => fires(rig.answer(&fetch, &shown), "told to be 5"),
                _ => passes(rig.answer(&fetch, &shown)),
            }
        }
    }

    #[test]
    fn it_outlives_a_crash_where_acknowledged_means_durable() {
        let topic = rig::topic("t0", 1);
        for (flush, kept) in [("true", true), ("false", false)] {
            let mut rig = told(flush);
            rig.die(Death::PowerCut);
            rig.start();
            let verdict = rig.list(&topic, LATEST, latest(4));
            match kept {
                true => fires(verdict, "told to be 5"),
                false => passes(verdict),
            }
        }
    }
}
