//! What DescribeConfigs says of a topic, a broker and the cluster's defaults: each value, its source, and the chain of
//! values behind it.
//!
//! D1: the chain names broker keys and begins with the first key that a topic's key falls back on. What stands
//! before that key's first value is left out, so a value that comes from hours alone has no chain and is shown as a
//! default, as Kafka does.

use std::collections::BTreeMap;

use super::statics::printed;
use super::{Definition, Layers, Mode, Scope, broker_names, definitions, lookup, topic_synonyms};

/// Where a value comes from, with DescribeConfigs' numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i8)]
pub enum Source {
    /// Set on the topic.
    Topic = 1,
    /// Set on this broker while it ran.
    DynamicBroker = 2,
    /// Set for all brokers while they ran.
    DynamicDefaultBroker = 3,
    /// Configured by the operator.
    StaticBroker = 4,
    /// Compiled in.
    Default = 5,
}

impl Source {
    /// The number in DescribeConfigs and CreateTopics.
    pub const fn code(self) -> i8 {
        self as i8
    }
}

/// One value behind a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synonym {
    /// The key it is set under.
    pub name: &'static str,
    /// The value as it was set; `None` where it is never shown.
    pub value: Option<String>,
    /// Where it is set.
    pub source: Source,
}

/// One key as described.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: &'static Definition,
    /// What holds; `None` for none, and for what is never shown.
    pub value: Option<String>,
    /// Where it comes from.
    pub source: Source,
    /// Whether it cannot be changed while the node runs.
    pub read_only: bool,
    /// The values behind it, the one that holds first.
    pub synonyms: Vec<Synonym>,
}

/// Every key of a topic. Internal keys only where they are set.
pub fn describe_topic(layers: &Layers<'_>) -> Vec<Entry> {
    let is_set = |name: &str| layers.topic.is_some_and(|values| values.contains_key(name));
    definitions(Scope::Topic)
        .iter()
        .filter(|key| !key.internal || is_set(key.name))
        .map(|key| topic_entry(key, layers))
        .collect()
}

fn topic_entry(key: &'static Definition, layers: &Layers<'_>) -> Entry {
    let value = layers.topic_value(key).value;
    let mut synonyms = Vec::new();
    if layers.topic.is_some_and(|own| own.contains_key(key.name)) {
        synonyms.push(Synonym {
            name: key.name,
            value: value.clone(),
            source: Source::Topic,
        });
    }
    if let Some((first, _)) = topic_synonyms(key.name).first() {
        synonyms.extend(chain(first, layers));
    }
    Entry {
        key,
        source: synonyms
            .first()
            .map_or(Source::Default, |first| first.source),
        value,
        read_only: false,
        synonyms,
    }
}

/// Every key of this broker. Internal keys only where they are set.
pub fn describe_broker(layers: &Layers<'_>) -> Vec<Entry> {
    definitions(Scope::Broker)
        .iter()
        .filter(|key| !key.internal || layers.statics.configured(key.name).is_some())
        .map(|key| {
            let synonyms = chain(key.name, layers);
            broker_entry(key, synonyms)
        })
        .collect()
}

/// The cluster's dynamic defaults: only what is set.
pub fn describe_cluster(cluster: &BTreeMap<String, String>) -> Vec<Entry> {
    definitions(Scope::Broker)
        .iter()
        .filter_map(|key| {
            let text = cluster.get(key.name)?;
            let only = Synonym {
                name: key.name,
                value: shown(key, text),
                source: Source::DynamicDefaultBroker,
            };
            Some(broker_entry(key, vec![only]))
        })
        .collect()
}

fn broker_entry(key: &'static Definition, synonyms: Vec<Synonym>) -> Entry {
    let holds = synonyms.first();
    let value = match holds {
        Some(first) => first.value.as_deref().map(|text| printed(key.kind, text)),
        None if key.is_sensitive() => None,
        None => key.default().map(str::to_owned),
    };
    Entry {
        key,
        value,
        source: holds.map_or(Source::Default, |first| first.source),
        read_only: key.mode == Mode::ReadOnly,
        synonyms,
    }
}

fn shown(key: &Definition, text: &str) -> Option<String> {
    (!key.is_sensitive()).then(|| text.to_owned())
}

/// The values behind a broker key, from its own first value on (D1).
fn chain(name: &'static str, layers: &Layers<'_>) -> Vec<Synonym> {
    let names = broker_names(name);
    let mut all = Vec::new();
    let dynamic = [
        (layers.broker, Source::DynamicBroker),
        (layers.cluster, Source::DynamicDefaultBroker),
        (Some(layers.statics.all()), Source::StaticBroker),
    ];
    for (layer, source) in dynamic {
        let Some(values) = layer else { continue };
        for name in &names {
            if let (Some(text), Some(key)) = (values.get(*name), lookup(Scope::Broker, name)) {
                let value = shown(key, text);
                all.push(Synonym {
                    name: key.name,
                    value,
                    source,
                });
            }
        }
    }
    for name in &names {
        if let Some(key) = lookup(Scope::Broker, name)
            && let Some(text) = key.default()
        {
            all.push(Synonym {
                name: key.name,
                value: shown(key, text),
                source: Source::Default,
            });
        }
    }
    all.into_iter()
        .skip_while(|synonym| synonym.name != name)
        .collect()
}
