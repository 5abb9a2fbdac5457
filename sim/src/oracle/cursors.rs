//! The cursors of every open log stand in order and go forward: log start <= high watermark <= what this node promises <= written <=
//! assigned; within one life nothing of it goes back but what a failed write undoes.

use std::collections::BTreeMap;

use ottla_broker::Held;
use ottla_machine::Spent;

use super::{Oracle, Scene, Verdict, fired};
use crate::history::Partition;

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Cursors {
    life: u32,
    /// Log start, high watermark, flushed, written: as they were seen last in this life.
    seen: BTreeMap<Partition, [i64; 4]>,
}

const NAME: &str = "cursors";

impl Oracle for Cursors {
    fn name(&self) -> &'static str {
        NAME
    }

    fn stepped(&mut self, scene: &Scene<'_>, _spent: Spent) -> Verdict {
        if scene.life != self.life {
            self.life = scene.life;
            self.seen.clear();
        }
        let Some(broker) = scene.broker else {
            return Ok(());
        };
        for held in broker.touched() {
            self.judge(scene, &held)?;
        }
        Ok(())
    }

    fn sweep(&mut self, scene: &Scene<'_>) -> Verdict {
        let Some(broker) = scene.broker else {
            return Ok(());
        };
        for held in broker.logs() {
            self.judge(scene, &held)?;
        }
        Ok(())
    }
}

impl Cursors {
    fn judge(&mut self, scene: &Scene<'_>, held: &Held<'_>) -> Verdict {
        if !held.is_open() {
            return Ok(());
        }
        let now = [
            held.log_start.0,
            held.high_watermark.0,
            held.flushed.0,
            held.written.0,
        ];
        let [start, high, flushed, written] = now;
        let promised = if scene.atlas.flush_on_ack {
            flushed
        } else {
            written
        };
        let led = held.leader_epoch.is_some();
        let ordered =
            start <= high && high <= promised && flushed <= written && written <= held.assigned.0;
        if led && !ordered {
            return fired(
                NAME,
                format!(
                    "{}-{}: log start {start}, high watermark {high}, flushed {flushed}, written {written}, assigned {}",
                    held.topic, held.id.index, held.assigned.0
                ),
            );
        }
        let partition = Partition {
            topic: held.id.topic_id.0,
            index: held.id.index,
        };
        let before = self.seen.insert(partition, now);
        match before {
            Some(before) if led && now.iter().zip(before).any(|(now, before)| *now < before) => {
                fired(
                    NAME,
                    format!(
                        "{}-{}: log start, high watermark, flushed, written were {before:?} and are {now:?}",
                        held.topic, held.id.index
                    ),
                )
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use ottla_machine::{Offset, Spent};

    use super::super::rig::{Rig, create, fires, node, passes, script, write};
    use super::{Cursors, Held};

    #[test]
    fn a_real_log_stands_in_order() {
        let (broker, _) = node(script(vec![create(2), write()]));
        let mut rig = Rig::<Cursors>::new();
        passes(rig.stepped(Some(&broker), Spent::default()));
        passes(rig.sweep(Some(&broker)));
        assert_eq!(rig.oracle.seen.len(), 2);
        assert!(
            rig.oracle
                .seen
                .values()
                .any(|seen| *seen == [0, 10, 10, 10])
        );
    }

    /// What an oracle says that was shown a real log of ten records, and now this.
    fn now(flush_on_ack: bool, change: impl FnOnce(&mut Held<'_>)) -> super::Verdict {
        let (broker, _) = node(script(vec![create(1), write()]));
        let held = broker.logs().next().expect("one log");
        let mut rig = Rig::<Cursors>::new();
        rig.atlas.flush_on_ack = flush_on_ack;
        passes(rig.judge(Some(&broker), |oracle, scene| oracle.judge(scene, &held)));
        let mut doctored = held;
        change(&mut doctored);
        rig.judge(Some(&broker), |oracle, scene| {
            oracle.judge(scene, &doctored)
        })
    }

    #[test]
    fn each_cursor_has_its_place() {
        passes(now(true, |_| {}));
        fires(
            now(true, |held| held.log_start = Offset(11)),
            "log start 11",
        );
        fires(
            now(true, |held| held.high_watermark = Offset(11)),
            "high watermark 11",
        );
        fires(now(true, |held| held.flushed = Offset(11)), "flushed 11");
        fires(now(true, |held| held.written = Offset(11)), "written 11");
    }

    #[test]
    fn what_is_promised_is_durable_where_acknowledged_means_durable() {
        let ahead = |held: &mut Held<'_>| {
            held.high_watermark = Offset(12);
            held.written = Offset(12);
            held.assigned = Offset(12);
        };
        fires(now(true, ahead), "high watermark 12, flushed 10");
        passes(now(false, ahead));
    }

    #[test]
    fn nothing_goes_back_within_a_life() {
        let back = |held: &mut Held<'_>| held.high_watermark = Offset(9);
        fires(
            now(true, back),
            "were [0, 10, 10, 10] and are [0, 9, 10, 10]",
        );
        let on = |held: &mut Held<'_>| held.log_start = Offset(9);
        passes(now(true, on));
    }
}
