//! An image as records again, in the order in which Kafka writes them into a snapshot: folding them gives the image.

use bytes::Bytes;
use ottla_machine::NodeId;
use ottla_protocol::Uuid;
use ottla_protocol::messages::{
    ConfigRecord, FeatureLevelRecord, MetadataRecord, PartitionRecord, ProducerIdsRecord,
    TopicRecord,
};

use crate::{Image, Partition};

/// A snapshot begins with it: it says how everything else is written.
const METADATA_VERSION: &str = "metadata.version";

impl Image {
    /// The values of the records that make this image.
    pub fn records(&self) -> Vec<Bytes> {
        let mut records = Vec::new();
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
            push(&mut records, MetadataRecord::FeatureLevel(record));
        }
        for broker in self.brokers() {
            push(
                &mut records,
                MetadataRecord::RegisterBroker(broker.record()),
            );
        }
        for node in self.controllers() {
            push(
                &mut records,
                MetadataRecord::RegisterController(node.record()),
            );
        }
        for topic in self.topics() {
            let name = (&*topic.name).into();
            let topic_id = topic.id;
            push(
                &mut records,
                MetadataRecord::Topic(TopicRecord { name, topic_id }),
            );
            for (index, partition) in topic.numbered() {
                let record = partition.record(topic_id, index);
                push(&mut records, MetadataRecord::Partition(record));
            }
        }
        self.print_configs(&mut records);
        if let Some(ids) = self.producer_ids {
            let record = ProducerIdsRecord {
                broker_id: ids.broker.0,
                broker_epoch: ids.broker_epoch,
                next_producer_id: ids.next,
            };
            push(&mut records, MetadataRecord::ProducerIds(record));
        }
        records.extend(self.kept().map(|(_, value)| value.clone()));
        records
    }

    fn print_configs(&self, records: &mut Vec<Bytes>) {
        for (resource, values) in self.configs() {
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
    // What an image holds came from records of these versions or older ones.
    records.push(value.expect("P1: an image's records can be written"));
}
