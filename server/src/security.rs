//! What asks for a protection that is not there yet. In: [`Settings`] and [`Listeners`]. Out: the places that ask for it, without their
//! values, which may be secrets.
//!
//! Y1: nothing that asks for protection is dropped silently: the start is refused, or `--override authorizer.class.name=` gives it up
//! in so many words and a warning names what was given up.

use ottla_metadata::config::{Scope, lookup};

use crate::listeners::Listeners;
use crate::settings::{Setting, Settings, Source};

/// The key whose empty override gives protection up.
pub const AUTHORIZER: &str = "authorizer.class.name";

/// Keys of Kafka's own authorizer, which are not among its broker's.
const OF_THE_AUTHORIZER: [&str; 2] = ["super.users", "allow.everyone.if.no.acl.found"];

/// Whether a key, with this value, asks for protection.
pub fn asks(key: &str, value: &str) -> bool {
    if OF_THE_AUTHORIZER.contains(&key) {
        return true;
    }
    if let Some(own) = listener_key(key) {
        return own.contains("ssl.") || own.contains("sasl.") || is_protection(own, value);
    }
    is_protection(key, value)
}

fn is_protection(key: &str, value: &str) -> bool {
    lookup(Scope::Broker, key)
        .is_some_and(|key| key.security && key.default().unwrap_or_default() != value)
}

/// What follows `listener.name.<listener>.` in a key.
pub fn listener_key(key: &str) -> Option<&str> {
    Some(key.strip_prefix("listener.name.")?.split_once('.')?.1)
}

/// Whether protection was given up in so many words.
pub fn is_given_up(settings: &Settings) -> bool {
    let said = |setting: &Setting| setting.source == Source::Override && setting.value.is_empty();
    settings.find(AUTHORIZER).is_some_and(said)
}

/// Everything that asks for protection: key and place.
pub fn asked(settings: &Settings, listeners: &Listeners) -> Vec<String> {
    let keys = settings
        .iter()
        .filter(|(key, setting)| asks(key, &setting.value))
        .map(|(key, setting)| format!("{key} ({})", setting.source));
    let protocols = listeners
        .secured
        .iter()
        .map(|(name, protocol, by)| format!("{protocol} of {name}, by {by}"));
    keys.chain(protocols).collect()
}

#[cfg(test)]
mod tests {
    use super::asks;

    #[test]
    fn keys_that_protect_are_known_everywhere_they_can_stand() {
        for key in [
            "authorizer.class.name",
            "super.users",
            "ssl.keystore.location",
            "sasl.enabled.mechanisms",
            "listener.name.internal.ssl.keystore.location",
            "listener.name.internal.scram-sha-256.sasl.jaas.config",
            "listener.name.internal.principal.builder.class",
        ] {
            assert!(asks(key, "x"), "{key}");
        }
    }

    #[test]
    fn a_key_that_says_what_holds_anyway_asks_for_nothing() {
        assert!(!asks("authorizer.class.name", ""));
        assert!(!asks("ssl.client.auth", "none"));
        assert!(!asks("num.partitions", "3"));
        assert!(!asks("listener.name.internal.max.connections", "3"));
    }
}
