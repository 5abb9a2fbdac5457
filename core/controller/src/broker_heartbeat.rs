//! A broker says that it is still here, how far it has applied the metadata, and whether it wants to stop. From here brokers become
//! active and leave; with them, partitions get and lose their leaders.

use ottla_machine::{Deadlines, NodeId};
use ottla_metadata::{Broker, Image, Partition, Topic};
use ottla_protocol::messages::{
    BrokerRegistrationChangeRecord, MetadataRecord, PartitionChangeRecord,
};
use ottla_protocol::{ErrorCode, Uuid};

use crate::controller::{At, Controller, Soft};
use crate::draft::Draft;
use crate::election::{Rules, change};
use crate::features::ELR_VERSION;
use crate::register_broker::fence;
use crate::{Heartbeat, HeartbeatAnswer, Refusal};

/// What the broker is now.
pub(crate) fn decide(
    draft: &mut Draft,
    soft: &mut Soft,
    at: &At<'_>,
    beat: &Heartbeat,
    timers: &mut Deadlines<Controller>,
) -> Result<HeartbeatAnswer, Refusal> {
    let broker = registered(draft.image(), beat.broker, beat.epoch)?;
    soft.sessions.touch(broker.id, at, timers);
    soft.sessions.applied(broker.id, beat.metadata_offset);
    let caught_up = beat.metadata_offset.0 >= broker.epoch;
    let mut should_shut_down = false;
    if broker.fenced {
        should_shut_down = beat.want_shutdown;
        let wants_to_be = !beat.want_fence && !beat.want_shutdown;
        // One that was about to stop does so; it comes back by registering.
        if caught_up && wants_to_be && !broker.in_controlled_shutdown {
            unfence(draft, at, &broker);
        }
    } else if beat.want_shutdown {
        should_shut_down = shut_down(draft, soft, at, &broker);
    } else if beat.want_fence {
        leave(draft, at, broker.id, false);
        fence(draft, broker.id, broker.epoch);
    }
    let fenced = draft
        .image()
        .broker(broker.id)
        .is_none_or(|broker| broker.fenced);
    Ok(HeartbeatAnswer {
        caught_up,
        fenced,
        should_shut_down,
    })
}

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

/// A session has ended.
pub(crate) fn expire(draft: &mut Draft, soft: &mut Soft, at: &At<'_>, node: NodeId) {
    soft.sessions.forget(node);
    let broker = draft.image().broker(node).cloned();
    if let Some(broker) = broker.filter(|broker| !broker.fenced) {
        leave(draft, at, node, false);
        fence(draft, node, broker.epoch);
    }
}

/// The first wish takes its partitions away; once it leads none and everybody knows, it may stop.
fn shut_down(draft: &mut Draft, soft: &mut Soft, at: &At<'_>, broker: &Broker) -> bool {
    if !broker.in_controlled_shutdown {
        let change = BrokerRegistrationChangeRecord {
            broker_id: broker.id.0,
            broker_epoch: broker.epoch,
            in_controlled_shutdown: 1,
            ..BrokerRegistrationChangeRecord::default()
        };
        draft.push(MetadataRecord::BrokerRegistrationChange(change));
        leave(draft, at, broker.id, false);
        soft.sessions.leaves(broker.id, draft.image().offset);
        return false;
    }
    let leads = |topic: &Topic| topic.partitions.iter().any(|it| it.leader == broker.id);
    if draft.image().topics().any(|topic| leads(topic)) {
        return false;
    }
    let known = draft.image().offset;
    let leaves_at = soft.sessions.leaves_at(broker.id, known);
    let active = draft.image().brokers().filter(|other| other.is_active());
    if !soft
        .sessions
        .have_applied(active.map(|other| other.id), leaves_at)
    {
        return false;
    }
    leave(draft, at, broker.id, false);
    fence(draft, broker.id, broker.epoch);
    true
}

/// It is active from now on: what has no leader may have one.
fn unfence(draft: &mut Draft, at: &At<'_>, broker: &Broker) {
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
