//! `ottla serve`: from flags to the end of the node. In: flags, the environment, a file, entropy. Out: lines on standard output (contract
//! of tests and scripts: `data in ..`, then one `listening on ..` per listener once clients are served), the log on standard error.

use std::env;
use std::io::{self, Write};

use crate::arguments::Serve;
use crate::configuration::Configuration;
use crate::door::Hinges;
use crate::logging;
use crate::node::{Failure, Node};
use crate::settings::{ConfigFile, Misuse, Settings};

impl From<Misuse> for Failure {
    fn from(misuse: Misuse) -> Failure {
        Failure::Misuse(misuse.0)
    }
}

/// Serves until the node has ended.
pub fn serve(flags: &Serve) -> Result<(), Failure> {
    let configuration = configure(flags)?;
    logging::begin(configuration.log.clone());
    for warning in &configuration.warnings {
        tracing::warn!("{warning}");
    }
    raise_open_files();
    let hinges = Hinges::hang(configuration.metrics.as_ref()).map_err(Failure::Misuse)?;
    let metrics = hinges.metrics.clone();
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)
        .map_err(|error| Failure::Broken(format!("no randomness: {error}")))?;
    let node = Node::begin(configuration, seed)?;
    let door = hinges.open(node.inside());
    let door = door.map_err(|error| Failure::Broken(format!("a thread cannot be had: {error}")))?;
    let ended = node.wait(|node| {
        let mut lines = Vec::new();
        match &node.data {
            Some(dir) => lines.push(format!("data in {}", dir.display())),
            None => lines.push("data in memory".to_owned()),
        }
        lines.extend(metrics.map(|at| format!("metrics on http://{at}/metrics")));
        let elsewhere = node.told.iter().filter(|told| told.address != told.bound);
        lines.extend(
            elsewhere.map(|told| format!("clients of {} are sent to {}", told.name, told.address)),
        );
        lines.extend(
            node.told
                .iter()
                .map(|told| format!("listening on {}", told.bound)),
        );
        say(&lines);
    });
    drop(node);
    drop(door);
    ended
}

/// What the flags, the environment and the file say.
fn configure(flags: &Serve) -> Result<Configuration, Misuse> {
    let environment: Vec<(String, String)> = env::vars_os()
        .map(|(name, value)| {
            (
                name.to_string_lossy().into_owned(),
                value.to_string_lossy().into_owned(),
            )
        })
        .filter(|(name, _)| name.starts_with("OTTLA_"))
        .collect();
    let variable = environment.iter().find(|(name, _)| name == "OTTLA_CONFIG");
    let named = match (&flags.config, variable) {
        (Some(name), _) => Some((name.clone(), "--config")),
        (None, Some((_, name))) if !name.is_empty() => {
            Some((name.clone(), "environment variable OTTLA_CONFIG"))
        }
        _ => None,
    };
    let read = |(name, by): (String, &str)| match std::fs::read(&name) {
        Ok(bytes) => Ok(ConfigFile { name, bytes }),
        Err(error) => Err(Misuse(format!("{name} ({by}) cannot be read: {error}"))),
    };
    let file = named.map(read).transpose()?;
    let settings = Settings::gather(flags, &environment, file.as_ref())?;
    Configuration::of(&settings)
}

/// Every connection and segment is a descriptor; the soft limit is for programs that use `select`.
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current < limit.maximum || limit.maximum.is_none() {
        let raised = Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::debug!(
                "the limit of open files stays at {:?}: {error}",
                limit.current
            );
        }
    }
}

/// Nobody may read them: a closed standard output is no reason to stop serving.
fn say(lines: &[String]) {
    let mut output = io::stdout().lock();
    let written = lines
        .iter()
        .try_for_each(|line| writeln!(output, "{line}"))
        .and_then(|()| output.flush());
    if let Err(error) = written {
        tracing::debug!("standard output cannot be written: {error}");
    }
}
