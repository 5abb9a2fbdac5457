//! A topic and its partitions, as the records made them.
//!
//! T1: a partition's epoch grows by one with every change; its leader epoch by one with every change that names a
//! leader, be it the same one or none. Neither number is in the record.
//! T2: `partitions[i]` is partition `i`. One that came before its predecessors waits in `ahead`.

use std::collections::BTreeMap;
use std::sync::Arc;

use ottla_machine::{LeaderEpoch, NodeId};
use ottla_protocol::Uuid;
use ottla_protocol::messages::{PartitionChangeRecord, PartitionRecord};

/// A topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its identity, which survives nothing: a topic recreated under the same name is another one.
    pub id: Uuid,
    /// Its name.
    pub name: Arc<str>,
    /// Its partitions, by their number (T2).
    pub partitions: Vec<Arc<Partition>>,
    /// Partitions whose predecessors have not come yet: a snapshot may be in any order.
    pub(crate) ahead: BTreeMap<i32, Arc<Partition>>,
}

/// Whether a partition was elected cleanly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecoveryState {
    /// It was, or the leader has recovered since.
    #[default]
    Recovered,
    /// It was not, and the leader has not said that it recovered.
    Recovering,
}

impl RecoveryState {
    /// Kafka's number.
    pub const fn code(self) -> i8 {
        match self {
            RecoveryState::Recovered => 0,
            RecoveryState::Recovering => 1,
        }
    }
}

/// A partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// The nodes that keep a copy, the preferred leader first.
    pub replicas: Vec<NodeId>,
    /// The directory of each replica, in the order of `replicas`.
    pub directories: Vec<Uuid>,
    /// The replicas that have everything committed.
    pub isr: Vec<NodeId>,
    /// Those that left the ISR but have everything committed all the same.
    pub elr: Vec<NodeId>,
    /// The leader before nobody was left.
    pub last_known_elr: Vec<NodeId>,
    /// Replicas on their way out.
    pub removing: Vec<NodeId>,
    /// Replicas on their way in.
    pub adding: Vec<NodeId>,
    /// Who leads; -1 when nobody does.
    pub leader: NodeId,
    /// The leader's tenure.
    pub leader_epoch: LeaderEpoch,
    /// Counts the changes.
    pub partition_epoch: i32,
    /// Whether it was elected cleanly.
    pub recovery_state: RecoveryState,
}

impl Partition {
    /// Nobody leads.
    pub const NO_LEADER: NodeId = NodeId(-1);

    /// Whether somebody leads.
    pub fn has_leader(&self) -> bool {
        self.leader != Partition::NO_LEADER
    }

    pub(crate) fn new(record: &PartitionRecord) -> Result<Partition, String> {
        let mut directories = record.directories.clone();
        if directories.is_empty() {
            // Version 0 knows no directories: not assigned yet.
            directories = vec![Uuid::ZERO; record.replicas.len()];
        }
        let partition = Partition {
            directories,
            replicas: nodes(&record.replicas),
            isr: nodes(&record.isr),
            elr: nodes(
                record
                    .eligible_leader_replicas
                    .as_deref()
                    .unwrap_or_default(),
            ),
            last_known_elr: nodes(record.last_known_elr.as_deref().unwrap_or_default()),
            removing: nodes(&record.removing_replicas),
            adding: nodes(&record.adding_replicas),
            leader: NodeId(record.leader),
            leader_epoch: LeaderEpoch(record.leader_epoch),
            partition_epoch: record.partition_epoch,
            recovery_state: recovery(record.leader_recovery_state)?,
        };
        partition.judge()
    }

    /// The partition after this change (T1).
    pub(crate) fn changed(&self, change: &PartitionChangeRecord) -> Result<Partition, String> {
        let mut next = self.clone();
        let replace = |list: &mut Vec<NodeId>, with: &Option<Vec<i32>>| {
            if let Some(with) = with {
                *list = nodes(with);
            }
        };
        replace(&mut next.replicas, &change.replicas);
        replace(&mut next.isr, &change.isr);
        replace(&mut next.elr, &change.eligible_leader_replicas);
        replace(&mut next.last_known_elr, &change.last_known_elr);
        replace(&mut next.removing, &change.removing_replicas);
        replace(&mut next.adding, &change.adding_replicas);
        match (&change.directories, &change.replicas) {
            (Some(directories), _) => next.directories.clone_from(directories),
            (None, Some(_)) => next.directories = self.directories_of(&next.replicas),
            (None, None) => {}
        }
        if change.leader_recovery_state != UNCHANGED_STATE {
            next.recovery_state = recovery(change.leader_recovery_state)?;
        }
        if change.leader != UNCHANGED_LEADER {
            next.leader = NodeId(change.leader);
            next.leader_epoch = LeaderEpoch(self.leader_epoch.0.saturating_add(1));
        }
        next.partition_epoch = self.partition_epoch.saturating_add(1);
        next.judge()
    }

    fn directories_of(&self, replicas: &[NodeId]) -> Vec<Uuid> {
        let known = |node: &NodeId| {
            let at = self.replicas.iter().position(|replica| replica == node)?;
            self.directories.get(at).copied()
        };
        replicas
            .iter()
            .map(|node| known(node).unwrap_or_default())
            .collect()
    }

    fn judge(self) -> Result<Partition, String> {
        if self.directories.len() != self.replicas.len() {
            return Err(format!(
                "it has {} replicas in {} directories",
                self.replicas.len(),
                self.directories.len()
            ));
        }
        Ok(self)
    }
}

/// [`PartitionChangeRecord`]'s way to leave the leader alone.
pub(crate) const UNCHANGED_LEADER: i32 = -2;
/// Its way to leave the recovery state alone.
pub(crate) const UNCHANGED_STATE: i8 = -1;

impl Topic {
    pub(crate) fn new(id: Uuid, name: Arc<str>) -> Topic {
        Topic {
            id,
            name,
            partitions: Vec::new(),
            ahead: BTreeMap::new(),
        }
    }

    pub(crate) fn put(&mut self, index: i32, partition: Arc<Partition>) -> Result<(), String> {
        let at = usize::try_from(index).map_err(|_| format!("there is no partition {index}"))?;
        match self.partitions.get_mut(at) {
            Some(known) => *known = partition,
            None => {
                self.ahead.insert(index, partition);
            }
        }
        while let Some(next) = self.ahead.first_entry() {
            if *next.key() as usize != self.partitions.len() {
                break;
            }
            self.partitions.push(next.remove());
        }
        Ok(())
    }

    pub(crate) fn partition_mut(&mut self, index: i32) -> Option<&mut Arc<Partition>> {
        let at = usize::try_from(index).ok()?;
        if at < self.partitions.len() {
            return self.partitions.get_mut(at);
        }
        self.ahead.get_mut(&index)
    }

    /// One of what `numbered` shows, without walking past the others.
    pub(crate) fn nth(&self, nth: usize) -> Option<(i32, &Arc<Partition>)> {
        match self.partitions.get(nth) {
            Some(partition) => Some((nth as i32, partition)),
            None => {
                let mut ahead = self.ahead.iter().skip(nth - self.partitions.len());
                ahead.next().map(|(index, partition)| (*index, partition))
            }
        }
    }

    /// Every partition with its number.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (i32, &Arc<Partition>)> {
        let led = self.partitions.iter().enumerate();
        led.map(|(index, partition)| (index as i32, partition))
            .chain(
                self.ahead
                    .iter()
                    .map(|(index, partition)| (*index, partition)),
            )
    }
}

fn nodes(ids: &[i32]) -> Vec<NodeId> {
    ids.iter().copied().map(NodeId).collect()
}

fn recovery(code: i8) -> Result<RecoveryState, String> {
    match code {
        0 => Ok(RecoveryState::Recovered),
        1 => Ok(RecoveryState::Recovering),
        _ => Err(format!("there is no leader recovery state {code}")),
    }
}
