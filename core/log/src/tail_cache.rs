//! The newest written batches: where each lies, and the bytes of those that still fit the budget. A reader at the tail
//! is served from here without touching the disk.
//!
//! Invariants
//! - H1: the batches are consecutive: each begins where the one before ended, in offsets and, within a file, in bytes.
//! - H2: `bytes` is what the held batches are charged.

use std::collections::VecDeque;

use bytes::Bytes;
use ottla_machine::{File, Offset, Part, Parts};

use crate::limits::{CACHE_BATCHES, CACHE_BYTES};

/// One batch in memory: a slice of a buffer that many batches share, or its stamped head and the producer's bytes.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    /// `len` bytes at `at` of a buffer.
    Shared {
        buffer: Bytes,
        at: usize,
        len: usize,
    },
    /// The 16 stamped bytes, and the rest as it came.
    Pair {
        head: Bytes,
        rest: Bytes,
        pins: usize,
    },
}

impl Held {
    fn charge(&self) -> usize {
        match self {
            Held::Shared { len, .. } => *len,
            Held::Pair { pins, .. } => *pins,
        }
    }
}

/// One batch.
#[derive(Clone, Debug)]
pub(crate) struct Cached {
    pub(crate) base: Offset,
    pub(crate) next: Offset,
    pub(crate) file: File,
    pub(crate) position: u64,
    pub(crate) len: u32,
    pub(crate) held: Held,
}

/// The newest batches, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct TailCache {
    batches: VecDeque<Cached>,
    bytes: usize,
}

impl TailCache {
    /// Adds the next batch.
    pub(crate) fn push(&mut self, batch: Cached) {
        if let Some(last) = self.batches.back() {
            let follows = last.next == batch.base
                && (last.file != batch.file
                    || last.position + u64::from(last.len) == batch.position);
            assert!(follows, "H1: {batch:?} after {last:?}");
        }
        self.bytes += batch.held.charge();
        self.batches.push_back(batch);
        self.trim(CACHE_BYTES);
    }

    /// Drops the oldest until at most `to_bytes` are held.
    pub(crate) fn trim(&mut self, to_bytes: usize) {
        while self.bytes > to_bytes || self.batches.len() > CACHE_BATCHES {
            let Some(oldest) = self.batches.pop_front() else {
                break;
            };
            self.bytes -= oldest.held.charge();
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn clear(&mut self) {
        self.batches.clear();
        self.bytes = 0;
    }

    /// The index of the batch that holds `offset`.
    fn find(&self, offset: Offset) -> Option<usize> {
        if self.batches.front()?.base > offset {
            return None;
        }
        let at = self.batches.partition_point(|batch| batch.next <= offset);
        (at < self.batches.len()).then_some(at)
    }

    /// The batch that holds `offset`.
    pub(crate) fn at(&self, offset: Offset) -> Option<&Cached> {
        self.find(offset).map(|at| &self.batches[at])
    }

    /// Whole batches from the one that holds `from`, all below `upto`, and where they end. `None`: not here.
    pub(crate) fn read(
        &self,
        from: Offset,
        upto: Offset,
        max_bytes: usize,
        at_least_one: bool,
    ) -> Option<(Parts, Offset)> {
        let first = self.find(from)?;
        let mut parts = Parts::default();
        let mut next = self.batches[first].base;
        let mut left = max_bytes;
        // The run of a shared buffer that is being put together.
        let mut run: Option<(&Bytes, usize, usize)> = None;
        for (i, batch) in self.batches.range(first..).enumerate() {
            let len = batch.len as usize;
            if batch.next > upto || (len > left && !(i == 0 && at_least_one)) {
                break;
            }
            left = left.saturating_sub(len);
            next = batch.next;
            match (&batch.held, run) {
                (Held::Shared { buffer, at, len }, Some((other, start, end)))
                    if end == *at && other.as_ptr() == buffer.as_ptr() =>
                {
                    run = Some((other, start, at + len));
                }
                (held, _) => {
                    flush(&mut parts, run.take());
                    match held {
                        Held::Shared { buffer, at, len } => run = Some((buffer, *at, at + len)),
                        Held::Pair { head, rest, .. } => {
                            parts.push(Part::Bytes(head.clone()));
                            parts.push(Part::Bytes(rest.clone()));
                        }
                    }
                }
            }
        }
        flush(&mut parts, run);
        Some((parts, next))
    }

    pub(crate) fn check(&self) {
        let charged: usize = self.batches.iter().map(|batch| batch.held.charge()).sum();
        assert_eq!(charged, self.bytes, "H2: what the batches are charged");
        let follows = |w: (&Cached, &Cached)| w.0.next == w.1.base;
        assert!(
            self.batches
                .iter()
                .zip(self.batches.iter().skip(1))
                .all(follows),
            "H1: a hole in the cache"
        );
    }
}

fn flush(parts: &mut Parts, run: Option<(&Bytes, usize, usize)>) {
    if let Some((buffer, start, end)) = run {
        parts.push(Part::Bytes(buffer.slice(start..end)));
    }
}
