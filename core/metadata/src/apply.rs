//! What each record does to the image. A record that does not fit is an error with a sentence; the image is then as it was.
//!
//! A1: nothing of a record is applied unless all of it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use ottla_machine::NodeId;
use ottla_protocol::Uuid;
use ottla_protocol::messages::{
    BrokerRegistrationChangeRecord, ConfigRecord, MetadataRecord, PartitionChangeRecord,
    PartitionRecord, ProducerIdsRecord, TopicRecord,
};

use crate::image::{ProducerIds, looks};
use crate::kept::{Keeping, keeping};
use crate::{Broker, ControllerNode, Image, Partition, Resource, Topic};

impl Image {
    /// Applies one record; `value` is the record as it stands in the log. Frames of transactions are [`crate::Fold`]'s.
    pub(crate) fn apply(
        &mut self,
        record: &MetadataRecord<'_>,
        value: &[u8],
    ) -> Result<(), String> {
        use MetadataRecord as R;
        if let Some(keeping) = keeping(record) {
            return self.keep(keeping, value);
        }
        match record {
            R::RegisterBroker(record) => {
                let broker = Arc::new(Broker::new(record));
                self.brokers.insert_mut(broker.id, broker);
                Ok(())
            }
            R::UnregisterBroker(record) => {
                self.known(record.broker_id, record.broker_epoch)?;
                self.brokers.remove_mut(&NodeId(record.broker_id));
                Ok(())
            }
            R::BrokerRegistrationChange(record) => self.change_broker(record),
            R::FenceBroker(record) => self.fence(record.id, record.epoch, 1),
            R::UnfenceBroker(record) => self.fence(record.id, record.epoch, -1),
            R::RegisterController(record) => {
                let controller = Arc::new(ControllerNode::new(record));
                self.controllers.insert_mut(controller.id, controller);
                Ok(())
            }
            R::Topic(record) => self.add_topic(record),
            R::RemoveTopic(record) => self.remove_topic(record.topic_id),
            R::Partition(record) => self.add_partition(record),
            R::PartitionChange(record) => self.change_partition(record),
            R::ClearElr(record) => self.clear_elr(&record.topic_name),
            R::Config(record) => self.configure(record),
            R::FeatureLevel(record) => {
                match record.feature_level {
                    0 => self.features.remove_mut(&*record.name),
                    level => {
                        let name = record.name.clone().into_owned();
                        self.features.insert_mut(name, level);
                        true
                    }
                };
                Ok(())
            }
            R::ProducerIds(record) => self.lease(record),
            R::NoOp(_) => Ok(()),
            R::BeginTransaction(_) | R::EndTransaction(_) | R::AbortTransaction(_) => {
                Err("the frame of a transaction is no change of its own".to_owned())
            }
            R::AccessControlEntry(_)
            | R::RemoveAccessControlEntry(_)
            | R::UserScramCredential(_)
            | R::RemoveUserScramCredential(_)
            | R::DelegationToken(_)
            | R::RemoveDelegationToken(_)
            | R::ClientQuota(_)
            | R::ZkMigrationState(_) => Err("a record that is kept was not kept".to_owned()),
        }
    }

    fn keep(&mut self, keeping: Keeping, value: &[u8]) -> Result<(), String> {
        match keeping {
            Keeping::Keep(kept) => {
                self.kept.insert_mut(kept, Bytes::copy_from_slice(value));
            }
            Keeping::Forget(kept, must) => {
                if !self.kept.remove_mut(&kept) && must {
                    return Err(format!(
                        "it removes what was never there (record {})",
                        kept.record
                    ));
                }
            }
        }
        Ok(())
    }

    fn known(&self, id: i32, epoch: i64) -> Result<&Arc<Broker>, String> {
        match self.brokers.get(&NodeId(id)) {
            Some(broker) if broker.epoch == epoch => Ok(broker),
            Some(broker) => Err(format!(
                "broker {id} is registered in epoch {}, not {epoch}",
                broker.epoch
            )),
            None => Err(format!("broker {id} is not registered")),
        }
    }

    fn change_broker(&mut self, record: &BrokerRegistrationChangeRecord) -> Result<(), String> {
        let mut broker = Broker::clone(self.known(record.broker_id, record.broker_epoch)?);
        broker.change(record)?;
        self.brokers.insert_mut(broker.id, Arc::new(broker));
        Ok(())
    }

    fn fence(&mut self, id: i32, epoch: i64, fenced: i8) -> Result<(), String> {
        self.change_broker(&BrokerRegistrationChangeRecord {
            broker_id: id,
            broker_epoch: epoch,
            fenced,
            ..BrokerRegistrationChangeRecord::default()
        })
    }

    fn add_topic(&mut self, record: &TopicRecord<'_>) -> Result<(), String> {
        if let Some(other) = self.names.get(&*record.name) {
            return Err(format!("{} is already topic {other}", record.name));
        }
        if self.topics.contains_key(&record.topic_id) {
            return Err(format!("topic {} is already there", record.topic_id));
        }
        let name: Arc<str> = Arc::from(&*record.name);
        let topic = Topic::new(record.topic_id, Arc::clone(&name));
        if let Some(looks) = looks(&name) {
            self.alike.insert_mut(looks, Arc::clone(&name));
        }
        self.names.insert_mut(name, record.topic_id);
        self.topics.insert_mut(record.topic_id, Arc::new(topic));
        Ok(())
    }

    fn remove_topic(&mut self, id: Uuid) -> Result<(), String> {
        let Some(topic) = self.topics.get(&id).cloned() else {
            return Err(format!("there is no topic {id}"));
        };
        self.topics.remove_mut(&id);
        self.names.remove_mut(&topic.name);
        if let Some(looks) = looks(&topic.name)
            && self.alike.get(&looks) == Some(&topic.name)
        {
            self.alike.remove_mut(&looks);
        }
        // Its settings go with it; no record says so.
        self.configs.remove_mut(&Resource::topic(&topic.name));
        Ok(())
    }

    fn topic_mut(&mut self, id: Uuid) -> Result<&mut Topic, String> {
        match self.topics.get_mut(&id) {
            Some(topic) => Ok(Arc::make_mut(topic)),
            None => Err(format!("there is no topic {id}")),
        }
    }

    fn add_partition(&mut self, record: &PartitionRecord) -> Result<(), String> {
        let partition = Partition::new(record)?;
        let topic = self.topic_mut(record.topic_id)?;
        topic.put(record.partition_id, Arc::new(partition))
    }

    fn change_partition(&mut self, record: &PartitionChangeRecord) -> Result<(), String> {
        let index = record.partition_id;
        let topic = self.topic_mut(record.topic_id)?;
        let Some(partition) = topic.partition_mut(index) else {
            return Err(format!("{} has no partition {index}", topic.name));
        };
        *partition = Arc::new(partition.changed(record)?);
        Ok(())
    }

    /// No name means all topics. One that is not there has nothing to clear.
    fn clear_elr(&mut self, name: &str) -> Result<(), String> {
        let topics: Vec<Arc<Topic>> = match name {
            "" => self.topics().cloned().collect(),
            name => self.topic_named(name).cloned().into_iter().collect(),
        };
        for topic in topics {
            for (index, partition) in topic.numbered() {
                if partition.elr.is_empty() && partition.last_known_elr.is_empty() {
                    continue;
                }
                self.change_partition(&PartitionChangeRecord {
                    topic_id: topic.id,
                    partition_id: index,
                    eligible_leader_replicas: Some(Vec::new()),
                    last_known_elr: Some(Vec::new()),
                    ..PartitionChangeRecord::default()
                })?;
            }
        }
        Ok(())
    }

    fn configure(&mut self, record: &ConfigRecord<'_>) -> Result<(), String> {
        let resource = Resource {
            kind: record.resource_type,
            name: record.resource_name.clone().into_owned(),
        };
        let known = self.configs.get(&resource);
        let mut values = known
            .map(|values| BTreeMap::clone(values))
            .unwrap_or_default();
        match &record.value {
            Some(value) => {
                let name = record.name.clone().into_owned();
                values.insert(name, value.clone().into_owned());
            }
            None => {
                values.remove(&*record.name);
            }
        }
        if values.is_empty() {
            self.configs.remove_mut(&resource);
        } else {
            self.configs.insert_mut(resource, Arc::new(values));
        }
        Ok(())
    }

    fn lease(&mut self, record: &ProducerIdsRecord) -> Result<(), String> {
        let leased = self.next_producer_id();
        if record.next_producer_id <= leased {
            return Err(format!(
                "it leases producer ids below {}, but all below {leased} are taken",
                record.next_producer_id
            ));
        }
        self.producer_ids = Some(ProducerIds {
            broker: NodeId(record.broker_id),
            broker_epoch: record.broker_epoch,
            next: record.next_producer_id,
        });
        Ok(())
    }
}
