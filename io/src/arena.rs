//! Chunks that sockets are read into. A connection borrows one for a read and keeps the bytes that came; chunks
//! are used again when all their bytes are gone, because a fresh page costs more than a read.
//!
//! A1: a connection that is waiting holds no chunk.

use std::collections::VecDeque;

use bytes::BytesMut;

/// Four of the largest reads: what the second-level cache holds.
const CHUNK: usize = 256 << 10;

/// A chunk with less room than this is set aside.
const LEAST: usize = 16 << 10;

/// So many chunks are remembered for use again.
const RETIRED: usize = 32;

/// So many of them are looked at before a new one is made.
const LOOKS: usize = 4;

#[derive(Debug, Default)]
pub(crate) struct Arena {
    /// `None` before the first read.
    chunk: Option<BytesMut>,
    retired: VecDeque<BytesMut>,
}

impl Arena {
    /// An empty buffer with room for `least` bytes and a read.
    pub(crate) fn chunk(&mut self, least: usize) -> &mut BytesMut {
        let least = least + LEAST;
        match self.chunk.take() {
            Some(chunk) if chunk.capacity() >= least => self.chunk.insert(chunk),
            full => {
                self.retired.extend(full);
                let chunk = self.again(CHUNK.max(least));
                self.chunk.insert(chunk)
            }
        }
    }

    /// A retired chunk whose bytes are gone, or a new one.
    fn again(&mut self, size: usize) -> BytesMut {
        for _ in 0..LOOKS.min(self.retired.len()) {
            if let Some(mut old) = self.retired.pop_front() {
                if old.try_reclaim(size) {
                    return old;
                }
                self.retired.push_back(old);
            }
        }
        if self.retired.len() > RETIRED {
            self.retired.pop_front();
        }
        BytesMut::with_capacity(size)
    }
}

#[cfg(test)]
mod tests {
    use super::{Arena, CHUNK};

    #[test]
    fn a_chunk_is_used_again_when_its_bytes_are_gone() {
        let mut arena = Arena::default();
        let mut first = None;
        let mut held = Vec::new();
        for _ in 0..8 {
            let chunk = arena.chunk(0);
            chunk.resize(CHUNK / 2, 7);
            first.get_or_insert(chunk.as_ptr());
            held.push(chunk.split());
        }
        held.clear();
        let again = (0..8).any(|_| {
            let chunk = arena.chunk(0);
            chunk.resize(CHUNK / 2, 8);
            let at = chunk.as_ptr();
            drop(chunk.split());
            Some(at) == first
        });
        assert!(again);
    }
}
