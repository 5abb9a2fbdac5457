//! Where a call of the disk draws: for its path, in its life, by its count; so nothing that another path does moves it.

use ottla_media::{Fate, SECTOR};

use crate::draw::{Domain, Draw, mix};
use crate::host::Outside;
use crate::script::Chance;

/// A place to draw, and 64 bits of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Whose: a path's hash.
    pub entity: u64,
    /// Which of its calls.
    pub n: u64,
    /// What is drawn for it.
    pub bits: u64,
}

impl Place {
    /// The `n`th of this entity.
    pub(super) fn new(entity: u64, n: u64, draw: Draw) -> Place {
        let bits = draw.at(Domain::DiskOrder, entity, n);
        Place { entity, n, bits }
    }

    /// Some of its bits.
    pub(super) fn bits(&self, from: u32, count: u32) -> u64 {
        (self.bits >> from) & ((1 << count) - 1)
    }

    /// Whether this call goes wrong; then the atlas is told.
    pub(super) fn fails(&self, chance: Chance, path: &str, outside: &mut Outside<'_>) -> bool {
        let fails = outside.dice.fires(chance, self.entity, self.n)
            || chance == Chance::SyncFailsKeeps && is_segment(path) && outside.dice.fails_armed();
        if fails {
            outside.failed.push(format!("{} {path}", chance.name()));
        }
        fails
    }

    /// Which sectors of a write between these bytes are there when only some are: all, none, those in front, or any; some of them torn.
    pub(super) fn some_sectors(self, draw: Draw, (at, end): (u64, u64)) -> impl FnMut(u64) -> Fate {
        let (first, count) = (
            at / SECTOR,
            end.div_ceil(SECTOR).saturating_sub(at / SECTOR),
        );
        let front = first + self.bits(24, 16) % (count + 1);
        let own = mix(self.entity ^ mix(self.n));
        move |sector| match self.bits(20, 3) {
            0 => Fate::New,
            1 => Fate::Old,
            2 | 3 if sector < front => Fate::New,
            3 if sector == front => Fate::Torn(self.bits(40, 9) as u16),
            2 | 3 => Fate::Old,
            _ => {
                let bits = draw.at(Domain::DiskOrder, own, sector);
                let part = (bits >> 8) as u16 % SECTOR as u16;
                match bits % 8 {
                    0..=2 => Fate::New,
                    3..=5 => Fate::Old,
                    6 => Fate::Torn(part),
                    _ => Fate::TornFrom(part),
                }
            }
        }
    }
}

/// Whether it is a segment of a topic.
fn is_segment(path: &str) -> bool {
    path.ends_with(".log") && !path.contains("__cluster_metadata")
}
