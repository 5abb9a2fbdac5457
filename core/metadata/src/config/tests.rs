//! The catalogue and the layers above it. What DescribeConfigs of Apache Kafka itself says is compared in `tests/`.

use std::collections::BTreeMap;

use super::*;

const SCOPES: [Scope; 4] = [
    Scope::Broker,
    Scope::Topic,
    Scope::Group,
    Scope::ClientMetrics,
];

fn own(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

fn statics(pairs: &[(&str, &str)]) -> StaticConfig {
    let mut statics = StaticConfig::new();
    for (name, value) in pairs {
        assert_eq!(statics.set(name, value), Ok(()));
    }
    statics
}

fn entry(entries: &[Entry], name: &str) -> Entry {
    let found = entries.iter().find(|entry| entry.key.name == name);
    assert!(found.is_some(), "{name} is described");
    found.cloned().unwrap_or_else(|| entries[0].clone())
}

#[test]
fn rows_are_sorted_and_their_defaults_are_valid() {
    for scope in SCOPES {
        let keys = definitions(scope);
        assert!(keys.is_sorted_by(|a, b| a.name < b.name), "Q1: {scope:?}");
        for key in keys {
            assert_eq!(
                lookup(scope, key.name).map(|found| found.name),
                Some(key.name)
            );
            if let Some(default) = key.default() {
                assert_eq!(key.check(default), Ok(()), "{}", key.name);
            }
        }
        assert!(lookup(scope, "no.such.key").is_none());
    }
}

#[test]
fn every_fallback_is_a_broker_key_whose_default_gives_the_topics() {
    let defaults = Layers::of(&StaticConfig::default()).statics.clone();
    for key in definitions(Scope::Topic) {
        for (name, unit) in topic_synonyms(key.name) {
            let broker = lookup(Scope::Broker, name);
            assert!(broker.is_some(), "{name}");
            let given = broker.and_then(|broker| broker.default());
            if let (Some(default), Some(given)) = (key.default(), given) {
                let number = given.parse::<i64>().map(|n| n * unit.factor());
                let same = number.map_or(given.to_owned(), |n| n.to_string());
                assert_eq!(same, default, "{} from {name}", key.name);
            }
        }
        let resolved = Layers::of(&defaults).topic_value(key);
        assert_eq!(resolved.value.as_deref(), key.default());
        assert_eq!(resolved.source, Source::Default);
    }
}

#[test]
fn values_by_type() {
    let allowed = |scope, name: &str, value: &str| {
        lookup(scope, name).is_some_and(|key| key.check(value).is_ok())
    };
    for (name, value, fits) in [
        ("retention.ms", "-1", true),
        ("retention.ms", " 5 ", true),
        ("retention.ms", "-2", false),
        ("retention.ms", "abc", false),
        ("retention.ms", "9223372036854775808", false),
        ("max.message.bytes", "2147483648", false),
        ("cleanup.policy", "compact, delete", true),
        ("cleanup.policy", "compact,compact", false),
        ("cleanup.policy", "", true),
        ("cleanup.policy", "shred", false),
        ("compression.type", "zstd", true),
        ("compression.type", "ZSTD", false),
        ("compression.gzip.level", "-1", true),
        ("compression.gzip.level", "0", false),
        ("min.cleanable.dirty.ratio", "0.25", true),
        ("min.cleanable.dirty.ratio", "1.5", false),
        ("min.cleanable.dirty.ratio", "NaN", false),
        ("preallocate", "TRUE", true),
        ("preallocate", "yes", false),
        ("leader.replication.throttled.replicas", "0:1,3:2", true),
        ("leader.replication.throttled.replicas", "*", true),
        ("leader.replication.throttled.replicas", "0-1", false),
    ] {
        assert_eq!(allowed(Scope::Topic, name, value), fits, "{name}={value}");
    }
    for (value, fits) in [
        ("latest", true),
        ("by_duration:PT1H30M", true),
        ("by_duration:P2DT0.5S", true),
        ("by_duration:P", false),
        ("by_duration:PT", false),
        ("by_duration:PT1M1H", false),
        ("by_duration:P-1D", false),
        ("by_duration:PT1é", false),
    ] {
        assert_eq!(
            allowed(Scope::Group, "share.auto.offset.reset", value),
            fits,
            "{value}"
        );
    }
    assert!(allowed(
        Scope::Broker,
        "group.consumer.migration.policy",
        "Upgrade"
    ));
    assert!(!allowed(
        Scope::Broker,
        "offsets.topic.replication.factor",
        "40000"
    ));
}

#[test]
fn a_refusal_says_what_is_allowed_and_hides_secrets() {
    let mut statics = StaticConfig::new();
    let said =
        |bad: Result<(), BadSetting>| bad.err().map(|bad| bad.to_string()).unwrap_or_default();
    assert_eq!(
        said(statics.set("num.partitions", "none")),
        "num.partitions cannot be \"none\": allowed is a whole number from 1 to 2147483647"
    );
    assert_eq!(
        said(statics.set("num.partition", "1")),
        "there is no key num.partition; the nearest is num.partitions"
    );
    assert_eq!(said(statics.set("zzz", "1")), "there is no key zzz");
    let checked = lookup(Scope::Broker, "ssl.key.password").map(|key| key.check("x"));
    assert_eq!(checked, Some(Ok(())));
}

#[test]
fn the_stronger_layer_wins_and_units_are_converted() {
    let statics = statics(&[("log.retention.hours", "2"), ("min.insync.replicas", "3")]);
    let cluster = own(&[("min.insync.replicas", "2"), ("log.retention.minutes", "7")]);
    let broker = own(&[("log.segment.bytes", "2097152")]);
    let topic = own(&[("retention.bytes", "99")]);
    let mut layers = Layers::of(&statics);
    assert_eq!(layers.whole("retention.ms"), 7_200_000);
    layers.cluster = Some(&cluster);
    layers.broker = Some(&broker);
    layers.topic = Some(&topic);
    let found = |name: &str| lookup(Scope::Topic, name).map(|key| layers.topic_value(key));
    for (name, value, source) in [
        ("retention.ms", "420000", Source::DynamicDefaultBroker),
        ("min.insync.replicas", "2", Source::DynamicDefaultBroker),
        ("segment.bytes", "2097152", Source::DynamicBroker),
        ("retention.bytes", "99", Source::Topic),
        ("segment.ms", "604800000", Source::Default),
    ] {
        let value = Some(value.to_owned());
        assert_eq!(found(name), Some(Resolved { value, source }), "{name}");
    }
    let forever = self::statics(&[("log.retention.hours", "-1")]);
    assert_eq!(Layers::of(&forever).whole("retention.ms"), -1);
}

#[test]
fn a_value_that_cannot_be_used_is_shown_but_gives_way() {
    let statics = statics(&[("log.retention.ms", "1000")]);
    let topic = own(&[("retention.ms", "abc"), ("cleanup.policy", "compact")]);
    let mut layers = Layers::of(&statics);
    layers.topic = Some(&topic);
    let described = entry(&describe_topic(&layers), "retention.ms");
    assert_eq!(described.value.as_deref(), Some("abc"));
    let config = TopicConfig::resolve(&layers);
    assert_eq!(config.retention_ms, 1000);
    assert!(config.compact && !config.delete);
}

#[test]
fn internal_segment_size_wins_and_is_shown_only_where_set() {
    let statics = StaticConfig::new();
    let topic = own(&[("internal.segment.bytes", "4096")]);
    let mut layers = Layers::of(&statics);
    let names = |layers: &Layers<'_>| -> Vec<&str> {
        describe_topic(layers)
            .iter()
            .map(|entry| entry.key.name)
            .collect()
    };
    assert_eq!(TopicConfig::resolve(&layers).segment_bytes, 1 << 30);
    assert!(!names(&layers).contains(&"internal.segment.bytes"));
    layers.topic = Some(&topic);
    assert_eq!(TopicConfig::resolve(&layers).segment_bytes, 4096);
    assert!(names(&layers).contains(&"internal.segment.bytes"));
}

#[test]
fn clients_settings_are_judged() {
    let given = |pairs: &[(&str, Option<&str>)]| {
        let owned =
            |(name, value): &(&str, Option<&str>)| ((*name).to_owned(), value.map(str::to_owned));
        check_topic(&pairs.iter().map(owned).collect::<Vec<_>>())
    };
    assert_eq!(
        given(&[("retention.ms", Some("5"))]).map(|taken| taken.len()),
        Ok(1)
    );
    let unknown = BadTopicConfig::Unknown("retention.sec".to_owned());
    assert_eq!(given(&[("retention.sec", Some("5"))]), Err(unknown));
    let null = BadTopicConfig::Null("retention.ms".to_owned());
    assert_eq!(given(&[("retention.ms", None)]), Err(null));
    let both = [("retention.ms", Some("5")), ("retention.ms", Some("6"))];
    assert_eq!(
        given(&both),
        Err(BadTopicConfig::Twice("retention.ms".to_owned()))
    );
    let lag = [
        ("min.compaction.lag.ms", Some("9")),
        ("max.compaction.lag.ms", Some("8")),
    ];
    assert!(matches!(given(&lag), Err(BadTopicConfig::Conflict(_))));
    let tiered = [("remote.storage.enable", Some("true"))];
    assert!(matches!(given(&tiered), Err(BadTopicConfig::Conflict(_))));
}

#[test]
fn shipped_values_are_shown_as_configured() {
    let statics = StaticConfig::new();
    assert_eq!(statics.whole("offsets.topic.replication.factor"), 1);
    assert_eq!(statics.whole("group.initial.rebalance.delay.ms"), 0);
    let shown = entry(
        &describe_broker(&Layers::of(&statics)),
        "transaction.state.log.min.isr",
    );
    assert_eq!(shown.source, Source::StaticBroker);
    assert_eq!(shown.value.as_deref(), Some("1"));
    assert!(shown.read_only);
    let sources: Vec<Source> = shown.synonyms.iter().map(|s| s.source).collect();
    assert_eq!(sources, [Source::StaticBroker, Source::Default]);
    assert_eq!(statics.unserved(), [""; 0]);
}

#[test]
fn unserved_settings_are_listed_and_security_is_not_among_them() {
    let statics = statics(&[
        ("num.io.threads", "8"),
        ("num.partitions", "4"),
        ("offsets.topic.replication.factor", "1"),
        ("ssl.keystore.location", "/somewhere"),
        ("transaction.state.log.min.isr", "2"),
    ]);
    let unserved = ["num.io.threads", "transaction.state.log.min.isr"];
    assert_eq!(statics.unserved(), unserved);
}

#[test]
fn secrets_are_never_described() {
    let statics = statics(&[("ssl.key.password", "hunter2")]);
    let shown = entry(&describe_broker(&Layers::of(&statics)), "ssl.key.password");
    assert_eq!((shown.value, shown.source), (None, Source::StaticBroker));
    assert_eq!(shown.synonyms.len(), 1);
    assert_eq!(shown.synonyms[0].value, None);
}
