//! Which settings ask for protection that is not there yet. The server refuses to start on them: security is never
//! dropped silently.

use super::StaticConfig;
use super::statics::broker_key;

/// The settings that ask for authentication, encryption or authorization: each a key, with what it asks for where
/// the key alone does not say it. Empty when the node may start unprotected.
pub fn security_wanted(statics: &StaticConfig) -> Vec<String> {
    let mut wanted: Vec<String> = statics
        .all()
        .iter()
        .filter(|(name, value)| {
            broker_key(name)
                .is_some_and(|key| key.security && key.default().unwrap_or_default() != **value)
        })
        .map(|(name, _)| name.clone())
        .collect();
    for listener in ["listeners", "advertised.listeners"] {
        for entry in statics.list(listener) {
            let name = entry.split("://").next().unwrap_or_default();
            let protocol = protocol_of(statics, name);
            if !protocol.eq_ignore_ascii_case("PLAINTEXT") {
                wanted.push(format!("{listener} ({name} is {protocol})"));
            }
        }
    }
    wanted
}

/// The security protocol of a listener: as the map says, or its own name.
fn protocol_of<'a>(statics: &'a StaticConfig, listener: &'a str) -> &'a str {
    let map = statics.list("listener.security.protocol.map");
    map.iter()
        .filter_map(|entry| entry.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case(listener))
        .map_or_else(
            || {
                if listener == CONTROLLER {
                    "PLAINTEXT"
                } else {
                    listener
                }
            },
            |(_, protocol)| protocol,
        )
}

/// Kafka reads a listener of this name as plaintext when the map leaves it out.
const CONTROLLER: &str = "CONTROLLER";
