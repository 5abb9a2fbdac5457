//! The bytes of one file: the cache, and for every sector that no sync has covered, what the media still holds of it.

use std::collections::BTreeMap;

use bytes::Bytes;

/// What a power cut keeps or loses as one: bytes.
pub const SECTOR: u64 = 512;

/// Room is given in pages of this many bytes.
const PAGE: u64 = 4096;

/// Bytes are held in pieces of this size, so that a growing file is never copied.
const CHUNK: u64 = 64 << 10;

#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    chunks: BTreeMap<u64, Vec<u8>>,
    len: u64,
    allocated: u64,
    /// Sectors changed since the last sync, as the media holds them; absent there: zeros.
    old: BTreeMap<u64, Vec<u8>>,
    /// The length on the media, when it is another one.
    old_len: Option<u64>,
    /// Sectors that a failed sync left behind, as the media holds them; none of them is in `old`.
    lost: BTreeMap<u64, Vec<u8>>,
    syncs_begun: u64,
    /// The latest begun among the syncs that ended.
    synced: u64,
}

/// What a sync covers, from when it began.
#[derive(Clone, Debug)]
pub struct Covered {
    number: u64,
    sectors: BTreeMap<u64, Vec<u8>>,
    len: u64,
}

impl Content {
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Bytes of the disk in use.
    pub(crate) fn room(&self) -> u64 {
        pages(self.len.max(self.allocated))
    }

    /// The same if the file reached to `to`.
    pub(crate) fn room_with(&self, to: u64) -> u64 {
        pages(self.len.max(self.allocated).max(to))
    }

    pub(crate) fn write(&mut self, at: u64, bytes: &[u8], keeps_old: bool) {
        let end = at + bytes.len() as u64;
        if keeps_old && !bytes.is_empty() {
            self.keep(at / SECTOR, (end - 1) / SECTOR);
        }
        let mut done = 0;
        while done < bytes.len() {
            let position = at + done as u64;
            let within = (position % CHUNK) as usize;
            let count = (bytes.len() - done).min(CHUNK as usize - within);
            let chunk = self.chunks.entry(position / CHUNK).or_default();
            if chunk.len() < within + count {
                chunk.resize(within + count, 0);
            }
            chunk[within..within + count].copy_from_slice(&bytes[done..done + count]);
            done += count;
        }
        if end > self.len {
            self.set_len(end, keeps_old);
        }
    }

    pub(crate) fn read(&self, at: u64, len: usize) -> Bytes {
        let end = self.len.min(at.saturating_add(len as u64));
        if at >= end {
            return Bytes::new();
        }
        let mut bytes = vec![0; (end - at) as usize];
        self.copy(at, &mut bytes);
        Bytes::from(bytes)
    }

    pub(crate) fn allocate(&mut self, to: u64) {
        self.allocated = self.allocated.max(to);
    }

    pub(crate) fn truncate(&mut self, len: u64, keeps_old: bool) {
        if len < self.len {
            if keeps_old {
                self.keep(len / SECTOR, (self.len - 1) / SECTOR);
            }
            let last = len / CHUNK;
            self.chunks.split_off(&(last + 1));
            if let Some(chunk) = self.chunks.get_mut(&last) {
                chunk.truncate((len % CHUNK) as usize);
            }
        }
        self.allocated = self.allocated.min(len);
        self.set_len(len, keeps_old);
    }

    pub(crate) fn sync(&mut self) {
        self.syncs_begun += 1;
        self.synced = self.syncs_begun;
        self.old.clear();
        self.old_len = None;
    }

    /// What a sync that begins now covers.
    pub(crate) fn covered(&mut self) -> Covered {
        self.syncs_begun += 1;
        let sector = |at: &u64| {
            let mut bytes = vec![0; SECTOR as usize];
            self.copy(at * SECTOR, &mut bytes);
            (*at, bytes)
        };
        Covered {
            number: self.syncs_begun,
            sectors: self.old.keys().map(sector).collect(),
            len: self.len,
        }
    }

    /// That sync has ended: what changed meanwhile is not covered.
    pub(crate) fn sync_to(&mut self, covered: Covered) {
        if covered.number < self.synced {
            // One that began later has covered all that and more.
            return;
        }
        self.synced = covered.number;
        let mut now = vec![0; SECTOR as usize];
        for (at, bytes) in covered.sectors {
            now.fill(0);
            self.copy(at * SECTOR, &mut now);
            if now == bytes {
                self.old.remove(&at);
            } else if let Some(old) = self.old.get_mut(&at) {
                *old = bytes;
            }
        }
        self.old_len = (self.len != covered.len).then_some(covered.len);
    }

    /// A sync failed: no later one makes durable what is not, and a power cut takes it for sure.
    pub(crate) fn lose(&mut self) {
        for (at, bytes) in std::mem::take(&mut self.old) {
            self.lost.insert(at, bytes);
        }
    }

    /// M1: only what is in `old` can be lost. Asked for each sector, and with `None` for the length.
    pub(crate) fn power_cut(&mut self, mut survives: impl FnMut(Option<u64>) -> bool) {
        let certain = std::mem::take(&mut self.lost).into_iter();
        let old = std::mem::take(&mut self.old).into_iter();
        let gone: Vec<_> = certain
            .chain(old.filter(|(at, _)| !survives(Some(*at))))
            .collect();
        for (at, bytes) in gone {
            let len = self.len;
            self.write(at * SECTOR, &bytes, false);
            self.len = len;
        }
        if let Some(old) = self.old_len.take()
            && !survives(None)
        {
            self.len = old;
        }
        self.allocated = 0;
        self.forget_beyond_end();
    }

    fn set_len(&mut self, len: u64, keeps_old: bool) {
        if keeps_old && len != self.len {
            self.old_len.get_or_insert(self.len);
        }
        self.len = len;
    }

    /// Remembers what the media holds of these sectors, unless it is remembered already.
    fn keep(&mut self, first: u64, last: u64) {
        for sector in first..=last {
            if self.old.contains_key(&sector) {
                continue;
            }
            let bytes = self.lost.remove(&sector).unwrap_or_else(|| {
                let mut bytes = vec![0; SECTOR as usize];
                self.copy(sector * SECTOR, &mut bytes);
                bytes
            });
            self.old.insert(sector, bytes);
        }
    }

    /// Copies what is there; beyond the chunks there are zeros.
    fn copy(&self, at: u64, into: &mut [u8]) {
        let mut done = 0;
        while done < into.len() {
            let position = at + done as u64;
            let within = (position % CHUNK) as usize;
            let count = (into.len() - done).min(CHUNK as usize - within);
            if let Some(chunk) = self.chunks.get(&(position / CHUNK)) {
                let held = chunk.get(within..).unwrap_or_default();
                let have = held.len().min(count);
                into[done..done + have].copy_from_slice(&held[..have]);
            }
            done += count;
        }
    }

    /// Bytes beyond the end must read as zeros when the file grows again.
    fn forget_beyond_end(&mut self) {
        let last = self.len / CHUNK;
        self.chunks.split_off(&(last + 1));
        if let Some(chunk) = self.chunks.get_mut(&last) {
            chunk.truncate((self.len % CHUNK) as usize);
        }
    }
}

fn pages(bytes: u64) -> u64 {
    bytes.div_ceil(PAGE) * PAGE
}
