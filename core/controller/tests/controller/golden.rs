//! Beside Kafka's own controller: over the metadata of its directories, the same requests make the same records.

use std::io::Read;

use bytes::Bytes;
use ottla_controller::{Controller, Registration, Request, Response, internal_topic};
use ottla_machine::{Entry, NodeId, Offset};
use ottla_metadata::{Broker, RecoveryState};
use ottla_protocol::Uuid;
use ottla_protocol::messages::{MetadataRecord, PartitionRecord, TopicRecord};
use ottla_record::Batches;
use ottla_replicated::Runtime;

use crate::world::{ONE, World, alive, leaving};

const CLEAN: &[u8] = include_bytes!("../../../../vectors/kafka-4.3.1/datadir-clean.tar.gz");
const CRASHED: &[u8] = include_bytes!("../../../../vectors/kafka-4.3.1/datadir-crashed.tar.gz");

/// The values of the metadata log with their offsets, and its end.
fn log(archive: &[u8]) -> (Vec<(i64, Bytes)>, i64) {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    let mut entries = archive.entries().unwrap().map(|entry| entry.unwrap());
    let is_log =
        |path: &std::path::Path| path.ends_with("__cluster_metadata-0/00000000000000000000.log");
    let mut entry = entries
        .find(|entry| is_log(&entry.path().unwrap()))
        .unwrap();
    let mut segment = Vec::new();
    entry.read_to_end(&mut segment).unwrap();
    let (mut values, mut end) = (Vec::new(), 0);
    for batch in Batches::new(&segment) {
        let batch = batch.unwrap();
        let header = batch.header();
        end = header.next_offset();
        if header.is_control() {
            continue;
        }
        for record in batch.records(1 << 24).unwrap().iter() {
            let record = record.unwrap();
            let value = Bytes::copy_from_slice(record.value.unwrap());
            values.push((header.offset_of(&record), value));
        }
    }
    (values, end)
}

fn loaded(values: &[(i64, Bytes)], upto: i64) -> Controller {
    let mut runtime = Runtime::new(Controller::new(), Offset(0));
    for (offset, record) in values.iter().filter(|(offset, _)| *offset < upto) {
        runtime.load(
            Offset(*offset),
            Entry::Record {
                producer: None,
                record,
            },
        );
    }
    assert_eq!(runtime.state().unfit(), None);
    runtime.state().clone()
}

/// Kafka walks its topics in the order of a hash map, so what it says of partitions is sorted here, on both sides.
fn sorted(mut records: Vec<MetadataRecord<'_>>) -> Vec<MetadataRecord<'_>> {
    records.sort_by_key(|record| match record {
        MetadataRecord::PartitionChange(change) => (change.topic_id, change.partition_id),
        _ => Default::default(),
    });
    records
}

/// What Kafka wrote in these offsets; not its signs of life.
fn kafkas(values: &[(i64, Bytes)], offsets: std::ops::Range<i64>) -> Vec<MetadataRecord<'_>> {
    let records = values.iter().filter(|(offset, _)| offsets.contains(offset));
    let records = records.map(|(_, value)| MetadataRecord::decode(value).unwrap());
    let records = records.filter(|record| !matches!(record, MetadataRecord::NoOp(_)));
    sorted(records.collect())
}

/// The registration that Kafka recorded, as a request.
fn request(broker: &Broker, previous_epoch: i64) -> Registration {
    Registration {
        id: broker.id,
        incarnation: broker.incarnation,
        endpoints: broker.endpoints.clone(),
        features: broker.features.clone(),
        rack: broker.rack.clone(),
        dirs: broker.dirs.clone(),
        previous_epoch,
    }
}

fn nothing_to_bootstrap(world: &mut World) {
    let request = Request::Bootstrap {
        features: Vec::new(),
    };
    assert_eq!(world.ask(request), Response::Bootstrap(Ok(false)));
}

#[test]
fn a_start_after_a_clean_stop_writes_what_kafka_writes() {
    // The crashed directory is the clean one, started again: its first records are that start's.
    let (values, _) = log(CRASHED);
    let after = loaded(&values, 314);
    let registered = Broker::clone(after.image().broker(ONE).unwrap());
    let controller = after.image().controllers().next().unwrap();
    assert_eq!(registered.epoch, 313);

    let mut world = World::over(loaded(&values, 312), 312, &[]);
    nothing_to_bootstrap(&mut world);
    let answer = world.ask(Request::RegisterController((**controller).clone()));
    assert_eq!(answer, Response::RegisterController(Ok(())));
    let answer = world.ask(Request::RegisterBroker(request(&registered, 13)));
    assert_eq!(answer, Response::RegisterBroker(Ok(313)));
    assert_eq!(world.written(), kafkas(&values, 312..314));

    world.turn_page();
    world.beat(alive(ONE, 313, Offset(313))).unwrap();
    let mut expected = kafkas(&values, 314..328);
    let unfence = |record: &MetadataRecord<'_>| matches!(record, MetadataRecord::BrokerRegistrationChange(change) if change.fenced == -1);
    // Kafka says the two changes of the registration in either order.
    let at = expected.iter().position(unfence).unwrap();
    let first = expected.remove(at);
    expected.insert(0, first);
    assert_eq!(sorted(world.written()), expected);
    assert_eq!(world.log.batches.len(), 1, "C1");
}

#[test]
fn a_clean_stop_writes_what_kafka_writes() {
    let (values, _) = log(CLEAN);
    let mut world = World::over(loaded(&values, 298), 298, &[]);
    nothing_to_bootstrap(&mut world);
    let first = world.beat(leaving(ONE, 13, Offset(297))).unwrap();
    assert!(!first.should_shut_down && !first.fenced);
    let second = world.beat(leaving(ONE, 13, Offset(309))).unwrap();
    assert!(second.should_shut_down && second.fenced);
    assert_eq!(sorted(world.written()), kafkas(&values, 298..312));
    assert_eq!(world.log.batches, [12, 1]);
    world.replayed_over(loaded(&values, 298));
    assert_eq!(world.image(), loaded(&values, 400).image());
}

#[test]
fn a_start_after_a_kill_ends_as_kafkas_does_without_its_wait() {
    let (values, end) = log(CRASHED);
    let mut world = World::over(loaded(&values, end), end, &[]);
    nothing_to_bootstrap(&mut world);
    let mut again = Broker::clone(world.image().broker(ONE).unwrap());
    again.incarnation.0[0] ^= 1;
    // No marker told the epoch of a clean stop.
    let answer = world.ask(Request::RegisterBroker(request(&again, -1)));
    assert_eq!(answer, Response::RegisterBroker(Ok(end)));
    assert_eq!(
        world.log.batches.len(),
        1,
        "one append, so the epoch is its first offset"
    );
    for topic in world.image().topics() {
        for partition in &topic.partitions {
            assert!(!partition.has_leader());
            assert_eq!((partition.isr.len(), partition.elr.len()), (0, 0));
            assert_eq!(partition.last_known_elr, [ONE], "{}", topic.name);
        }
    }
    let last = world.runtime.end_offset().plus(-1);
    let answer = world.beat(alive(ONE, end, last)).unwrap();
    assert!(!answer.fenced);
    for topic in world.image().topics() {
        for partition in &topic.partitions {
            assert_eq!(partition.leader, ONE);
            assert_eq!(partition.isr, [ONE]);
            assert_eq!(partition.recovery_state, RecoveryState::Recovering);
            assert_eq!(partition.last_known_elr, []);
            assert_eq!(partition.leader_epoch.0, 4, "{}", topic.name);
        }
    }
    world.replayed_over(loaded(&values, end));
}

#[test]
fn a_marker_with_the_right_epoch_makes_the_same_start_clean() {
    let (values, end) = log(CRASHED);
    let mut world = World::over(loaded(&values, end), end, &[]);
    nothing_to_bootstrap(&mut world);
    let mut again = Broker::clone(world.image().broker(ONE).unwrap());
    again.incarnation.0[0] ^= 1;
    let epoch = again.epoch;
    let answer = world.ask(Request::RegisterBroker(request(&again, epoch)));
    assert_eq!(answer, Response::RegisterBroker(Ok(end)));
    let last = world.runtime.end_offset();
    world.beat(alive(ONE, end, last)).unwrap();
    let mut partitions = world.image().topics().flat_map(|topic| &topic.partitions);
    assert!(partitions.all(|it| it.leader == ONE && it.recovery_state == RecoveryState::Recovered));
}

/// The same record, about no topic in particular.
fn of_no_topic(record: MetadataRecord<'_>) -> MetadataRecord<'_> {
    match record {
        MetadataRecord::Topic(topic) => MetadataRecord::Topic(TopicRecord {
            topic_id: Uuid::ZERO,
            ..topic
        }),
        MetadataRecord::Partition(it) => MetadataRecord::Partition(PartitionRecord {
            topic_id: Uuid::ZERO,
            ..it
        }),
        other => other,
    }
}

#[test]
fn internal_topics_are_created_as_kafka_creates_them() {
    let (values, _) = log(CLEAN);
    let settings = [
        ("offsets.topic.num.partitions", "2"),
        ("transaction.state.log.num.partitions", "2"),
        ("share.coordinator.state.topic.num.partitions", "1"),
    ];
    for (name, offsets) in [
        ("__consumer_offsets", 91..97),
        ("__transaction_state", 97..106),
        ("__share_group_state", 125..133),
    ] {
        let controller = loaded(&values, offsets.start);
        let mut world = World::over(controller, offsets.start, &settings);
        nothing_to_bootstrap(&mut world);
        let topic = internal_topic(name, &world.view.statics).unwrap();
        assert!(world.create(vec![topic])[0].1.is_ok());
        let kafkas = values.iter().filter(|(offset, _)| offsets.contains(offset));
        let kafkas = kafkas.map(|(_, value)| of_no_topic(MetadataRecord::decode(value).unwrap()));
        let ours = world.written().into_iter().map(of_no_topic);
        assert_eq!(ours.collect::<Vec<_>>(), kafkas.collect::<Vec<_>>());
        assert_eq!(world.log.batches, [offsets.count()]);
    }
}

#[test]
fn features_of_a_directory_are_kept_and_told() {
    let (values, end) = log(CLEAN);
    let controller = loaded(&values, end);
    assert_eq!(controller.image().feature("transaction.version"), 2);
    let mut world = World::over(controller, end, &[]);
    nothing_to_bootstrap(&mut world);
    assert_eq!(world.image().feature("transaction.version"), 2);
    assert_eq!(world.log.values.len(), 0);
    assert_eq!(
        world.image().broker(NodeId(1)).map(|broker| broker.fenced),
        Some(true)
    );
}
