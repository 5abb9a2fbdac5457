//! Who has asked the wrong broker is told the right one: who leads, in which epoch, and where that broker is for clients of the listener that
//! was asked.

use std::borrow::Cow;

use ottla_machine::Conn;
use ottla_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use ottla_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use ottla_protocol::messages::{
    FetchRequest, FetchResponse, MetadataRecord, PartitionChangeRecord, ProduceRequest,
    ProduceResponse,
};
use ottla_protocol::{ApiKey, ErrorCode, Records, Uuid};

use super::house::{House, batch, opened, request};

/// What an answer points to: leader and epoch of each partition, and the addresses.
type Pointed = (Vec<(i32, i32)>, Vec<(i32, String, i32, Option<String>)>);

/// Of two partitions, whose leader is node 1 in epoch 0.
const PARTITIONS: [i32; 2] = [0, 1];

fn nowhere() -> Pointed {
    (vec![(-1, -1); 2], Vec::new())
}

fn to(host: &str, port: i32) -> Pointed {
    let address = (1, host.to_owned(), port, Some("r1".to_owned()));
    (vec![(1, 0); 2], vec![address])
}

fn house(refuses: ErrorCode) -> (House, Uuid) {
    let mut house = House::new();
    let topic_id = house.topic("t", 2);
    for partition_id in PARTITIONS {
        house.apply(MetadataRecord::PartitionChange(PartitionChangeRecord {
            partition_id,
            topic_id,
            leader: 1,
            ..PartitionChangeRecord::default()
        }));
    }
    house.refuses = Some(refuses);
    (house, topic_id)
}

/// A topic as a version names it.
fn named(version: i16, id: Uuid) -> (Cow<'static, str>, Uuid) {
    if version >= 13 {
        ("".into(), id)
    } else {
        ("t".into(), Uuid::ZERO)
    }
}

fn produce(house: &mut House, conn: Conn, version: i16, id: Uuid) -> Pointed {
    let records = batch(b"v");
    let data = |index| PartitionProduceData {
        index,
        records: Some(Records::Bytes(&records)),
    };
    let (name, topic_id) = named(version, id);
    let asked = ProduceRequest {
        acks: 1,
        timeout_ms: 1_000,
        topic_data: vec![TopicProduceData {
            name,
            topic_id,
            partition_data: PARTITIONS.map(data).into(),
        }],
        ..ProduceRequest::default()
    };
    house.send(
        conn,
        &request(ApiKey::Produce, version, 1, |w, v| asked.encode(w, v)),
    );
    let frames = house.frames(conn);
    let (_, mut reader) = opened(ApiKey::Produce, version, &frames[0]);
    let answer = ProduceResponse::decode(&mut reader, version).expect("an answer");
    let said = answer.responses[0].partition_responses.iter();
    let leaders = said.map(|said| &said.current_leader);
    let endpoints = answer.node_endpoints.into_iter().map(|at| {
        let rack = at.rack.map(Cow::into_owned);
        (at.node_id, at.host.into_owned(), at.port, rack)
    });
    (
        leaders.map(|it| (it.leader_id, it.leader_epoch)).collect(),
        endpoints.collect(),
    )
}

fn fetch(house: &mut House, conn: Conn, version: i16, id: Uuid) -> Pointed {
    let (topic, topic_id) = named(version, id);
    let wanted = |partition| FetchPartition {
        partition,
        partition_max_bytes: 1_000,
        ..FetchPartition::default()
    };
    let asked = FetchRequest {
        session_epoch: -1,
        max_bytes: 1_000,
        topics: vec![FetchTopic {
            topic,
            topic_id,
            partitions: PARTITIONS.map(wanted).into(),
        }],
        ..FetchRequest::default()
    };
    house.send(
        conn,
        &request(ApiKey::Fetch, version, 1, |w, v| asked.encode(w, v)),
    );
    let frames = house.frames(conn);
    let (_, mut reader) = opened(ApiKey::Fetch, version, &frames[0]);
    let answer = FetchResponse::decode(&mut reader, version).expect("an answer");
    let said = answer.responses[0].partitions.iter();
    let leaders = said.map(|said| &said.current_leader);
    let endpoints = answer.node_endpoints.into_iter().map(|at| {
        let rack = at.rack.map(Cow::into_owned);
        (at.node_id, at.host.into_owned(), at.port, rack)
    });
    (
        leaders.map(|it| (it.leader_id, it.leader_epoch)).collect(),
        endpoints.collect(),
    )
}

#[test]
fn a_producer_is_sent_to_the_leader_at_its_own_listener() {
    let (mut house, id) = house(ErrorCode::NotLeaderOrFollower);
    for (listener, host, port) in [(0, "one.example", 9092), (1, "two.example", 19093)] {
        let conn = house.connect_to(listener);
        for version in 3..=13 {
            let expected = if version >= 10 {
                to(host, port)
            } else {
                nowhere()
            };
            let found = produce(&mut house, conn, version, id);
            assert_eq!(found, expected, "listener {listener} version {version}");
        }
    }
}

#[test]
fn a_reader_is_sent_to_the_leader_at_its_own_listener() {
    for code in [ErrorCode::NotLeaderOrFollower, ErrorCode::FencedLeaderEpoch] {
        let (mut house, id) = house(code);
        for (listener, host, port) in [(0, "one.example", 9092), (1, "two.example", 19093)] {
            let conn = house.connect_to(listener);
            for version in 4..=18 {
                let expected = if version >= 16 {
                    to(host, port)
                } else {
                    nowhere()
                };
                let found = fetch(&mut house, conn, version, id);
                assert_eq!(found, expected, "{code} at {listener} version {version}");
            }
        }
    }
}

#[test]
fn other_refusals_point_to_nobody() {
    let (mut house, id) = house(ErrorCode::KafkaStorageError);
    let conn = house.connect();
    assert_eq!(produce(&mut house, conn, 13, id), nowhere());
    assert_eq!(fetch(&mut house, conn, 18, id), nowhere());
}
