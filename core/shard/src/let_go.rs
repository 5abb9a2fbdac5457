//! Files that their logs read no more: retention took the segment, it is one too many to be kept open, or the topic was deleted.
//!
//! A fetch over several partitions holds ranges that it found early while it waits for the rest, and they lie in nobody's output yet. So
//! a file is not closed at once: whoever gathers answers says since when the oldest read is part of one ([`ShardAsk::ReadsSince`]).
//!
//! [`ShardAsk::ReadsSince`]: crate::ShardAsk::ReadsSince

use std::collections::VecDeque;

use ottla_machine::{DiskOp, Effects, File, Time, planted, sometimes};

use crate::{Shard, office};

/// Files to be closed, by when they were let go.
#[derive(Clone, Debug, Default)]
pub(crate) struct LetGo(VecDeque<(Time, File)>);

impl LetGo {
    pub(crate) fn add(&mut self, at: Time, file: File) {
        self.0.push_back((at, file));
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The next file that was let go before `oldest`: no read that began then or later has seen it.
    fn unread(&mut self, oldest: Time) -> Option<File> {
        let (_, file) = self.0.pop_front_if(|(at, _)| *at < oldest)?;
        Some(file)
    }
}

impl Shard {
    /// Whether [`ShardAsk::ReadsSince`](crate::ShardAsk::ReadsSince) is of any use.
    pub fn holds_files(&self) -> bool {
        self.let_go.len() > 0
    }

    /// Closes what nobody can name any more (H6).
    pub(crate) fn close_files(&mut self, oldest: Time, fx: &mut Effects<Shard>) {
        let oldest = if planted!(fx, "file-closed-under-an-answer") {
            Time::NEVER
        } else {
            oldest
        };
        while let Some(file) = self.let_go.unread(oldest) {
            let number = self.number();
            self.disk(office::CLOSES, number, DiskOp::Close(file), fx);
        }
        sometimes!(fx, "a file was kept open for an answer in work", if self.holds_files());
    }
}
