//! The end of the log that carries the state, as the runtime sees it.

use ottla_machine::Offset;

/// Where decided records go. Appended is not committed: that is told by the high watermark.
pub trait Tail<Record> {
    /// Appends the records at consecutive offsets and answers the first. With `atomic` they are one batch.
    ///
    /// Whatever can be judged (size, leadership, min ISR, room) is judged here; an append that was accepted and
    /// fails later ends the tenure. Either all of the records are appended or none.
    fn append(&mut self, records: &[Record], atomic: bool) -> Result<Offset, Refused>;
}

/// Why nothing was appended. The state is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No room now: the disk, or the queue. It may be tried again.
    Full,
    /// The records do not fit one batch; trying again does not help.
    TooLarge,
    /// The log is not led here any more, or has too few replicas in sync.
    NotLeader,
}
