//! Metadata, asked and answered in bytes.

use ottla_controller::{Request, Response};
use ottla_protocol::messages::*;
use ottla_protocol::{ApiKey, Uuid};

use super::house::{House, opened, request};

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
