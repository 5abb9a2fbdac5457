//! What a decision looks at besides the metadata: the node, its settings, the time; and the deadlines that come of it.

use std::sync::Arc;

use ottla_machine::{NodeId, Now, Rng, Switch, Time};
use ottla_metadata::config::StaticConfig;

/// What the controller looks at besides the metadata.
#[derive(Clone, Debug)]
pub struct ControllerView {
    /// The node it runs on.
    pub node: NodeId,
    /// That node is a broker too, in the same process: it cannot be gone while the controller is here, and what was
    /// registered under its number before cannot be here, for its directory is locked.
    pub with_broker: bool,
    /// The node's settings.
    pub statics: Arc<StaticConfig>,
    /// Where ids and places are drawn from.
    pub rng: Rng,
    /// Which planted mistake is switched on.
    pub switch: Switch,
}

/// What the controller's deadlines are named by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// A broker has not been heard of for too long.
    Session(NodeId),
}

/// Deadlines to set or cancel.
pub(crate) type Deadlines = Vec<(Timer, Option<Time>)>;

/// When and where something is decided.
pub(crate) struct At<'a> {
    pub(crate) now: Now,
    pub(crate) view: &'a ControllerView,
}

impl At<'_> {
    /// Whether this is the broker of the controller's own process.
    pub(crate) fn is_own(&self, node: NodeId) -> bool {
        self.view.with_broker && node == self.view.node
    }
}
