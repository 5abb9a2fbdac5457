//! Who asks for no answer is told of an error by the end of the connection: a batch with acks=0 that must be refused is the last thing that
//! its connection carries, and nothing behind it is answered.

use std::collections::BTreeMap;

use super::{Oracle, Scene, Verdict, fired};
use crate::history::{Ask, Seen, Wrong};

/// See above.
#[derive(Clone, Debug, Default)]
pub struct AcksZero {
    /// Connections that carried such a batch: the number of the first request with one.
    ended: BTreeMap<u64, u64>,
}

const NAME: &str = "acks-zero";

impl Oracle for AcksZero {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, _scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        match seen {
            Seen::Asked(asked) => {
                if let Ask::Produce { acks: 0, parts, .. } = &asked.ask
                    && parts
                        .iter()
                        .any(|(_, batch)| batch.wrong == Some(Wrong::Corrupt))
                {
                    self.ended.entry(asked.link).or_insert(asked.number);
                }
                Ok(())
            }
            Seen::Answered(asked, _) => match self.ended.get(&asked.link) {
                Some(last) if *last < asked.number => fired(
                    NAME,
                    format!(
                        "#{last} was a corrupt batch with acks=0, and #{} behind it on the same connection is answered",
                        asked.number
                    ),
                ),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::rig::{self, Rig, fires, passes};
    use super::*;
    use crate::history::{Asked, Batch, Reply};

    /// A corrupt batch with these acks leaves; then what was asked before it is answered, and what was asked after it.
    fn history(acks: i16) -> [Verdict; 2] {
        let topic = rig::topic("t0", 1);
        let batch = Arc::new(Batch {
            wrong: Some(Wrong::Corrupt),
            ..(*rig::batch(1, 3)).clone()
        });
        let mut rig = Rig::<AcksZero>::new();
        let versions = Reply::ApiVersions {
            error: 0,
            ranges: Vec::new(),
        };
        let before = rig.ask(Ask::ApiVersions);
        rig.ask(rig::produce(&topic, &batch, acks));
        let after = rig.ask(Ask::ApiVersions);
        let verdicts = [
            rig.answer(&before, &versions),
            rig.answer(&after, &versions),
        ];
        // Another connection is another matter.
        let elsewhere = Asked { link: 2, ..after };
        passes(rig.answer(&elsewhere, &versions));
        verdicts
    }

    #[test]
    fn nothing_is_answered_behind_what_was_refused_without_a_word() {
        let [before, after] = history(0);
        passes(before);
        fires(after, "behind it");
    }

    #[test]
    fn who_is_told_of_the_error_goes_on() {
        let [before, after] = history(-1);
        passes(before);
        passes(after);
    }
}
