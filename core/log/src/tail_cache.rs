//! The newest written batches: where each lies, and the bytes of the smaller ones. A reader at the tail is served from
//! here without looking for anything on the disk. Large batches are remembered by their place alone: the kernel still
//! has what was just written, and moves it from there for less than it takes to copy it out of memory of ours.
//!
//! Invariants
//! - H1: the batches are consecutive: each begins where the one before ended, in offsets and, within a file, in bytes.
//! - H2: `bytes` is what the held batches are charged.

use std::collections::VecDeque;

use bytes::Bytes;
use ottla_machine::{File, Offset, Part, Parts, Switch};

use crate::limits::{CACHE_BATCHES, CACHE_BYTES, PLACE_BYTES};

/// What is kept of one batch: a slice of a buffer that many batches share, its stamped head and the producer's bytes,
/// or only where it lies.
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
    /// Nothing: it is read from its file.
    Place,
}

impl Held {
    fn charge(&self) -> usize {
        match self {
            Held::Shared { len, .. } => *len,
            Held::Pair { pins, .. } => *pins,
            Held::Place => PLACE_BYTES,
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

impl Cached {
    /// The position after it.
    fn end(&self) -> u64 {
        self.position + u64::from(self.len)
    }
}

/// The newest batches, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct TailCache {
    batches: VecDeque<Cached>,
    bytes: usize,
}

impl TailCache {
    /// Adds the next batch.
    pub(crate) fn push(&mut self, batch: Cached, switch: Switch) {
        if let Some(last) = self.batches.back() {
            let follows = last.next == batch.base
                && (last.file != batch.file || last.end() == batch.position);
            assert!(follows, "H1: {batch:?} after {last:?}");
        }
        self.bytes += batch.held.charge();
        self.batches.push_back(batch);
        self.trim(CACHE_BYTES.of(switch), switch);
    }

    /// Drops the oldest until at most `to_bytes` are held.
    pub(crate) fn trim(&mut self, to_bytes: usize, switch: Switch) {
        while self.bytes > to_bytes || self.batches.len() > CACHE_BATCHES.of(switch) {
            let Some(oldest) = self.batches.pop_front() else {
                break;
            };
            self.bytes -= oldest.held.charge();
        }
    }

    /// Drops what ends at or below `upto`: the log holds something else there.
    pub(crate) fn forget(&mut self, upto: Offset) {
        while let Some(oldest) = self.batches.pop_front_if(|batch| batch.next <= upto) {
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

    /// Whole batches from the one that holds `from`, all below `upto`, and where they end. `None`: not here, or in a file
    /// that is not open any more.
    pub(crate) fn read(
        &self,
        from: Offset,
        upto: Offset,
        max_bytes: usize,
        at_least_one: bool,
        is_open: impl Fn(&Cached) -> bool,
    ) -> Option<(Parts, Offset)> {
        let first = self.find(from)?;
        let mut parts = Parts::default();
        let mut next = self.batches[first].base;
        let mut left = max_bytes;
        let mut run = Run::None;
        let mut opened = None;
        for (i, batch) in self.batches.range(first..).enumerate() {
            let len = batch.len as usize;
            if batch.next > upto || (len > left && !(i == 0 && at_least_one)) {
                break;
            }
            if matches!(batch.held, Held::Place) && opened != Some(batch.file) {
                if !is_open(batch) {
                    if i == 0 {
                        return None;
                    }
                    break;
                }
                opened = Some(batch.file);
            }
            left = left.saturating_sub(len);
            next = batch.next;
            if !run.goes_on(batch) {
                run.end(&mut parts);
                run = Run::of(batch, &mut parts);
            }
        }
        run.end(&mut parts);
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

/// The piece that is being put together.
enum Run<'a> {
    None,
    /// Of a shared buffer, from and to.
    Shared(&'a Bytes, usize, usize),
    /// Of a file, from and to.
    Place(File, u64, u64),
}

impl<'a> Run<'a> {
    /// Begins with this batch, unless that is pieces by itself.
    fn of(batch: &'a Cached, parts: &mut Parts) -> Run<'a> {
        match &batch.held {
            Held::Shared { buffer, at, len } => Run::Shared(buffer, *at, at + len),
            Held::Place => Run::Place(batch.file, batch.position, batch.end()),
            Held::Pair { head, rest, .. } => {
                parts.push(Part::Bytes(head.clone()));
                parts.push(Part::Bytes(rest.clone()));
                Run::None
            }
        }
    }

    /// Takes the batch in if it follows.
    fn goes_on(&mut self, batch: &Cached) -> bool {
        match (self, &batch.held) {
            (Run::Shared(run, _, end), Held::Shared { buffer, at, len })
                if end == at && run.as_ptr() == buffer.as_ptr() =>
            {
                *end += len;
                true
            }
            (Run::Place(file, _, end), Held::Place)
                if *file == batch.file && *end == batch.position =>
            {
                *end = batch.end();
                true
            }
            _ => false,
        }
    }

    fn end(self, parts: &mut Parts) {
        match self {
            Run::None => {}
            Run::Shared(buffer, start, end) => parts.push(Part::Bytes(buffer.slice(start..end))),
            Run::Place(file, position, end) => parts.push(Part::File {
                file,
                position,
                // A file's positions have 31 bits: a segment is rolled before they end.
                length: (end - position) as u32,
            }),
        }
    }
}
