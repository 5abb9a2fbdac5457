//! What Kafka answered to DescribeConfigs, entry by entry: value, source, read-only, type, synonyms.

use std::collections::BTreeMap;

use ottla_metadata::config::{Entry, Layers, StaticConfig, describe_cluster, describe_topic};
use ottla_protocol::messages::DescribeConfigsResponse;
use ottla_protocol::messages::describe_configs_response::DescribeConfigsResult;
use ottla_protocol::{Reader, ResponseHeader};

const EXCHANGES: &str = include_str!("../../../../vectors/kafka-4.3.1/exchanges.jsonl");
const TOPIC: i8 = 2;
const BROKER: i8 = 4;

/// One described key: name, value, read-only, source, sensitive, synonyms, type.
type Told = (String, Option<String>, bool, i8, bool, Vec<Synonym>, i8);
type Synonym = (String, Option<String>, i8);

fn told(entry: &Entry, version: i16, synonyms: bool) -> Told {
    let chain = entry.synonyms.iter();
    let chain = chain.map(|one| (one.name.to_owned(), one.value.clone(), one.source.code()));
    (
        entry.key.name.to_owned(),
        entry.value.clone(),
        entry.read_only,
        entry.source.code(),
        entry.key.is_sensitive(),
        chain.filter(|_| synonyms).collect(),
        if version >= 3 {
            entry.key.kind.code()
        } else {
            0
        },
    )
}

fn kafkas(result: &DescribeConfigsResult<'_>) -> Vec<Told> {
    let own = |text: &Option<std::borrow::Cow<'_, str>>| text.as_ref().map(|text| text.to_string());
    let mut all: Vec<Told> = result
        .configs
        .iter()
        .map(|config| {
            let chain = config.synonyms.iter();
            let chain = chain.map(|one| (one.name.to_string(), own(&one.value), one.source));
            (
                config.name.to_string(),
                own(&config.value),
                config.read_only,
                config.config_source,
                config.is_sensitive,
                chain.collect(),
                config.config_type,
            )
        })
        .collect();
    all.sort();
    all
}

fn hex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

/// The static settings of the cluster that answered, as the vectors' README tells them: version 2 was asked of the single
/// node, version 4 of the three.
fn statics(version: i16) -> StaticConfig {
    let mut statics = StaticConfig::new();
    let set: &[(&str, &str)] = match version {
        2 => &[
            ("log.index.interval.bytes", "256"),
            ("log.cleaner.min.cleanable.ratio", "0.01"),
        ],
        _ => &[("min.insync.replicas", "2")],
    };
    for (name, value) in set {
        statics.set(name, value).unwrap();
    }
    statics
}

#[test]
fn topics_and_the_cluster_are_described_as_kafka_does() {
    let mut compared = 0;
    for line in EXCHANGES.lines() {
        let exchange: serde_json::Value = serde_json::from_str(line).unwrap();
        if exchange["api_key"] != 32 {
            continue;
        }
        let version = exchange["api_version"].as_i64().unwrap() as i16;
        let bytes = hex(exchange["response"].as_str().unwrap());
        let mut reader = Reader::new(&bytes);
        let header_version = i16::from(version >= DescribeConfigsResponse::FIRST_FLEXIBLE);
        ResponseHeader::decode(&mut reader, header_version).unwrap();
        let response = DescribeConfigsResponse::decode(&mut reader, version).unwrap();
        for result in &response.results {
            let synonyms = result
                .configs
                .iter()
                .any(|config| !config.synonyms.is_empty());
            let entries = match result.resource_type {
                TOPIC => topic(result, version),
                BROKER => cluster(version),
                _ => continue,
            };
            let ours: Vec<Told> = entries
                .iter()
                .map(|entry| told(entry, version, synonyms))
                .collect();
            assert_eq!(ours, kafkas(result), "{}", result.resource_name);
            compared += 1;
        }
    }
    assert!(compared >= 6, "only {compared} answers compared");
}

fn cluster_defaults(version: i16) -> BTreeMap<String, String> {
    let value = if version == 2 { "1" } else { "2" };
    pairs(&[("min.insync.replicas", value)])
}

fn topic(result: &DescribeConfigsResult<'_>, version: i16) -> Vec<Entry> {
    // The topic's own settings are those that Kafka marks as the topic's.
    let own: BTreeMap<String, String> = result
        .configs
        .iter()
        .filter(|config| config.config_source == 1)
        .map(|config| {
            let value = config.value.clone().unwrap_or_default();
            (config.name.to_string(), value.into_owned())
        })
        .collect();
    let statics = statics(version);
    let cluster = cluster_defaults(version);
    let mut layers = Layers::of(&statics);
    layers.topic = Some(&own);
    layers.cluster = Some(&cluster);
    describe_topic(&layers)
}

fn cluster(version: i16) -> Vec<Entry> {
    describe_cluster(&cluster_defaults(version))
}
