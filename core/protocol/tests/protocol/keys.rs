//! The table of API keys against the specs.

use crate::specs;
use ottla_generator::Kind;
use ottla_protocol::{ApiKey, versions};

#[test]
fn every_key_is_that_of_a_spec() {
    let specs = specs();
    for kind in [Kind::Request, Kind::Response] {
        let mut said: Vec<(i16, &str, i16)> = specs
            .iter()
            .filter(|message| message.kind == kind)
            .map(|message| {
                let flexible = message.flexible;
                let first = if flexible.is_empty() {
                    i16::MAX
                } else {
                    flexible.first
                };
                (message.key.expect("a key"), message.file(), first)
            })
            .collect();
        said.sort_unstable();
        let known: Vec<(i16, &str, i16)> = ApiKey::ALL
            .iter()
            .map(|key| (key.code(), key.name(), key.first_flexible()))
            .collect();
        assert_eq!(known, said, "{kind:?}");
    }
}

#[test]
fn what_is_newer_than_kafka_4_3_is_served_in_no_version() {
    let newer = ApiKey::ALL.iter().filter(|key| versions(**key).is_none());
    let newer: Vec<i16> = newer.map(|key| key.code()).collect();
    assert_eq!(newer, [93, 94]);
}
