//! What a power cut takes: drawn by place for every sector, length and name that no sync covered.

use ottla_media::{Fate, Unsynced};

use crate::draw::{Domain, Draw, mix};

/// The fate of the `n`th un-synced thing of cut `cut`. `keep`: how much survives, from 0 (all is lost) to 4 (all is kept).
pub fn fate(draw: Draw, cut: u64, n: u64, keep: u64, unsynced: Unsynced) -> Fate {
    let domain = match unsynced {
        Unsynced::Sector(..) => Domain::CutSector,
        Unsynced::Length { .. } => Domain::CutLength,
        Unsynced::Names(_) => Domain::CutName,
    };
    let bits = draw.at(domain, mix(cut), n);
    if bits % 4 >= keep {
        return Fate::Old;
    }
    let more = bits >> 8;
    match unsynced {
        Unsynced::Sector(..) if keep < 4 => match more % 16 {
            0 => Fate::Torn((more >> 8) as u16 % 512),
            1 => Fate::TornFrom((more >> 8) as u16 % 512),
            2 => Fate::Zero,
            3 => Fate::Garbage(more),
            4 => Fate::Earlier((more >> 8) as u32 % 4),
            _ => Fate::New,
        },
        Unsynced::Length { least, most, .. } if keep < 4 => match more % 3 {
            0 => Fate::Length(least + (more >> 8) % (most - least + 1)),
            _ => Fate::New,
        },
        _ => Fate::New,
    }
}
