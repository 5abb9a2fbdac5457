//! What is said of a script that failed: which sources, which world, which oracle, and what had happened just before.

use std::process::Command;
use std::sync::Arc;

use crate::script::Script;
use crate::world::{Failure, World};

/// So much of the trace is shown.
const LAST: usize = 4;

/// A paragraph about it.
pub fn describe(name: &str, script: &Arc<Script>, failure: &Failure) -> String {
    let world = World::new(Arc::clone(script), true).run();
    let mut text = format!(
        "{name}: {} fired at {:.6} s, step {}: {}\n  commit {}\n  {}\n",
        failure.violation.oracle,
        failure.at as f64 / 1e9,
        failure.step,
        failure.violation.what,
        commit(),
        configuration(script)
    );
    let from = world.lines.len().saturating_sub(LAST);
    for line in &world.lines[from..] {
        text += &format!("  {line}\n");
    }
    text
}

/// What the broker was given, in a line.
fn configuration(script: &Script) -> String {
    let mut said = vec![format!("{:?}", script.arm).to_lowercase()];
    said.push(match script.limits {
        Some(from) => format!("limits drawn from {from}"),
        None => "limits as shipped".to_owned(),
    });
    said.extend(script.planted.iter().map(|id| format!("planted {id}")));
    let settings = script.settings.iter();
    said.extend(settings.map(|(key, value)| format!("{key}={value}")));
    said.join(", ")
}

/// The commit of the sources beside this program, which are those it was built from when it was started by `cargo run`.
fn commit() -> String {
    let described = Command::new("git")
        .args(["describe", "--always", "--dirty", "--abbrev=12"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    match described {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
        _ => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hunt;
    use crate::swarm::Profile;

    #[test]
    fn a_failure_names_the_sources_the_world_and_what_came_last() {
        let planted = Some("read-past-high-watermark");
        let scripts = (1..500).map(|seed| hunt::script(seed, Profile::Mixed, planted));
        let failed = scripts.filter_map(|script| {
            let failure = World::new(Arc::clone(&script), false).run().failure?;
            Some((script, failure))
        });
        let (script, failure) = failed.take(1).next().expect("a planted bug is found");
        let said = describe("seed 1", &script, &failure);
        let lines: Vec<&str> = said.lines().collect();
        assert!(lines[0].starts_with("seed 1: ") && lines[0].contains(failure.violation.oracle));
        assert!(lines[1].starts_with("  commit "));
        assert!(lines[2].contains("planted read-past-high-watermark"));
        assert_eq!(lines.len(), 3 + LAST, "{said}");
    }
}
