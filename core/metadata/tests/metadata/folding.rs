//! The rules of folding, one by one: records in, images and deltas out.

use ottla_machine::{LeaderEpoch, NodeId, Offset};
use ottla_metadata::{Delta, Fold, Image, Partition, Resource, TopicChange, Unfit};
use ottla_protocol::Uuid;
use ottla_protocol::messages::{
    AbortTransactionRecord, AccessControlEntryRecord, BeginTransactionRecord,
    BrokerRegistrationChangeRecord, ClearElrRecord, ClientQuotaRecord, ConfigRecord,
    EndTransactionRecord, FeatureLevelRecord, MetadataRecord, NoOpRecord, PartitionChangeRecord,
    PartitionRecord, ProducerIdsRecord, RegisterBrokerRecord, RemoveAccessControlEntryRecord,
    RemoveTopicRecord, TopicRecord, UnregisterBrokerRecord,
};

/// A log that is folded as it is written.
#[derive(Default)]
struct Log {
    fold: Fold,
    next: i64,
}

impl Log {
    fn write(&mut self, record: MetadataRecord<'_>) -> Result<(), Unfit> {
        let value = record.encode(record.write_version()).unwrap();
        let offset = Offset(self.next);
        let written = self.fold.apply(offset, LeaderEpoch(1), &value);
        if written.is_ok() {
            self.next += 1;
            self.fold.image().check();
        }
        written
    }

    fn take(&mut self, records: impl IntoIterator<Item = MetadataRecord<'static>>) {
        for record in records {
            let text = format!("{record:?}");
            assert_eq!(self.write(record), Ok(()), "{text}");
        }
    }

    /// The record does not fit, and nothing of it is there.
    fn refuse(&mut self, record: MetadataRecord<'_>) -> String {
        let before = self.image();
        let unfit = self.write(record.clone()).expect_err("it must not fit");
        assert_eq!(unfit.offset, Offset(self.next), "{record:?}");
        assert_eq!(self.image(), before);
        assert_eq!(self.image().offset, before.offset);
        unfit.to_string()
    }

    fn image(&self) -> Image {
        self.fold.image().clone()
    }

    fn partition(&self, id: Uuid, index: i32) -> Partition {
        Partition::clone(self.fold.image().partition(id, index).unwrap())
    }
}

const A: Uuid = Uuid([0xaa; 16]);
const B: Uuid = Uuid([0xbb; 16]);
const DIR: Uuid = Uuid([0xdd; 16]);

fn topic(name: &'static str, topic_id: Uuid) -> MetadataRecord<'static> {
    let name = name.into();
    MetadataRecord::Topic(TopicRecord { name, topic_id })
}

fn partition(topic_id: Uuid, partition_id: i32) -> MetadataRecord<'static> {
    MetadataRecord::Partition(PartitionRecord {
        partition_id,
        topic_id,
        replicas: vec![1],
        isr: vec![1],
        leader: 1,
        leader_epoch: 0,
        partition_epoch: 0,
        directories: vec![DIR],
        ..PartitionRecord::default()
    })
}

fn change(topic_id: Uuid, change: PartitionChangeRecord) -> MetadataRecord<'static> {
    MetadataRecord::PartitionChange(PartitionChangeRecord {
        topic_id,
        partition_id: 0,
        ..change
    })
}

fn nothing() -> PartitionChangeRecord {
    PartitionChangeRecord::default()
}

fn config(
    resource: (i8, &'static str),
    name: &'static str,
    value: Option<&'static str>,
) -> MetadataRecord<'static> {
    MetadataRecord::Config(ConfigRecord {
        resource_type: resource.0,
        resource_name: resource.1.into(),
        name: name.into(),
        value: value.map(Into::into),
    })
}

fn begin() -> MetadataRecord<'static> {
    MetadataRecord::BeginTransaction(BeginTransactionRecord::default())
}

fn end() -> MetadataRecord<'static> {
    MetadataRecord::EndTransaction(EndTransactionRecord::default())
}

fn abort() -> MetadataRecord<'static> {
    MetadataRecord::AbortTransaction(AbortTransactionRecord::default())
}

fn registered(broker_id: i32, broker_epoch: i64) -> MetadataRecord<'static> {
    MetadataRecord::RegisterBroker(RegisterBrokerRecord {
        broker_id,
        broker_epoch,
        log_dirs: vec![DIR],
        rack: None,
        ..RegisterBrokerRecord::default()
    })
}

#[test]
fn epochs_count_changes_and_elections() {
    let mut log = Log::default();
    log.take([topic("a", A), partition(A, 0)]);
    let epochs = |log: &Log| {
        let partition = log.partition(A, 0);
        (partition.leader_epoch.0, partition.partition_epoch)
    };
    assert_eq!(epochs(&log), (0, 0));
    let isr = Some(vec![1]);
    log.take([change(A, PartitionChangeRecord { isr, ..nothing() })]);
    assert_eq!(epochs(&log), (0, 1));
    // The same leader again is a new tenure all the same, and so is none.
    log.take([change(
        A,
        PartitionChangeRecord {
            leader: 1,
            ..nothing()
        },
    )]);
    assert_eq!(epochs(&log), (1, 2));
    log.take([change(
        A,
        PartitionChangeRecord {
            leader: -1,
            ..nothing()
        },
    )]);
    assert_eq!(epochs(&log), (2, 3));
    assert!(!log.partition(A, 0).has_leader());
}

#[test]
fn a_change_holds_only_what_changed() {
    let mut log = Log::default();
    log.take([topic("a", A), partition(A, 0)]);
    let left = PartitionChangeRecord {
        isr: Some(vec![]),
        leader: -1,
        eligible_leader_replicas: Some(vec![1]),
        last_known_elr: Some(vec![1]),
        leader_recovery_state: 1,
        ..nothing()
    };
    log.take([change(A, left)]);
    let elected = PartitionChangeRecord {
        isr: Some(vec![1]),
        leader: 1,
        eligible_leader_replicas: Some(vec![]),
        ..nothing()
    };
    log.take([change(A, elected)]);
    let partition = log.partition(A, 0);
    assert_eq!(partition.isr, [NodeId(1)]);
    assert_eq!(partition.elr, []);
    assert_eq!(
        partition.last_known_elr,
        [NodeId(1)],
        "not named, not changed"
    );
    assert_eq!(partition.recovery_state.code(), 1);
    assert_eq!(partition.directories, [DIR]);
}

#[test]
fn new_replicas_keep_the_directories_of_the_old() {
    let mut log = Log::default();
    log.take([topic("a", A), partition(A, 0)]);
    let replicas = Some(vec![2, 1]);
    log.take([change(
        A,
        PartitionChangeRecord {
            replicas,
            ..nothing()
        },
    )]);
    assert_eq!(log.partition(A, 0).directories, [Uuid::ZERO, DIR]);
    let directories = Some(vec![DIR]);
    log.refuse(change(
        A,
        PartitionChangeRecord {
            directories,
            ..nothing()
        },
    ));
}

#[test]
fn what_does_not_fit_is_a_sentence() {
    let mut log = Log::default();
    log.take([topic("a", A), partition(A, 0), registered(1, 0)]);
    let missing = RemoveTopicRecord { topic_id: B };
    let said = log.refuse(MetadataRecord::RemoveTopic(missing));
    assert_eq!(
        said,
        format!("the metadata record at offset 3 cannot be applied: there is no topic {B}")
    );
    log.refuse(topic("a", B));
    log.refuse(topic("b", A));
    log.refuse(partition(B, 0));
    log.refuse(partition(A, -1));
    log.refuse(change(B, nothing()));
    log.refuse(change(
        A,
        PartitionChangeRecord {
            leader_recovery_state: 7,
            ..nothing()
        },
    ));
    log.refuse(end());
    log.refuse(abort());
    let acl = RemoveAccessControlEntryRecord { id: A };
    log.refuse(MetadataRecord::RemoveAccessControlEntry(acl));
    for (broker_id, broker_epoch) in [(2, 0), (1, 9)] {
        log.refuse(MetadataRecord::UnregisterBroker(UnregisterBrokerRecord {
            broker_id,
            broker_epoch,
        }));
    }
    let strange = BrokerRegistrationChangeRecord {
        broker_id: 1,
        fenced: 3,
        ..Default::default()
    };
    log.refuse(MetadataRecord::BrokerRegistrationChange(strange));
}

#[test]
fn bytes_that_are_no_record_are_refused() {
    let mut fold = Fold::new();
    for bytes in [
        &b""[..],
        b"\x01",
        b"\x02\x02\x00",
        b"\x01\x7f\x00\x00",
        b"\x01\x02\x00\xff\xff",
    ] {
        assert!(
            fold.apply(Offset(0), LeaderEpoch(1), bytes).is_err(),
            "{bytes:?}"
        );
    }
    let value = MetadataRecord::NoOp(NoOpRecord::default())
        .encode(0)
        .unwrap();
    assert_eq!(fold.apply(Offset(4), LeaderEpoch(1), &value), Ok(()));
    assert!(
        fold.apply(Offset(4), LeaderEpoch(1), &value).is_err(),
        "offsets only grow"
    );
}

#[test]
fn a_transaction_is_seen_whole_or_not_at_all() {
    let mut log = Log::default();
    log.take([topic("a", A), begin(), topic("b", B), partition(B, 0)]);
    assert!(log.fold.in_transaction());
    assert!(log.image().topic_named("b").is_none());
    assert_eq!(log.image().offset, Offset(0));
    log.refuse(begin());
    log.take([end()]);
    assert!(log.image().partition(B, 0).is_some());
    assert_eq!(log.image().offset, Offset(4));
    let removed = MetadataRecord::RemoveTopic(RemoveTopicRecord { topic_id: A });
    log.take([begin(), removed, abort()]);
    assert!(log.image().topic_named("a").is_some(), "it never was");
    assert_eq!(log.image().offset, Offset(7));
}

#[test]
fn a_topic_takes_its_settings_along() {
    let mut log = Log::default();
    log.take([
        topic("a", A),
        config((2, "a"), "retention.ms", Some("5")),
        config((2, "a"), "no.such.key", Some("kept")),
        config((4, ""), "min.insync.replicas", Some("1")),
    ]);
    let image = log.image();
    assert_eq!(
        image
            .config(&Resource::topic("a"))
            .map(|values| values.len()),
        Some(2)
    );
    log.take([config((2, "a"), "no.such.key", None)]);
    assert_eq!(
        log.image()
            .config(&Resource::topic("a"))
            .map(|values| values.len()),
        Some(1)
    );
    log.take([MetadataRecord::RemoveTopic(RemoveTopicRecord {
        topic_id: A,
    })]);
    assert!(log.image().config(&Resource::topic("a")).is_none());
    assert!(log.image().config(&Resource::cluster()).is_some());
    assert_eq!(image.topic_count(), 1, "an older image does not change");
}

#[test]
fn names_that_look_alike_are_found() {
    let mut log = Log::default();
    log.take([topic("a.b", A)]);
    assert_eq!(log.image().alike("a_b"), Some("a.b"));
    assert_eq!(log.image().alike("a.b"), None, "itself");
    assert_eq!(log.image().alike("ab"), None);
    log.take([MetadataRecord::RemoveTopic(RemoveTopicRecord {
        topic_id: A,
    })]);
    assert_eq!(log.image().alike("a_b"), None);
}

#[test]
fn partitions_of_a_snapshot_may_come_in_any_order() {
    let mut log = Log::default();
    log.take([topic("a", A), partition(A, 2), partition(A, 0)]);
    assert_eq!(
        log.image().topic(A).map(|topic| topic.partitions.len()),
        Some(1)
    );
    let replicas = Some(vec![1, 2]);
    let early = PartitionChangeRecord {
        topic_id: A,
        partition_id: 2,
        replicas,
        ..nothing()
    };
    log.take([MetadataRecord::PartitionChange(early), partition(A, 1)]);
    let image = log.image();
    assert_eq!(image.topic(A).map(|topic| topic.partitions.len()), Some(3));
    assert_eq!(
        image
            .partition(A, 2)
            .map(|partition| partition.replicas.len()),
        Some(2)
    );
}

#[test]
fn clearing_the_elr_is_a_change_where_there_was_one() {
    let mut log = Log::default();
    log.take([
        topic("a", A),
        partition(A, 0),
        topic("b", B),
        partition(B, 0),
    ]);
    let left = PartitionChangeRecord {
        eligible_leader_replicas: Some(vec![1]),
        ..nothing()
    };
    log.take([change(A, left)]);
    let clear = |name: &'static str| {
        let topic_name = name.into();
        MetadataRecord::ClearElr(ClearElrRecord { topic_name })
    };
    log.take([clear("gone"), clear("b")]);
    assert_eq!(log.partition(A, 0).elr, [NodeId(1)]);
    assert_eq!(log.partition(B, 0).partition_epoch, 0);
    log.take([clear("")]);
    assert_eq!(log.partition(A, 0).elr, []);
    assert_eq!(log.partition(A, 0).partition_epoch, 2);
    assert_eq!(log.partition(B, 0).partition_epoch, 0);
}

#[test]
fn producer_ids_are_leased_once() {
    let mut log = Log::default();
    let lease = |next_producer_id| {
        MetadataRecord::ProducerIds(ProducerIdsRecord {
            broker_id: 1,
            broker_epoch: 0,
            next_producer_id,
        })
    };
    assert_eq!(log.image().next_producer_id(), 0);
    log.take([lease(1000)]);
    log.refuse(lease(1000));
    log.refuse(lease(500));
    log.take([lease(2000)]);
    assert_eq!(log.image().next_producer_id(), 2000);
}

#[test]
fn what_is_not_served_is_kept_as_it_came() {
    let mut log = Log::default();
    let acl = MetadataRecord::AccessControlEntry(AccessControlEntryRecord {
        id: A,
        ..Default::default()
    });
    let quota = |value, remove| {
        MetadataRecord::ClientQuota(ClientQuotaRecord {
            key: "consumer_byte_rate".into(),
            value,
            remove,
            entity: vec![],
        })
    };
    let bytes = acl.encode(0).unwrap();
    log.take([acl, quota(1.0, false), quota(2.0, false)]);
    let image = log.image();
    assert_eq!(image.acls(), 1);
    assert_eq!(
        image.kept().count(),
        2,
        "the second quota replaced the first"
    );
    assert!(image.kept().any(|(_, value)| *value == bytes));
    let gone = RemoveAccessControlEntryRecord { id: A };
    log.take([
        MetadataRecord::RemoveAccessControlEntry(gone),
        quota(0.0, true),
    ]);
    assert_eq!(log.image().kept().count(), 0);
}

#[test]
fn a_feature_at_level_zero_is_off() {
    let mut log = Log::default();
    let level = |feature_level| {
        let name = "group.version".into();
        MetadataRecord::FeatureLevel(FeatureLevelRecord {
            name,
            feature_level,
        })
    };
    log.take([level(1)]);
    assert_eq!(
        log.image().features().collect::<Vec<_>>(),
        [("group.version", 1)]
    );
    log.take([level(0)]);
    assert_eq!(log.image().features().count(), 0);
}

#[test]
fn a_delta_tells_what_became_different() {
    let mut log = Log::default();
    log.take([
        topic("a", A),
        partition(A, 0),
        topic("b", B),
        registered(1, 3),
    ]);
    let before = log.image();
    assert!(Delta::between(&before, &log.image()).is_empty());
    let removed = MetadataRecord::RemoveTopic(RemoveTopicRecord { topic_id: B });
    let again = Uuid([0x11; 16]);
    log.take([
        removed,
        topic("b", again),
        partition(A, 1),
        config((2, "a"), "retention.ms", Some("1")),
        registered(1, 4),
    ]);
    let after = log.image();
    let delta = Delta::between(&before, &after);
    let told: Vec<(&str, Uuid)> = delta
        .topics
        .iter()
        .map(|change| match change {
            TopicChange::Created(topic) => ("created", topic.id),
            TopicChange::Changed { from, to } => {
                assert_eq!((from.partitions.len(), to.partitions.len()), (1, 2));
                ("changed", to.id)
            }
            TopicChange::Deleted(topic) => ("deleted", topic.id),
        })
        .collect();
    assert_eq!(told, [("created", again), ("changed", A), ("deleted", B)]);
    assert_eq!(delta.configs, [Resource::topic("a")]);
    assert_eq!(delta.brokers, [NodeId(1)]);
    assert!(!delta.features);
    let back = Delta::between(&after, &before);
    assert_eq!(back.topics.len(), 3);
}

#[test]
fn an_aborted_transaction_leaves_no_delta() {
    let mut log = Log::default();
    log.take([topic("a", A), partition(A, 0)]);
    let before = log.image();
    log.take([begin(), partition(A, 1), abort()]);
    assert!(Delta::between(&before, &log.image()).is_empty());
}
