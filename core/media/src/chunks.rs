//! Bytes by position, in pieces that copies of a disk share until one of them writes.
//!
//! Where there is no piece, or it is too short, there are zeros.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::SECTOR;

/// Bytes are held in pieces of this size, so that a growing file is never copied and a shared one only in part.
const CHUNK: u64 = 16 << 10;

#[derive(Clone, Debug, Default)]
pub(crate) struct Chunks(BTreeMap<u64, Arc<Vec<u8>>>);

impl Chunks {
    pub(crate) fn write(&mut self, at: u64, bytes: &[u8]) {
        for (chunk, within, piece) in pieces(at, bytes.len()) {
            let held = Arc::make_mut(self.0.entry(chunk).or_default());
            if held.len() < within {
                held.resize(within, 0);
            }
            let over = piece.len().min(held.len() - within);
            let bytes = &bytes[piece];
            held[within..within + over].copy_from_slice(&bytes[..over]);
            held.extend_from_slice(&bytes[over..]);
        }
    }

    pub(crate) fn read(&self, at: u64, len: usize) -> Bytes {
        let mut bytes = Vec::with_capacity(len);
        for (chunk, within, piece) in pieces(at, len) {
            let held = self.held(chunk, within);
            let have = held.len().min(piece.len());
            bytes.extend_from_slice(&held[..have]);
            bytes.resize(piece.end, 0);
        }
        Bytes::from(bytes)
    }

    pub(crate) fn sector(&self, sector: u64) -> [u8; SECTOR as usize] {
        let mut bytes = [0; SECTOR as usize];
        let at = sector * SECTOR;
        // A chunk is whole sectors.
        let held = self.held(at / CHUNK, (at % CHUNK) as usize);
        let have = held.len().min(bytes.len());
        bytes[..have].copy_from_slice(&held[..have]);
        bytes
    }

    /// Forgets all from `len` on.
    pub(crate) fn cut(&mut self, len: u64) {
        let last = len / CHUNK;
        let within = (len % CHUNK) as usize;
        self.0.split_off(&(last + u64::from(within > 0)));
        if let Some(chunk) = self.0.get_mut(&last)
            && chunk.len() > within
        {
            Arc::make_mut(chunk).truncate(within);
        }
    }

    /// The sectors between these two in which bytes are held.
    pub(crate) fn sectors(&self, from: u64, to: u64) -> impl Iterator<Item = u64> {
        const EACH: u64 = CHUNK / SECTOR;
        let first = from / EACH;
        let held = self.0.range(first..to.div_ceil(EACH).max(first));
        held.flat_map(move |(chunk, bytes)| {
            let begin = chunk * EACH;
            let end = begin + (bytes.len() as u64).div_ceil(SECTOR);
            begin.max(from)..end.min(to)
        })
    }

    /// Whether nothing is held from `len` on.
    pub(crate) fn ends_by(&self, len: u64) -> bool {
        let last = self.0.last_key_value();
        last.is_none_or(|(chunk, bytes)| chunk * CHUNK + bytes.len() as u64 <= len)
    }

    fn held(&self, chunk: u64, within: usize) -> &[u8] {
        let chunk = self.0.get(&chunk);
        chunk
            .and_then(|bytes| bytes.get(within..))
            .unwrap_or_default()
    }
}

/// A range by chunks: which, from where in it, and which part of the range that is.
fn pieces(at: u64, len: usize) -> impl Iterator<Item = (u64, usize, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        if done == len {
            return None;
        }
        let position = at + done as u64;
        let within = (position % CHUNK) as usize;
        let from = done;
        done += (len - done).min(CHUNK as usize - within);
        Some((position / CHUNK, within, from..done))
    })
}
