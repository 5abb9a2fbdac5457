//! What somebody who looks at the office from outside sees of the metadata. Changes nothing.

use ottla_machine::{LeaderEpoch, Offset};
use ottla_metadata::Image;

use crate::office::Office;

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
}
