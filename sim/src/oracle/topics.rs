//! A topic whose creation was answered is there, after every crash, until its deletion is asked for; one whose deletion was answered never
//! comes back; of one name there is one topic.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Oracle, Scene, Verdict, fired};
use crate::history::{Ask, Reply, Seen, TopicId};
use crate::script::Nanos;

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Topics {
    /// Names whose topic was answered to be there, and since when.
    created: BTreeMap<Arc<str>, Nanos>,
    /// Ids whose deletion was answered, and when.
    deleted: BTreeMap<TopicId, Nanos>,
    /// When a name's deletion was asked for last.
    doomed: BTreeMap<Arc<str>, Nanos>,
    /// Producer ids that were handed out.
    producers: BTreeSet<i64>,
}

const NAME: &str = "topics";
const TOPIC_ALREADY_EXISTS: i16 = 36;
const UNKNOWN_TOPIC_OR_PARTITION: i16 = 3;

impl Oracle for Topics {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        match seen {
            Seen::Asked(asked) => {
                if let Ask::DeleteTopic { name, .. } = &asked.ask {
                    self.doomed.insert(Arc::clone(name), scene.at);
                    self.created.remove(name);
                }
                Ok(())
            }
            Seen::Started { .. } if scene.atlas.wiped().is_some_and(|at| at + 1 >= scene.at) => {
                self.created.clear();
                Ok(())
            }
            Seen::Died { .. } => Ok(()),
            Seen::Answered(asked, reply) => match (&asked.ask, reply) {
                (Ask::CreateTopic { name, .. }, Reply::CreateTopic { error, .. }) => {
                    // A deletion that was asked for meanwhile, or late from a dead connection, may have come after it; so may a wipe.
                    let wiped = scene.atlas.wiped().is_some_and(|at| at >= asked.at);
                    let sure = !wiped && !self.doomed.contains_key(name);
                    if sure && (*error == 0 || *error == TOPIC_ALREADY_EXISTS) {
                        self.created.entry(Arc::clone(name)).or_insert(scene.at);
                    }
                    Ok(())
                }
                (
                    Ask::DeleteTopic {
                        id, by_id: true, ..
                    },
                    Reply::DeleteTopic { error: 0 },
                ) => {
                    self.deleted.entry(*id).or_insert(scene.at);
                    Ok(())
                }
                (
                    Ask::InitProducerId,
                    Reply::InitProducerId {
                        error: 0, producer, ..
                    },
                ) => {
                    if !self.producers.insert(*producer) && scene.atlas.wiped().is_none() {
                        return fired(NAME, format!("producer id {producer} was handed out twice"));
                    }
                    Ok(())
                }
                (Ask::Metadata { topics, .. }, Reply::Metadata { topics: shown }) => {
                    self.shown(scene, asked.at, topics.as_deref(), shown)
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

impl Topics {
    fn shown(
        &self,
        scene: &Scene<'_>,
        asked_at: Nanos,
        asked: Option<&[Arc<str>]>,
        shown: &[crate::history::TopicShown],
    ) -> Verdict {
        let wiped = scene.atlas.wiped().unwrap_or(0);
        let mut names = BTreeSet::new();
        for topic in shown {
            let back = self.deleted.get(&topic.id).is_some_and(|at| *at < asked_at);
            if topic.error == 0 && back {
                return fired(
                    NAME,
                    format!("{} was deleted, and is there again", topic.name),
                );
            }
            if !names.insert(&topic.name) {
                return fired(NAME, format!("{} is there twice", topic.name));
            }
        }
        for (name, since) in &self.created {
            if *since >= asked_at || *since < wiped {
                continue;
            }
            let found = shown.iter().find(|topic| topic.name == *name);
            let wanted = asked.is_none_or(|asked| asked.contains(name));
            let lost = match found {
                None => wanted,
                Some(topic) => topic.error == UNKNOWN_TOPIC_OR_PARTITION,
            };
            if lost {
                return fired(NAME, format!("{name} was created, and is not there"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::rig::{Rig, fires, listed, passes, topic};
    use super::{Ask, Reply, TOPIC_ALREADY_EXISTS, Topics, UNKNOWN_TOPIC_OR_PARTITION};
    use crate::atlas::Entry;
    use crate::history::{Death, Named};
    use crate::script::MS;

    fn create(rig: &mut Rig<Topics>, of: &Named, error: i16) {
        let ask = Ask::CreateTopic {
            name: of.topic.clone(),
            partitions: 1,
            settings: Vec::new(),
        };
        let id = Some(of.id);
        passes(rig.exchange(ask, &Reply::CreateTopic { error, id }));
    }

    fn delete(of: &Named) -> Ask {
        Ask::DeleteTopic {
            name: of.topic.clone(),
            id: of.id,
            by_id: true,
        }
    }

    #[test]
    fn what_was_created_is_there_after_a_crash() {
        let (t, u) = (topic("t", 1), topic("u", 2));
        for error in [0, TOPIC_ALREADY_EXISTS] {
            let mut rig = Rig::new();
            create(&mut rig, &t, error);
            rig.die(Death::PowerCut);
            rig.start();
            passes(rig.metadata(vec![listed(&u), listed(&t)]));
            fires(
                rig.metadata(vec![listed(&u)]),
                "t was created, and is not there",
            );
            let mut unknown = listed(&t);
            unknown.error = UNKNOWN_TOPIC_OR_PARTITION;
            fires(
                rig.metadata(vec![unknown]),
                "t was created, and is not there",
            );
        }
    }

    #[test]
    fn what_was_created_before_a_wipe_is_gone_though_the_answer_came_after_it() {
        let t = topic("t", 1);
        let mut rig = Rig::<Topics>::new();
        let asked = rig.ask(Ask::CreateTopic {
            name: t.topic.clone(),
            partitions: 1,
            settings: Vec::new(),
        });
        rig.atlas.note(rig.at, Entry::Wiped);
        rig.at += MS;
        let id = Some(t.id);
        passes(rig.answer(&asked, &Reply::CreateTopic { error: 0, id }));
        rig.start();
        passes(rig.metadata(Vec::new()));
    }

    #[test]
    fn what_somebody_wants_deleted_may_be_gone() {
        let t = topic("t", 1);
        let mut rig = Rig::new();
        create(&mut rig, &t, 0);
        let _unanswered = rig.ask(delete(&t));
        passes(rig.metadata(Vec::new()));
    }

    #[test]
    fn what_was_deleted_never_comes_back() {
        let (t, anew) = (topic("t", 1), topic("t", 2));
        let mut rig = Rig::<Topics>::new();
        passes(rig.metadata(vec![listed(&t)]));
        passes(rig.exchange(delete(&t), &Reply::DeleteTopic { error: 0 }));
        passes(rig.metadata(vec![listed(&anew)]));
        fires(
            rig.metadata(vec![listed(&t)]),
            "was deleted, and is there again",
        );
    }

    #[test]
    fn of_one_name_there_is_one_topic() {
        let mut rig = Rig::<Topics>::new();
        passes(rig.metadata(vec![listed(&topic("t", 1)), listed(&topic("u", 2))]));
        let twice = vec![listed(&topic("t", 1)), listed(&topic("t", 2))];
        fires(rig.metadata(twice), "t is there twice");
    }

    #[test]
    fn no_producer_id_is_handed_out_twice() {
        let mut rig = Rig::<Topics>::new();
        let handed = |producer| Reply::InitProducerId {
            error: 0,
            producer,
            epoch: 0,
        };
        passes(rig.exchange(Ask::InitProducerId, &handed(1)));
        passes(rig.exchange(Ask::InitProducerId, &handed(2)));
        let twice = rig.exchange(Ask::InitProducerId, &handed(1));
        fires(twice, "producer id 1 was handed out twice");
    }
}
