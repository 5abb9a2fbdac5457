//! Everything that was recorded between Apache Kafka 4.3.1 and its clients, read and written again.

use crate::recode::{Recoded, recode};
use crate::unhex;
use ottla_protocol::{
    ApiKey, Frame, Reader, RequestHeader, ResponseHeader, messages, request, response, versions,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// The APIs of which no exchange was recorded.
const NOT_RECORDED: [ApiKey; 14] = [
    ApiKey::AddOffsetsToTxn,
    ApiKey::AlterConfigs,
    ApiKey::AlterReplicaLogDirs,
    ApiKey::CreateDelegationToken,
    ApiKey::RenewDelegationToken,
    ApiKey::ExpireDelegationToken,
    ApiKey::DescribeDelegationToken,
    ApiKey::FetchSnapshot,
    ApiKey::UnregisterBroker,
    ApiKey::GetTelemetrySubscriptions,
    ApiKey::PushTelemetry,
    ApiKey::AssignReplicasToDirs,
    ApiKey::AddRaftVoter,
    ApiKey::RemoveRaftVoter,
];

/// A recorded request with its response, whole frames without the length.
pub struct Exchange {
    pub key: i16,
    pub version: i16,
    pub request: Vec<u8>,
    pub response: Vec<u8>,
}

/// All of them.
pub fn recorded() -> Vec<Exchange> {
    let text = include_str!("../../../../vectors/kafka-4.3.1/exchanges.jsonl");
    let exchange = |line: &str| {
        let line: Value = serde_json::from_str(line).expect("a line of JSON");
        let number = |name: &str| {
            line[name]
                .as_i64()
                .and_then(|n| i16::try_from(n).ok())
                .expect("a number")
        };
        let bytes = |name: &str| unhex(line[name].as_str().expect("hexadecimal"));
        Exchange {
            key: number("api_key"),
            version: number("api_version"),
            request: bytes("request"),
            response: bytes("response"),
        }
    };
    text.lines().map(exchange).collect()
}

fn body(name: &str, version: i16, bytes: &[u8]) -> Vec<u8> {
    match recode(name, version, bytes) {
        Recoded::Written(read, Ok(again)) if read == bytes.len() => again,
        other => panic!("{name} {version}: {other:?} of {bytes:02x?}"),
    }
}

/// A frame must be the recorded bytes behind their length.
fn same(frame: Frame, recorded: &[u8], what: &str) {
    assert!(frame.holes.is_empty());
    assert_eq!(
        frame.bytes[..4],
        (recorded.len() as i32).to_be_bytes(),
        "{what}"
    );
    assert_eq!(frame.bytes[4..], *recorded, "{what}");
}

#[test]
fn every_recorded_exchange_there_and_back() {
    let mut seen: BTreeMap<ApiKey, BTreeMap<i16, usize>> = BTreeMap::new();
    for exchange in recorded() {
        let Some(key) = ApiKey::from_i16(exchange.key) else {
            panic!("{} is a key of Kafka 4.3", exchange.key)
        };
        let version = exchange.version;
        let served = versions(key).is_some_and(|known| known.contains(&version));
        assert!(served, "{key} {version}");

        let mut r = Reader::new(&exchange.request);
        let header = RequestHeader::read(&mut r).unwrap();
        assert_eq!(
            (header.request_api_key, header.request_api_version),
            (key.code(), version)
        );
        let again = body(&format!("{key}Request"), version, r.rest());
        let frame = request(
            key,
            version,
            header.correlation_id,
            header.client_id.as_deref(),
            |w| {
                w.raw(&again);
                Ok(())
            },
        );
        same(
            frame.unwrap(),
            &exchange.request,
            &format!("{key}Request {version}"),
        );

        let mut r = Reader::new(&exchange.response);
        let header = ResponseHeader::decode(&mut r, key.response_header_version(version)).unwrap();
        let again = body(&format!("{key}Response"), version, r.rest());
        let frame = response(key, version, header.correlation_id, |w| {
            w.raw(&again);
            Ok(())
        });
        same(
            frame.unwrap(),
            &exchange.response,
            &format!("{key}Response {version}"),
        );
        *seen.entry(key).or_default().entry(version).or_default() += 1;
    }
    let exchanges: usize = seen.values().flat_map(BTreeMap::values).sum();
    let pairs: usize = seen.values().map(BTreeMap::len).sum();
    println!(
        "{exchanges} exchanges of {} APIs in {pairs} versions",
        seen.len()
    );
    let unseen: Vec<ApiKey> = ApiKey::ALL
        .iter()
        .copied()
        .filter(|key| versions(*key).is_some() && !seen.contains_key(key))
        .collect();
    assert_eq!(unseen, NOT_RECORDED, "no exchange of these");
}

#[test]
fn versions_are_those_that_kafka_advertises() {
    let mut compared = 0;
    for exchange in recorded()
        .into_iter()
        .filter(|e| e.key == ApiKey::ApiVersions.code())
    {
        let mut r = Reader::new(&exchange.response);
        ResponseHeader::decode(&mut r, 0).unwrap();
        let answer = messages::ApiVersionsResponse::decode(&mut r, exchange.version).unwrap();
        let advertised = answer.api_keys.iter().filter_map(|api| {
            let key = ApiKey::from_i16(api.api_key)?;
            Some((key, versions(key)?, api.min_version..=api.max_version))
        });
        for (key, ours, kafkas) in advertised {
            compared += 1;
            // Produce is advertised from 0 for old clients, and refused below 3.
            let expected = if key == ApiKey::Produce {
                3..=*kafkas.end()
            } else {
                kafkas
            };
            assert_eq!(ours, expected, "{key}");
        }
    }
    assert!(compared > 0, "no answer of ApiVersions was recorded");
}
