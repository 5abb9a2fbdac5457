//! The metadata logs of two of Kafka's own data directories (one stopped cleanly, one killed) fold into what Kafka's tools
//! said of them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::Read;

use ottla_machine::{LeaderEpoch, NodeId, Offset, Switch};
use ottla_metadata::config::{Layers, Source, StaticConfig, describe_topic};
use ottla_metadata::{Fold, Image, RecoveryState, Resource, Topic};
use ottla_record::{Batches, Header};

const CLEAN: &[u8] = include_bytes!("../../../../vectors/kafka-4.3.1/datadir-clean.tar.gz");
const CRASHED: &[u8] = include_bytes!("../../../../vectors/kafka-4.3.1/datadir-crashed.tar.gz");
const CLEAN_TOPICS: &str =
    include_str!("../../../../vectors/kafka-4.3.1/expected-clean/topics.txt");
const CRASHED_TOPICS: &str =
    include_str!("../../../../vectors/kafka-4.3.1/expected-crashed/topics.txt");

/// The files of a directory's metadata log, by name.
fn metadata_files(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    let mut files = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().display().to_string();
        if let Some((_, name)) = path.split_once("__cluster_metadata-0/") {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            files.insert(name.to_owned(), bytes);
        }
    }
    files
}

/// Every record's value with its offset, and control batches as `None`.
fn values(segment: &[u8]) -> Vec<(Offset, LeaderEpoch, Option<Vec<u8>>)> {
    let mut all = Vec::new();
    for batch in Batches::new(segment) {
        let batch = batch.unwrap();
        let header: &Header = batch.header();
        let epoch = LeaderEpoch(header.partition_leader_epoch);
        if header.is_control() {
            all.push((Offset(header.last_offset()), epoch, None));
            continue;
        }
        for record in batch.records(1 << 24).unwrap().iter() {
            let record = record.unwrap();
            let offset = Offset(header.offset_of(&record));
            all.push((offset, epoch, record.value.map(<[u8]>::to_vec)));
        }
    }
    all
}

fn folded(archive: &[u8]) -> Fold {
    let files = metadata_files(archive);
    let segment = &files["00000000000000000000.log"];
    let mut fold = Fold::new();
    let mut count = 0;
    for (offset, epoch, value) in values(segment) {
        match value {
            Some(value) => fold.apply(offset, epoch, &value).unwrap(),
            None => fold.passed(offset, epoch),
        }
        count += 1;
    }
    assert!(count > 100, "only {count} records");
    assert!(!fold.in_transaction());
    fold.image().check();
    fold
}

/// The static settings of the node that made the directories, as far as a topic's settings show them.
fn maker() -> StaticConfig {
    let mut statics = StaticConfig::new();
    statics.set("log.index.interval.bytes", "256").unwrap();
    statics
        .set("log.cleaner.min.cleanable.ratio", "0.01")
        .unwrap();
    statics
}

/// One topic as Kafka's tool prints it, with what it would say of each partition; but the settings in order of their names.
fn told(image: &Image, topic: &Topic, statics: &StaticConfig) -> String {
    let layers: Layers<'_> = image.layers(Some(&topic.name), NodeId(1), statics);
    let configs: Vec<String> = describe_topic(&layers)
        .iter()
        .filter(|entry| entry.source != Source::Default)
        .map(|entry| {
            let value = entry.value.clone().unwrap_or_default();
            format!("{}={value}", entry.key.name)
        })
        .collect();
    let mut text = format!(
        "{} {} {} {}\n",
        topic.name,
        topic.id,
        topic.partitions.len(),
        configs.join(",")
    );
    for (index, partition) in topic.partitions.iter().enumerate() {
        let list = |nodes: &[NodeId]| -> Vec<i32> { nodes.iter().map(|node| node.0).collect() };
        let line = format!("  {index} {:?}\n", list(&partition.replicas));
        text.write_str(&line).unwrap();
    }
    text
}

/// The tool's own text in the same form.
fn expected(text: &str) -> String {
    let mut topics: BTreeMap<String, String> = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines() {
        let fields: BTreeMap<&str, &str> = line
            .split('\t')
            .filter_map(|field| field.split_once(": "))
            .collect();
        if let Some(partition) = fields.get("Partition") {
            let entry = format!("  {partition} [{}]\n", fields["Replicas"]);
            topics.get_mut(&current).unwrap().push_str(&entry);
        } else if let Some(topic) = fields.get("Topic") {
            current = (*topic).to_owned();
            let mut configs: Vec<&str> = fields["Configs"].split(',').collect();
            configs.sort_unstable();
            let line = format!(
                "{topic} {} {} {}\n",
                fields["TopicId"],
                fields["PartitionCount"],
                configs.join(",")
            );
            topics.insert(current.clone(), line);
        }
    }
    assert!(topics.len() > 5, "the expectation is read");
    topics.into_values().collect()
}

fn compare(archive: &[u8], text: &str) {
    let fold = folded(archive);
    let image = fold.image();
    let statics = maker();
    let ours: String = image
        .topics()
        .map(|topic| told(image, topic, &statics))
        .collect();
    assert_eq!(ours, expected(text));
}

#[test]
fn the_clean_directory_has_the_topics_kafka_shows() {
    compare(CLEAN, CLEAN_TOPICS);
}

#[test]
fn the_crashed_directory_has_the_topics_kafka_shows() {
    compare(CRASHED, CRASHED_TOPICS);
}

#[test]
fn after_a_clean_stop_nobody_leads_and_everybody_is_eligible() {
    let fold = folded(CLEAN);
    let broker = fold.image().broker(NodeId(1)).unwrap();
    assert!(broker.fenced && broker.in_controlled_shutdown);
    for topic in fold.image().topics() {
        for partition in &topic.partitions {
            assert!(!partition.has_leader(), "{}", topic.name);
            assert_eq!(partition.isr, []);
            assert_eq!(partition.elr, [NodeId(1)]);
            assert_eq!(partition.last_known_elr, [NodeId(1)]);
        }
    }
}

#[test]
fn after_a_kill_the_registration_stands_and_everything_is_led() {
    let fold = folded(CRASHED);
    let broker = fold.image().broker(NodeId(1)).unwrap();
    assert!(broker.is_active());
    assert_eq!(broker.endpoints.len(), 1);
    for topic in fold.image().topics() {
        for partition in &topic.partitions {
            assert_eq!(partition.leader, NodeId(1));
            assert_eq!(partition.leader_epoch, LeaderEpoch(2));
            assert_eq!(partition.recovery_state, RecoveryState::Recovered);
            assert_eq!(partition.directories, broker.dirs);
        }
    }
}

#[test]
fn features_and_what_is_not_served_are_kept() {
    let fold = folded(CLEAN);
    let image = fold.image();
    assert_eq!(image.feature("metadata.version"), 30);
    assert_eq!(image.feature("eligible.leader.replicas.version"), 1);
    assert_eq!(image.feature("transaction.version"), 2);
    assert_eq!(image.feature("nothing.of.that.name"), 0);
    let cluster = image.config(&Resource::cluster()).unwrap();
    assert_eq!(cluster["min.insync.replicas"], "1");
    assert!(image.acls() > 0);
    for record in [11, 14, 18] {
        assert!(
            image.kept().any(|(kept, _)| kept.record == record),
            "a record of kind {record} is kept"
        );
    }
    assert!(image.next_producer_id() > 0);
    assert_eq!(image.next_producer_id() % 1000, 0);
}

#[test]
fn the_image_as_records_folds_into_the_image() {
    for archive in [CLEAN, CRASHED] {
        let fold = folded(archive);
        let image = fold.image();
        let records = image
            .records(Switch::default())
            .slice(usize::MAX, usize::MAX);
        let again = Fold::snapshot(&records, image.offset, image.epoch).unwrap();
        assert_eq!(again.image(), image);
        assert_eq!(again.image().offset, image.offset);
        again.image().check();
        let same = again.image().records(Switch::default());
        assert_eq!(same.clone().slice(usize::MAX, usize::MAX), records);
        // In slices of any size, by count or by length, and whatever else holds a part of the image.
        for (most, most_bytes) in [(1, usize::MAX), (7, usize::MAX), (usize::MAX, 100)] {
            let (mut slices, mut sliced) = (same.clone(), Vec::new());
            while !slices.is_over() {
                let slice = slices.slice(most, most_bytes);
                assert!(!slice.is_empty() || slices.is_over());
                assert!(slice.len() < 60, "a slice of {}", slice.len());
                sliced.extend(slice);
            }
            assert_eq!(sliced, records);
        }
    }
}

#[test]
fn a_snapshot_has_kafkas_order_and_all_that_is_kept() {
    let fold = folded(CLEAN);
    let mut records = fold.image().records(Switch::default());
    let records = records.slice(usize::MAX, usize::MAX);
    // The number stands behind the frame's version.
    let mut kinds: Vec<u8> = records.iter().map(|value| value[1]).collect();
    assert_eq!(kinds[0], 12, "metadata.version comes first");
    kinds.dedup();
    let topics = kinds.iter().filter(|kind| **kind == 2).count();
    assert_eq!(topics, fold.image().topic_count());
    kinds.retain(|kind| *kind != 2);
    kinds.dedup();
    assert_eq!(kinds, [12, 0, 27, 3, 4, 14, 15, 18, 11]);
    for (_, value) in fold.image().kept() {
        assert!(records.contains(value));
    }
}

#[test]
fn a_snapshot_that_ends_within_a_transaction_is_none() {
    let begin = [1, 23, 0, 0];
    let ended = Fold::snapshot([begin], Offset(9), LeaderEpoch(1));
    assert!(ended.is_err_and(|unfit| unfit.why.contains("transaction")));
}

#[test]
fn the_snapshot_a_format_leaves_says_nothing_about_the_cluster() {
    let files = metadata_files(CLEAN);
    let snapshot = &files["00000000000000000000-0000000000.checkpoint"];
    assert!(values(snapshot).iter().all(|(_, _, value)| value.is_none()));
    assert!(!values(snapshot).is_empty());
}
