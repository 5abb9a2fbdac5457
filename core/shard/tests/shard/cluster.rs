//! The metadata of these tests: images made by folding real records.

use std::sync::Arc;

use ottla_machine::{LeaderEpoch, NodeId, Offset};
use ottla_metadata::{Fold, Image};
use ottla_protocol::Uuid;
use ottla_protocol::messages::{
    ConfigRecord, MetadataRecord, PartitionChangeRecord, PartitionRecord, RemoveTopicRecord,
    TopicRecord,
};

pub const NODE: NodeId = NodeId(1);
pub const DIR_ID: Uuid = Uuid([7; 16]);

#[derive(Clone)]
pub struct Cluster {
    fold: Fold,
    offset: i64,
}

impl Cluster {
    pub fn new() -> Cluster {
        Cluster {
            fold: Fold::new(),
            offset: 0,
        }
    }

    pub fn image(&self) -> Arc<Image> {
        Arc::new(self.fold.image().clone())
    }

    fn apply(&mut self, record: MetadataRecord<'_>) {
        let value = record.encode(record.max_version()).expect("a record");
        self.fold
            .apply(Offset(self.offset), LeaderEpoch(1), &value)
            .expect("it fits");
        self.offset += 1;
    }

    /// A topic with one replica per partition, led by this node in epoch 0.
    pub fn topic(&mut self, name: &str, id: u8, partitions: i32) {
        self.topic_on(name, id, partitions, &[NODE.0], &[NODE.0]);
    }

    pub fn topic_on(&mut self, name: &str, id: u8, partitions: i32, replicas: &[i32], isr: &[i32]) {
        self.apply(MetadataRecord::Topic(TopicRecord {
            name: name.into(),
            topic_id: topic_id(id),
        }));
        for index in 0..partitions {
            self.apply(MetadataRecord::Partition(PartitionRecord {
                partition_id: index,
                topic_id: topic_id(id),
                replicas: replicas.to_vec(),
                isr: isr.to_vec(),
                leader: NODE.0,
                leader_epoch: 0,
                partition_epoch: 0,
                directories: vec![DIR_ID; replicas.len()],
                ..PartitionRecord::default()
            }));
        }
    }

    pub fn config(&mut self, topic: &str, name: &str, value: &str) {
        self.apply(MetadataRecord::Config(ConfigRecord {
            resource_type: 2,
            resource_name: topic.into(),
            name: name.into(),
            value: Some(value.into()),
        }));
    }

    pub fn remove(&mut self, id: u8) {
        self.apply(MetadataRecord::RemoveTopic(RemoveTopicRecord {
            topic_id: topic_id(id),
        }));
    }

    /// Another election: the leader epoch grows by one.
    pub fn elect(&mut self, id: u8, index: i32, leader: i32) {
        self.apply(MetadataRecord::PartitionChange(PartitionChangeRecord {
            partition_id: index,
            topic_id: topic_id(id),
            leader,
            ..PartitionChangeRecord::default()
        }));
    }

    /// Another ISR in the same epoch.
    pub fn isr(&mut self, id: u8, index: i32, isr: &[i32]) {
        self.apply(MetadataRecord::PartitionChange(PartitionChangeRecord {
            partition_id: index,
            topic_id: topic_id(id),
            isr: Some(isr.to_vec()),
            ..PartitionChangeRecord::default()
        }));
    }
}

pub fn topic_id(id: u8) -> Uuid {
    Uuid([id; 16])
}
