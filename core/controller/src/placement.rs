//! Which brokers get which partitions.
//!
//! X1: no broker twice in one partition; every partition has an active broker, and its first replica is one.

use std::collections::BTreeSet;

use ottla_machine::{NodeId, Rng};
use ottla_metadata::Image;
use ottla_protocol::{ErrorCode, Uuid};

use crate::Refusal;

/// The replicas of each partition, the preferred leader first: round robin from a random start, active brokers before fenced.
pub(crate) fn spread(
    image: &Image,
    partitions: i32,
    replication_factor: i16,
    rng: &mut Rng,
) -> Result<Vec<Vec<NodeId>>, Refusal> {
    let refused = |why: String| Err((ErrorCode::InvalidReplicationFactor, why));
    let wanted = usize::try_from(replication_factor).unwrap_or(0);
    let ids = |active: bool| -> Vec<NodeId> {
        let brokers = image
            .brokers()
            .filter(|broker| broker.is_active() == active);
        brokers.map(|broker| broker.id).collect()
    };
    let (active, fenced) = (ids(true), ids(false));
    if wanted > active.len() + fenced.len() {
        return refused(format!(
            "{wanted} replicas need as many brokers; {} are registered",
            active.len() + fenced.len()
        ));
    }
    if active.is_empty() {
        return refused("no broker is active".to_owned());
    }
    let start = rng.below(active.len() as u64) as usize;
    let place = |index: i32| {
        let from = |list: &[NodeId]| -> Vec<NodeId> {
            let shift = (start + index as usize) % list.len().max(1);
            list[shift..]
                .iter()
                .chain(&list[..shift])
                .copied()
                .collect()
        };
        let mut replicas = from(&active);
        replicas.extend(from(&fenced));
        replicas.truncate(wanted);
        replicas
    };
    Ok((0..partitions).map(place).collect())
}

/// The client's own placement, judged.
pub(crate) fn judge(
    image: &Image,
    assignments: &[(i32, Vec<i32>)],
) -> Result<Vec<Vec<NodeId>>, Refusal> {
    let refused = |why: String| Err((ErrorCode::InvalidReplicaAssignment, why));
    let mut placed: Vec<Option<Vec<NodeId>>> = vec![None; assignments.len()];
    let factor = assignments
        .first()
        .map_or(0, |(_, replicas)| replicas.len());
    for (index, replicas) in assignments {
        let nodes: Vec<NodeId> = replicas.iter().copied().map(NodeId).collect();
        let slot = usize::try_from(*index)
            .ok()
            .and_then(|at| placed.get_mut(at));
        let Some(slot) = slot else {
            return refused("the partitions are not numbered from 0 without a gap".to_owned());
        };
        if slot.is_some() {
            return refused(format!("partition {index} is assigned twice"));
        }
        if nodes.is_empty() {
            return refused(format!("partition {index} is assigned to no broker"));
        }
        if nodes.len() != factor {
            return refused(format!(
                "partition {index} has not as many replicas as the others"
            ));
        }
        let distinct: BTreeSet<NodeId> = nodes.iter().copied().collect();
        if distinct.len() < nodes.len() {
            return refused(format!("partition {index} is assigned to a broker twice"));
        }
        if let Some(node) = nodes.iter().find(|node| image.broker(**node).is_none()) {
            return refused(format!(
                "partition {index} is assigned to broker {node}, which is not registered"
            ));
        }
        if !nodes.iter().any(|node| is_active(image, *node)) {
            return refused(format!("no broker of partition {index} is active"));
        }
        *slot = Some(nodes);
    }
    Ok(placed.into_iter().flatten().collect())
}

pub(crate) fn is_active(image: &Image, node: NodeId) -> bool {
    image.broker(node).is_some_and(|broker| broker.is_active())
}

/// The directory in which a broker keeps a new replica: its only one, or one that it chooses and tells later.
pub(crate) fn directory(image: &Image, node: NodeId) -> Uuid {
    match image.broker(node).map(|broker| broker.dirs.as_slice()) {
        Some([only]) => *only,
        _ => UNASSIGNED,
    }
}

/// Not placed yet.
const UNASSIGNED: Uuid = Uuid::ONE;
