//! The other APIs, asked and answered in bytes.

use ottla_controller::{Request, Response};
use ottla_machine::Conn;
use ottla_protocol::messages::*;
use ottla_protocol::{ApiKey, ErrorCode, Uuid};

use super::house::{House, opened, request};

/// Asks and reads the answer.
macro_rules! ask {
    ($house:expr, $conn:expr, $key:ident, $version:expr, $request:expr, $response:ident, |$answer:ident| $judge:expr) => {{
        let version: i16 = $version;
        $house.send(
            $conn,
            &request(ApiKey::$key, version, 42, |w, v| $request.encode(w, v)),
        );
        answered!($house, $conn, $key, version, $response, |$answer| $judge)
    }};
}

macro_rules! answered {
    ($house:expr, $conn:expr, $key:ident, $version:expr, $response:ident, |$answer:ident| $judge:expr) => {{
        let version: i16 = $version;
        let frames = $house.frames($conn);
        assert_eq!(
            frames.len(),
            1,
            "one answer to {} version {version}",
            ApiKey::$key
        );
        let (correlation, mut reader) = opened(ApiKey::$key, version, &frames[0]);
        assert_eq!(correlation, 42);
        let $answer = $response::decode(&mut reader, version).expect("an answer");
        assert_eq!(reader.left(), 0);
        $judge
    }};
}

#[test]
fn api_versions_says_what_is_served() {
    let mut house = House::new();
    house.front.bench.quorum.kraft_version = 1;
    let conn = house.connect();
    for version in 0..=4 {
        let named = ApiVersionsRequest {
            client_software_name: "t".into(),
            client_software_version: "1".into(),
            ..Default::default()
        };
        let asked = if version < 3 {
            ApiVersionsRequest::default()
        } else {
            named
        };
        ask!(
            house,
            conn,
            ApiVersions,
            version,
            asked,
            ApiVersionsResponse,
            |answer| {
                assert_eq!((answer.error_code, answer.throttle_time_ms), (0, 0));
                let produce = answer
                    .api_keys
                    .iter()
                    .find(|api| api.api_key == 0)
                    .expect("Produce");
                assert_eq!(
                    (produce.min_version, produce.max_version),
                    (0, 13),
                    "librdkafka wants to see 0"
                );
                let keys: Vec<i16> = answer.api_keys.iter().map(|api| api.api_key).collect();
                assert_eq!(keys, [0, 1, 2, 3, 10, 18, 19, 20, 22, 23, 32, 55, 60]);
                if version >= 3 {
                    let mut levels: Vec<(String, i16, i16)> = answer
                        .finalized_features
                        .iter()
                        .map(|f| (f.name.to_string(), f.min_version_level, f.max_version_level))
                        .collect();
                    levels.sort();
                    assert_eq!(
                        levels,
                        [
                            ("kraft.version".into(), 1, 1),
                            ("metadata.version".into(), 30, 30)
                        ]
                    );
                    assert_eq!(
                        answer.finalized_features_epoch,
                        house.front.bench.image.offset.0
                    );
                    let zero = answer.supported_features.iter().any(|f| f.min_version == 0);
                    assert_eq!(
                        zero,
                        version >= 4,
                        "version 3 cannot say that level 0 is supported"
                    );
                }
            }
        );
    }
}

#[test]
fn api_versions_of_another_time_is_answered_in_version_0() {
    let mut house = House::new();
    let conn = house.connect();
    for version in [5i16, 9, i16::MAX] {
        let mut bytes = vec![0, 0, 0, 15, 0, 18];
        bytes.extend_from_slice(&version.to_be_bytes());
        bytes.extend_from_slice(&[0, 0, 0, 77, 0xff, 0xff, 0, 2, b'a', 2, b'1']);
        house.send(conn, &bytes);
        let frames = house.frames(conn);
        assert_eq!(
            *frames[0],
            [0, 0, 0, 77, 0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 4]
        );
    }
    assert!(!house.closed(conn));
}

#[test]
fn api_versions_judges_names() {
    let mut house = House::new();
    let conn = house.connect();
    for (name, good) in [
        ("", false),
        ("no spaces", false),
        ("-a", false),
        ("a-", false),
        ("a", true),
        ("apache-kafka-java", true),
    ] {
        for (client_software_name, client_software_version) in [(name, "1"), ("a", name)] {
            let asked = ApiVersionsRequest {
                client_software_name: client_software_name.into(),
                client_software_version: client_software_version.into(),
                ..Default::default()
            };
            ask!(
                house,
                conn,
                ApiVersions,
                4,
                asked,
                ApiVersionsResponse,
                |answer| {
                    assert_eq!(answer.error_code, if good { 0 } else { 42 }, "{name:?}");
                    assert_eq!(answer.api_keys.is_empty(), !good);
                }
            );
        }
    }
}

fn topics<'a>(names: &[&'a str]) -> Option<Vec<metadata_request::MetadataRequestTopic<'a>>> {
    let topic = |name: &&'a str| metadata_request::MetadataRequestTopic {
        name: Some((*name).into()),
        ..Default::default()
    };
    Some(names.iter().map(topic).collect())
}

#[test]
fn metadata_of_all_none_and_one() {
    let mut house = House::new();
    house.topic("t", 2);
    house.topic("u", 1);
    let conn = house.connect();
    for version in 0..=13 {
        let all = if version == 0 { topics(&[]) } else { None };
        ask!(
            house,
            conn,
            Metadata,
            version,
            MetadataRequest {
                topics: all,
                ..Default::default()
            },
            MetadataResponse,
            |answer| {
                let names: Vec<_> = answer
                    .topics
                    .iter()
                    .map(|topic| topic.name.as_deref())
                    .collect();
                assert_eq!(names, [Some("t"), Some("u")], "version {version}");
            }
        );
        if version > 0 {
            let none = MetadataRequest {
                topics: topics(&[]),
                ..Default::default()
            };
            ask!(
                house,
                conn,
                Metadata,
                version,
                none,
                MetadataResponse,
                |answer| assert!(answer.topics.is_empty())
            );
        }
        let one = MetadataRequest {
            topics: topics(&["t", "t"]),
            ..Default::default()
        };
        ask!(
            house,
            conn,
            Metadata,
            version,
            one,
            MetadataResponse,
            |answer| {
                assert_eq!(answer.topics.len(), 1, "each once");
                let broker = &answer.brokers[0];
                assert_eq!(
                    (broker.node_id, &*broker.host, broker.port),
                    (1, "one.example", 9092)
                );
                let topic = &answer.topics[0];
                assert_eq!((topic.error_code, topic.partitions.len()), (0, 2));
                let partition = &topic.partitions[1];
                assert_eq!(
                    (
                        partition.leader_id,
                        &*partition.replica_nodes,
                        &*partition.isr_nodes
                    ),
                    (1, &[1][..], &[1][..])
                );
                if version >= 1 {
                    assert_eq!(
                        (answer.controller_id, broker.rack.as_deref()),
                        (1, Some("r1"))
                    );
                }
                if version >= 2 {
                    assert_eq!(answer.cluster_id.as_deref(), Some("a-cluster"));
                }
            }
        );
    }
}

#[test]
fn hosts_are_those_of_the_listener_that_was_asked() {
    let mut house = House::new();
    let conn = house.connect_to(1);
    ask!(
        house,
        conn,
        Metadata,
        9,
        MetadataRequest {
            topics: topics(&[]),
            ..Default::default()
        },
        MetadataResponse,
        |answer| {
            assert_eq!(
                (&*answer.brokers[0].host, answer.brokers[0].port),
                ("two.example", 19093)
            );
        }
    );
    ask!(
        house,
        conn,
        DescribeCluster,
        0,
        DescribeClusterRequest::default(),
        DescribeClusterResponse,
        |answer| {
            assert_eq!(
                (&*answer.brokers[0].host, answer.brokers[0].port),
                ("two.example", 19093)
            );
        }
    );
}

#[test]
fn metadata_refuses_bad_names() {
    let mut house = House::new();
    let conn = house.connect();
    for bad in [
        "a/../b",
        "",
        "..",
        ".",
        "with space",
        "na\u{ef}ve",
        &"x".repeat(250),
    ] {
        let asked = MetadataRequest {
            topics: topics(&[bad]),
            allow_auto_topic_creation: true,
            ..Default::default()
        };
        ask!(
            house,
            conn,
            Metadata,
            9,
            asked,
            MetadataResponse,
            |answer| assert_eq!(answer.topics[0].error_code, 17, "{bad}")
        );
    }
    assert!(house.requests.is_empty());
}

#[test]
fn metadata_by_id() {
    let mut house = House::new();
    let id = house.topic("t", 1);
    let conn = house.connect();
    let by = |topic_id, name: Option<&'static str>| MetadataRequest {
        topics: Some(vec![metadata_request::MetadataRequestTopic {
            topic_id,
            name: name.map(Into::into),
        }]),
        ..Default::default()
    };
    let unknown = Uuid([4; 16]);
    for (topic_id, name, code, said) in [
        (id, None, 0, Some("t")),
        (id, Some("another"), 0, Some("t")),
        (unknown, None, 100, None),
        (Uuid::ZERO, None, 42, None),
    ] {
        ask!(
            house,
            conn,
            Metadata,
            12,
            by(topic_id, name),
            MetadataResponse,
            |answer| {
                assert_eq!(
                    (
                        answer.topics[0].error_code,
                        answer.topics[0].name.as_deref()
                    ),
                    (code, said)
                );
                assert_eq!(answer.topics[0].topic_id, topic_id);
            }
        );
    }
    for version in [10, 11] {
        ask!(
            house,
            conn,
            Metadata,
            version,
            by(id, Some("")),
            MetadataResponse,
            |answer| {
                assert_eq!(
                    (
                        answer.topics[0].error_code,
                        answer.brokers.len(),
                        answer.cluster_id.is_none()
                    ),
                    (42, 0, true)
                );
            }
        );
    }
}

#[test]
fn a_name_that_is_asked_for_is_created_meanwhile() {
    for version in 0..=13 {
        let mut house = House::new();
        let conn = house.connect();
        let asked = || MetadataRequest {
            topics: topics(&["new", "new"]),
            allow_auto_topic_creation: true,
            ..Default::default()
        };
        for _ in 0..2 {
            ask!(
                house,
                conn,
                Metadata,
                version,
                asked(),
                MetadataResponse,
                |answer| {
                    assert_eq!(
                        (
                            answer.topics[0].error_code,
                            answer.topics[0].partitions.len()
                        ),
                        (3, 0)
                    );
                }
            );
            assert_eq!(house.requests.len(), 1, "asked for once");
        }
        house.controller(|request| {
            let Request::CreateTopics { topics, .. } = request else {
                panic!("topics")
            };
            assert_eq!(topics.len(), 1);
            Response::CreateTopics(Vec::new())
        });
        ask!(
            house,
            conn,
            Metadata,
            version,
            asked(),
            MetadataResponse,
            |answer| assert_eq!(answer.topics[0].error_code, 3)
        );
        assert_eq!(
            house.requests.len(),
            1,
            "it was not created: it is asked for again"
        );
    }
}

#[test]
fn nothing_is_created_where_that_is_not_wanted() {
    let mut house = House::new();
    let conn = house.connect();
    let asked = MetadataRequest {
        topics: topics(&["new"]),
        allow_auto_topic_creation: false,
        ..Default::default()
    };
    ask!(
        house,
        conn,
        Metadata,
        9,
        asked,
        MetadataResponse,
        |answer| assert_eq!(answer.topics[0].error_code, 3)
    );
    let internal = MetadataRequest {
        topics: topics(&["__consumer_offsets"]),
        allow_auto_topic_creation: true,
        ..Default::default()
    };
    ask!(
        house,
        conn,
        Metadata,
        9,
        internal,
        MetadataResponse,
        |answer| assert_eq!(answer.topics[0].error_code, 3)
    );
    assert!(house.requests.is_empty());
    let mut house = House::with(&[("auto.create.topics.enable", "false")]);
    let conn = house.connect();
    let asked = MetadataRequest {
        topics: topics(&["new"]),
        allow_auto_topic_creation: true,
        ..Default::default()
    };
    ask!(
        house,
        conn,
        Metadata,
        9,
        asked,
        MetadataResponse,
        |answer| assert_eq!(answer.topics[0].error_code, 3)
    );
    assert!(house.requests.is_empty());
}

#[test]
fn authorized_operations_are_told_when_asked_for() {
    let mut house = House::new();
    house.topic("t", 1);
    let conn = house.connect();
    for (asked, operations) in [(false, i32::MIN), (true, 3576)] {
        let request = MetadataRequest {
            topics: topics(&["t"]),
            include_topic_authorized_operations: asked,
            ..Default::default()
        };
        ask!(
            house,
            conn,
            Metadata,
            8,
            request,
            MetadataResponse,
            |answer| {
                assert_eq!(answer.topics[0].topic_authorized_operations, operations);
                assert_eq!(answer.cluster_authorized_operations, i32::MIN);
            }
        );
    }
}

#[test]
fn find_coordinator_refuses_each_kind_in_its_way() {
    let mut house = House::new();
    let conn = house.connect();
    for version in 0..=6 {
        for (key_type, code) in [(0, 15), (1, 53), (2, 42), (99, 42), (-1, 42)] {
            if version == 0 && key_type != 0 {
                continue;
            }
            let old = version < 4;
            let asked = FindCoordinatorRequest {
                key: if old { "some".into() } else { "".into() },
                key_type,
                coordinator_keys: if old {
                    Vec::new()
                } else {
                    vec!["some".into(), "".into()]
                },
            };
            ask!(
                house,
                conn,
                FindCoordinator,
                version,
                asked,
                FindCoordinatorResponse,
                |answer| {
                    if old {
                        assert_eq!((answer.error_code, answer.node_id), (code, -1));
                        assert_eq!(
                            answer.error_message.is_some_and(|why| !why.is_empty()),
                            version >= 1
                        );
                    } else {
                        let said: Vec<_> = answer
                            .coordinators
                            .iter()
                            .map(|c| (&*c.key, c.error_code, c.node_id))
                            .collect();
                        assert_eq!(said, [("some", code, -1), ("", code, -1)]);
                        assert!(
                            answer
                                .coordinators
                                .iter()
                                .all(|c| c.error_message.is_some())
                        );
                    }
                }
            );
        }
    }
}

fn init(house: &mut House, conn: Conn, transactional_id: Option<&str>) {
    let asked = InitProducerIdRequest {
        transactional_id: transactional_id.map(Into::into),
        transaction_timeout_ms: 60_000,
        ..Default::default()
    };
    house.send(
        conn,
        &request(ApiKey::InitProducerId, 4, 42, |w, v| asked.encode(w, v)),
    );
}

#[test]
fn producer_ids_come_from_leased_blocks() {
    let mut house = House::new();
    let conns: Vec<_> = (0..3).map(|_| house.connect()).collect();
    for conn in &conns {
        init(&mut house, *conn, None);
        assert!(house.frames(*conn).is_empty());
    }
    assert_eq!(house.requests.len(), 1, "one lease for all");
    house.controller(|_| Response::AllocateProducerIds(Ok(100..110)));
    for (conn, id) in conns.iter().zip(100..) {
        answered!(
            house,
            *conn,
            InitProducerId,
            4,
            InitProducerIdResponse,
            |answer| {
                assert_eq!(
                    (answer.error_code, answer.producer_id, answer.producer_epoch),
                    (0, id, 0)
                );
            }
        );
    }
    for id in 103..110 {
        init(&mut house, conns[0], None);
        answered!(
            house,
            conns[0],
            InitProducerId,
            4,
            InitProducerIdResponse,
            |answer| assert_eq!(answer.producer_id, id)
        );
    }
    assert_eq!(
        house.requests.len(),
        1,
        "the next block is leased before this one is used up"
    );
    house.controller(|_| Response::AllocateProducerIds(Ok(500..510)));
    init(&mut house, conns[0], None);
    answered!(
        house,
        conns[0],
        InitProducerId,
        4,
        InitProducerIdResponse,
        |answer| assert_eq!(answer.producer_id, 500)
    );
}

#[test]
fn without_a_block_producers_come_back() {
    let mut house = House::new();
    let conn = house.connect();
    init(&mut house, conn, None);
    house.controller(|_| {
        Response::AllocateProducerIds(Err((ErrorCode::NotController, "not here".to_owned())))
    });
    answered!(
        house,
        conn,
        InitProducerId,
        4,
        InitProducerIdResponse,
        |answer| {
            assert_eq!(
                (answer.error_code, answer.producer_id, answer.producer_epoch),
                (14, -1, -1)
            );
        }
    );
    init(&mut house, conn, None);
    house.pass_ms(crate::limits::INTERNAL_TIMEOUT_MS + 1);
    answered!(
        house,
        conn,
        InitProducerId,
        4,
        InitProducerIdResponse,
        |answer| assert_eq!(answer.error_code, 14)
    );
}

#[test]
fn transactional_producers_are_refused_for_good() {
    let mut house = House::new();
    let conn = house.connect();
    for (id, code) in [("", 42), ("tx", 53)] {
        init(&mut house, conn, Some(id));
        answered!(
            house,
            conn,
            InitProducerId,
            4,
            InitProducerIdResponse,
            |answer| assert_eq!(answer.error_code, code)
        );
    }
}

#[test]
fn list_offsets_knows_the_special_values_of_its_version() {
    let mut house = House::new();
    house.topic("t", 1);
    let conn = house.connect();
    for version in 1..=11 {
        for (timestamp, first) in [
            (-1, 1),
            (-2, 1),
            (5, 1),
            (-3, 7),
            (-4, 8),
            (-5, 9),
            (-6, 11),
            (-7, 99),
        ] {
            let partition = list_offsets_request::ListOffsetsPartition {
                timestamp,
                ..Default::default()
            };
            let topic = |name: &'static str| list_offsets_request::ListOffsetsTopic {
                name: name.into(),
                partitions: vec![partition.clone()],
            };
            let asked = ListOffsetsRequest {
                replica_id: -1,
                topics: vec![topic("t"), topic("nowhere")],
                ..Default::default()
            };
            ask!(
                house,
                conn,
                ListOffsets,
                version,
                asked,
                ListOffsetsResponse,
                |answer| {
                    let said = &answer.topics[0].partitions[0];
                    let code = if version >= first { 0 } else { 35 };
                    assert_eq!(said.error_code, code, "{timestamp} in version {version}");
                    assert_eq!(answer.topics[1].partitions[0].error_code, 3);
                    assert_eq!(answer.topics[1].partitions[0].offset, -1);
                }
            );
        }
    }
}

#[test]
fn offset_for_leader_epoch_is_passed_on() {
    let mut house = House::new();
    house.topic("t", 1);
    let conn = house.connect();
    for version in 2..=4 {
        let partition = offset_for_leader_epoch_request::OffsetForLeaderPartition {
            leader_epoch: 3,
            ..Default::default()
        };
        let topic = |topic: &'static str| offset_for_leader_epoch_request::OffsetForLeaderTopic {
            topic: topic.into(),
            partitions: vec![partition.clone()],
        };
        let asked = OffsetForLeaderEpochRequest {
            topics: vec![topic("t"), topic("nowhere")],
            ..Default::default()
        };
        ask!(
            house,
            conn,
            OffsetForLeaderEpoch,
            version,
            asked,
            OffsetForLeaderEpochResponse,
            |answer| {
                let (found, lost) = (
                    &answer.topics[0].partitions[0],
                    &answer.topics[1].partitions[0],
                );
                assert_eq!(
                    (found.error_code, found.leader_epoch, found.end_offset),
                    (0, 3, 0)
                );
                assert_eq!(
                    (lost.error_code, lost.leader_epoch, lost.end_offset),
                    (3, -1, -1)
                );
            }
        );
    }
}

#[test]
fn describe_cluster_knows_brokers_only() {
    let mut house = House::new();
    let conn = house.connect();
    for version in 0..=2 {
        ask!(
            house,
            conn,
            DescribeCluster,
            version,
            DescribeClusterRequest::default(),
            DescribeClusterResponse,
            |answer| {
                assert_eq!(
                    (answer.error_code, answer.controller_id, &*answer.cluster_id),
                    (0, 1, "a-cluster")
                );
                assert_eq!(answer.brokers.len(), 1);
                assert_eq!(answer.cluster_authorized_operations, i32::MIN);
            }
        );
    }
    for (endpoint_type, code) in [(2, 114), (3, 115)] {
        let asked = DescribeClusterRequest {
            endpoint_type,
            ..Default::default()
        };
        ask!(
            house,
            conn,
            DescribeCluster,
            1,
            asked,
            DescribeClusterResponse,
            |answer| assert_eq!(answer.error_code, code)
        );
    }
}

#[test]
fn describe_configs_shows_values_sources_and_chains() {
    let mut house = House::with(&[
        ("log.retention.ms", "7000"),
        ("socket.request.max.bytes", "20000000"),
    ]);
    house.topic("t", 1);
    house.apply(MetadataRecord::Config(ConfigRecord {
        resource_type: 2,
        resource_name: "t".into(),
        name: "retention.ms".into(),
        value: Some("5000".into()),
    }));
    let conn = house.connect();
    let of = |resource_type, name: &'static str, keys: Option<Vec<&'static str>>| {
        DescribeConfigsRequest {
            resources: vec![describe_configs_request::DescribeConfigsResource {
                resource_type,
                resource_name: name.into(),
                configuration_keys: keys.map(|keys| keys.into_iter().map(Into::into).collect()),
            }],
            include_synonyms: true,
            include_documentation: false,
        }
    };
    for version in 1..=4 {
        ask!(
            house,
            conn,
            DescribeConfigs,
            version,
            of(2, "t", None),
            DescribeConfigsResponse,
            |answer| {
                let find = |name: &str| {
                    answer.results[0]
                        .configs
                        .iter()
                        .find(|config| config.name == name)
                        .expect("a key")
                };
                let set = find("retention.ms");
                assert_eq!(
                    (set.value.as_deref(), set.config_source, set.read_only),
                    (Some("5000"), 1, false)
                );
                let chain: Vec<_> = set
                    .synonyms
                    .iter()
                    .map(|s| (&*s.name, s.value.as_deref(), s.source))
                    .collect();
                assert_eq!(
                    chain[..2],
                    [
                        ("retention.ms", Some("5000"), 1),
                        ("log.retention.ms", Some("7000"), 4)
                    ]
                );
                assert_eq!(
                    (
                        find("cleanup.policy").value.as_deref(),
                        find("cleanup.policy").config_source
                    ),
                    (Some("delete"), 5)
                );
            }
        );
    }
    ask!(
        house,
        conn,
        DescribeConfigs,
        4,
        of(2, "t", Some(vec!["segment.bytes"])),
        DescribeConfigsResponse,
        |answer| {
            assert_eq!(answer.results[0].configs.len(), 1);
        }
    );
    ask!(
        house,
        conn,
        DescribeConfigs,
        4,
        of(4, "1", Some(vec!["socket.request.max.bytes"])),
        DescribeConfigsResponse,
        |answer| {
            let said = &answer.results[0].configs[0];
            assert_eq!(
                (said.value.as_deref(), said.config_source),
                (Some("20000000"), 4)
            );
        }
    );
    for (kind, name, code) in [
        (4, "99", 42),
        (4, "x", 42),
        (2, "nowhere", 3),
        (2, "a/../b", 17),
        (77, "", 42),
    ] {
        ask!(
            house,
            conn,
            DescribeConfigs,
            4,
            of(kind, name, None),
            DescribeConfigsResponse,
            |answer| {
                assert_eq!(
                    (
                        answer.results[0].error_code,
                        answer.results[0].configs.len()
                    ),
                    (code, 0),
                    "{kind} {name}"
                );
            }
        );
    }
}

#[test]
fn describe_quorum_shows_the_one_log() {
    let mut house = House::new();
    house.front.bench.quorum = crate::QuorumView {
        leader_id: 1,
        leader_epoch: 3,
        high_watermark: 20,
        voters: vec![crate::QuorumReplica {
            id: 1,
            directory_id: Uuid([9; 16]),
            log_end_offset: 20,
            last_fetch_ms: 5,
            last_caught_up_ms: 5,
        }],
        observers: Vec::new(),
        kraft_version: 1,
        nodes: vec![crate::QuorumNode {
            id: 1,
            listeners: vec![("CONTROLLER".into(), "localhost".into(), 9094)],
        }],
    };
    let conn = house.connect();
    for version in 0..=2 {
        let topic =
            |topic_name: &'static str, partition_index| describe_quorum_request::TopicData {
                topic_name: topic_name.into(),
                partitions: vec![describe_quorum_request::PartitionData { partition_index }],
            };
        let asked = DescribeQuorumRequest {
            topics: vec![
                topic("__cluster_metadata", 0),
                topic("__cluster_metadata", 1),
                topic("t", 0),
            ],
        };
        ask!(
            house,
            conn,
            DescribeQuorum,
            version,
            asked,
            DescribeQuorumResponse,
            |answer| {
                let said: Vec<_> = answer
                    .topics
                    .iter()
                    .map(|t| (t.partitions[0].error_code, t.partitions[0].high_watermark))
                    .collect();
                assert_eq!(said, [(0, 20), (3, 0), (3, 0)]);
                assert_eq!(
                    answer.topics[0].partitions[0].current_voters[0].log_end_offset,
                    20
                );
                assert_eq!(answer.nodes.len(), usize::from(version >= 2));
            }
        );
    }
}
