//! The bounded cache of what questions about old data fault in: ranges of segments, and unpacked batches.
//!
//! A question is `&self`; when what it needs is not here it fails with [`Absent`], its asker fetches that with one
//! `Read` (and for `Unpacked` a [`crate::LogJob::Unpack`]), puts it here and asks again from the start.
//!
//! Invariants
//! - K1: the bytes held never exceed the limit by more than the newest entry.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use ottla_machine::{File, Offset};

/// A range of a segment, or the records of the batch in that range, unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockKey {
    /// The segment's file.
    pub file: File,
    /// Where the range starts.
    pub at: u64,
    /// Its length; the file may end earlier.
    pub len: u32,
    /// Whether the unpacked records of the batch there are meant.
    pub unpacked: bool,
}

/// Why a question has no answer yet, or none at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absent {
    /// Read [`Blocks::want`] of this key, [`Blocks::put`] it, ask again.
    Block(BlockKey),
    /// Read the range, run [`crate::LogJob::Unpack`] on it, put the product under this key, ask again.
    Unpacked(BlockKey),
    /// The segment is not open, or its index is wrong. Call [`crate::Log::warm`] with this; ask again when [`crate::LogEvent::Warm`] comes.
    Cold(Offset),
    /// Below the log's start or beyond its end.
    OutOfRange,
    /// The log is not open.
    Closed,
    /// What lies on the disk there is no batch, and why, for people.
    Damaged(String),
}

/// Blocks by key, the oldest dropped first.
#[derive(Clone, Debug)]
pub struct Blocks {
    held: BTreeMap<BlockKey, Bytes>,
    order: VecDeque<BlockKey>,
    bytes: usize,
    limit: usize,
}

impl Blocks {
    /// Holds about `limit` bytes.
    pub fn new(limit: usize) -> Blocks {
        Blocks {
            held: BTreeMap::new(),
            order: VecDeque::new(),
            bytes: 0,
            limit,
        }
    }

    /// What to read for a key.
    pub fn want(key: BlockKey) -> (File, u64, u32) {
        (key.file, key.at, key.len)
    }

    /// Keeps what was read or unpacked.
    pub fn put(&mut self, key: BlockKey, bytes: Bytes) {
        // A block may be a slice of a larger read; it is charged what it is, its readers make it their own size.
        self.bytes += bytes.len();
        if let Some(old) = self.held.insert(key, bytes) {
            self.bytes -= old.len();
        } else {
            self.order.push_back(key);
        }
        while self.bytes > self.limit && self.order.len() > 1 {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            if let Some(old) = self.held.remove(&oldest) {
                self.bytes -= old.len();
            }
        }
        assert!(
            self.bytes <= self.limit || self.order.len() == 1,
            "K1: {} bytes held",
            self.bytes
        );
    }

    /// What is held of a key.
    pub fn get(&self, key: BlockKey) -> Option<&Bytes> {
        self.held.get(&key)
    }

    /// Drops all blocks of a file that is no more.
    pub fn forget(&mut self, file: File) {
        let bytes = &mut self.bytes;
        self.held.retain(|key, block| {
            let keep = key.file != file;
            if !keep {
                *bytes -= block.len();
            }
            keep
        });
        self.order.retain(|key| key.file != file);
    }

    /// The bytes held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(at: u64) -> BlockKey {
        BlockKey {
            file: File(1),
            at,
            len: 10,
            unpacked: false,
        }
    }

    #[test]
    fn the_oldest_block_goes_first_and_the_newest_stays() {
        let mut blocks = Blocks::new(25);
        for at in 0..3 {
            blocks.put(key(at), Bytes::from_static(&[0; 10]));
        }
        assert!(blocks.get(key(0)).is_none());
        assert!(blocks.get(key(1)).is_some() && blocks.get(key(2)).is_some());
        blocks.put(key(9), Bytes::from_static(&[0; 100]));
        assert_eq!(blocks.get(key(9)).map(Bytes::len), Some(100));
        assert_eq!(blocks.bytes(), 100);
        blocks.forget(File(1));
        assert_eq!(blocks.bytes(), 0);
    }
}
