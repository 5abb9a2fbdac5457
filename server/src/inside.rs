//! A running node as the rest of the process sees it. In: nothing. Out: what [`crate::door`] and [`crate::metrics_page`] ask for.

use crate::metrics::Snapshot;

/// The node, as far as the door needs it. Any thread may ask.
pub trait Inside: Send + Sync + 'static {
    /// Stop, cleanly.
    fn stop(&self);
    /// Whether clients are served.
    fn is_ready(&self) -> bool;
    /// What it shows of itself; waits for the node. `None` when it is gone.
    fn snapshot(&self) -> Option<Snapshot>;
}
