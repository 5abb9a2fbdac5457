//! The cluster as it stands after a record of the metadata log. Built by [`crate::Fold`], read by everybody else; it never
//! changes, and a clone shares everything.
//!
//! M1: every topic is found by its id and by its name, and nothing else is found by them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use ottla_machine::{LeaderEpoch, NodeId, Offset};
use ottla_protocol::Uuid;

use crate::config::{Layers, StaticConfig};
use crate::kept::ACCESS_CONTROL_ENTRY;
use crate::{Broker, ControllerNode, Kept, Partition, Topic};

/// A map whose clones share their entries, in the order of its keys.
pub(crate) type Map<K, V> = rpds::RedBlackTreeMapSync<K, V>;

/// The numbers of what can be configured.
pub mod resource_type {
    /// A topic, by its name.
    pub const TOPIC: i8 = 2;
    /// A broker, by its number as text; the empty name is the default of all.
    pub const BROKER: i8 = 4;
    /// The loggers of a broker.
    pub const BROKER_LOGGER: i8 = 8;
    /// A client metrics subscription.
    pub const CLIENT_METRICS: i8 = 16;
    /// A group.
    pub const GROUP: i8 = 32;
}

/// What can be configured.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    /// One of [`resource_type`]; others are kept.
    pub kind: i8,
    /// Which.
    pub name: String,
}

impl Resource {
    /// A topic.
    pub fn topic(name: &str) -> Resource {
        Resource {
            kind: resource_type::TOPIC,
            name: name.to_owned(),
        }
    }

    /// A broker.
    pub fn broker(node: NodeId) -> Resource {
        Resource {
            kind: resource_type::BROKER,
            name: node.to_string(),
        }
    }

    /// The default of all brokers.
    pub fn cluster() -> Resource {
        Resource {
            kind: resource_type::BROKER,
            name: String::new(),
        }
    }
}

/// A record that does not fit what came before it. The log must not be used further: skipping it would be guessing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// Where it is.
    pub offset: Offset,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the metadata record at offset {} cannot be applied: {}",
            self.offset, self.why
        )
    }
}

impl std::error::Error for Unfit {}

/// The cluster's metadata.
#[derive(Clone)]
pub struct Image {
    /// The last offset that is in it; -1 when there is none.
    pub offset: Offset,
    /// The epoch of the controller that wrote it; -1 when there is none.
    pub epoch: LeaderEpoch,
    pub(crate) features: Map<String, i16>,
    pub(crate) brokers: Map<NodeId, Arc<Broker>>,
    pub(crate) controllers: Map<NodeId, Arc<ControllerNode>>,
    pub(crate) topics: Map<Uuid, Arc<Topic>>,
    pub(crate) names: Map<Arc<str>, Uuid>,
    /// Names with `.` or `_`, by what they look like where both are the same (metrics).
    pub(crate) alike: Map<String, Arc<str>>,
    pub(crate) configs: Map<Resource, Arc<BTreeMap<String, String>>>,
    pub(crate) producer_ids: Option<ProducerIds>,
    pub(crate) kept: Map<Kept, Bytes>,
}

/// The last lease of producer ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProducerIds {
    pub(crate) broker: NodeId,
    pub(crate) broker_epoch: i64,
    pub(crate) next: i64,
}

impl Default for Image {
    fn default() -> Image {
        Image {
            offset: Offset(-1),
            epoch: LeaderEpoch::NONE,
            features: Map::new_sync(),
            brokers: Map::new_sync(),
            controllers: Map::new_sync(),
            topics: Map::new_sync(),
            names: Map::new_sync(),
            alike: Map::new_sync(),
            configs: Map::new_sync(),
            producer_ids: None,
            kept: Map::new_sync(),
        }
    }
}

impl Image {
    /// Nothing yet.
    pub fn new() -> Image {
        Image::default()
    }

    /// The finalized features with their levels, all above 0, by name.
    pub fn features(&self) -> impl Iterator<Item = (&str, i16)> {
        self.features
            .iter()
            .map(|(name, level)| (name.as_str(), *level))
    }

    /// The finalized level of a feature; 0 when it is off.
    pub fn feature(&self, name: &str) -> i16 {
        self.features.get(name).copied().unwrap_or(0)
    }

    /// The registered brokers, by number.
    pub fn brokers(&self) -> impl Iterator<Item = &Arc<Broker>> {
        self.brokers.values()
    }

    /// A registered broker.
    pub fn broker(&self, node: NodeId) -> Option<&Arc<Broker>> {
        self.brokers.get(&node)
    }

    /// The registered controllers, by number.
    pub fn controllers(&self) -> impl Iterator<Item = &Arc<ControllerNode>> {
        self.controllers.values()
    }

    /// The topics, by name.
    pub fn topics(&self) -> impl Iterator<Item = &Arc<Topic>> {
        self.names.values().filter_map(|id| self.topics.get(id))
    }

    /// How many topics there are.
    pub fn topic_count(&self) -> usize {
        self.topics.size()
    }

    /// The topic of this id.
    pub fn topic(&self, id: Uuid) -> Option<&Arc<Topic>> {
        self.topics.get(&id)
    }

    /// The topic of this name.
    pub fn topic_named(&self, name: &str) -> Option<&Arc<Topic>> {
        self.topics.get(self.names.get(name)?)
    }

    /// Another topic whose name differs only in `.` and `_`; Kafka's metrics would take them for one.
    pub fn alike(&self, name: &str) -> Option<&str> {
        let other = self.alike.get(&looks(name)?)?;
        (**other != *name).then_some(&**other)
    }

    /// A partition.
    pub fn partition(&self, id: Uuid, index: i32) -> Option<&Arc<Partition>> {
        let index = usize::try_from(index).ok()?;
        self.topic(id)?.partitions.get(index)
    }

    /// What is configured for a resource; `None` when nothing is.
    pub fn config(&self, resource: &Resource) -> Option<&BTreeMap<String, String>> {
        self.configs.get(resource).map(|values| &**values)
    }

    /// Everything that is configured.
    pub fn configs(&self) -> impl Iterator<Item = (&Resource, &BTreeMap<String, String>)> {
        self.configs
            .iter()
            .map(|(resource, values)| (resource, &**values))
    }

    /// Where the settings of a topic come from on a node; `None` for a topic that is not there yet.
    pub fn layers<'a>(
        &'a self,
        topic: Option<&str>,
        node: NodeId,
        statics: &'a StaticConfig,
    ) -> Layers<'a> {
        Layers {
            topic: topic.and_then(|name| self.config(&Resource::topic(name))),
            broker: self.config(&Resource::broker(node)),
            cluster: self.config(&Resource::cluster()),
            statics,
        }
    }

    /// The first producer id that nobody has leased.
    pub fn next_producer_id(&self) -> i64 {
        self.producer_ids.map_or(0, |ids| ids.next)
    }

    /// Records that are kept without being served, as they came.
    pub fn kept(&self) -> impl Iterator<Item = (&Kept, &Bytes)> {
        self.kept.iter()
    }

    /// How many ACLs are among them: a cluster that has any was meant to be protected.
    pub fn acls(&self) -> usize {
        self.kept()
            .filter(|(kept, _)| kept.record == ACCESS_CONTROL_ENTRY)
            .count()
    }

    /// The invariants of the replicated metadata. Kafka's own directories keep them too.
    pub fn check(&self) {
        assert_eq!(self.topics.size(), self.names.size(), "M1");
        for (name, id) in self.names.iter() {
            let found = self.topics.get(id).map(|topic| &topic.name);
            assert_eq!(found, Some(name), "M1: {name}");
        }
    }
}

/// What a name looks like where `.` and `_` are the same; `None` when it has neither.
pub(crate) fn looks(name: &str) -> Option<String> {
    name.contains(['.', '_']).then(|| name.replace('.', "_"))
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image")
            .field("offset", &self.offset)
            .field("epoch", &self.epoch)
            .field("brokers", &self.brokers.size())
            .field("topics", &self.topics.size())
            .finish_non_exhaustive()
    }
}

/// Two images are equal when they say the same of the cluster, whatever offsets they say it at.
impl PartialEq for Image {
    fn eq(&self, other: &Image) -> bool {
        self.features == other.features
            && self.brokers == other.brokers
            && self.controllers == other.controllers
            && self.topics == other.topics
            && self.configs == other.configs
            && self.producer_ids == other.producer_ids
            && self.kept == other.kept
    }
}
