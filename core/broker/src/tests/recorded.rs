//! Requests as real clients sent them to Apache Kafka 4.3.1 (`vectors/kafka-4.3.1`): each is read and answered here, in its own
//! version, on a connection that goes on.

use std::collections::BTreeMap;

use bytes::Bytes;
use ottla_protocol::messages::*;
use ottla_protocol::{ApiKey, DecodeError, Reader};

use super::house::{House, opened};
use crate::api;

const EXCHANGES: &str = include_str!("../../../../vectors/kafka-4.3.1/exchanges.jsonl");

struct Exchange {
    key: ApiKey,
    version: i16,
    request: Vec<u8>,
    response: Bytes,
}

fn field<'a>(line: &'a str, name: &str) -> &'a str {
    let (_, rest) = line
        .split_once(&format!("\"{name}\":"))
        .expect("a field of every line");
    let rest = rest.trim_start_matches([' ', '"']);
    rest.split([',', '"', '}']).next().unwrap_or("")
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
    (0..hex.len()).step_by(2).map(digit).collect()
}

/// What clients asked brokers and is served here.
fn exchanges() -> Vec<Exchange> {
    let served = |line: &str| {
        let key = ApiKey::from_i16(field(line, "api_key").parse().ok()?)?;
        let version = field(line, "api_version").parse().ok()?;
        let asked = field(line, "listener") == "broker" && api::serves(key, version);
        asked.then(|| Exchange {
            key,
            version,
            request: bytes(field(line, "request")),
            response: bytes(field(line, "response")).into(),
        })
    };
    EXCHANGES.lines().filter_map(served).collect()
}

fn decode(key: ApiKey, version: i16, r: &mut Reader<'_>) -> Result<(), DecodeError> {
    match key {
        ApiKey::Produce => ProduceResponse::decode(r, version).map(drop),
        ApiKey::Fetch => FetchResponse::decode(r, version).map(drop),
        ApiKey::ListOffsets => ListOffsetsResponse::decode(r, version).map(drop),
        ApiKey::Metadata => MetadataResponse::decode(r, version).map(drop),
        ApiKey::FindCoordinator => FindCoordinatorResponse::decode(r, version).map(drop),
        ApiKey::SaslHandshake => SaslHandshakeResponse::decode(r, version).map(drop),
        ApiKey::SaslAuthenticate => SaslAuthenticateResponse::decode(r, version).map(drop),
        ApiKey::ApiVersions => ApiVersionsResponse::decode(r, version).map(drop),
        ApiKey::CreateTopics => CreateTopicsResponse::decode(r, version).map(drop),
        ApiKey::DeleteTopics => DeleteTopicsResponse::decode(r, version).map(drop),
        ApiKey::DeleteRecords => DeleteRecordsResponse::decode(r, version).map(drop),
        ApiKey::InitProducerId => InitProducerIdResponse::decode(r, version).map(drop),
        ApiKey::OffsetForLeaderEpoch => OffsetForLeaderEpochResponse::decode(r, version).map(drop),
        ApiKey::DescribeConfigs => DescribeConfigsResponse::decode(r, version).map(drop),
        ApiKey::DescribeQuorum => DescribeQuorumResponse::decode(r, version).map(drop),
        ApiKey::DescribeCluster => DescribeClusterResponse::decode(r, version).map(drop),
        ApiKey::OffsetCommit => OffsetCommitResponse::decode(r, version).map(drop),
        ApiKey::OffsetFetch => OffsetFetchResponse::decode(r, version).map(drop),
        ApiKey::JoinGroup => JoinGroupResponse::decode(r, version).map(drop),
        ApiKey::Heartbeat => HeartbeatResponse::decode(r, version).map(drop),
        ApiKey::LeaveGroup => LeaveGroupResponse::decode(r, version).map(drop),
        ApiKey::SyncGroup => SyncGroupResponse::decode(r, version).map(drop),
        ApiKey::DescribeGroups => DescribeGroupsResponse::decode(r, version).map(drop),
        ApiKey::ListGroups => ListGroupsResponse::decode(r, version).map(drop),
        ApiKey::DeleteGroups => DeleteGroupsResponse::decode(r, version).map(drop),
        ApiKey::OffsetDelete => OffsetDeleteResponse::decode(r, version).map(drop),
        ApiKey::ConsumerGroupDescribe => {
            ConsumerGroupDescribeResponse::decode(r, version).map(drop)
        }
        other => panic!("{other} is served: its answers must be read here"),
    }
}

#[test]
fn every_recorded_request_is_answered() {
    let mut seen: BTreeMap<ApiKey, usize> = BTreeMap::new();
    for exchange in exchanges() {
        let Exchange {
            key,
            version,
            request,
            ..
        } = exchange;
        *seen.entry(key).or_default() += 1;
        let mut house = House::new();
        let conn = house.connect();
        let mut frame = (request.len() as i32).to_be_bytes().to_vec();
        frame.extend_from_slice(&request);
        house.send(conn, &frame);
        // Long polls, and questions to a controller that says nothing here.
        house.pass_ms(120_000);
        assert!(!house.closed(conn), "{key} {version}: {:?}", house.notes);
        let frames = house.frames(conn);
        assert_eq!(frames.len(), 1, "{key} {version}");
        let (correlation, mut reader) = opened(key, version, &frames[0]);
        assert_eq!(correlation.to_be_bytes(), request[4..8], "{key} {version}");
        decode(key, version, &mut reader)
            .unwrap_or_else(|error| panic!("{key} {version}: {error}"));
        assert_eq!(reader.left(), 0, "{key} {version}");
    }
    let least = [
        ApiKey::Produce,
        ApiKey::Fetch,
        ApiKey::Metadata,
        ApiKey::ListOffsets,
        ApiKey::ApiVersions,
    ];
    assert!(least.iter().all(|key| seen.contains_key(key)), "{seen:?}");
}

#[test]
fn what_is_advertised_is_what_kafka_advertises() {
    let recorded = exchanges()
        .into_iter()
        .filter(|exchange| exchange.key == ApiKey::ApiVersions);
    for Exchange {
        version,
        request,
        response,
        ..
    } in recorded
    {
        let mut house = House::new();
        let conn = house.connect();
        let mut frame = (request.len() as i32).to_be_bytes().to_vec();
        frame.extend_from_slice(&request);
        house.send(conn, &frame);
        let frames = house.frames(conn);
        let versions = |frame: &Bytes| -> BTreeMap<i16, (i16, i16)> {
            let (_, mut reader) = opened(ApiKey::ApiVersions, version, frame);
            let said = ApiVersionsResponse::decode(&mut reader, version).expect("an answer");
            said.api_keys
                .iter()
                .map(|api| (api.api_key, (api.min_version, api.max_version)))
                .collect()
        };
        let (ours, kafkas) = (versions(&frames[0]), versions(&response));
        assert!(!ours.is_empty());
        for (key, range) in ours {
            assert_eq!(kafkas.get(&key), Some(&range), "key {key}");
        }
    }
}
