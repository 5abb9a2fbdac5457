//! Topics are created and deleted; producer ids are leased.

use ottla_controller::{Created, NewTopic, Request, Response, internal_topic, limits};
use ottla_machine::NodeId;
use ottla_metadata::Resource;
use ottla_metadata::config::StaticConfig;
use ottla_protocol::messages::MetadataRecord;
use ottla_protocol::{ErrorCode, Uuid};

use crate::world::{DIR, ONE, TWO, World, code};

fn topic(name: &str, partitions: i32, replication_factor: i16) -> NewTopic {
    NewTopic {
        partitions,
        replication_factor,
        ..NewTopic::with_defaults(name)
    }
}

fn configured(name: &str, configs: &[(&str, Option<&str>)]) -> NewTopic {
    let owned = |(key, value): &(&str, Option<&str>)| ((*key).to_owned(), value.map(str::to_owned));
    NewTopic {
        configs: configs.iter().map(owned).collect(),
        ..NewTopic::with_defaults(name)
    }
}

fn assigned(name: &str, assignments: &[(i32, &[i32])]) -> NewTopic {
    let owned = |(index, nodes): &(i32, &[i32])| (*index, nodes.to_vec());
    NewTopic {
        assignments: assignments.iter().map(owned).collect(),
        ..NewTopic::with_defaults(name)
    }
}

/// Creates one topic: the code, and how many partitions and replicas.
fn create(world: &mut World, topic: NewTopic) -> (ErrorCode, Option<(i32, i16)>) {
    let name = topic.name.clone();
    let results = world.create(vec![topic]);
    assert_eq!(results.len(), 1);
    assert_eq!(results[0].0, name);
    let result = &results[0].1;
    let shape = result
        .as_ref()
        .ok()
        .map(|it: &Created| (it.partitions, it.replication_factor));
    (code(result), shape)
}

#[test]
fn a_topic_is_its_record_its_settings_and_its_partitions() {
    let mut world = World::one_broker(&[]);
    world.turn_page();
    let configs = [
        ("retention.ms", Some("5")),
        ("min.insync.replicas", Some("1")),
    ];
    let wanted = NewTopic {
        partitions: 2,
        replication_factor: 1,
        ..configured("t", &configs)
    };
    let id = world.create(vec![wanted])[0].1.clone().unwrap().id;
    let kinds: Vec<u16> = world.written().iter().map(|record| record.key()).collect();
    assert_eq!(kinds, [2, 4, 4, 28, 3, 3]);
    assert_eq!(world.log.batches, [6], "C1");
    let partition = world.partition(id, 1);
    assert_eq!(partition.replicas, [ONE]);
    assert_eq!(partition.isr, [ONE]);
    assert_eq!(partition.directories, [DIR]);
    assert_eq!(
        (
            partition.leader,
            partition.leader_epoch.0,
            partition.partition_epoch
        ),
        (ONE, 0, 0)
    );
    assert_eq!(
        world
            .image()
            .config(&Resource::topic("t"))
            .map(|it| it.len()),
        Some(2)
    );
}

#[test]
fn what_is_not_said_is_the_default() {
    let mut world = World::one_broker(&[("num.partitions", "3")]);
    assert_eq!(
        create(&mut world, topic("a", -1, -1)),
        (ErrorCode::None, Some((3, 1)))
    );
    assert_eq!(
        create(&mut world, topic("b", 2, -1)),
        (ErrorCode::None, Some((2, 1)))
    );
    let mut world = World::one_broker(&[("default.replication.factor", "2")]);
    assert_eq!(
        create(&mut world, topic("a", -1, -1)).0,
        ErrorCode::InvalidReplicationFactor
    );
}

#[test]
fn answers_to_bad_topics() {
    let mut world = World::one_broker(&[]);
    assert_eq!(create(&mut world, topic("a.b", 1, 1)).0, ErrorCode::None);
    // As many as fit a request: what is compared pair by pair would keep everybody waiting for minutes.
    let many: Vec<i32> = (1..1_000_000).collect();
    assert_eq!(
        create(&mut world, assigned("many", &[(0, &many)])).0,
        ErrorCode::InvalidReplicaAssignment
    );
    for (wanted, expected) in [
        (topic("a.b", 1, 1), ErrorCode::TopicAlreadyExists),
        (topic("a_b", 1, 1), ErrorCode::InvalidTopicException),
        (topic("", 1, 1), ErrorCode::InvalidTopicException),
        (topic("..", 1, 1), ErrorCode::InvalidTopicException),
        (topic("a/../b", 1, 1), ErrorCode::InvalidTopicException),
        (topic("é", 1, 1), ErrorCode::InvalidTopicException),
        (
            topic(&"x".repeat(250), 1, 1),
            ErrorCode::InvalidTopicException,
        ),
        (topic("__cluster_metadata", 1, 1), ErrorCode::InvalidRequest),
        (topic("t", 0, 1), ErrorCode::InvalidPartitions),
        (topic("t", -2, 1), ErrorCode::InvalidPartitions),
        (topic("t", 1, 0), ErrorCode::InvalidReplicationFactor),
        (topic("t", 1, -2), ErrorCode::InvalidReplicationFactor),
        (topic("t", 1, 3), ErrorCode::InvalidReplicationFactor),
        (topic("t", 10_001, 1), ErrorCode::PolicyViolation),
        (topic("t", i32::MAX, i16::MAX), ErrorCode::PolicyViolation),
        (
            configured("t", &[("no.such.key", Some("1"))]),
            ErrorCode::InvalidConfig,
        ),
        (
            configured("t", &[("retention.ms", Some("abc"))]),
            ErrorCode::InvalidConfig,
        ),
        (
            configured("t", &[("retention.ms", None)]),
            ErrorCode::InvalidConfig,
        ),
        (
            assigned("t", &[(0, &[])]),
            ErrorCode::InvalidReplicaAssignment,
        ),
        (
            assigned("t", &[(1, &[1])]),
            ErrorCode::InvalidReplicaAssignment,
        ),
        (
            assigned("t", &[(-1, &[1])]),
            ErrorCode::InvalidReplicaAssignment,
        ),
        (
            assigned("t", &[(0, &[1]), (0, &[1])]),
            ErrorCode::InvalidReplicaAssignment,
        ),
        (
            assigned("t", &[(0, &[1, 1])]),
            ErrorCode::InvalidReplicaAssignment,
        ),
        (
            assigned("t", &[(0, &[7])]),
            ErrorCode::InvalidReplicaAssignment,
        ),
        (
            NewTopic {
                partitions: 1,
                ..assigned("t", &[(0, &[1])])
            },
            ErrorCode::InvalidRequest,
        ),
        (
            NewTopic {
                replication_factor: 1,
                ..assigned("t", &[(0, &[1])])
            },
            ErrorCode::InvalidRequest,
        ),
    ] {
        let text = format!("{wanted:?}");
        let count = world.log.values.len();
        assert_eq!(create(&mut world, wanted), (expected, None), "{text}");
        assert_eq!(world.log.values.len(), count, "{text}");
    }
    assert_eq!(
        create(&mut world, topic(&"x".repeat(249), 1, 1)).0,
        ErrorCode::None
    );
}

#[test]
fn each_topic_of_a_request_is_judged_alone() {
    let mut world = World::one_broker(&[]);
    world.turn_page();
    let results = world.create(vec![
        topic("good", 1, 1),
        topic("twice", 1, 1),
        topic("bad", 0, 1),
        topic("twice", 2, 1),
        topic("a_b", 1, 1),
        topic("a.b", 1, 1),
    ]);
    let told: Vec<(&str, ErrorCode)> = results
        .iter()
        .map(|(name, it)| (name.as_str(), code(it)))
        .collect();
    assert_eq!(
        told,
        [
            ("good", ErrorCode::None),
            ("twice", ErrorCode::InvalidRequest),
            ("bad", ErrorCode::InvalidPartitions),
            ("a_b", ErrorCode::None),
            ("a.b", ErrorCode::InvalidTopicException),
        ]
    );
    assert_eq!(world.log.batches, [4], "C1");
    let half = limits::PARTITIONS_PER_REQUEST as i32 / 2;
    let results = world.create(vec![
        topic("x", half, 1),
        topic("y", half, 1),
        topic("z", 1, 1),
    ]);
    let codes: Vec<ErrorCode> = results.iter().map(|(_, it)| code(it)).collect();
    assert_eq!(
        codes,
        [ErrorCode::None, ErrorCode::None, ErrorCode::PolicyViolation]
    );
}

#[test]
fn to_validate_is_to_write_nothing() {
    let mut world = World::one_broker(&[]);
    let count = world.log.values.len();
    let topics = vec![topic("good", 4, 1), topic("bad", 0, 1)];
    let answer = world.ask(Request::CreateTopics {
        topics,
        validate_only: true,
    });
    let Response::CreateTopics(results) = answer else {
        panic!("{answer:?}");
    };
    let created = Created {
        id: Uuid::ZERO,
        partitions: 4,
        replication_factor: 1,
    };
    assert_eq!(results[0].1, Ok(created));
    assert_eq!(code(&results[1].1), ErrorCode::InvalidPartitions);
    assert_eq!(world.log.values.len(), count);
    assert_eq!(world.image().topic_count(), 0);
}

#[test]
fn replicas_are_spread() {
    let mut world = World::one_broker(&[]);
    world.join(TWO, 1, -1);
    world.join(NodeId(3), 1, -1);
    let id = world.create(vec![topic("t", 6, 2)])[0]
        .1
        .clone()
        .unwrap()
        .id;
    let mut leaders = vec![0; 4];
    for index in 0..6 {
        let partition = world.partition(id, index);
        assert_ne!(partition.replicas[0], partition.replicas[1]);
        assert_eq!(partition.leader, partition.replicas[0]);
        assert_eq!(partition.isr, partition.replicas);
        leaders[partition.leader.0 as usize] += 1;
    }
    assert_eq!(leaders, [0, 2, 2, 2]);
    // A fenced broker gets replicas only where there are not enough others, and is not in sync.
    world.wait(9_000);
    let id = world.create(vec![topic("u", 2, 2)])[0]
        .1
        .clone()
        .unwrap()
        .id;
    for index in 0..2 {
        let partition = world.partition(id, index);
        assert_eq!(partition.replicas[0], ONE);
        assert_eq!(partition.isr, [ONE]);
    }
    let id = world.topic("v", &[&[2, 1]]);
    assert_eq!(
        world.partition(id, 0).leader,
        ONE,
        "placed by hand, led by who is there"
    );
    let nobody = assigned("w", &[(0, &[2])]);
    assert_eq!(
        create(&mut world, nobody).0,
        ErrorCode::InvalidReplicaAssignment
    );
}

#[test]
fn without_an_active_broker_nothing_is_created() {
    let mut world = World::fresh(&[]);
    assert_eq!(
        create(&mut world, topic("t", 1, 1)).0,
        ErrorCode::InvalidReplicationFactor
    );
    world.register(ONE, 1, -1).unwrap();
    assert_eq!(
        create(&mut world, topic("t", 1, 1)).0,
        ErrorCode::InvalidReplicationFactor
    );
}

#[test]
fn topics_are_deleted_by_name_or_by_id() {
    let mut world = World::one_broker(&[]);
    let (a, b) = (world.topic("a", &[&[1]]), world.topic("b", &[&[1]]));
    world.create(vec![configured("c", &[("retention.ms", Some("5"))])]);
    let unknown = Uuid([9; 16]);
    let name = |name: &str| (Some(name.to_owned()), Uuid::ZERO);
    let topics = vec![
        name("a"),
        (None, b),
        name("c"),
        name("nobody"),
        (None, unknown),
        (Some("a".to_owned()), a),
        (None, Uuid::ZERO),
        name("x"),
        name("x"),
    ];
    world.turn_page();
    let Response::DeleteTopics(results) = world.ask(Request::DeleteTopics { topics }) else {
        panic!("not answered");
    };
    let codes: Vec<ErrorCode> = results.iter().map(|(_, _, it)| code(it)).collect();
    assert_eq!(
        codes,
        [
            ErrorCode::None,
            ErrorCode::None,
            ErrorCode::None,
            ErrorCode::UnknownTopicOrPartition,
            ErrorCode::UnknownTopicId,
            ErrorCode::InvalidRequest,
            ErrorCode::InvalidRequest,
            ErrorCode::InvalidRequest,
        ]
    );
    assert_eq!(
        (results[0].1, results[1].0.as_deref()),
        (a, Some("b")),
        "both are told"
    );
    assert_eq!(world.log.batches, [3], "C1");
    assert_eq!(world.image().topic_count(), 0);
    assert!(world.image().config(&Resource::topic("c")).is_none());
    let again = world.topic("a", &[&[1]]);
    assert_ne!(again, a, "the same name, another topic");
}

#[test]
fn the_same_topic_by_name_and_by_id_is_deleted_once() {
    let mut world = World::one_broker(&[]);
    let id = world.topic("a", &[&[1]]);
    let topics = vec![(Some("a".to_owned()), Uuid::ZERO), (None, id)];
    let Response::DeleteTopics(results) = world.ask(Request::DeleteTopics { topics }) else {
        panic!("not answered");
    };
    assert_eq!(code(&results[0].2), ErrorCode::None);
    assert_eq!(code(&results[1].2), ErrorCode::UnknownTopicId);
}

#[test]
fn producer_ids_are_leased_in_blocks() {
    let mut world = World::one_broker(&[]);
    let epoch = world.image().broker(ONE).map(|it| it.epoch).unwrap();
    let mut lease = |broker, epoch| match world.ask(Request::AllocateProducerIds { broker, epoch })
    {
        Response::AllocateProducerIds(block) => block,
        other => panic!("{other:?}"),
    };
    assert_eq!(lease(ONE, epoch), Ok(0..1000));
    assert_eq!(lease(ONE, epoch), Ok(1000..2000));
    assert_eq!(code(&lease(ONE, epoch + 1)), ErrorCode::StaleBrokerEpoch);
    assert_eq!(code(&lease(TWO, epoch)), ErrorCode::StaleBrokerEpoch);
    assert_eq!(lease(ONE, epoch), Ok(2000..3000));
    assert_eq!(world.image().next_producer_id(), 3000);
}

#[test]
fn an_internal_topic_fits_one_batch() {
    let statics = StaticConfig::new();
    assert_eq!(internal_topic("mine", &statics), None);
    let mut world = World::one_broker(&[]);
    world.turn_page();
    let topic = internal_topic("__consumer_offsets", &statics).unwrap();
    assert_eq!(create(&mut world, topic), (ErrorCode::None, Some((50, 1))));
    assert_eq!(world.log.batches, [54]);
    assert!(matches!(world.written()[0], MetadataRecord::Topic(_)));
}
