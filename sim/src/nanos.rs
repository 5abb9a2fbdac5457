//! Virtual time, and how it is written in scripts: `20ms`, `3us`, `7ns`; whole numbers of the largest unit that fits.

use serde::{Deserialize, Deserializer, Serializer, de};

/// Virtual nanoseconds since the beginning of the run.
pub type Nanos = u64;

/// A microsecond.
pub const US: Nanos = 1_000;
/// A millisecond.
pub const MS: Nanos = 1_000_000;
/// A second.
pub const SECOND: Nanos = 1_000_000_000;

const UNITS: [(&str, Nanos); 4] = [("s", SECOND), ("ms", MS), ("us", US), ("ns", 1)];

pub(crate) fn serialize<S: Serializer>(nanos: &Nanos, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&print(*nanos))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Nanos, D::Error> {
    let text = String::deserialize(from)?;
    parse(&text)
        .ok_or_else(|| de::Error::custom(format!("{text}: a time is a number and s, ms, us or ns")))
}

fn print(nanos: Nanos) -> String {
    let (unit, size) = UNITS
        .into_iter()
        .find(|(_, size)| nanos.is_multiple_of(*size))
        .unwrap_or(("ns", 1));
    format!("{}{unit}", nanos / size)
}

fn parse(text: &str) -> Option<Nanos> {
    let at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(at);
    let (_, size) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    number.parse::<Nanos>().ok()?.checked_mul(size)
}
