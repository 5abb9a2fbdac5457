//! Log lines, to standard error. In: `tracing` events of all crates. Quiet by default: a line is something to act on.

use std::io::IsTerminal;

use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Begins to log. Called once, by the process that owns standard error.
pub fn begin(targets: Targets) {
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_filter(targets);
    tracing_subscriber::registry().with(lines).init();
}
