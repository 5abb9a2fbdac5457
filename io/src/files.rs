//! How a driver reaches files: a call goes in with its buffers, and comes back at once or by token.

use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;

use bytes::Bytes;
use ottla_desk::{CallDone, CallId, Errno, Fd, FileCall, Lane};
use ottla_machine::Dir;

use crate::bell::Bell;

/// A call that came back.
pub type Finished = (CallId, CallDone);

/// A range of a file, as a socket can send it.
#[derive(Debug)]
pub enum Range<'a> {
    /// The kernel moves it.
    Descriptor(BorrowedFd<'a>),
    /// It is in memory; empty beyond the end.
    Bytes(Bytes),
}

/// Files of some kind.
pub trait Files {
    /// The log directories, as the machine calls them.
    fn roots(&self) -> Vec<Dir>;

    /// Rings this when something came back. Called once, before anything is submitted.
    fn wake_by(&mut self, bell: Arc<Bell>);

    /// Makes a call: done at once, or found by [`Files::reap`] later. Calls of one lane of one log directory are made in order,
    /// except that a read which need not wait may overtake.
    fn submit(&mut self, id: CallId, lane: Lane, root: Dir, call: FileCall) -> Option<CallDone>;

    /// What came back since.
    fn reap(&mut self, into: &mut Vec<Finished>);

    /// A range to be sent.
    fn range(&mut self, file: Fd, at: u64, len: u32) -> Result<Range<'_>, Errno>;

    /// Gives everything up; answers which threads are still at their last call.
    fn close(self: Box<Self>) -> Threads;
}

/// Threads that end by themselves.
#[derive(Debug, Default)]
pub struct Threads {
    pub(crate) list: Vec<(Receiver<()>, JoinHandle<()>)>,
}
