//! CreateTopics and DeleteTopics: what is asked of the controller and how its answer is told.

use ottla_controller::{Created, Request, Response};
use ottla_machine::Conn;
use ottla_protocol::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use ottla_protocol::messages::delete_topics_request::DeleteTopicState;
use ottla_protocol::messages::*;
use ottla_protocol::{ApiKey, ErrorCode, Uuid};

use super::house::{House, opened, request};

fn create(house: &mut House, conn: Conn, version: i16, topics: Vec<CreatableTopic<'_>>) {
    let asked = CreateTopicsRequest {
        topics,
        timeout_ms: 5_000,
        validate_only: false,
    };
    house.send(
        conn,
        &request(ApiKey::CreateTopics, version, 1, |w, v| asked.encode(w, v)),
    );
}

/// Name, error, sentence, partitions, replication factor and settings of each topic answered for.
type Said = (String, i16, Option<String>, i32, i16, usize);

fn created(house: &mut House, conn: Conn, version: i16) -> Vec<Said> {
    let frames = house.frames(conn);
    assert_eq!(frames.len(), 1);
    let (_, mut reader) = opened(ApiKey::CreateTopics, version, &frames[0]);
    let said = CreateTopicsResponse::decode(&mut reader, version).expect("an answer");
    let topic = |topic: &create_topics_response::CreatableTopicResult<'_>| {
        let configs = topic.configs.as_ref().map_or(0, Vec::len);
        let message = topic.error_message.as_deref().map(str::to_owned);
        (
            topic.name.to_string(),
            topic.error_code,
            message,
            topic.num_partitions,
            topic.replication_factor,
            configs,
        )
    };
    said.topics.iter().map(topic).collect()
}

fn named(name: &str) -> CreatableTopic<'_> {
    CreatableTopic {
        name: name.into(),
        num_partitions: -1,
        replication_factor: -1,
        ..CreatableTopic::default()
    }
}

#[test]
fn a_topic_is_created_by_the_controller() {
    for version in 2..=7 {
        let mut house = House::new();
        let conn = house.connect();
        let mut wanted = named("t");
        wanted.configs = vec![CreatableTopicConfig {
            name: "retention.ms".into(),
            value: Some("5000".into()),
        }];
        wanted.assignments = vec![CreatableReplicaAssignment {
            partition_index: 0,
            broker_ids: vec![1],
        }];
        create(&mut house, conn, version, vec![wanted]);
        house.controller(|request| {
            let Request::CreateTopics {
                topics,
                validate_only: false,
            } = request
            else {
                panic!("topics")
            };
            assert_eq!(
                topics[0].configs,
                [("retention.ms".to_owned(), Some("5000".to_owned()))]
            );
            assert_eq!(topics[0].assignments, [(0, vec![1])]);
            let one = Created {
                id: Uuid([3; 16]),
                partitions: 1,
                replication_factor: 1,
            };
            Response::CreateTopics(vec![("t".into(), Ok(one))])
        });
        let said = created(&mut house, conn, version);
        let (_, error, _, partitions, replicas, configs) = said[0].clone();
        assert_eq!(error, 0, "version {version}");
        if version >= 5 {
            assert_eq!((partitions, replicas), (1, 1));
            assert!(configs > 25, "all settings of a topic");
        }
    }
}

#[test]
fn the_settings_of_a_new_topic_have_sources() {
    let mut house = House::with(&[("log.segment.bytes", "2000000")]);
    let conn = house.connect();
    let mut wanted = named("t");
    wanted.configs = vec![CreatableTopicConfig {
        name: "retention.ms".into(),
        value: Some("5000".into()),
    }];
    create(&mut house, conn, 7, vec![wanted]);
    let one = Created {
        id: Uuid([3; 16]),
        partitions: 1,
        replication_factor: 1,
    };
    house.controller(|_| Response::CreateTopics(vec![("t".into(), Ok(one))]));
    let frames = house.frames(conn);
    let (_, mut reader) = opened(ApiKey::CreateTopics, 7, &frames[0]);
    let said = CreateTopicsResponse::decode(&mut reader, 7).expect("an answer");
    assert_eq!(said.topics[0].topic_id, Uuid([3; 16]));
    let configs = said.topics[0].configs.as_ref().expect("settings");
    let find = |name: &str| {
        configs
            .iter()
            .find(|config| config.name == name)
            .map(|c| (c.value.as_deref(), c.config_source))
    };
    assert_eq!(find("retention.ms"), Some((Some("5000"), 1)));
    assert_eq!(find("segment.bytes"), Some((Some("2000000"), 4)));
    assert_eq!(find("cleanup.policy"), Some((Some("delete"), 5)));
}

#[test]
fn a_name_that_is_asked_for_twice_is_refused_once() {
    let mut house = House::new();
    let conn = house.connect();
    create(
        &mut house,
        conn,
        7,
        vec![named("twice"), named("once"), named("twice")],
    );
    house.controller(|request| {
        let Request::CreateTopics { topics, .. } = request else {
            panic!("topics")
        };
        assert_eq!(
            topics.iter().map(|topic| &*topic.name).collect::<Vec<_>>(),
            ["once"]
        );
        Response::CreateTopics(vec![(
            "once".into(),
            Err((ErrorCode::TopicAlreadyExists, "it is there".into())),
        )])
    });
    let said: Vec<_> = created(&mut house, conn, 7)
        .into_iter()
        .map(|said| (said.0, said.1))
        .collect();
    assert_eq!(said, [("twice".to_owned(), 42), ("once".to_owned(), 36)]);
}

#[test]
fn a_controller_that_refuses_or_says_nothing() {
    let mut house = House::new();
    let conn = house.connect();
    create(&mut house, conn, 7, vec![named("t")]);
    house.controller(|_| Response::Refused((ErrorCode::NotController, "not here".into())));
    assert_eq!(created(&mut house, conn, 7)[0].1, 41);
    create(&mut house, conn, 7, vec![named("t")]);
    house.pass_ms(4_999);
    assert!(house.frames(conn).is_empty());
    house.pass_ms(2);
    assert_eq!(created(&mut house, conn, 7)[0].1, 7);
}

fn delete(
    house: &mut House,
    conn: Conn,
    version: i16,
    topics: &[(Option<&'static str>, Uuid)],
) -> Vec<(Option<String>, Uuid, i16)> {
    let named = || topics.iter().filter_map(|topic| topic.0);
    let by_state = topics.iter().map(|(name, topic_id)| DeleteTopicState {
        name: name.map(Into::into),
        topic_id: *topic_id,
    });
    let asked = DeleteTopicsRequest {
        topics: if version >= 6 {
            by_state.collect()
        } else {
            Vec::new()
        },
        topic_names: if version < 6 {
            named().map(Into::into).collect()
        } else {
            Vec::new()
        },
        timeout_ms: 5_000,
    };
    house.send(
        conn,
        &request(ApiKey::DeleteTopics, version, 1, |w, v| asked.encode(w, v)),
    );
    if !house.requests.is_empty() {
        house.controller(|request| {
            let Request::DeleteTopics { topics } = request else {
                panic!("topics")
            };
            let answer = |(name, id): (Option<String>, Uuid)| {
                let known = name.as_deref() == Some("t") || id == Uuid([3; 16]);
                let refused = Err((
                    ErrorCode::UnknownTopicOrPartition,
                    "there is none".to_owned(),
                ));
                (
                    name.or(known.then(|| "t".into())),
                    if known { Uuid([3; 16]) } else { id },
                    if known { Ok(()) } else { refused },
                )
            };
            Response::DeleteTopics(topics.into_iter().map(answer).collect())
        });
    }
    let frames = house.frames(conn);
    let (_, mut reader) = opened(ApiKey::DeleteTopics, version, &frames[0]);
    let said = DeleteTopicsResponse::decode(&mut reader, version).expect("an answer");
    said.responses
        .iter()
        .map(|said| {
            (
                said.name.as_deref().map(str::to_owned),
                said.topic_id,
                said.error_code,
            )
        })
        .collect()
}

#[test]
fn topics_are_deleted_by_name_and_by_id() {
    for version in 1..=6 {
        let mut house = House::new();
        let conn = house.connect();
        let said = delete(
            &mut house,
            conn,
            version,
            &[(Some("t"), Uuid::ZERO), (Some("none"), Uuid::ZERO)],
        );
        let codes: Vec<_> = said
            .iter()
            .map(|said| (said.0.as_deref(), said.2))
            .collect();
        assert_eq!(
            codes,
            [(Some("t"), 0), (Some("none"), 3)],
            "version {version}"
        );
    }
    let mut house = House::new();
    let conn = house.connect();
    let said = delete(
        &mut house,
        conn,
        6,
        &[(None, Uuid([3; 16])), (None, Uuid([4; 16]))],
    );
    assert_eq!(
        said,
        [
            (Some("t".into()), Uuid([3; 16]), 0),
            (None, Uuid([4; 16]), 3)
        ]
    );
}

#[test]
fn topics_are_not_deleted_where_that_is_off() {
    for (version, code) in [(1, 42), (2, 42), (3, 73), (6, 73)] {
        let mut house = House::with(&[("delete.topic.enable", "false")]);
        let conn = house.connect();
        assert_eq!(
            delete(&mut house, conn, version, &[(Some("t"), Uuid::ZERO)])[0].2,
            code
        );
    }
}
