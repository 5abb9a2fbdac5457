//! The one cursor over a segment's batches: for recovery, loading and compaction. It asks for chunks, at most one
//! ahead of what is being looked at, and hands out whole batches.
//!
//! Invariants
//! - S1: `position` is where the next batch begins; all before it were handed out.
//! - S2: at most two chunks and one batch are held.

use bytes::{Bytes, BytesMut};
use ottla_machine::{File, Switch};
use ottla_record::{Header, Malformed};

use crate::limits::{BATCH_BYTES, SLICE_BYTES};

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scanned {
    /// A batch, header judged, checksum not.
    Batch {
        /// Where it lies in the file.
        position: u64,
        /// Its header.
        header: Header,
        /// All of it.
        bytes: Bytes,
    },
    /// Nothing until the next chunk is fed.
    Wait,
    /// The end of the range, on a batch boundary.
    End,
    /// What lies at `position` is no batch, or not a whole one.
    Torn {
        /// Where it lies in the file.
        position: u64,
        /// What is wrong with it.
        why: Malformed,
    },
}

/// A cursor over `file` from `at` to `end`.
#[derive(Clone, Debug)]
pub struct Scan {
    file: File,
    position: u64,
    asked: u64,
    end: u64,
    reading: bool,
    waiting: bool,
    carry: Bytes,
    ahead: Option<Bytes>,
    failed: bool,
    switch: Switch,
}

impl Scan {
    /// A cursor; `at` is where a batch begins.
    pub fn new(file: File, at: u64, end: u64, switch: Switch) -> Scan {
        Scan {
            file,
            position: at,
            asked: at,
            end,
            reading: false,
            waiting: at < end,
            carry: Bytes::new(),
            ahead: None,
            failed: false,
            switch,
        }
    }

    /// The file.
    pub fn file(&self) -> File {
        self.file
    }

    /// Where the next batch begins.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Where the range ends.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// What to read next: position and length. `None`: all is asked for, or enough is.
    pub fn ask(&mut self) -> Option<(u64, u32)> {
        if self.reading || self.failed || self.ahead.is_some() || self.asked >= self.end {
            return None;
        }
        let at = self.asked;
        let len = (SLICE_BYTES.of(self.switch) as u64).min(self.end - at);
        self.asked += len;
        self.reading = true;
        Some((at, len as u32))
    }

    /// Takes what was read. Shorter than asked: the file ends there.
    pub fn feed(&mut self, bytes: Bytes) {
        let have = self.position + self.carry.len() as u64 + bytes.len() as u64;
        assert!(self.reading, "S2: a chunk that was asked for");
        self.reading = false;
        self.waiting = false;
        if have < self.asked {
            self.asked = have;
            self.end = have;
        }
        if self.carry.is_empty() {
            self.carry = bytes;
        } else {
            assert!(self.ahead.is_none(), "S2: one chunk ahead");
            self.ahead = Some(bytes);
        }
    }

    /// Whether `advance` has something to say without another chunk.
    pub fn is_ready(&self) -> bool {
        !self.waiting
    }

    /// Whether a chunk that was asked for has not come yet.
    pub fn is_reading(&self) -> bool {
        self.reading
    }

    /// The next batch.
    pub fn advance(&mut self) -> Scanned {
        loop {
            let left = self.end - self.position;
            if left == 0 {
                return Scanned::End;
            }
            let need = match Header::parse(&self.carry) {
                Ok(header) if header.size() as u64 > left || header.size() > BATCH_BYTES => {
                    return self.torn(Malformed::Short);
                }
                Ok(header) if header.size() <= self.carry.len() => {
                    let position = self.position;
                    let bytes = self.carry.split_to(header.size());
                    self.position += bytes.len() as u64;
                    return Scanned::Batch {
                        position,
                        header,
                        bytes,
                    };
                }
                Ok(header) => header.size(),
                Err(Malformed::Short) if self.carry.len() as u64 == left => {
                    return self.torn(Malformed::Short);
                }
                Err(Malformed::Short) => self.carry.len() + 1,
                Err(why) => return self.torn(why),
            };
            match self.ahead.take() {
                Some(more) => self.join(more, need),
                None => {
                    self.waiting = true;
                    return Scanned::Wait;
                }
            }
        }
    }

    fn torn(&mut self, why: Malformed) -> Scanned {
        self.failed = true;
        Scanned::Torn {
            position: self.position,
            why,
        }
    }

    fn join(&mut self, more: Bytes, need: usize) {
        if self.carry.is_empty() {
            self.carry = more;
            return;
        }
        // A batch of many chunks grows in place: nobody else holds the joined buffer.
        let mut joined = match std::mem::take(&mut self.carry).try_into_mut() {
            Ok(joined) => joined,
            Err(carry) => {
                let mut joined = BytesMut::with_capacity(need.max(carry.len() + more.len()));
                joined.extend_from_slice(&carry);
                joined
            }
        };
        joined.reserve(need.saturating_sub(joined.len()).max(more.len()));
        joined.extend_from_slice(&more);
        self.carry = joined.freeze();
    }
}
