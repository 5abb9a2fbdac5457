//! One tenure of a partition's leader: which epoch, who is in sync, what each of them has promised, and so the high watermark.
//! The image brings epoch and ISR, the replica its own promises (followers' fetches will bring theirs); nothing is emitted here.
//!
//! | | on | becomes |
//! |---|---|---|
//! | (no tenure) | the image names this node in a new epoch | tenure, high watermark as checkpointed |
//! | tenure | the image: same epoch, another ISR or `min.insync.replicas` | tenure |
//! | tenure | a promise | tenure, the high watermark perhaps further on |
//! | tenure | the image: another epoch, another leader, or no such partition | (no tenure), waiters are refused |
//!
//! R1: the high watermark never goes back in a tenure.
//! R2: it is at most what every member of the maximal ISR has promised when it moves.
//! R3: it does not move while the ISR is smaller than `min.insync.replicas`.
//! R4: the leader is a member of its own ISR.
//!
//! The maximal ISR is the committed one together with members proposed to the controller and not refused yet. No member is proposed
//! before followers are served, so it is the image's.

use std::collections::BTreeMap;

use ottla_machine::{LeaderEpoch, NodeId, Offset};
use ottla_protocol::ErrorCode;

/// What a tenure begins with, and what the image may change in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenure {
    /// This node.
    pub node: NodeId,
    /// The leader epoch.
    pub epoch: LeaderEpoch,
    /// The committed in-sync replicas.
    pub isr: Vec<NodeId>,
    /// All replicas of the partition: more than these cannot be demanded.
    pub replicas: usize,
    /// `min.insync.replicas`.
    pub min_insync_replicas: usize,
}

/// A leader.
#[derive(Clone, Debug)]
pub struct Leader {
    tenure: Tenure,
    /// The maximal ISR with what each member has promised.
    promised: BTreeMap<NodeId, Offset>,
    high_watermark: Offset,
}

impl Leader {
    /// The tenure begins. `high_watermark` is what the checkpoint said, brought between the log's start and end.
    pub fn begin(tenure: Tenure, high_watermark: Offset) -> Leader {
        let mut leader = Leader {
            tenure: tenure.clone(),
            promised: BTreeMap::new(),
            high_watermark,
        };
        leader.update(tenure);
        leader
    }

    /// The image says something else about the same epoch. What members have promised is kept.
    pub fn update(&mut self, tenure: Tenure) {
        assert!(
            tenure.epoch == self.tenure.epoch,
            "another epoch is another tenure"
        );
        let promised = &self.promised;
        let known = |node: &NodeId| promised.get(node).copied().unwrap_or(Offset(-1));
        self.promised = tenure.isr.iter().map(|node| (*node, known(node))).collect();
        self.tenure = tenure;
    }

    /// A member has promised everything below `to`. Whether the high watermark moved.
    pub fn on_promise(&mut self, node: NodeId, to: Offset) -> bool {
        if let Some(promised) = self.promised.get_mut(&node) {
            *promised = to.max(*promised);
        }
        if !self.has_enough_replicas() {
            return false; // R3
        }
        let least = self.promised.values().min().copied();
        match least.filter(|least| *least > self.high_watermark) {
            Some(least) => {
                self.high_watermark = least;
                true
            }
            None => false,
        }
    }

    /// The leader epoch.
    pub fn epoch(&self) -> LeaderEpoch {
        self.tenure.epoch
    }

    /// This node.
    pub fn node(&self) -> NodeId {
        self.tenure.node
    }

    /// The only gate for acks=all, readers and replicated state.
    pub fn high_watermark(&self) -> Offset {
        self.high_watermark
    }

    /// The maximal ISR.
    pub fn isr(&self) -> impl Iterator<Item = NodeId> {
        self.promised.keys().copied()
    }

    /// Whether the ISR has as many members as acks=all demands. A partition never needs more than it has replicas.
    pub fn has_enough_replicas(&self) -> bool {
        let demanded = self
            .tenure
            .min_insync_replicas
            .min(self.tenure.replicas)
            .max(1);
        self.promised.len() >= demanded
    }

    /// Whether somebody who knows `epoch` speaks of this tenure; [`LeaderEpoch::NONE`] is not checked (KIP-320).
    pub fn judge_epoch(&self, epoch: LeaderEpoch) -> Result<(), ErrorCode> {
        if epoch == LeaderEpoch::NONE || epoch == self.tenure.epoch {
            Ok(())
        } else if epoch < self.tenure.epoch {
            Err(ErrorCode::FencedLeaderEpoch)
        } else {
            Err(ErrorCode::UnknownLeaderEpoch)
        }
    }

    /// Panics when an invariant does not hold.
    pub fn check(&self) {
        assert!(
            self.promised.is_empty() || self.promised.contains_key(&self.tenure.node),
            "R4: node {} leads without being in sync",
            self.tenure.node
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenure(isr: &[i32], min: usize) -> Tenure {
        Tenure {
            node: NodeId(1),
            epoch: LeaderEpoch(5),
            isr: isr.iter().copied().map(NodeId).collect(),
            replicas: 3,
            min_insync_replicas: min,
        }
    }

    #[test]
    fn the_slowest_member_sets_the_high_watermark() {
        let mut leader = Leader::begin(tenure(&[1, 2, 3], 2), Offset(4));
        assert!(!leader.on_promise(NodeId(1), Offset(100)));
        assert!(!leader.on_promise(NodeId(2), Offset(100)));
        assert_eq!(leader.high_watermark(), Offset(4));
        assert!(leader.on_promise(NodeId(3), Offset(90)));
        assert_eq!(leader.high_watermark(), Offset(90));
        // A member's older promise does not undo a newer one, a stranger's counts for nothing.
        assert!(!leader.on_promise(NodeId(3), Offset(10)));
        assert!(!leader.on_promise(NodeId(9), Offset(500)));
        assert_eq!(leader.high_watermark(), Offset(90));
        leader.check();
    }

    #[test]
    fn below_min_isr_it_is_frozen() {
        let mut leader = Leader::begin(tenure(&[1], 2), Offset(4));
        assert!(!leader.on_promise(NodeId(1), Offset(100)));
        assert!(!leader.has_enough_replicas());
        assert_eq!(leader.high_watermark(), Offset(4));
        leader.update(tenure(&[1, 2], 2));
        assert!(!leader.on_promise(NodeId(1), Offset(100)));
        assert!(leader.on_promise(NodeId(2), Offset(60)));
        assert_eq!(leader.high_watermark(), Offset(60));
        // A member that leaves takes its promise along; one that returns has to promise again.
        leader.update(tenure(&[1], 1));
        assert!(leader.on_promise(NodeId(1), Offset(100)));
        leader.update(tenure(&[1, 2], 1));
        assert!(!leader.on_promise(NodeId(1), Offset(120)));
        assert_eq!(leader.high_watermark(), Offset(100));
    }

    #[test]
    fn no_more_replicas_are_demanded_than_there_are() {
        let one = Tenure {
            replicas: 1,
            ..tenure(&[1], 2)
        };
        assert!(Leader::begin(one, Offset(0)).has_enough_replicas());
    }

    #[test]
    fn epochs_are_judged_as_kip_320_says() {
        let leader = Leader::begin(tenure(&[1], 1), Offset(0));
        assert_eq!(leader.judge_epoch(LeaderEpoch::NONE), Ok(()));
        assert_eq!(leader.judge_epoch(LeaderEpoch(5)), Ok(()));
        assert_eq!(
            leader.judge_epoch(LeaderEpoch(4)),
            Err(ErrorCode::FencedLeaderEpoch)
        );
        assert_eq!(
            leader.judge_epoch(LeaderEpoch(6)),
            Err(ErrorCode::UnknownLeaderEpoch)
        );
    }
}
