//! A broker becomes active, or is one no more; and what that means for every partition.

use ottla_machine::NodeId;
use ottla_metadata::{Broker, Image, Partition};
use ottla_protocol::messages::{
    BrokerRegistrationChangeRecord, MetadataRecord, PartitionChangeRecord,
};
use ottla_protocol::{ErrorCode, Uuid};

use crate::Refusal;
use crate::draft::Draft;
use crate::election::{Rules, change};
use crate::features::ELR_VERSION;
use crate::view::At;

/// The broker of this number, if the request comes from its present life (C5).
pub(crate) fn registered(image: &Image, node: NodeId, epoch: i64) -> Result<Broker, Refusal> {
    match image.broker(node) {
        Some(broker) if broker.epoch == epoch => Ok(Broker::clone(broker)),
        Some(broker) => Err((
            ErrorCode::StaleBrokerEpoch,
            format!(
                "broker {node} is registered in epoch {}, not {epoch}",
                broker.epoch
            ),
        )),
        None => Err((
            ErrorCode::StaleBrokerEpoch,
            format!("broker {node} is not registered"),
        )),
    }
}

/// It is fenced from now on.
pub(crate) fn fence(draft: &mut Draft, node: NodeId, epoch: i64) {
    let change = BrokerRegistrationChangeRecord {
        broker_id: node.0,
        broker_epoch: epoch,
        fenced: 1,
        ..BrokerRegistrationChangeRecord::default()
    };
    draft.push(MetadataRecord::BrokerRegistrationChange(change));
}

/// It is active from now on: what has no leader may have one.
pub(crate) fn unfence(draft: &mut Draft, at: &At<'_>, broker: &Broker) {
    let active = BrokerRegistrationChangeRecord {
        broker_id: broker.id.0,
        broker_epoch: broker.epoch,
        fenced: -1,
        ..BrokerRegistrationChangeRecord::default()
    };
    draft.push(MetadataRecord::BrokerRegistrationChange(active));
    let cordoned = BrokerRegistrationChangeRecord {
        broker_id: broker.id.0,
        broker_epoch: broker.epoch,
        cordoned_log_dirs: Some(broker.cordoned_dirs.clone()),
        ..BrokerRegistrationChangeRecord::default()
    };
    draft.push(MetadataRecord::BrokerRegistrationChange(cordoned));
    each_partition(draft, at, None, |partition, rules| {
        let mut record = match partition.has_leader() {
            true => None,
            false => change(partition, &partition.isr, rules),
        };
        if let Some(directories) = own_directories(partition, broker) {
            let record = record.get_or_insert_default();
            record.directories = Some(directories);
        }
        record
    });
}

/// It leads nothing and is in no ISR from now on; when it was stopped uncleanly, in no ELR either.
pub(crate) fn leave(draft: &mut Draft, at: &At<'_>, node: NodeId, uncleanly: bool) {
    let unclean = uncleanly.then_some(node);
    each_partition(draft, at, unclean, |partition, rules| {
        let concerned = partition.isr.contains(&node)
            || partition.leader == node
            || (uncleanly && partition.elr.contains(&node));
        let isr: Vec<NodeId> = partition
            .isr
            .iter()
            .copied()
            .filter(|member| *member != node)
            .collect();
        let rules = Rules {
            may_lead: &|other| other != node && (rules.may_lead)(other),
            ..*rules
        };
        concerned.then(|| change(partition, &isr, &rules)).flatten()
    });
}

/// Asks about every partition and writes the changes.
fn each_partition(
    draft: &mut Draft,
    at: &At<'_>,
    stopped_uncleanly: Option<NodeId>,
    decide: impl Fn(&Partition, &Rules<'_>) -> Option<PartitionChangeRecord>,
) {
    let image = draft.image().clone();
    let may_lead = |node| image.broker(node).is_some_and(|broker| broker.is_active());
    let elr = image.feature(ELR_VERSION) > 0;
    for topic in image.topics() {
        let layers = image.layers(Some(&topic.name), at.view.node, &at.view.statics);
        let rules = Rules {
            min_isr: usize::try_from(layers.whole("min.insync.replicas")).unwrap_or(1),
            elr,
            unclean: layers.is("unclean.leader.election.enable"),
            may_lead: &may_lead,
            stopped_uncleanly,
        };
        for (index, partition) in topic.partitions.iter().enumerate() {
            if let Some(change) = decide(partition, &rules) {
                let record = PartitionChangeRecord {
                    topic_id: topic.id,
                    partition_id: index as i32,
                    ..change
                };
                draft.push(MetadataRecord::PartitionChange(record));
            }
        }
    }
}

/// The directories of a partition whose replica here was never placed, or placed in a directory that is not known; `None` when
/// they may stay. Only a broker with one directory can tell where it is.
fn own_directories(partition: &Partition, broker: &Broker) -> Option<Vec<Uuid>> {
    let [only] = broker.dirs.as_slice() else {
        return None;
    };
    let here = partition
        .replicas
        .iter()
        .position(|node| *node == broker.id)?;
    let recorded = *partition.directories.get(here)?;
    if recorded == *only || recorded == LOST {
        return None;
    }
    let mut directories = partition.directories.clone();
    directories[here] = *only;
    Some(directories)
}

/// The directory is known to be gone: to place the replica anew would be to make an empty one of it.
const LOST: Uuid = Uuid(2u128.to_be_bytes());
