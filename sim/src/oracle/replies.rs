//! Every request gets at most one answer, in the order of its connection, and the answer is to what was asked: no part more, none left out.

use super::{Oracle, Scene, Verdict, fired};
use crate::history::{Ask, Named, Reply, Seen};
use crate::ledger::same;

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Replies;

const NAME: &str = "replies";

impl Oracle for Replies {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, _scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        match seen {
            Seen::Garbled { client, what } => fired(NAME, format!("client {client}: {what}")),
            Seen::Answered(asked, reply) => match (&asked.ask, reply) {
                (Ask::Produce { acks: 0, .. }, _) => {
                    fired(NAME, format!("#{} asked for no answer", asked.number))
                }
                (Ask::Produce { parts, .. }, Reply::Produce { parts: answers }) => {
                    let asked = parts.iter().map(|(named, _)| named);
                    all(asked, answers.iter().map(|(named, _)| named))
                }
                (Ask::ListOffsets { parts, .. }, Reply::ListOffsets { parts: answers }) => {
                    let asked = parts.iter().map(|(named, _)| named);
                    all(asked, answers.iter().map(|(named, _)| named))
                }
                (Ask::EpochEnd { parts }, Reply::EpochEnd { parts: answers }) => {
                    let asked = parts.iter().map(|(named, _)| named);
                    all(asked, answers.iter().map(|(named, _)| named))
                }
                (Ask::Fetch { wanted, .. }, Reply::Fetch { parts, .. }) => {
                    let stray = parts
                        .iter()
                        .find(|(named, _)| !wanted.iter().any(|(wanted, ..)| same(wanted, named)));
                    match stray {
                        Some((named, _)) => fired(
                            NAME,
                            format!("{}-{} was not fetched", named.topic, named.index),
                        ),
                        None => Ok(()),
                    }
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

/// Exactly what was asked is answered, each once.
fn all<'a>(
    asked: impl Iterator<Item = &'a Named>,
    answered: impl Iterator<Item = &'a Named> + Clone,
) -> Verdict {
    let mut count = 0;
    for named in asked {
        count += 1;
        let times = answered
            .clone()
            .filter(|answer| same(named, answer))
            .count();
        if times != 1 {
            return fired(
                NAME,
                format!("{}-{} was answered {times} times", named.topic, named.index),
            );
        }
    }
    let more = answered.count();
    if more != count {
        return fired(
            NAME,
            format!("{count} parts were asked, {more} were answered"),
        );
    }
    Ok(())
}
