//! Produce as bytes.

use bytes::Bytes;
use ottla_machine::Conn;
use ottla_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use ottla_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use ottla_protocol::messages::{FetchRequest, ProduceRequest, ProduceResponse};
use ottla_protocol::{ApiKey, Records, Uuid};

use super::house::{House, batch, opened, request};

/// A batch of one record for one partition.
pub fn produce(correlation_id: i32, topic: &str, partition: i32, acks: i16) -> Vec<u8> {
    produce_as(
        9,
        correlation_id,
        (topic, Uuid::ZERO),
        partition,
        acks,
        Some(&batch(b"value")),
    )
}

fn produce_as(
    version: i16,
    correlation_id: i32,
    topic: (&str, Uuid),
    index: i32,
    acks: i16,
    records: Option<&Bytes>,
) -> Vec<u8> {
    request(ApiKey::Produce, version, correlation_id, |w, v| {
        let records = records.map(|bytes| Records::Bytes(bytes));
        let partition_data = [PartitionProduceData { index, records }];
        let name = if version >= 13 {
            "".into()
        } else {
            topic.0.into()
        };
        let topic_data = vec![TopicProduceData {
            name,
            topic_id: topic.1,
            partition_data: partition_data.into(),
        }];
        ProduceRequest {
            acks,
            timeout_ms: 1_000,
            topic_data,
            ..ProduceRequest::default()
        }
        .encode(w, v)
    })
}

/// A fetch without a session.
pub fn fetch_at(correlation_id: i32, topic: &str, fetch_offset: i64, max_wait_ms: i32) -> Vec<u8> {
    request(ApiKey::Fetch, 11, correlation_id, |w, v| {
        let partitions = [FetchPartition {
            fetch_offset,
            partition_max_bytes: 10_000_000,
            ..FetchPartition::default()
        }];
        let topics = vec![FetchTopic {
            topic: topic.into(),
            partitions: partitions.into(),
            ..FetchTopic::default()
        }];
        let (min_bytes, max_bytes) = (1, 10_000_000);
        FetchRequest {
            max_wait_ms,
            min_bytes,
            max_bytes,
            topics,
            ..FetchRequest::default()
        }
        .encode(w, v)
    })
}

/// Error, base offset and log start of the first partition answered for.
fn answer(house: &mut House, conn: Conn, version: i16) -> (i16, i64, i64) {
    let frames = house.frames(conn);
    assert_eq!(frames.len(), 1);
    let (_, mut reader) = opened(ApiKey::Produce, version, &frames[0]);
    let response = ProduceResponse::decode(&mut reader, version).expect("an answer");
    assert_eq!((reader.left(), response.throttle_time_ms), (0, 0));
    let said = &response.responses[0].partition_responses[0];
    (said.error_code, said.base_offset, said.log_start_offset)
}

#[test]
fn every_version_appends() {
    for version in 3..=13 {
        let mut house = House::new();
        let id = house.topic("t", 1);
        let conn = house.connect();
        for offset in 0..3 {
            let topic = if version >= 13 {
                ("", id)
            } else {
                ("t", Uuid::ZERO)
            };
            house.send(
                conn,
                &produce_as(version, 1, topic, 0, -1, Some(&batch(b"v"))),
            );
            let start = if version >= 5 { 0 } else { -1 };
            assert_eq!(
                answer(&mut house, conn, version),
                (0, offset, start),
                "version {version}"
            );
        }
    }
}

#[test]
fn what_lies_in_the_log_is_what_was_sent() {
    let mut house = House::new();
    house.topic("t", 1);
    let conn = house.connect();
    let sent = batch(&[3; 5_000]);
    house.send(
        conn,
        &produce_as(9, 1, ("t", Uuid::ZERO), 0, 1, Some(&sent)),
    );
    assert_eq!(
        house
            .logs
            .values()
            .next()
            .map(|log| log.batches[0].2.clone()),
        Some(sent)
    );
}

#[test]
fn refusals_before_the_log() {
    let mut house = House::new();
    house.topic("t", 1);
    house.topic("__consumer_offsets", 1);
    let conn = house.connect();
    let good = batch(b"v");
    let zero = Uuid::ZERO;
    type Case<'a> = (i16, (&'a str, Uuid), i32, i16, Option<&'a Bytes>, i16);
    let cases: [Case<'_>; 9] = [
        (9, ("t", zero), 0, 2, Some(&good), 21),
        (9, ("t", zero), 0, -2, Some(&good), 21),
        (9, ("nowhere", zero), 0, 1, Some(&good), 3),
        (9, ("nowhere", zero), 0, 7, Some(&good), 3),
        (9, ("t", zero), 1, 1, Some(&good), 3),
        (9, ("t", zero), -1, 1, Some(&good), 3),
        (13, ("", Uuid([5; 16])), 0, 1, Some(&good), 100),
        (9, ("t", zero), 0, 1, None, 87),
        (9, ("__consumer_offsets", zero), 0, 1, Some(&good), 17),
    ];
    for (version, topic, partition, acks, records, code) in cases {
        house.send(
            conn,
            &produce_as(version, 1, topic, partition, acks, records),
        );
        assert_eq!(
            answer(&mut house, conn, version),
            (code, -1, -1),
            "{topic:?}-{partition} acks={acks}"
        );
    }
    assert!(house.logs.values().all(|log| log.batches.is_empty()));
    assert!(!house.closed(conn));
}

#[test]
fn acks_0_is_never_answered_and_its_errors_close() {
    let mut house = House::new();
    house.topic("t", 1);
    let conn = house.connect();
    for _ in 0..5 {
        house.send(conn, &produce(1, "t", 0, 0));
    }
    assert!(house.frames(conn).is_empty() && !house.closed(conn));
    assert_eq!(house.logs.values().next().map(|log| log.end()), Some(5));
    house.send(conn, &produce(1, "nowhere", 0, 0));
    assert!(house.frames(conn).is_empty() && house.closed(conn));
}

#[test]
fn several_partitions_are_answered_in_the_order_of_the_request() {
    let mut house = House::new();
    house.topic("t", 5);
    let conn = house.connect();
    house.held = Some(Default::default());
    let records = batch(b"v");
    let bytes = request(ApiKey::Produce, 9, 1, |w, v| {
        let of = |index| PartitionProduceData {
            index,
            records: Some(Records::Bytes(&records)),
        };
        let some = TopicProduceData {
            name: "t".into(),
            partition_data: [3, 0, 9, 4].map(of).into(),
            ..Default::default()
        };
        let none = TopicProduceData {
            name: "nowhere".into(),
            partition_data: [of(0)].into(),
            ..Default::default()
        };
        ProduceRequest {
            acks: -1,
            timeout_ms: 1_000,
            topic_data: vec![some, none],
            ..Default::default()
        }
        .encode(w, v)
    });
    house.send(conn, &bytes);
    house.release(true);
    let frames = house.frames(conn);
    let (_, mut reader) = opened(ApiKey::Produce, 9, &frames[0]);
    let response = ProduceResponse::decode(&mut reader, 9).expect("an answer");
    let said: Vec<(String, i32, i16)> = response
        .responses
        .iter()
        .flat_map(|topic| {
            topic
                .partition_responses
                .iter()
                .map(|p| (topic.name.to_string(), p.index, p.error_code))
        })
        .collect();
    let of = |name: &str, index, code| (name.to_owned(), index, code);
    assert_eq!(
        said,
        [
            of("t", 3, 0),
            of("t", 0, 0),
            of("t", 9, 3),
            of("t", 4, 0),
            of("nowhere", 0, 3)
        ]
    );
}

#[test]
fn a_produce_whose_time_is_up_is_answered_and_forgotten() {
    let mut house = House::new();
    house.topic("t", 1);
    let conn = house.connect();
    house.held = Some(Default::default());
    house.send(conn, &produce(1, "t", 0, -1));
    house.pass_ms(999);
    assert!(house.frames(conn).is_empty());
    house.pass_ms(2);
    assert_eq!(answer(&mut house, conn, 9), (7, -1, -1));
    assert_eq!(house.forgotten.len(), 1);
    house.release(false);
    assert!(
        house.frames(conn).is_empty(),
        "an answer that comes too late finds nobody"
    );
}
