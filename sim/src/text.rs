//! A script as text: RON, one line per operation and fault, times with their units. What is printed is parsed back as the same script.

use ron::extensions::Extensions;
use ron::ser::PrettyConfig;

use crate::script::Script;

/// Lists and maps are broken into lines down to here: an operation or a fault is one line.
const DEPTH: usize = 3;

/// The text of a script; each line of `about` stands above it as a comment.
pub fn print(script: &Script, about: &str) -> String {
    let config = PrettyConfig::new()
        .depth_limit(DEPTH)
        .indentor("  ")
        .extensions(Extensions::IMPLICIT_SOME);
    let text =
        ron::ser::to_string_pretty(script, config).expect("a script has nothing that has no text");
    let about: String = about.lines().map(|line| format!("// {line}\n")).collect();
    format!("{about}{text}\n")
}

/// The script of a text.
pub fn parse(text: &str) -> Result<Script, String> {
    let options = ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME);
    options.from_str(text).map_err(|why| why.to_string())
}

/// Times with their units: `1.5s`, `20ms`, `3us`, `7ns`.
pub(crate) mod nanos {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::script::{MS, Nanos, SECOND, US};

    const UNITS: [(&str, Nanos); 4] = [("s", SECOND), ("ms", MS), ("us", US), ("ns", 1)];

    pub(crate) fn serialize<S: Serializer>(nanos: &Nanos, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&print(*nanos))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Nanos, D::Error> {
        let text = String::deserialize(from)?;
        parse(&text).ok_or_else(|| {
            de::Error::custom(format!("{text}: a time is a number and s, ms, us or ns"))
        })
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
}

#[cfg(test)]
mod tests {
    use super::{parse, print};
    use crate::swarm::{self, Profile};

    #[test]
    fn a_script_is_read_back_as_it_was() {
        for seed in 0..50 {
            let script = swarm::script(seed, Profile::Mixed);
            let text = print(&script, "a seed\nand more");
            assert_eq!(parse(&text), Ok(script), "{text}");
        }
    }

    #[test]
    fn what_is_no_script_is_refused_in_words() {
        let text = print(&swarm::script(1, Profile::Mixed), "");
        let wrong = text.replacen("horizon: \"", "horizon: \"x", 1);
        let why = parse(&wrong).expect_err("no time");
        assert!(why.contains("a time is a number"), "{why}");
    }
}
