//! What becomes, in a power cut, of what no sync covered.

use ottla_machine::Rng;
use ottla_media::{Fate, SECTOR, Unsynced};

/// Fates for `Media::power_cut`. Subset 0: nothing survives; 1: everything; above: as many of 6 survive whole, and of the rest each is
/// lost, or torn, or whatever else is possible.
pub fn fates(subset: u64, rng: &mut Rng) -> impl FnMut(Unsynced) -> Fate {
    move |what| match subset {
        0 => Fate::Old,
        1 => Fate::New,
        odds if rng.below(6) < odds => Fate::New,
        _ if rng.below(2) == 0 => Fate::Old,
        _ => in_between(what, rng),
    }
}

/// What a write that fails leaves of a sector.
pub(crate) fn torn(rng: &mut Rng) -> Fate {
    match rng.below(6) {
        0 | 1 => Fate::Old,
        2 => Fate::Torn(rng.below(SECTOR) as u16),
        3 => Fate::TornFrom(rng.below(SECTOR) as u16),
        _ => Fate::New,
    }
}

fn in_between(what: Unsynced, rng: &mut Rng) -> Fate {
    match what {
        Unsynced::Names(_) => Fate::Old,
        Unsynced::Length { least, most, .. } => Fate::Length(least + rng.below(most - least + 1)),
        Unsynced::Sector(..) => match rng.below(5) {
            0 => Fate::Torn(rng.below(SECTOR) as u16),
            1 => Fate::TornFrom(rng.below(SECTOR) as u16),
            2 => Fate::Earlier(rng.below(4) as u32),
            3 => Fate::Zero,
            _ => Fate::Garbage(rng.next_u64()),
        },
    }
}
