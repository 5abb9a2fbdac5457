//! Who is in sync and who leads, after something has changed for one partition.
//!
//! | ISR after the change | ELR | last known | elected |
//! |---|---|---|---|
//! | has an active replica | | | the leader if it is one, else the first of the replicas in it |
//! | empty | has an active replica | | the first of the replicas in it; it is the ISR then |
//! | empty | empty | one replica, active | that one, unclean: the partition is RECOVERING |
//! | | | | any active replica where unclean election is allowed, unclean; else none |
//!
//! L1: while the ISR is smaller than min ISR, nothing is committed; so whoever leaves it then has everything committed, and
//! stays eligible (ELR) unless it was stopped uncleanly.
//! L2: without ELR the last replica never leaves the ISR.

use ottla_machine::NodeId;
use ottla_metadata::{Partition, RecoveryState};
use ottla_protocol::messages::PartitionChangeRecord;

/// What holds for the partition.
pub(crate) struct Rules<'a> {
    /// Nothing is committed with fewer replicas in sync.
    pub(crate) min_isr: usize,
    /// Whether the cluster keeps eligible leader replicas.
    pub(crate) elr: bool,
    /// Whether a replica that may lack records may lead when no other can.
    pub(crate) unclean: bool,
    /// Whether a node may lead now.
    pub(crate) may_lead: &'a dyn Fn(NodeId) -> bool,
    /// It may have lost what it had flushed last.
    pub(crate) stopped_uncleanly: Option<NodeId>,
}

/// The change that follows from the ISR being `isr` from now on; `None` when nothing changes.
pub(crate) fn change(
    partition: &Partition,
    isr: &[NodeId],
    rules: &Rules<'_>,
) -> Option<PartitionChangeRecord> {
    let mut next = Next {
        isr: isr.to_vec(),
        leader: partition.leader,
        elected_beyond_isr: false,
        recovery_state: partition.recovery_state,
    };
    next.elect(partition, rules);
    let (elr, mut last_known) = next.eligible(partition, rules);
    if next.isr.is_empty() && !rules.elr {
        next.isr.clone_from(&partition.isr); // L2
    }
    if rules.elr && next.isr.is_empty() && partition.has_leader() {
        last_known = vec![partition.leader];
    }
    let record = PartitionChangeRecord {
        isr: changed(&partition.isr, &next.isr),
        leader: if next.leader == partition.leader {
            PartitionChangeRecord::default().leader
        } else {
            next.leader.0
        },
        leader_recovery_state: if next.recovery_state == partition.recovery_state {
            PartitionChangeRecord::default().leader_recovery_state
        } else {
            next.recovery_state.code()
        },
        eligible_leader_replicas: changed(&partition.elr, &elr),
        last_known_elr: changed(&partition.last_known_elr, &last_known),
        ..PartitionChangeRecord::default()
    };
    (record != PartitionChangeRecord::default()).then_some(record)
}

fn changed(from: &[NodeId], to: &[NodeId]) -> Option<Vec<i32>> {
    (from != to).then(|| to.iter().map(|node| node.0).collect())
}

struct Next {
    isr: Vec<NodeId>,
    leader: NodeId,
    /// The ISR is the new leader alone.
    elected_beyond_isr: bool,
    recovery_state: RecoveryState,
}

impl Next {
    fn elect(&mut self, partition: &Partition, rules: &Rules<'_>) {
        let elr = self.still_have_all(partition, rules);
        let eligible = |node: &NodeId| {
            let in_elr = self.isr.is_empty() && elr.contains(node);
            (self.isr.contains(node) || in_elr) && (rules.may_lead)(*node)
        };
        if partition.has_leader() && eligible(&partition.leader) {
            return;
        }
        if let Some(clean) = partition.replicas.iter().copied().find(eligible) {
            self.leader = clean;
            if !self.isr.contains(&clean) {
                self.isr = vec![clean];
                self.elected_beyond_isr = true;
            }
            return;
        }
        let last_known = match partition.last_known_elr.as_slice() {
            [only] if rules.elr && self.isr.is_empty() && elr.is_empty() => Some(*only),
            _ => None,
        };
        let any = || {
            let mut replicas = partition.replicas.iter().copied();
            replicas.find(|node| rules.unclean && (rules.may_lead)(*node))
        };
        match last_known
            .filter(|node| (rules.may_lead)(*node))
            .or_else(any)
        {
            Some(unclean) => {
                self.leader = unclean;
                self.isr = vec![unclean];
                self.elected_beyond_isr = true;
                self.recovery_state = RecoveryState::Recovering;
            }
            None => self.leader = Partition::NO_LEADER,
        }
    }

    /// Who is not in the ISR, but has everything committed (L1).
    fn still_have_all(&self, partition: &Partition, rules: &Rules<'_>) -> Vec<NodeId> {
        if !rules.elr {
            return Vec::new();
        }
        let had_all = partition.elr.iter().chain(&partition.isr).copied();
        distinct(
            had_all
                .filter(|node| !self.isr.contains(node) && rules.stopped_uncleanly != Some(*node)),
        )
    }

    /// ELR and last known leaders after the change.
    fn eligible(&self, partition: &Partition, rules: &Rules<'_>) -> (Vec<NodeId>, Vec<NodeId>) {
        let enough = rules.min_isr.min(partition.replicas.len());
        if self.elected_beyond_isr || !rules.elr || self.isr.len() >= enough {
            return (Vec::new(), Vec::new());
        }
        let elr = self.still_have_all(partition, rules);
        let once = partition.elr.iter().chain(&partition.isr);
        let known = once.chain(&partition.last_known_elr).copied();
        let last_known =
            distinct(known.filter(|node| !self.isr.contains(node) && !elr.contains(node)));
        (elr, last_known)
    }
}

fn distinct(nodes: impl Iterator<Item = NodeId>) -> Vec<NodeId> {
    let mut list = Vec::new();
    for node in nodes {
        if !list.contains(&node) {
            list.push(node);
        }
    }
    list
}
