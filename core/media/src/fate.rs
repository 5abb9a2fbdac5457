//! What a power cut asks its caller, what the caller may answer, and what that makes of a sector.

use crate::Node;

/// What a power cut keeps or loses as one, and what is torn: bytes.
pub const SECTOR: u64 = 512;

pub(crate) type Sector = [u8; SECTOR as usize];

/// What a power cut asks its caller about: each is decided independently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsynced {
    /// The bytes of one sector of a file, by its number.
    Sector(Node, u64),
    /// The length of a file.
    Length {
        /// The file.
        node: Node,
        /// The smallest length it had since what is durable.
        least: u64,
        /// The largest.
        most: u64,
    },
    /// A change of names: a creation, a removal, a rename. Counted from the oldest.
    Names(u64),
}

/// What becomes of something that no sync covered. What is not possible for it counts as [`Fate::Old`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is as it was durable.
    Old,
    /// It is as the cache has it.
    New,
    /// Sectors: as the cache had it before something wrote over what no sync had covered. Counted modulo how many of those are known.
    Earlier(u32),
    /// Sectors: the first so many bytes are new, the rest is old.
    Torn(u16),
    /// Sectors: the first so many bytes are old, the rest is new.
    TornFrom(u16),
    /// Sectors: what lies beyond the least length since what is durable is zeros, the rest is old.
    Zero,
    /// Sectors: what lies beyond that length is stale: bytes that this number stands for.
    Garbage(u64),
    /// Lengths: this one, or the nearest between the least and the most.
    Length(u64),
}

/// What may be there of one sector.
pub(crate) struct Choices<'a> {
    pub(crate) old: &'a Sector,
    pub(crate) new: &'a Sector,
    pub(crate) earlier: &'a dyn Fn(u32) -> Option<Sector>,
    /// Where in it what may be zero or stale begins.
    pub(crate) unsure: usize,
}

impl Fate {
    /// What is there after the cut.
    pub(crate) fn of(self, choices: Choices<'_>) -> Sector {
        let Choices { old, new, .. } = choices;
        let mut left = *old;
        match self {
            Fate::Old | Fate::Length(_) => {}
            Fate::New => left = *new,
            Fate::Earlier(nth) => left = (choices.earlier)(nth).unwrap_or(left),
            Fate::Torn(_) | Fate::TornFrom(_) => {
                let fresh = self.fresh();
                left[fresh.clone()].copy_from_slice(&new[fresh]);
            }
            Fate::Zero => left[choices.unsure..].fill(0),
            Fate::Garbage(seed) => stale(seed, &mut left[choices.unsure..]),
        }
        left
    }

    /// Which bytes of a sector are new, when nothing but old and new is possible.
    pub(crate) fn fresh(self) -> std::ops::Range<usize> {
        let whole = SECTOR as usize;
        match self {
            Fate::New => 0..whole,
            Fate::Torn(first) => 0..whole.min(first.into()),
            Fate::TornFrom(first) => whole.min(first.into())..whole,
            _ => 0..0,
        }
    }
}

/// Bytes that look like nothing: splitmix64 from this number.
fn stale(seed: u64, into: &mut [u8]) {
    let mut state = seed;
    for bytes in into.chunks_mut(8) {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^= word >> 31;
        bytes.copy_from_slice(&word.to_le_bytes()[..bytes.len()]);
    }
}
