//! What a client knows of topics, as clients do: by asking for their metadata, until an answer says that it is old.
//!
//! | a topic is | on | becomes |
//! |---|---|---|
//! | Unknown | metadata shows it | Here |
//! | Unknown | metadata says there is none | Missing |
//! | Here, Missing | an error that asks for it, or somebody who waits for it | Unknown |
//! | Missing | some time | Unknown |

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::history::{Named, TopicId, TopicShown};
use crate::script::{MS, Nanos, Operation, Place, Script};

/// No topic has it: not known.
pub(crate) const NO_ID: TopicId = [0; 16];

/// How long a topic that is not there is not looked for, while there is something else to do.
const MISSING: Nanos = 300 * MS;

const UNKNOWN_TOPIC_OR_PARTITION: i16 = 3;
const INVALID_TOPIC: i16 = 17;

/// What is known of one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Knowledge {
    Unknown,
    /// It is looked for again when this time has come.
    Missing {
        until: Nanos,
    },
    /// By partition: its leader's epoch, -1 where that is not known.
    Here(Vec<i32>),
}

#[derive(Clone, Debug)]
struct Topic {
    name: Arc<str>,
    id: TopicId,
    knowledge: Knowledge,
    /// The script has it created by name, so that nobody creates it by asking for it.
    scripted: bool,
    /// The script has it compacted at some time: every record needs a key.
    compacted: bool,
}

/// Where a partition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Metadata must be asked for first.
    Unknown,
    /// There is no such topic.
    Missing,
    /// The topic has so many partitions.
    Here { partitions: i32 },
}

/// What a client knows of topics.
#[derive(Clone, Debug)]
pub(crate) struct Topics {
    topics: BTreeMap<u32, Topic>,
    wanted: BTreeSet<u32>,
    /// An id is needed: metadata must be of a version that has ids.
    pub wants_ids: bool,
    /// A request for it is under way.
    pub asking: bool,
    /// Not asked for before.
    pub not_before: Nanos,
}

impl Topics {
    /// Nothing is known but what the script has created.
    pub fn new(script: &Script) -> Topics {
        let mut topics = Topics {
            topics: BTreeMap::new(),
            wanted: BTreeSet::new(),
            wants_ids: false,
            asking: false,
            not_before: 0,
        };
        let ops = script.clients.iter().flat_map(|client| &client.ops);
        for op in ops {
            if let Operation::CreateTopic {
                topic, settings, ..
            } = &op.what
            {
                let topic = topics.topic(*topic);
                topic.scripted = true;
                topic.compacted |= settings
                    .iter()
                    .any(|(name, value)| name == "cleanup.policy" && value.contains("compact"));
            }
        }
        topics
    }

    fn topic(&mut self, number: u32) -> &mut Topic {
        self.topics.entry(number).or_insert_with(|| Topic {
            name: format!("t{number}").into(),
            id: NO_ID,
            knowledge: Knowledge::Unknown,
            scripted: false,
            compacted: false,
        })
    }

    /// The topic's name.
    pub fn name(&mut self, number: u32) -> Arc<str> {
        Arc::clone(&self.topic(number).name)
    }

    /// Its id, if it is known.
    pub fn id(&self, number: u32) -> TopicId {
        self.topics.get(&number).map_or(NO_ID, |topic| topic.id)
    }

    /// Whether every record needs a key.
    pub fn compacted(&self, number: u32) -> bool {
        self.topics
            .get(&number)
            .is_some_and(|topic| topic.compacted)
    }

    /// A partition as a request names it.
    pub fn named(&mut self, place: Place, by_id: bool) -> Named {
        let topic = self.topic(place.topic);
        Named {
            topic: Arc::clone(&topic.name),
            id: topic.id,
            by_id: by_id && topic.id != NO_ID,
            index: place.partition,
        }
    }

    /// What is known of a topic; what is not known will be asked for.
    pub fn find(&mut self, now: Nanos, number: u32) -> Found {
        let found = match &self.topic(number).knowledge {
            Knowledge::Missing { until } if now < *until => Found::Missing,
            Knowledge::Unknown | Knowledge::Missing { .. } => Found::Unknown,
            Knowledge::Here(epochs) => Found::Here {
                partitions: epochs.len() as i32,
            },
        };
        if found == Found::Unknown {
            self.wanted.insert(number);
        }
        found
    }

    /// The epoch of a partition's leader, -1 when it is not known.
    pub fn leader_epoch(&self, place: Place) -> i32 {
        let topic = self.topics.get(&place.topic);
        match topic.map(|topic| &topic.knowledge) {
            Some(Knowledge::Here(epochs)) => {
                let index = usize::try_from(place.partition).ok();
                index
                    .and_then(|index| epochs.get(index))
                    .copied()
                    .unwrap_or(-1)
            }
            _ => -1,
        }
    }

    /// What is known of a topic is old.
    pub fn stale(&mut self, number: u32, id_too: bool) {
        self.topic(number).knowledge = Knowledge::Unknown;
        self.wants_ids |= id_too;
    }

    /// Whether something is to be asked for.
    pub fn wants(&self) -> bool {
        !self.asking && !self.wanted.is_empty()
    }

    /// Which topics to ask for now, and whether they may be created by that.
    pub fn next(&mut self) -> (Vec<u32>, bool) {
        let scripted = |number: &u32| self.topics.get(number).is_some_and(|topic| topic.scripted);
        let (by_script, others): (Vec<u32>, Vec<u32>) =
            self.wanted.iter().copied().partition(scripted);
        let creates = by_script.is_empty();
        (if creates { others } else { by_script }, creates)
    }

    /// An answer of Metadata. Topics that the client has not asked for are learnt as well.
    pub fn learn(&mut self, now: Nanos, shown: &[TopicShown]) {
        for topic in shown {
            let Some(number) = number(&topic.name) else {
                continue;
            };
            let known = self.topic(number);
            match topic.error {
                0 if topic.id != NO_ID => known.id = topic.id,
                UNKNOWN_TOPIC_OR_PARTITION => known.id = NO_ID,
                _ => {}
            }
            known.knowledge = match topic.error {
                0 => {
                    let mut epochs = vec![-1; topic.partitions.len()];
                    for (index, _, epoch, _) in &topic.partitions {
                        let index = usize::try_from(*index).unwrap_or(usize::MAX);
                        if let Some(known) = epochs.get_mut(index) {
                            *known = *epoch;
                        }
                    }
                    Knowledge::Here(epochs)
                }
                UNKNOWN_TOPIC_OR_PARTITION | INVALID_TOPIC => Knowledge::Missing {
                    until: now + MISSING,
                },
                _ => Knowledge::Unknown,
            };
            if known.knowledge != Knowledge::Unknown {
                self.wanted.remove(&number);
            }
        }
    }
}

/// The number of a topic of a script.
pub(crate) fn number(name: &str) -> Option<u32> {
    name.strip_prefix('t')?.parse().ok()
}

/// The partition that a client speaks of.
pub(crate) fn place(named: &Named) -> Option<Place> {
    Some(Place {
        topic: number(&named.topic)?,
        partition: named.index,
    })
}
