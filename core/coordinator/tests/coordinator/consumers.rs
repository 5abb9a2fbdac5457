//! Groups of consumers (KIP-848), described by the records that another broker has left.

use ottla_coordinator::{Consumer, Consumers, Progress, Request, Response, Undescribed};
use ottla_protocol::messages::consumer_group_current_member_assignment_value::TopicPartitions;
use ottla_protocol::messages::consumer_group_member_metadata_value::ClassicMemberMetadata;
use ottla_protocol::messages::consumer_group_target_assignment_member_value::TopicPartition;
use ottla_protocol::messages::*;

use crate::world::{Log, World, consumer, topic_id};

fn group(epoch: i32, assignment_epoch: i32) -> Vec<GroupRecord<'static>> {
    let group_id = || "g".into();
    let group = ConsumerGroupMetadataValue {
        epoch,
        ..Default::default()
    };
    let target = ConsumerGroupTargetAssignmentMetadataValue {
        assignment_epoch,
        ..Default::default()
    };
    vec![
        GroupRecord::ConsumerGroupMetadata(
            ConsumerGroupMetadataKey {
                group_id: group_id(),
            },
            Some(group),
        ),
        GroupRecord::ConsumerGroupTargetAssignmentMetadata(
            ConsumerGroupTargetAssignmentMetadataKey {
                group_id: group_id(),
            },
            Some(target),
        ),
    ]
}

/// A member that wants topic t, has its partition 0 since an epoch, and is to have 0 and 1.
fn member(id: &'static str, epoch: i32, state: i8) -> Vec<GroupRecord<'static>> {
    let member = ConsumerGroupMemberMetadataValue {
        client_id: "c".into(),
        client_host: "/127.0.0.1".into(),
        subscribed_topic_names: vec!["t".into()],
        server_assignor: Some("range".into()),
        instance_id: None,
        rack_id: None,
        subscribed_topic_regex: None,
        classic_member_metadata: None,
        ..Default::default()
    };
    let current = ConsumerGroupCurrentMemberAssignmentValue {
        member_epoch: epoch,
        state,
        assigned_partitions: vec![TopicPartitions {
            topic_id: topic_id("t"),
            partitions: vec![0],
            ..Default::default()
        }],
        ..Default::default()
    };
    let target = ConsumerGroupTargetAssignmentMemberValue {
        topic_partitions: vec![TopicPartition {
            topic_id: topic_id("t"),
            partitions: vec![0, 1],
        }],
    };
    vec![
        GroupRecord::ConsumerGroupMemberMetadata(named(id), Some(member)),
        GroupRecord::ConsumerGroupCurrentMemberAssignment(
            ConsumerGroupCurrentMemberAssignmentKey {
                group_id: "g".into(),
                member_id: id.into(),
            },
            Some(current),
        ),
        GroupRecord::ConsumerGroupTargetAssignmentMember(
            ConsumerGroupTargetAssignmentMemberKey {
                group_id: "g".into(),
                member_id: id.into(),
            },
            Some(target),
        ),
    ]
}

fn named(id: &'static str) -> ConsumerGroupMemberMetadataKey<'static> {
    ConsumerGroupMemberMetadataKey {
        group_id: "g".into(),
        member_id: id.into(),
    }
}

fn over(records: impl IntoIterator<Item = GroupRecord<'static>>) -> World {
    let mut log = Log::default();
    for record in records {
        log.records.push(record.encode(0).unwrap());
    }
    World::over(log, &[])
}

fn described(world: &mut World, group: &str) -> Result<Consumers, Undescribed> {
    let ticket = world.ask(Request::DescribeConsumers(group.into()));
    match world.told(ticket) {
        Response::ConsumersDescribed(described) => described.map(|it| *it),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_group_is_described_as_its_records_say() {
    let mut records = group(5, 4);
    records.extend(member("m", 3, 1));
    let told = described(&mut over(records), "g").unwrap();
    let expected = Consumers {
        progress: Progress::Assigning,
        epoch: 5,
        assignment_epoch: 4,
        assignor: Some("range".into()),
        members: vec![Consumer {
            id: "m".into(),
            epoch: 3,
            client_id: "c".into(),
            client_host: "/127.0.0.1".into(),
            topics: vec!["t".into()],
            assigned: vec![(topic_id("t"), vec![0])],
            target: vec![(topic_id("t"), vec![0, 1])],
            ..Consumer::default()
        }],
    };
    assert_eq!(told, expected);
}

#[test]
fn a_group_is_as_far_as_its_members() {
    let progress = |assigned, members: [Vec<GroupRecord<'static>>; 2]| {
        let records = group(5, assigned).into_iter();
        let mut world = over(records.chain(members.into_iter().flatten()));
        described(&mut world, "g").unwrap().progress
    };
    assert_eq!(progress(5, [vec![], vec![]]), Progress::Empty);
    let all = || [member("m", 5, 0), member("n", 5, 0)];
    assert_eq!(progress(5, all()), Progress::Stable);
    assert_eq!(progress(4, all()), Progress::Assigning);
    let behind = [member("m", 5, 0), member("n", 4, 0)];
    assert_eq!(progress(5, behind), Progress::Reconciling);
    let gives_up = [member("m", 5, 0), member("n", 5, 1)];
    assert_eq!(progress(5, gives_up), Progress::Reconciling);
}

#[test]
fn a_member_may_speak_the_classic_protocol_or_be_written_by_a_later_broker() {
    let classic = ConsumerGroupMemberMetadataValue {
        instance_id: Some("one".into()),
        subscribed_topic_regex: Some("t.*".into()),
        classic_member_metadata: Some(ClassicMemberMetadata::default()),
        ..Default::default()
    };
    let mut log = Log::default();
    let record = GroupRecord::ConsumerGroupMemberMetadata(named("m"), Some(classic));
    log.records.push(record.encode(0).unwrap());
    let later = GroupRecord::ConsumerGroupMemberMetadata(named("n"), None);
    let (key, _) = later.encode(0).unwrap();
    log.records.push((key, Some(vec![0, 99].into())));
    let told = described(&mut World::over(log, &[]), "g").unwrap();
    let [m, n] = &told.members[..] else {
        panic!("{told:?}")
    };
    assert!(m.is_classic && m.instance.as_deref() == Some("one"));
    assert_eq!(m.pattern.as_deref(), Some("t.*"));
    assert!(!n.is_classic && &*n.id == "n" && n.topics.is_empty());
}

#[test]
fn what_is_gone_is_not_described_nor_what_is_no_group_of_consumers() {
    let mut records = group(5, 5);
    records.extend(member("m", 5, 0));
    let without = records.clone();
    records.push(GroupRecord::ConsumerGroupMemberMetadata(named("m"), None));
    let told = described(&mut over(records), "g").unwrap();
    assert_eq!((told.progress, told.members), (Progress::Empty, vec![]));

    let mut world = over(without);
    assert_eq!(described(&mut world, "h"), Err(Undescribed::NotFound));
    let mut classic = World::new(&[]);
    classic.stable(1);
    assert_eq!(described(&mut classic, "g"), Err(Undescribed::OtherKind));
    let ticket = world.join(consumer(""));
    world.joined(ticket);
    let ticket = world.ask(Request::Describe("g".into()));
    let told = world.told(ticket);
    assert_eq!(told, Response::Described(Err(Undescribed::OtherKind)));
}
