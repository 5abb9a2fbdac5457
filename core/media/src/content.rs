//! The bytes of one file: the cache, and of what no sync has covered that which may be there instead after a power cut.
//!
//! Appending is free: as long as nothing is written over, what was there at any moment is the cache up to the length of that moment. Only
//! what is written over or cut away is kept, as a version of its sector that was current until so many syncs had begun.
//!
//! Invariants
//! - C1: no byte is held beyond the length.
//! - C2: what the media holds of a sector is its lost image, or its first version, or the cache; the latter two up to the durable length.
//! - C3: a lost sector is one of the file, and not in `changed`: its page is clean.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::chunks::Chunks;
use crate::fate::{Choices, Fate, SECTOR, Sector};

/// Room is given in pages of this many bytes.
const PAGE: u64 = 4096;

/// So many versions of a sector are kept for [`Fate::Earlier`]; those that a sync may need, always.
const VERSIONS: usize = 4;

#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    chunks: Chunks,
    len: u64,
    allocated: u64,
    durable_len: u64,
    /// The lengths it had since what is durable, by how many syncs had begun.
    lengths: Vec<Lengths>,
    /// Sectors that were written over or cut, with what was there before, oldest first.
    changed: BTreeMap<u64, Vec<Version>>,
    /// Sectors that a failed sync left behind, as the media holds them.
    lost: BTreeMap<u64, Arc<Sector>>,
    syncs_begun: u64,
    /// Syncs that began up to this one cover nothing any more: a later one ended.
    synced: u64,
}

/// What was there of a sector until so many syncs had begun.
#[derive(Clone, Debug)]
struct Version {
    until: u64,
    bytes: Arc<Sector>,
}

/// The lengths since so many syncs had begun.
#[derive(Clone, Copy, Debug)]
struct Lengths {
    since: u64,
    least: u64,
    most: u64,
}

/// What a sync covers, from when it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Covered {
    number: u64,
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

    pub(crate) fn write(&mut self, at: u64, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let end = at + bytes.len() as u64;
        if at < self.len {
            self.keep(at / SECTOR, (end.min(self.len) - 1) / SECTOR);
        } else if let Some(image) = self.lost.remove(&(at / SECTOR)) {
            // The sector is written again, whole.
            self.push(at / SECTOR, image);
        }
        self.chunks.write(at, bytes);
        self.set_len(self.len.max(end));
    }

    /// The same, but of each sector only what its fate says gets in.
    pub(crate) fn write_some(&mut self, at: u64, bytes: &[u8], mut fate: impl FnMut(u64) -> Fate) {
        let end = at + bytes.len() as u64;
        for sector in at / SECTOR..end.div_ceil(SECTOR) {
            let fresh = fate(sector).fresh();
            let from = at.max(sector * SECTOR + fresh.start as u64);
            let to = end.min(sector * SECTOR + fresh.end as u64);
            if from < to {
                self.write(from, &bytes[(from - at) as usize..(to - at) as usize]);
            }
        }
    }

    /// The length of a write whose bytes went elsewhere.
    pub(crate) fn grow(&mut self, to: u64) {
        self.set_len(self.len.max(to));
    }

    pub(crate) fn read(&self, at: u64, len: usize) -> Bytes {
        let end = self.len.min(at.saturating_add(len as u64));
        self.chunks.read(at, end.saturating_sub(at) as usize)
    }

    pub(crate) fn allocate(&mut self, to: u64) {
        self.allocated = self.allocated.max(to);
    }

    pub(crate) fn truncate(&mut self, len: u64) {
        if len < self.len {
            self.keep(len / SECTOR, (self.len - 1) / SECTOR);
            self.chunks.cut(len);
        }
        self.allocated = self.allocated.min(len);
        self.set_len(len);
    }

    pub(crate) fn sync(&mut self) {
        let covered = self.covered();
        self.sync_to(covered);
    }

    /// What a sync that begins now covers.
    pub(crate) fn covered(&mut self) -> Covered {
        self.syncs_begun += 1;
        Covered {
            number: self.syncs_begun,
            len: self.len,
        }
    }

    /// That sync has ended: what changed meanwhile is not covered.
    pub(crate) fn sync_to(&mut self, covered: Covered) {
        if covered.number <= self.synced {
            // One that began later has covered all that and more, or has taken it.
            return;
        }
        self.synced = covered.number;
        self.durable_len = covered.len;
        self.lengths.retain(|then| then.since >= covered.number);
        self.changed.retain(|_, versions| {
            versions.retain(|version| version.until >= covered.number);
            !versions.is_empty()
        });
    }

    /// A sync failed: no later one makes durable what is not, and a power cut takes it for sure.
    pub(crate) fn lose(&mut self) {
        let end = self.len.div_ceil(SECTOR);
        for sector in self.dirty().into_iter().filter(|sector| *sector < end) {
            let image = self.durable_sector(sector);
            self.lost.insert(sector, Arc::new(image));
        }
        // What is cut away goes with the length, which later syncs do cover.
        self.changed = self.changed.split_off(&end);
        self.synced = self.syncs_begun;
    }

    /// A sync failed, and the cache is read anew from the media.
    pub(crate) fn revert(&mut self) {
        for sector in self.dirty() {
            self.chunks
                .write(sector * SECTOR, &self.durable_sector(sector));
        }
        self.len = self.durable_len;
        self.chunks.cut(self.len);
        self.lost.split_off(&self.len.div_ceil(SECTOR));
        self.settled();
    }

    /// Whether a power cut would change nothing.
    pub(crate) fn is_settled(&self) -> bool {
        self.lengths.is_empty()
            && self.changed.is_empty()
            && self.lost.is_empty()
            && self.allocated == 0
    }

    /// M1: only what no sync covered can be lost. Asked for each sector, and with `None` for the length.
    pub(crate) fn power_cut(&mut self, mut fate: impl FnMut(Option<u64>) -> Fate) {
        let (least, most) = self.lengths();
        for sector in self.dirty() {
            let old = self.durable_sector(sector);
            let new = self.chunks.sector(sector);
            let versions = self.changed.get(&sector).map_or(&[][..], Vec::as_slice);
            let left = fate(Some(sector)).of(Choices {
                old: &old,
                new: &new,
                earlier: &|nth| {
                    let nth = nth as usize % versions.len().max(1);
                    Some(*versions.get(nth)?.bytes)
                },
                unsure: within(sector, least),
            });
            self.chunks.write(sector * SECTOR, &left);
        }
        for (sector, image) in std::mem::take(&mut self.lost) {
            self.chunks.write(sector * SECTOR, &*image);
        }
        if least < most {
            self.len = match fate(None) {
                Fate::New => self.len,
                Fate::Length(len) => len.clamp(least, most),
                _ => self.durable_len,
            };
        }
        self.allocated = 0;
        self.chunks.cut(self.len);
        self.settled();
    }

    /// The smallest and the largest length since what is durable.
    pub(crate) fn lengths(&self) -> (u64, u64) {
        let durable = (self.durable_len, self.durable_len);
        self.lengths.iter().fold(durable, |(least, most), then| {
            (least.min(then.least), most.max(then.most))
        })
    }

    /// Whether no power cut can change or take a byte between these two.
    pub(crate) fn durable(&self, from: u64, to: u64) -> bool {
        if from >= to {
            return true;
        }
        if to > self.lengths().0 {
            return false;
        }
        let sectors = from / SECTOR..to.div_ceil(SECTOR);
        let lost = self.lost.range(sectors.clone());
        let versions = self.changed.range(sectors);
        let others = versions
            .flat_map(|(sector, versions)| versions.iter().map(move |it| (sector, &it.bytes)))
            .chain(lost);
        for (sector, other) in others {
            let part = within(*sector, from)..within(*sector, to);
            if self.chunks.sector(*sector)[part.clone()] != other[part] {
                return false;
            }
        }
        true
    }

    /// Combines bytes with what stands there, in the cache and on the media alike.
    pub(crate) fn damage(&mut self, at: u64, bytes: &[u8], combine: impl Fn(u8, u8) -> u8) {
        let end = at + bytes.len() as u64;
        let change = |held: &mut [u8], bytes: &[u8]| {
            for (held, byte) in held.iter_mut().zip(bytes) {
                *held = combine(*held, *byte);
            }
        };
        let mut held = self.read(at, bytes.len()).to_vec();
        change(&mut held, bytes);
        self.chunks.write(at, &held);
        let sectors = at / SECTOR..end.div_ceil(SECTOR);
        let versions = self.changed.range_mut(sectors.clone());
        let versions = versions.flat_map(|(sector, versions)| {
            let images = versions.iter_mut().map(|version| &mut version.bytes);
            images.map(move |image| (sector, image))
        });
        for (sector, image) in versions.chain(self.lost.range_mut(sectors)) {
            let part = within(*sector, at)..within(*sector, end);
            let from = (sector * SECTOR + part.start as u64 - at) as usize;
            change(&mut Arc::make_mut(image)[part], &bytes[from..]);
        }
    }

    /// Asserts the invariants.
    pub(crate) fn check(&self) {
        assert!(self.chunks.ends_by(self.len), "C1: beyond {}", self.len);
        let both = self.lost.keys().find(|at| self.changed.contains_key(at));
        assert_eq!(both, None, "C3: lost and changed");
        let beyond = self.lost.range(self.len.div_ceil(SECTOR)..).next();
        assert!(beyond.is_none(), "C3: beyond {}", self.len);
    }

    /// All that is in the cache is durable.
    pub(crate) fn settled(&mut self) {
        self.durable_len = self.len;
        self.lengths.clear();
        self.changed.clear();
        self.synced = self.syncs_begun;
    }

    fn set_len(&mut self, len: u64) {
        if len == self.len {
            return;
        }
        let (least, most) = (len.min(self.len), len.max(self.len));
        match self.lengths.last_mut() {
            Some(then) if then.since == self.syncs_begun => {
                then.least = then.least.min(least);
                then.most = then.most.max(most);
            }
            _ => self.lengths.push(Lengths {
                since: self.syncs_begun,
                least,
                most,
            }),
        }
        self.len = len;
    }

    /// Remembers what is there of these sectors, which are about to change.
    fn keep(&mut self, first: u64, last: u64) {
        for sector in first..=last {
            let known = self.changed.get(&sector).map_or(&[][..], Vec::as_slice);
            let seen = known.last().is_some_and(|it| it.until == self.syncs_begun);
            if seen && known.len() >= VERSIONS {
                continue;
            }
            let bytes = match self.lost.remove(&sector) {
                Some(image) => image,
                None => Arc::new(self.chunks.sector(sector)),
            };
            self.push(sector, bytes);
        }
    }

    fn push(&mut self, sector: u64, bytes: Arc<Sector>) {
        let until = self.syncs_begun;
        let versions = self.changed.entry(sector).or_default();
        versions.push(Version { until, bytes });
    }

    /// The sectors that no sync has covered, nor lost.
    fn dirty(&self) -> Vec<u64> {
        let from = self.durable_len / SECTOR;
        let to = match self.len > self.durable_len {
            true => self.len.div_ceil(SECTOR),
            false => from,
        };
        let appended = self.chunks.sectors(from, to);
        let appended = appended.filter(|at| !self.lost.contains_key(at));
        if self.changed.is_empty() {
            return appended.collect();
        }
        let mut dirty: Vec<u64> = self.changed.keys().copied().chain(appended).collect();
        dirty.sort_unstable();
        dirty.dedup();
        dirty
    }

    /// C2: what the media holds of a sector that is not lost.
    fn durable_sector(&self, sector: u64) -> Sector {
        let mut bytes = match self.changed.get(&sector) {
            Some(versions) => *versions[0].bytes,
            None => self.chunks.sector(sector),
        };
        bytes[within(sector, self.durable_len)..].fill(0);
        bytes
    }
}

/// Where in a sector a position of the file is, or the end of the sector that is nearer to it.
fn within(sector: u64, position: u64) -> usize {
    position.saturating_sub(sector * SECTOR).min(SECTOR) as usize
}

fn pages(bytes: u64) -> u64 {
    bytes.div_ceil(PAGE) * PAGE
}
