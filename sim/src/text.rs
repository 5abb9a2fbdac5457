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
