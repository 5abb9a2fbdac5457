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
