//! Which of several values holds: the topic's own, this broker's dynamic one, the cluster's dynamic default, the
//! operator's static one, or the compiled default.

use std::collections::BTreeMap;

use super::check::{parse_boolean, parse_whole};
use super::statics::{converted, printed};
use super::{Definition, Scope, Source, StaticConfig, lookup, topic_synonyms};

/// Where values come from, strongest first. All of it is borrowed from the image and the node.
#[derive(Clone, Copy)]
pub struct Layers<'a> {
    /// The topic's own.
    pub topic: Option<&'a BTreeMap<String, String>>,
    /// What was set for this broker while it ran.
    pub broker: Option<&'a BTreeMap<String, String>>,
    /// What was set for all brokers while they ran.
    pub cluster: Option<&'a BTreeMap<String, String>>,
    /// What the operator configured.
    pub statics: &'a StaticConfig,
}

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The value; `None` where the default is none.
    pub value: Option<String>,
    /// Where it comes from.
    pub source: Source,
}

impl<'a> Layers<'a> {
    /// Only what the operator configured.
    pub fn of(statics: &'a StaticConfig) -> Layers<'a> {
        Layers {
            topic: None,
            broker: None,
            cluster: None,
            statics,
        }
    }

    /// What holds for a topic's key, as text, usable or not.
    pub fn topic_value(&self, key: &Definition) -> Resolved {
        self.find(key, |_| true)
    }

    /// What holds for a topic's key; a value that cannot be used gives way to the next lower layer (C1).
    pub fn usable(&self, key: &Definition) -> Option<String> {
        self.find(key, |value| key.check(value).is_ok()).value
    }

    fn find(&self, key: &Definition, fits: impl Fn(&str) -> bool) -> Resolved {
        let fallbacks = topic_synonyms(key.name);
        let own = self
            .topic
            .and_then(|values| values.get(key.name).cloned())
            .map(|value| (value, Source::Topic));
        let dynamic = |layer: Option<&BTreeMap<String, String>>, source| {
            let values = layer?;
            let found = fallbacks.iter().find_map(|(name, unit)| {
                let text = values.get(*name)?;
                Some(converted(text, *unit))
            });
            found.map(|value| (value, source))
        };
        let candidates = [
            own,
            dynamic(self.broker, Source::DynamicBroker),
            dynamic(self.cluster, Source::DynamicDefaultBroker),
            self.statics
                .for_topic(fallbacks)
                .map(|value| (value, Source::StaticBroker)),
        ];
        for (value, source) in candidates.into_iter().flatten() {
            if fits(&value) {
                return Resolved {
                    value: Some(printed(key.kind, &value)),
                    source,
                };
            }
        }
        Resolved {
            value: key.default().map(str::to_owned),
            source: Source::Default,
        }
    }

    /// What holds for a topic's key of whole numbers.
    pub fn whole(&self, name: &str) -> i64 {
        let value = self.typed(name).and_then(|value| parse_whole(&value));
        assert!(value.is_some(), "C1: {name} resolves to no whole number");
        value.unwrap_or_default()
    }

    /// Whether a topic's key holds.
    pub fn is(&self, name: &str) -> bool {
        let value = self.typed(name).and_then(|value| parse_boolean(&value));
        assert!(
            value.is_some(),
            "C1: {name} resolves to neither true nor false"
        );
        value.unwrap_or_default()
    }

    /// What holds for a topic's key of text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.typed(name)
    }

    fn typed(&self, name: &str) -> Option<String> {
        let key = lookup(Scope::Topic, name);
        assert!(key.is_some(), "C1: {name} is not a topic's key");
        key.and_then(|key| self.usable(key))
    }
}
