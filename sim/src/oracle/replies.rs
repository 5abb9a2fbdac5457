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
                (Ask::EpochEnd { parts, .. }, Reply::EpochEnd { parts: answers }) => {
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

#[cfg(test)]
mod tests {
    use super::super::rig::{Rig, batch, fetched, fires, passes, produce, taken, topic};
    use super::{Ask, Named, Replies, Reply, Seen};
    use crate::history::Produced;

    fn produced(acks: i16, parts: Vec<(Named, Produced)>) -> super::Verdict {
        let ask = produce(&topic("t", 1), &batch(1, 2), acks);
        Rig::<Replies>::new().exchange(ask, &Reply::Produce { parts })
    }

    #[test]
    fn what_was_asked_is_answered_once_and_nothing_else() {
        let part = |id| (topic("t", id), taken(0));
        passes(produced(-1, vec![part(1)]));
        fires(produced(-1, vec![]), "was answered 0 times");
        fires(produced(-1, vec![part(2)]), "was answered 0 times");
        fires(produced(-1, vec![part(1), part(1)]), "was answered 2 times");
        let more = produced(-1, vec![part(1), part(2)]);
        fires(more, "1 parts were asked, 2 were answered");
    }

    #[test]
    fn who_asked_for_no_answer_gets_none() {
        let part = || vec![(topic("t", 1), taken(0))];
        passes(produced(1, part()));
        fires(produced(0, part()), "asked for no answer");
    }

    #[test]
    fn only_what_was_fetched_is_in_the_answer() {
        let reading = |of| {
            let ask = super::super::rig::fetch(&topic("t", 1), 0);
            let reply = Reply::Fetch {
                error: 0,
                session: 0,
                parts: vec![(of, fetched(0, Vec::new()))],
            };
            Rig::<Replies>::new().exchange(ask, &reply)
        };
        passes(reading(topic("t", 1)));
        fires(reading(topic("u", 2)), "u-0 was not fetched");
    }

    #[test]
    fn offsets_and_epochs_are_answered_for_what_was_asked() {
        let (t, u) = (topic("t", 1), topic("u", 2));
        let epoch = |of: &Named| {
            let ask = Ask::EpochEnd {
                parts: vec![(t.clone(), 0)],
                epochs: vec![-1],
            };
            let end = crate::history::EpochEnd {
                error: 0,
                leader_epoch: 0,
                end_offset: 0,
            };
            let parts = vec![(of.clone(), end)];
            Rig::<Replies>::new().exchange(ask, &Reply::EpochEnd { parts })
        };
        passes(epoch(&t));
        fires(epoch(&u), "t-0 was answered 0 times");
        let offset = |of: &Named| {
            let ask = Ask::ListOffsets {
                committed: false,
                parts: vec![(t.clone(), -1)],
                epochs: vec![-1],
            };
            let parts = vec![(of.clone(), super::super::rig::offset(0, -1))];
            Rig::<Replies>::new().exchange(ask, &Reply::ListOffsets { parts })
        };
        passes(offset(&t));
        fires(offset(&u), "t-0 was answered 0 times");
    }

    #[test]
    fn what_is_no_answer_to_the_oldest_question_fires() {
        let what = "correlation 3 after 1";
        let garbled = Rig::<Replies>::new().see(&Seen::Garbled { client: 1, what });
        fires(garbled, what);
    }
}
