//! The other APIs, asked and answered in bytes.

use ottla_controller::Response;
use ottla_machine::Conn;
use ottla_protocol::messages::*;
use ottla_protocol::{ApiKey, ErrorCode, Uuid};

use super::house::{House, opened, request};

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
                assert_eq!(
                    keys,
                    [
                        0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
                        32, 36, 42, 47, 55, 60, 69
                    ]
                );
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
fn a_question_about_a_thousand_partitions_is_put_in_slices() {
    let mut house = House::new();
    house.topic("t", 1_000);
    let conn = house.connect();
    let of = |partition_index| list_offsets_request::ListOffsetsPartition {
        partition_index,
        timestamp: -1,
        ..Default::default()
    };
    let topic = list_offsets_request::ListOffsetsTopic {
        name: "t".into(),
        partitions: (0..1_001).map(of).collect(),
    };
    let asked = ListOffsetsRequest {
        topics: vec![topic],
        ..Default::default()
    };
    ask!(
        house,
        conn,
        ListOffsets,
        5,
        asked,
        ListOffsetsResponse,
        |answer| {
            let said = answer.topics[0].partitions.iter().enumerate();
            assert!(
                said.clone()
                    .all(|(at, said)| said.partition_index == at as i32)
            );
            let refused: Vec<_> = said
                .filter(|(_, said)| said.error_code != 0)
                .map(|(at, _)| at)
                .collect();
            assert_eq!(refused, [1_000]);
        }
    );
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
fn nobody_is_asked_who_he_is() {
    let mut house = House::new();
    let conn = house.connect();
    let code = ErrorCode::IllegalSaslState.code();
    for version in 0..=1 {
        let asked = SaslHandshakeRequest {
            mechanism: "PLAIN".into(),
        };
        ask!(
            house,
            conn,
            SaslHandshake,
            version,
            asked,
            SaslHandshakeResponse,
            |answer| assert_eq!((answer.error_code, answer.mechanisms), (code, Vec::new()))
        );
    }
    for version in 0..=2 {
        let asked = SaslAuthenticateRequest {
            auth_bytes: b"\0name\0secret".into(),
        };
        ask!(
            house,
            conn,
            SaslAuthenticate,
            version,
            asked,
            SaslAuthenticateResponse,
            |answer| {
                assert_eq!((answer.error_code, answer.session_lifetime_ms), (code, 0));
                assert!(answer.error_message.is_some() && answer.auth_bytes.is_empty());
            }
        );
    }
    assert!(!house.closed(conn));
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
