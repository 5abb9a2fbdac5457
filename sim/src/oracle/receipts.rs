//! A producer that is told of no error is told where its batch lies.

use super::{Oracle, Scene, Verdict, fired};
use crate::history::{Reply, Seen};

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Receipts;

const NAME: &str = "receipts";

impl Oracle for Receipts {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, _scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        let Seen::Answered(asked, Reply::Produce { parts }) = seen else {
            return Ok(());
        };
        let nowhere = |error, offset| error == 0 && offset < 0;
        let odd = parts
            .iter()
            .find(|(_, produced)| nowhere(produced.error, produced.base_offset));
        match odd {
            Some((named, produced)) => fired(
                NAME,
                format!(
                    "#{}: {}-{} has taken a batch, it says, at offset {}",
                    asked.number, named.topic, named.index, produced.base_offset
                ),
            ),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rig::{self, Rig, fires, passes};
    use super::*;
    use crate::history::Produced;

    #[test]
    fn a_batch_that_was_taken_lies_somewhere() {
        let topic = rig::topic("t0", 1);
        let batch = rig::batch(1, 3);
        let told = |error, base_offset| Reply::Produce {
            parts: vec![(
                topic.clone(),
                Produced {
                    error,
                    base_offset,
                    log_append_time: -1,
                    log_start: -1,
                },
            )],
        };
        let mut rig = Rig::<Receipts>::new();
        let ask = || rig::produce(&topic, &batch, -1);
        passes(rig.exchange(ask(), &told(0, 0)));
        passes(rig.exchange(ask(), &told(7, -1)));
        fires(rig.exchange(ask(), &told(0, -1)), "at offset -1");
    }
}
