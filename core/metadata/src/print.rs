//! An image as records again, in the order in which Kafka writes them into a snapshot: folding them gives the image. A slice at a time,
//! for a large cluster's image is long work; the image shares what it holds with its successors, so that it can wait.
//!
//! P1: an image's records can be written: they came from records of the same versions or older ones.
//! P2: what is kept without being served is among them.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use ottla_machine::{NodeId, Switch, planted};
use ottla_protocol::Uuid;
use ottla_protocol::messages::{
    ConfigRecord, FeatureLevelRecord, MetadataRecord, PartitionRecord, ProducerIdsRecord,
    TopicRecord,
};

use crate::kept::{
    ACCESS_CONTROL_ENTRY, CLIENT_QUOTA, DELEGATION_TOKEN, SCRAM_CREDENTIAL, ZK_MIGRATION_STATE,
};
use crate::{Image, Kept, Partition, Resource};

/// A snapshot begins with it: it says how everything else is written.
const METADATA_VERSION: &str = "metadata.version";

/// Parts of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Features,
    Nodes,
    Topics,
    Configs,
    ProducerIds,
    /// What is kept of this record's number.
    Kept(u16),
}

/// Kafka's order.
const ORDER: [Part; 10] = [
    Part::Features,
    Part::Nodes,
    Part::Topics,
    Part::Configs,
    Part::Kept(CLIENT_QUOTA),
    Part::ProducerIds,
    Part::Kept(ACCESS_CONTROL_ENTRY),
    Part::Kept(SCRAM_CREDENTIAL),
    Part::Kept(DELEGATION_TOKEN),
    Part::Kept(ZK_MIGRATION_STATE),
];

/// What of the part under way has been printed.
#[derive(Clone, Debug)]
enum Done {
    Nothing,
    /// This topic, and so many of its partitions.
    Topic(Arc<str>, usize),
    Config(Resource),
    Kept(Kept),
}

/// The values of the records that make an image, on their way.
#[derive(Clone, Debug)]
pub struct Records {
    image: Image,
    part: usize,
    done: Done,
    switch: Switch,
}

impl Records {
    /// The next ones: about `most`, or `most_bytes` long. None only at the end.
    pub fn slice(&mut self, most: usize, most_bytes: usize) -> Vec<Bytes> {
        let (mut records, mut bytes, mut seen) = (Vec::new(), 0, 0);
        while let Some(part) = ORDER.get(self.part)
            && records.len() < most
            && bytes < most_bytes
        {
            if !self.step(*part, &mut records) {
                self.part += 1;
                self.done = Done::Nothing;
            }
            bytes += records[seen..].iter().map(Bytes::len).sum::<usize>();
            seen = records.len();
        }
        records
    }

    /// Whether all of them were given.
    pub fn is_over(&self) -> bool {
        self.part == ORDER.len()
    }

    /// The next few records of a part; whether there were any.
    fn step(&mut self, part: Part, records: &mut Vec<Bytes>) -> bool {
        match part {
            Part::Features => {
                self.image.print_features(records);
                false
            }
            Part::Nodes => {
                self.image.print_nodes(records);
                false
            }
            Part::Topics => self.step_topic(records),
            Part::Configs => self.step_config(records),
            Part::ProducerIds => {
                if !planted!(self.switch, "snapshot-without-producer-ids") {
                    self.image.print_producer_ids(records);
                }
                false
            }
            Part::Kept(record) => self.step_kept(record, records),
        }
    }

    /// The next partition of the topic under way, or the next topic.
    fn step_topic(&mut self, records: &mut Vec<Bytes>) -> bool {
        let mut after = Bound::Unbounded;
        if let Done::Topic(name, printed) = &mut self.done {
            let topic = self.image.topic_named(name).expect("it is in the image");
            if let Some((index, partition)) = topic.nth(*printed) {
                let record = partition.record(topic.id, index);
                push(records, MetadataRecord::Partition(record));
                *printed += 1;
                return true;
            }
            after = Bound::Excluded(Arc::clone(name));
        }
        let mut rest = self.image.names.range((after, Bound::Unbounded));
        let Some((name, id)) = rest.next() else {
            return false;
        };
        let record = TopicRecord {
            name: (&**name).into(),
            topic_id: *id,
        };
        push(records, MetadataRecord::Topic(record));
        self.done = Done::Topic(Arc::clone(name), 0);
        true
    }

    fn step_config(&mut self, records: &mut Vec<Bytes>) -> bool {
        let after = match &self.done {
            Done::Config(resource) => Bound::Excluded(resource.clone()),
            _ => Bound::Unbounded,
        };
        let mut rest = self.image.configs.range((after, Bound::Unbounded));
        let Some((resource, values)) = rest.next() else {
            return false;
        };
        print_config(resource, values, records);
        self.done = Done::Config(resource.clone());
        true
    }

    /// P2.
    fn step_kept(&mut self, record: u16, records: &mut Vec<Bytes>) -> bool {
        let after = match &self.done {
            Done::Kept(kept) => Bound::Excluded(kept.clone()),
            _ => Bound::Included(Kept {
                record,
                of: Vec::new(),
            }),
        };
        let mut rest = self.image.kept.range((after, Bound::Unbounded));
        let Some((kept, value)) = rest.next().filter(|(kept, _)| kept.record == record) else {
            return false;
        };
        records.push(value.clone());
        self.done = Done::Kept(kept.clone());
        true
    }
}

impl Image {
    /// The values of the records that make this image, a slice at a time.
    pub fn records(&self, switch: Switch) -> Records {
        Records {
            image: self.clone(),
            part: 0,
            done: Done::Nothing,
            switch,
        }
    }

    fn print_features(&self, records: &mut Vec<Bytes>) {
        let first = self
            .features()
            .filter(|(name, _)| *name == METADATA_VERSION);
        let others = self
            .features()
            .filter(|(name, _)| *name != METADATA_VERSION);
        for (name, feature_level) in first.chain(others) {
            let name = name.into();
            let record = FeatureLevelRecord {
                name,
                feature_level,
            };
            push(records, MetadataRecord::FeatureLevel(record));
        }
    }

    fn print_nodes(&self, records: &mut Vec<Bytes>) {
        for broker in self.brokers() {
            push(records, MetadataRecord::RegisterBroker(broker.record()));
        }
        for node in self.controllers() {
            push(records, MetadataRecord::RegisterController(node.record()));
        }
    }

    fn print_producer_ids(&self, records: &mut Vec<Bytes>) {
        if let Some(ids) = self.producer_ids {
            let record = ProducerIdsRecord {
                broker_id: ids.broker.0,
                broker_epoch: ids.broker_epoch,
                next_producer_id: ids.next,
            };
            push(records, MetadataRecord::ProducerIds(record));
        }
    }
}

fn print_config(resource: &Resource, values: &BTreeMap<String, String>, records: &mut Vec<Bytes>) {
    for (name, value) in values {
        let record = ConfigRecord {
            resource_type: resource.kind,
            resource_name: resource.name.as_str().into(),
            name: name.as_str().into(),
            value: Some(value.as_str().into()),
        };
        push(records, MetadataRecord::Config(record));
    }
}

impl Partition {
    /// The partition as a record.
    pub fn record(&self, topic_id: Uuid, index: i32) -> PartitionRecord {
        let some = |list: &[NodeId]| (!list.is_empty()).then(|| ids(list));
        PartitionRecord {
            partition_id: index,
            topic_id,
            replicas: ids(&self.replicas),
            isr: ids(&self.isr),
            removing_replicas: ids(&self.removing),
            adding_replicas: ids(&self.adding),
            leader: self.leader.0,
            leader_recovery_state: self.recovery_state.code(),
            leader_epoch: self.leader_epoch.0,
            partition_epoch: self.partition_epoch,
            directories: self.directories.clone(),
            eligible_leader_replicas: some(&self.elr),
            last_known_elr: some(&self.last_known_elr),
        }
    }
}

fn ids(nodes: &[NodeId]) -> Vec<i32> {
    nodes.iter().map(|node| node.0).collect()
}

fn push(records: &mut Vec<Bytes>, record: MetadataRecord<'_>) {
    let value = record.encode(record.write_version());
    records.push(value.expect("P1: an image's records can be written"));
}
