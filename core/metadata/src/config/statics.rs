//! What the operator configured for this node, checked once.
//!
//! S1: every key held is in the catalogue and every value passed its check, so that reading one never fails.

use std::collections::BTreeMap;
use std::fmt;

use super::check::{entries, parse_boolean, parse_whole};
use super::{BadValue, Definition, Kind, Scope, Unit, lookup, nearest};

/// What Kafka's own single-node `server.properties` sets otherwise than its compiled defaults. Holds where the
/// operator said nothing, and is shown as if it had been configured.
pub const SHIPPED: &[(&str, &str)] = &[
    ("group.initial.rebalance.delay.ms", "0"),
    ("offsets.topic.replication.factor", "1"),
    ("share.coordinator.state.topic.min.isr", "1"),
    ("share.coordinator.state.topic.replication.factor", "1"),
    ("transaction.state.log.min.isr", "1"),
    ("transaction.state.log.replication.factor", "1"),
];

/// Why a setting is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadSetting {
    /// There is no such key.
    Unknown {
        /// What was set.
        name: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
    },
    /// The key has no such value.
    Value(BadValue),
}

impl fmt::Display for BadSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadSetting::Unknown {
                name,
                nearest: Some(nearest),
            } => write!(f, "there is no key {name}; the nearest is {nearest}"),
            BadSetting::Unknown { name, .. } => write!(f, "there is no key {name}"),
            BadSetting::Value(bad) => bad.fmt(f),
        }
    }
}

impl std::error::Error for BadSetting {}

/// The static settings of one node: configured, or shipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticConfig {
    set: BTreeMap<String, String>,
}

impl Default for StaticConfig {
    fn default() -> StaticConfig {
        let shipped = SHIPPED.iter();
        StaticConfig {
            set: shipped
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        }
    }
}

impl StaticConfig {
    /// The shipped settings.
    pub fn new() -> StaticConfig {
        StaticConfig::default()
    }

    /// Sets a key; the last one wins.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), BadSetting> {
        let Some(definition) = broker_key(name) else {
            return Err(BadSetting::Unknown {
                name: name.to_owned(),
                nearest: nearest(Scope::Broker, name),
            });
        };
        definition.check(value).map_err(BadSetting::Value)?;
        self.set.insert(name.to_owned(), value.trim().to_owned());
        Ok(())
    }

    /// The text that was set; defaults do not count.
    pub fn configured(&self, name: &str) -> Option<&str> {
        self.set.get(name).map(String::as_str)
    }

    /// Everything that is set, by name.
    pub fn all(&self) -> &BTreeMap<String, String> {
        &self.set
    }

    /// Keys that are set and that Ottla does nothing about yet, for one warning at the start.
    pub fn unserved(&self) -> Vec<&str> {
        let shipped = |name: &str, value: &str| SHIPPED.contains(&(name, value));
        self.set
            .iter()
            .filter(|(name, value)| !shipped(name, value))
            .filter(|(name, _)| broker_key(name).is_some_and(|key| !key.served && !key.security))
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// The text that holds: set, or the default; `None` where the default is none.
    pub fn text(&self, name: &str) -> Option<&str> {
        let key = lookup(Scope::Broker, name);
        assert!(key.is_some(), "S1: {name} is not in the catalogue");
        self.configured(name)
            .or_else(|| key.and_then(|key| key.default()))
    }

    /// The number that holds. For keys of whole numbers that have a default or were required to be set.
    pub fn whole(&self, name: &str) -> i64 {
        let value = self.text(name).and_then(parse_whole);
        assert!(value.is_some(), "S1: {name} holds no whole number");
        value.unwrap_or_default()
    }

    /// Whether it holds.
    pub fn is(&self, name: &str) -> bool {
        let value = self.text(name).and_then(parse_boolean);
        assert!(value.is_some(), "S1: {name} is neither true nor false");
        value.unwrap_or_default()
    }

    /// The entries of the list that holds; none where there is no value.
    pub fn list(&self, name: &str) -> Vec<&str> {
        self.text(name).map(entries).into_iter().flatten().collect()
    }

    /// The value of a topic key as this node's static settings give it, in the topic key's unit; defaults do not count.
    pub(super) fn for_topic(&self, fallbacks: &[(&'static str, Unit)]) -> Option<String> {
        fallbacks.iter().find_map(|(name, unit)| {
            let text = self.configured(name)?;
            Some(converted(text, *unit))
        })
    }
}

/// The key that a setting is of. `listener.name.<listener>.` before a key, and a mechanism between the two, narrow it to
/// one listener.
fn broker_key(name: &str) -> Option<&'static Definition> {
    let Some(mut rest) = name.strip_prefix("listener.name.") else {
        return lookup(Scope::Broker, name);
    };
    while let Some((_, after)) = rest.split_once('.') {
        rest = after;
        if let Some(key) = lookup(Scope::Broker, rest) {
            return Some(key);
        }
    }
    None
}

/// A broker key's value in the topic key's unit. Negative means "for ever" in every unit.
pub(super) fn converted(text: &str, unit: Unit) -> String {
    match (unit, parse_whole(text)) {
        (Unit::Same, _) | (_, None) => text.to_owned(),
        (_, Some(negative)) if negative < 0 => "-1".to_owned(),
        (_, Some(number)) => number.saturating_mul(unit.factor()).to_string(),
    }
}

/// The value as Kafka prints it once it has parsed it.
pub(super) fn printed(kind: Kind, text: &str) -> String {
    let text = text.trim();
    match kind {
        Kind::Boolean => text.to_ascii_lowercase(),
        Kind::List => entries(text).collect::<Vec<_>>().join(","),
        Kind::Int | Kind::Long | Kind::Short => {
            parse_whole(text).map_or_else(|| text.to_owned(), |number| number.to_string())
        }
        _ => text.to_owned(),
    }
}
