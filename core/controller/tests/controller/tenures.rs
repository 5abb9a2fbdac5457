//! The beginning of a tenure, and what a tenure must not do.

use ottla_controller::{Controller, FRESH_FEATURES, Request, Response, feature_values, refusal};
use ottla_machine::{Entry, Forgets, Offset};
use ottla_metadata::Resource;
use ottla_protocol::messages::{
    BeginTransactionRecord, FeatureLevelRecord, MetadataRecord, TopicRecord,
};
use ottla_protocol::{ErrorCode, Uuid};
use ottla_replicated::{Refused, Runtime};

use crate::world::{ONE, World, code};

fn bootstrap(features: &[(&str, i16)]) -> Request {
    let features = features
        .iter()
        .map(|(name, level)| ((*name).to_owned(), *level));
    Request::Bootstrap {
        features: features.collect(),
    }
}

fn loaded(records: &[MetadataRecord<'_>]) -> Runtime<Controller> {
    let mut runtime = Runtime::new(Controller::new(), Offset(0));
    for (index, record) in records.iter().enumerate() {
        let value = record.encode(record.write_version()).unwrap();
        runtime.load(
            Offset(index as i64),
            Entry::Record {
                producer: None,
                record: &value,
            },
        );
    }
    runtime
}

fn feature(name: &'static str, feature_level: i16) -> MetadataRecord<'static> {
    let name = name.into();
    MetadataRecord::FeatureLevel(FeatureLevelRecord {
        name,
        feature_level,
    })
}

#[test]
fn a_fresh_cluster_begins_as_kafkas_does() {
    let mut world = World::fresh(&[("min.insync.replicas", "1")]);
    let written: Vec<String> = world
        .written()
        .iter()
        .map(|record| match record {
            MetadataRecord::BeginTransaction(begin) => format!("begin {:?}", begin.name.as_deref()),
            MetadataRecord::FeatureLevel(it) => format!("{} {}", it.name, it.feature_level),
            MetadataRecord::Config(it) => {
                let (kind, name, value) = (it.resource_type, &it.name, it.value.as_deref());
                format!("{kind} {:?} {name} {value:?}", it.resource_name)
            }
            MetadataRecord::EndTransaction(_) => "end".to_owned(),
            other => format!("{other:?}"),
        })
        .collect();
    let expected = [
        r#"begin Some("Bootstrap records")"#,
        "metadata.version 30",
        "eligible.leader.replicas.version 1",
        r#"4 "" min.insync.replicas Some("1")"#,
        "end",
    ];
    assert_eq!(written, expected);
    assert_eq!(world.log.batches, [5], "C1");
    assert_eq!(
        world
            .image()
            .config(&Resource::cluster())
            .map(|it| it.len()),
        Some(1)
    );
    assert_eq!(
        world.ask(bootstrap(FRESH_FEATURES)),
        Response::Bootstrap(Ok(false))
    );
    world.replayed_over(Controller::new());
}

#[test]
fn nothing_is_decided_before_the_beginning() {
    let mut world = World::over(Controller::new(), 3, &[]);
    let request = Request::AllocateProducerIds {
        broker: ONE,
        epoch: 0,
    };
    let Response::Refused((code, _)) = world.ask(request) else {
        panic!("not refused");
    };
    assert_eq!(code, ErrorCode::NotController);
    let Response::Bootstrap(result) = world.ask(bootstrap(&[])) else {
        panic!("not answered");
    };
    assert_eq!(
        self::code(&result),
        ErrorCode::UnsupportedVersion,
        "no metadata.version"
    );
    assert!(world.log.values.is_empty());
}

#[test]
fn an_open_transaction_is_aborted_first() {
    let begin = MetadataRecord::BeginTransaction(BeginTransactionRecord::default());
    let topic = MetadataRecord::Topic(TopicRecord {
        name: "half".into(),
        topic_id: Uuid([7; 16]),
    });
    let runtime = loaded(&[feature("metadata.version", 30), begin, topic]);
    let mut world = World::over(runtime.state().clone(), 3, &[]);
    assert_eq!(
        world.ask(bootstrap(FRESH_FEATURES)),
        Response::Bootstrap(Ok(false))
    );
    assert!(matches!(
        world.written()[..],
        [MetadataRecord::AbortTransaction(_)]
    ));
    assert_eq!(world.image().topic_count(), 0);
    // And an empty log that was left in the middle of its bootstrap is bootstrapped.
    let begin = MetadataRecord::BeginTransaction(BeginTransactionRecord::default());
    let runtime = loaded(&[begin, feature("metadata.version", 30)]);
    let mut world = World::over(runtime.state().clone(), 2, &[]);
    assert_eq!(
        world.ask(bootstrap(FRESH_FEATURES)),
        Response::Bootstrap(Ok(true))
    );
    assert_eq!(world.image().feature("eligible.leader.replicas.version"), 1);
}

#[test]
fn levels_that_cannot_be_read_are_refused() {
    for (name, level) in [
        ("metadata.version", 31),
        ("share.version", 2),
        ("ottla.version", 1),
    ] {
        let version = feature("metadata.version", 30);
        let runtime = loaded(&[version, feature(name, level)]);
        let mut world = World::over(runtime.state().clone(), 2, &[]);
        let Response::Bootstrap(Err((code, why))) = world.ask(bootstrap(FRESH_FEATURES)) else {
            panic!("{name} {level} was taken");
        };
        assert_eq!(code, ErrorCode::UnsupportedVersion);
        assert!(why.contains(name), "{why}");
        assert!(world.log.values.is_empty());
    }
}

#[test]
fn a_record_that_does_not_fit_is_told_and_nothing_is_decided() {
    let mut runtime = loaded(&[feature("metadata.version", 30)]);
    let record = bytes::Bytes::from_static(b"\x01\x7f\x00\x00");
    runtime.load(
        Offset(1),
        Entry::Record {
            producer: None,
            record: &record,
        },
    );
    let unfit = runtime.state().unfit().cloned();
    assert_eq!(unfit.map(|unfit| unfit.offset), Some(Offset(1)));
    let mut world = World::over(runtime.state().clone(), 2, &[]);
    let request = Request::AllocateProducerIds {
        broker: ONE,
        epoch: 0,
    };
    let cause = ottla_machine::Cause::Request(
        ottla_machine::Ticket {
            gather: 0,
            generation: 0,
            slot: 0,
        },
        request,
    );
    let outcome = world
        .runtime
        .step(world.now, &world.view, cause, &mut world.log, &mut Forgets);
    assert!(matches!(
        outcome.replies[..],
        [(_, Response::Refused((ErrorCode::NotController, _)))]
    ));
}

#[test]
fn two_tenures_draw_different_ids() {
    let mut world = World::one_broker(&[]);
    let mut drawn = vec![world.topic("a", &[&[1]])];
    world.runtime.end();
    world.begin();
    drawn.push(world.topic("b", &[&[1]]));
    assert_ne!(drawn[0], drawn[1]);
    let mut same = World::one_broker(&[]);
    assert_eq!(
        same.topic("a", &[&[1]]),
        drawn[0],
        "the same seed, the same history, the same id"
    );
}

#[test]
fn what_the_log_refuses_is_refused_to_the_client() {
    let mut world = World::one_broker(&[]);
    world.log.refuse = Some(Refused::TooLarge);
    let request = Request::CreateTopics {
        topics: vec![ottla_controller::NewTopic::with_defaults("a")],
        validate_only: false,
    };
    let (answer, refused) = world.say(request);
    assert_eq!((answer, refused), (None, Some(Refused::TooLarge)));
    assert_eq!(world.image().topic_count(), 0);
    assert_eq!(refusal(Refused::NotLeader).0, ErrorCode::NotController);
    assert_eq!(refusal(Refused::TooLarge).0, ErrorCode::PolicyViolation);
    assert_eq!(refusal(Refused::Full).0, ErrorCode::KafkaStorageError);
}

#[test]
fn the_features_of_a_fresh_cluster_are_records_too() {
    let values = feature_values(FRESH_FEATURES);
    let names: Vec<String> = values
        .iter()
        .map(|value| match MetadataRecord::decode(value).unwrap() {
            MetadataRecord::FeatureLevel(it) => format!("{} {}", it.name, it.feature_level),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(
        names,
        ["metadata.version 30", "eligible.leader.replicas.version 1"]
    );
}
