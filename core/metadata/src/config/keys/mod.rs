//! The catalogue: the keys of Apache Kafka 4.3.1 and two of ours (`log.flush.on.ack`, `produce.batch.validation`).
//!
//! A row: name, type, default, range, importance, mode, and flags: `internal` as in Kafka, `served` when Ottla does what
//! it says, `security` when it asks for protection.
//!
//! Q1: the rows of a scope are sorted by name, so that a key is found by halving.

mod broker;
mod group;
mod topic;

use super::{Definition, Scope};

macro_rules! keys {
    ($scope:ident $($name:literal $kind:ident $preset:tt $valid:tt $importance:ident $mode:ident $($flag:ident)*;)*) => {
        &[$(
            $crate::config::Definition {
                scope: $crate::config::Scope::$scope,
                name: $name,
                kind: $crate::config::Kind::$kind,
                preset: keys!(@preset $preset),
                valid: keys!(@valid $valid),
                importance: $crate::config::Importance::$importance,
                mode: keys!(@mode $mode),
                internal: keys!(@internal $($flag)*),
                served: keys!(@served $($flag)*),
                security: keys!(@security $($flag)*),
            },
        )*]
    };
    (@preset required) => { $crate::config::Preset::Required };
    (@preset null) => { $crate::config::Preset::Null };
    (@preset $value:literal) => { $crate::config::Preset::Value($value) };
    (@valid any) => { $crate::config::Valid::Any };
    (@valid [filled]) => { $crate::config::Valid::Filled };
    (@valid [throttled]) => { $crate::config::Valid::Throttled };
    (@valid [reset]) => { $crate::config::Valid::Reset };
    (@valid [of $($value:literal)*]) => { $crate::config::Valid::OneOf(&[$($value),*]) };
    (@valid [anycase $($value:literal)*]) => { $crate::config::Valid::AnyCase(&[$($value),*]) };
    (@valid [$low:literal to $high:literal]) => { $crate::config::Valid::Fraction($low, $high) };
    (@valid [$low:literal .. $high:literal or $also:literal]) => { $crate::config::Valid::BetweenOr($low, $high, $also) };
    (@valid [$low:literal .. $high:literal]) => { $crate::config::Valid::Between($low, $high) };
    (@valid [$low:literal ..]) => { $crate::config::Valid::AtLeast($low) };
    (@mode readonly) => { $crate::config::Mode::ReadOnly };
    (@mode broker) => { $crate::config::Mode::PerBroker };
    (@mode cluster) => { $crate::config::Mode::ClusterWide };
    (@mode dynamic) => { $crate::config::Mode::Dynamic };
    (@internal internal $($rest:ident)*) => { true };
    (@internal $first:ident $($rest:ident)*) => { keys!(@internal $($rest)*) };
    (@internal) => { false };
    (@served served $($rest:ident)*) => { true };
    (@served $first:ident $($rest:ident)*) => { keys!(@served $($rest)*) };
    (@served) => { false };
    (@security security $($rest:ident)*) => { true };
    (@security $first:ident $($rest:ident)*) => { keys!(@security $($rest)*) };
    (@security) => { false };
}
use keys;

/// Every key of a scope, sorted by name.
pub fn definitions(scope: Scope) -> &'static [Definition] {
    match scope {
        Scope::Broker => broker::KEYS,
        Scope::Topic => topic::KEYS,
        Scope::Group => group::KEYS,
        Scope::ClientMetrics => group::CLIENT_METRICS,
    }
}

/// The key of this name.
pub fn lookup(scope: Scope, name: &str) -> Option<&'static Definition> {
    let keys = definitions(scope);
    let at = keys.binary_search_by(|key| key.name.cmp(name)).ok()?;
    keys.get(at)
}
