//! Is a run the same everywhere? Every seed is run in two processes with other surroundings, and their hashes are compared.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use crate::hunt::script;
use crate::script::Script;
use crate::swarm::Profile;
use crate::world::World;

/// The hashes of these seeds, one line each, as a child prints them. `shipped`: with the core's limits as they ship, whatever the seed
/// says, for a build that has no others.
pub fn hashes(
    seeds: impl Iterator<Item = u64>,
    profile: Profile,
    shipped: bool,
) -> impl Iterator<Item = String> {
    seeds.map(move |seed| {
        let mut script = Script::clone(&script(seed, profile, None));
        script.limits = script.limits.filter(|_| !shipped);
        let report = World::new(Arc::new(script), false).run();
        format!("{seed} {} {}", report.counts.steps, report.hash)
    })
}

/// Runs these seeds in two processes: this program and `other` (this program again when there is none). What differs, line by line.
pub fn compare(
    first: u64,
    last: u64,
    profile: &str,
    other: Option<&Path>,
) -> Result<Vec<String>, String> {
    let shipped = other.is_some();
    let me = env::current_exe().map_err(|why| why.to_string())?;
    let other = other.map_or_else(|| me.clone(), PathBuf::from);
    let run = |program: &Path, number: &str| {
        Command::new(program)
            .args(["hashes", "--seeds", &format!("{first}..{last}")])
            .args(["--profile", profile])
            .args(shipped.then_some("--shipped"))
            // Surroundings that must not matter: the environment's size moves the stack.
            .env("SURROUNDINGS", "x".repeat(number.len() * 997))
            .output()
            .map_err(|why| format!("{}: {why}", program.display()))
    };
    let (one, two) = (run(&me, "1")?, run(&other, "seven")?);
    let lines = |output: &std::process::Output| -> Vec<String> {
        let text = String::from_utf8_lossy(&output.stdout);
        text.lines().map(str::to_owned).collect()
    };
    let (one, two) = (lines(&one), lines(&two));
    if one.len() as u64 != last - first + 1 {
        return Err(format!(
            "{} of {} seeds were run",
            one.len(),
            last - first + 1
        ));
    }
    let pairs = one
        .iter()
        .zip(two.iter().map(Some).chain(std::iter::repeat(None)));
    Ok(pairs
        .filter(|(one, two)| Some(*one) != *two)
        .map(|(one, two)| format!("{one} and {}", two.map_or("nothing", |two| two)))
        .collect())
}
