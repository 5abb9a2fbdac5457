//! What somebody who looks at the office from outside sees of the metadata. Changes nothing.

use ottla_machine::{LeaderEpoch, Offset};
use ottla_metadata::Image;

use super::Office;
use crate::office_words::{QuorumNode, QuorumReplica, QuorumView};

/// Where this node's copy of the metadata log stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetadataLogView {
    /// The epoch of its quorum.
    pub epoch: LeaderEpoch,
    /// Whether this node leads it.
    pub leads: bool,
    /// Everything below is committed.
    pub high_watermark: Offset,
    /// The next offset to be given.
    pub assigned: Offset,
}

impl Office {
    /// The committed metadata, as far as this node has it.
    pub(crate) fn committed(&self) -> &Image {
        self.fold.image()
    }

    /// The controller's metadata: to the tail, not all of it need be committed.
    pub(crate) fn decided(&self) -> &Image {
        self.runtime.state().image()
    }

    /// Where the metadata log stands.
    pub(crate) fn log_view(&self) -> MetadataLogView {
        let view = self.quorum.view();
        MetadataLogView {
            epoch: view.epoch,
            leads: self.runtime.leads(),
            high_watermark: self.quorum.high_watermark(),
            assigned: self.quorum.end_offset(),
        }
    }

    /// The quorum, as DescribeQuorum shows it.
    pub(super) fn quorum_view(&self) -> QuorumView {
        let view = self.quorum.view();
        let replica = |replica: &ottla_quorum::Replica| QuorumReplica {
            id: replica.id.0,
            directory_id: replica.directory_id,
            log_end_offset: replica.log_end_offset.0,
            last_fetch_ms: -1,
            last_caught_up_ms: -1,
        };
        let node = |voter: &ottla_quorum::Voter| QuorumNode {
            id: voter.id.0,
            listeners: voter
                .endpoints
                .iter()
                .map(|at| (at.name.clone(), at.host.clone(), at.port))
                .collect(),
        };
        QuorumView {
            leader_id: view.leader.map_or(-1, |leader| leader.0),
            leader_epoch: view.epoch.0,
            high_watermark: view.high_watermark.0,
            kraft_version: view.kraft_version,
            voters: view.replicas.iter().map(replica).collect(),
            observers: Vec::new(),
            nodes: view.voters.iter().map(node).collect(),
        }
    }
}
