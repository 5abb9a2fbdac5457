//! How a driver reaches sockets: a call goes in with its buffers, and comes back at once or by token.

use ottla_desk::{CallDone, CallId, NetCall};
use ottla_machine::Conn;

use crate::files::{Files, Finished};

/// A connection that came in and has no name yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Which listener.
    pub listener: u16,
    /// The other side's address.
    pub address: Box<str>,
    /// What to say to [`Sockets::adopt`].
    pub token: u64,
}

/// Sockets of some kind.
pub trait Sockets {
    /// Makes a call: done at once, or found by [`Sockets::reap`] later. A closed connection's other calls never come back.
    fn submit(&mut self, id: CallId, call: NetCall, files: &mut dyn Files) -> Option<CallDone>;

    /// What came back since, until `bytes` were received or nothing more is ready.
    fn reap(&mut self, files: &mut dyn Files, bytes: usize, into: &mut Vec<Finished>);

    /// The next connection that came in.
    fn accepted(&mut self) -> Option<Accepted>;

    /// An accepted connection is called this from now on.
    fn adopt(&mut self, token: u64, conn: Conn);

    /// Whether [`Sockets::reap`] would find something.
    fn is_ready(&self) -> bool;
}
